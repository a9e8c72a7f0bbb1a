internal import KernelTable

/// The vector kernels of this level.
func makeVectorKernels() -> VectorKernels {
  var t = VectorKernels()
  t.unary = { unary($0, $1, $2, $3, $4, $5, $6) }
  t.unaryGradient = { unaryGradient($0, $1, $2, $3, $4, $5, $6, $7, $8) }
  t.binary = { binary($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) }
  t.compare = { compare($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) }
  t.axpy = { axpy($0, $1, $2, $3, $4) }
  t.fill = { fill($0, $1, $2, $3) }
  t.select = { select($0, $1, $2, $3, $4, $5, $6, $7) }
  t.reduceRows = { reduceRows($0, $1, $2, $3, $4, $5, $6) }
  t.reduceColumns = { reduceColumns($0, $1, $2, $3, $4, $5, $6, $7) }
  t.dotRows = { dotRows($0, $1, $2, $3, $4, $5, $6) }
  t.dotColumns = { dotColumns($0, $1, $2, $3, $4, $5, $6, $7) }
  t.narrow = { narrow($0, $1, $2, $3) }
  t.argReduce = { argReduce($0, $1, $2, $3, $4, $5, $6, $7) }
  t.cumulate = { cumulate($0, $1, $2, $3, $4, $5, $6) }
  t.softmax = { softmax($0, $1, $2, $3, $4, $5, $6) }
  t.softmaxGradient = { softmaxGradient($0, $1, $2, $3, $4, $5, $6, $7) }
  t.logSumExp = { logSumExp($0, $1, $2, $3, $4, $5) }
  t.crossEntropy = { crossEntropy($0, $1, $2, $3, $4, $5, $6, $7, $8) }
  t.crossEntropyGradient = { crossEntropyGradient($0, $1, $2, $3, $4, $5, $6, $7, $8, $9) }
  t.affine = { affine($0, $1, $2, $3, $4, $5, $6, $7, $8) }
  t.affinePair = { affinePair($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) }
  t.randomBits = { randomBits($0, $1, $2, $3) }
  t.uniform = { uniform($0, $1, $2, $3, $4, $5, $6) }
  t.normal = { normal($0, $1, $2, $3, $4, $5, $6) }
  t.bernoulli = { bernoulli($0, $1, $2, $3, $4) }
  t.bernoulliBits = { bernoulliBits($0, $1, $2, $3, $4) }
  t.maskScale = { maskScale($0, $1, $2, $3, $4, $5) }
  t.sgd = { sgd($0, $1, $2, $3) }
  t.adam = { adam($0, $1, $2, $3) }
  t.adagrad = { adagrad($0, $1, $2, $3) }
  t.rmsprop = { rmsprop($0, $1, $2, $3) }
  t.transpose = { transpose($0, $1, $2, $3, $4, $5, $6) }
  t.strided = { strided($0, $1, $2, $3, $4, $5) }
  return t
}
