import LuaBridge
import NeuralNetworks
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// All suites of this target: tensors belong to one thread.
@Suite(.serialized) enum NeuralNetworksTests {}

/// x[i] = sin(phase + 0.7 i) · scale, float64.
func wave(_ sizes: Int..., phase: Double = 0, scale: Double = 1) throws -> Tensor { try wave(Shape(sizes), phase: phase, scale: scale) }
func wave(_ shape: Shape, phase: Double = 0, scale: Double = 1) throws -> Tensor {
  try Tensor((0..<shape.elements).map { sin(phase + 0.7 * Double($0)) * scale }).reshaped(shape)
}

/// Σ x[i] cos(0.3 i)
func fingerprint(_ x: Tensor) throws -> Double {
  try x.values().enumerated().reduce(0) { $0 + $1.element * cos(0.3 * Double($1.offset)) }
}

/// The same elements with the last two dims exchanged in memory: a tensor with gaps.
func gapped(_ x: Tensor) throws -> Tensor {
  guard x.rank >= 2 else { return try x.copied() }
  return try x.transposed(x.rank - 1, x.rank - 2).copied().transposed(x.rank - 1, x.rank - 2)
}

func close(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool { abs(a - b) <= tolerance * max(1, abs(b)) || (a.isNaN && b.isNaN) }

/// Compares a function and its gradients with what PyTorch gave (see `torchValues`), for float64, float32 and tensors with gaps,
/// and its gradients, and theirs where `twice`, with central differences.
func check(
  _ name: String, _ inputs: [Tensor], differences: Bool = true, twice: Bool = true, location: SourceLocation = #_sourceLocation, _ f: ([Tensor]) throws -> Tensor
) throws {
  let expected = try #require(torchValues[name], "no values for \(name)", sourceLocation: location)
  for (kind, tolerance) in [("float64", 1e-11), ("gaps", 1e-11), ("float32", 2e-5)] {
    let leaves = try inputs.map { input in
      let leaf = try kind == "gaps" ? gapped(input) : kind == "float32" ? input.converted(to: .float32) : input.copied()
      try leaf.requireGrad()
      return leaf
    }
    let y = try f(leaves)
    let seed = try wave(y.shape, phase: 9).converted(to: y.type)
    try y.backward(seed)
    let found = try [fingerprint(y)] + leaves.map { try fingerprint($0.grad ?? Tensor.zeros($0.shape, $0.type)) }
    #expect(expected.count == found.count, sourceLocation: location)
    for (i, (a, b)) in zip(found, expected).enumerated() {
      #expect(close(a, b, tolerance), "\(name), \(kind), \(i == 0 ? "result" : "gradient \(i)"): \(a), PyTorch \(b)", sourceLocation: location)
    }
  }
  if differences { try checkGradients(name, inputs, twice: twice, location: location, f) }
}

/// Central differences of Σ y · wave against backward; `twice`: of Σ (gradients · wave) against a backward through them.
func checkGradients(
  _ name: String, _ inputs: [Tensor], twice: Bool = false, location: SourceLocation = #_sourceLocation, _ f: ([Tensor]) throws -> Tensor
) throws {
  func score(_ x: [Tensor]) throws -> Tensor {
    let y = try f(x)
    return try Reduction.sum(Elementwise.mul(y, wave(y.shape, phase: 5)))
  }
  func slope(_ x: [Tensor]) throws -> Tensor {
    for leaf in x { leaf.grad = nil }
    try score(x).backward(create: true)
    var total = try Tensor.scalar(0, .float64)
    for leaf in x {
      if let gradient = leaf.grad { total = try Elementwise.add(total, Reduction.sum(Elementwise.mul(gradient, wave(gradient.shape, phase: 3)))) }
    }
    return total
  }
  try compare(name, inputs, location, score)
  if twice { try compare(name + ", second derivative", inputs, location, slope) }
}

private func compare(_ name: String, _ inputs: [Tensor], _ location: SourceLocation, _ f: ([Tensor]) throws -> Tensor) throws {
  let leaves = try inputs.map { input in
    let leaf = try input.copied()
    try leaf.requireGrad()
    return leaf
  }
  let y = try f(leaves)
  for leaf in leaves { leaf.grad = nil }
  if y.requiresGrad { try y.backward() }
  let gradients = try leaves.map { try $0.grad?.values() ?? Array(repeating: 0, count: $0.count) }
  let h = 1e-6
  for (i, leaf) in leaves.enumerated() {
    let p = leaf.pointer(Double.self)
    for k in 0..<leaf.count {
      let value = p[k]
      p[k] = value + h
      let above = try f(leaves).values()[0]
      p[k] = value - h
      let below = try f(leaves).values()[0]
      p[k] = value
      let slope = (above - below) / (2 * h)
      #expect(close(gradients[i][k], slope, 2e-6), "\(name): input \(i + 1)[\(k + 1)]: \(gradients[i][k]), differences \(slope)", sourceLocation: location)
    }
  }
}

/// The error's text.
func message(_ body: () throws -> some Any) -> String {
  do {
    _ = try body()
    return "no error"
  } catch { return "\(error)" }
}

func labels(_ values: [Int64], _ sizes: Int...) throws -> Tensor { try Tensor(values).reshaped(Shape(sizes.isEmpty ? [values.count] : sizes)) }
