internal import KernelTable

// One pass over the parameters; pointers and scalars in the order of the drivers in Kernels/Optimizers.swift.

typealias Pointers = UnsafePointer<UnsafeMutableRawPointer?>

/// Calls `body(first element, how many)` for all vectors.
@inline(__always)
private func vectors<V: Lanes>(_: V.Type, _ n: Int, _ body: (Int, Int) -> Void) {
  var i = 0
  while i &+ V.count <= n {
    body(i, V.count)
    i &+= V.count
  }
  if i < n { body(i, n &- i) }
}

extension Lanes {
  @inline(__always)
  fileprivate init(_ p: UnsafeMutableRawPointer, _ i: Int, _ n: Int) { self = n == Self.count ? Self(UnsafeRawPointer(p), i) : Self(first: n, p, i) }
  @inline(__always)
  fileprivate func store(_ p: UnsafeMutableRawPointer, _ i: Int, _ n: Int) { if n == Self.count { store(p, i) } else { store(first: n, p, i) } }
}

/// parameter, gradient, velocity?; lr, momentum, share of the gradient, weight decay, nesterov, factor of the velocity
@inline(never)
func sgd(_ width: UInt8, _ p: Pointers, _ n: Int, _ s: UnsafePointer<Double>) {
  if width == FloatWidth.float32.rawValue { sgd(F32.self, p, n, s) } else { sgd(F64.self, p, n, s) }
}

@inline(__always)
private func sgd<V: Lanes>(_: V.Type, _ pointers: Pointers, _ n: Int, _ s: UnsafePointer<Double>) {
  guard let parameter = pointers[0], let gradient = pointers[1] else { return }
  let (lr, momentum, share, decay) = (V(-s[0]), V(s[1]), V(s[2]), V(s[3]))
  let (nesterov, keep) = (s[4] != 0, V(s[5]))
  let plain = s[5] == 0
  if let velocity = pointers[2] {
    vectors(V.self, n) { i, count in
      let p = V(parameter, i, count)
      let g = V.fma(decay, p, V(gradient, i, count))
      // the first step does not look at the buffer, which may hold anything
      let v = plain ? share * g : V.fma(keep, V(velocity, i, count), share * g)
      v.store(velocity, i, count)
      V.fma(lr, nesterov ? V.fma(momentum, v, g) : v, p).store(parameter, i, count)
    }
  } else {
    vectors(V.self, n) { i, count in
      let p = V(parameter, i, count)
      V.fma(lr, V.fma(decay, p, V(gradient, i, count)), p).store(parameter, i, count)
    }
  }
}

/// parameter, gradient, m, v, largest?; lr / correction, β₁, β₂, eps, weight decay, factor of the parameter, √ of v's correction
@inline(never)
func adam(_ width: UInt8, _ p: Pointers, _ n: Int, _ s: UnsafePointer<Double>) {
  if width == FloatWidth.float32.rawValue { adam(F32.self, p, n, s) } else { adam(F64.self, p, n, s) }
}

@inline(__always)
private func adam<V: Lanes>(_: V.Type, _ pointers: Pointers, _ n: Int, _ s: UnsafePointer<Double>) {
  guard let parameter = pointers[0], let gradient = pointers[1], let first = pointers[2], let second = pointers[3] else { return }
  let (lr, beta1, beta2, eps) = (V(-s[0]), V(s[1]), V(s[2]), V(s[3]))
  let (share1, share2) = (V(1 - s[1]), V(1 - s[2]))
  let (decay, shrink, correction) = (V(s[4]), V(s[5]), V(1 / s[6]))
  let largest = pointers[4]
  vectors(V.self, n) { i, count in
    let p = V(parameter, i, count)
    let g = V.fma(decay, p, V(gradient, i, count))
    let m = V.fma(beta1, V(first, i, count), share1 * g)
    var v = V.fma(beta2, V(second, i, count), share2 * (g * g))
    m.store(first, i, count)
    v.store(second, i, count)
    if let largest {
      v = V.maximum(V(largest, i, count), v)
      v.store(largest, i, count)
    }
    let d = V.fma(v.squareRoot, correction, eps)
    V.fma(lr, m / d, p * shrink).store(parameter, i, count)
  }
}

/// parameter, gradient, sum; lr, eps, weight decay
@inline(never)
func adagrad(_ width: UInt8, _ p: Pointers, _ n: Int, _ s: UnsafePointer<Double>) {
  if width == FloatWidth.float32.rawValue { adagrad(F32.self, p, n, s) } else { adagrad(F64.self, p, n, s) }
}

@inline(__always)
private func adagrad<V: Lanes>(_: V.Type, _ pointers: Pointers, _ n: Int, _ s: UnsafePointer<Double>) {
  guard let parameter = pointers[0], let gradient = pointers[1], let sum = pointers[2] else { return }
  let (lr, eps, decay) = (V(-s[0]), V(s[1]), V(s[2]))
  vectors(V.self, n) { i, count in
    let p = V(parameter, i, count)
    let g = V.fma(decay, p, V(gradient, i, count))
    let total = V.fma(g, g, V(sum, i, count))
    total.store(sum, i, count)
    V.fma(lr, g / (total.squareRoot + eps), p).store(parameter, i, count)
  }
}

/// parameter, gradient, square, mean?, buffer?; lr, α, eps, momentum, weight decay
@inline(never)
func rmsprop(_ width: UInt8, _ p: Pointers, _ n: Int, _ s: UnsafePointer<Double>) {
  if width == FloatWidth.float32.rawValue { rmsprop(F32.self, p, n, s) } else { rmsprop(F64.self, p, n, s) }
}

@inline(__always)
private func rmsprop<V: Lanes>(_: V.Type, _ pointers: Pointers, _ n: Int, _ s: UnsafePointer<Double>) {
  guard let parameter = pointers[0], let gradient = pointers[1], let square = pointers[2] else { return }
  let (lr, alpha, eps, momentum, decay) = (V(-s[0]), V(s[1]), V(s[2]), V(s[3]), V(s[4]))
  let share = V(1 - s[1])
  let (mean, buffer) = (pointers[3], pointers[4])
  vectors(V.self, n) { i, count in
    let p = V(parameter, i, count)
    let g = V.fma(decay, p, V(gradient, i, count))
    let q = V.fma(alpha, V(square, i, count), share * (g * g))
    q.store(square, i, count)
    var d = q
    if let mean {
      let m = V.fma(alpha, V(mean, i, count), share * g)
      m.store(mean, i, count)
      d = q - m * m
    }
    var step = g / (d.squareRoot + eps)
    if let buffer {
      step = V.fma(momentum, V(buffer, i, count), step)
      step.store(buffer, i, count)
    }
    V.fma(lr, step, p).store(parameter, i, count)
  }
}
