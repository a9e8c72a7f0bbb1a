internal import KernelTable

/// y += alpha x
@inline(never)
func axpy(_ width: UInt8, _ alpha: Double, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ n: Int) {
  if width == FloatWidth.float32.rawValue {
    let a = F32(alpha)
    map(x, UnsafeRawPointer(y), y, n) { (x: F32, y: F32) in .fma(a, x, y) }
  } else {
    let a = F64(alpha)
    map(x, UnsafeRawPointer(y), y, n) { (x: F64, y: F64) in .fma(a, x, y) }
  }
}

/// y = value
@inline(never)
func fill(_ width: UInt8, _ y: UnsafeMutableRawPointer, _ n: Int, _ value: Double) {
  if width == FloatWidth.float32.rawValue { fill(F32(value), y, n) } else { fill(F64(value), y, n) }
}

@inline(__always)
private func fill<V: Lanes>(_ v: V, _ y: UnsafeMutableRawPointer, _ n: Int) {
  var i = 0
  while i &+ V.count <= n {
    v.store(y, i)
    i &+= V.count
  }
  if i < n { v.store(first: n &- i, y, i) }
}

/// y = mask ? a : b
@inline(never)
func select(
  _ width: UInt8, _ mask: UnsafePointer<UInt8>, _ a: UnsafeRawPointer, _ aStep: Int, _ b: UnsafeRawPointer, _ bStep: Int,
  _ y: UnsafeMutableRawPointer, _ n: Int
) {
  if width == FloatWidth.float32.rawValue {
    select(F32.self, mask, a, aStep, b, bStep, y, n)
  } else {
    select(F64.self, mask, a, aStep, b, bStep, y, n)
  }
}

@inline(__always)
private func select<V: Lanes>(
  _: V.Type, _ mask: UnsafePointer<UInt8>, _ a: UnsafeRawPointer, _ aStep: Int, _ b: UnsafeRawPointer, _ bStep: Int,
  _ y: UnsafeMutableRawPointer, _ n: Int
) {
  var i = 0
  let whole = n &- n % V.count
  if aStep == 1, bStep == 1 {
    while i < whole {
      V.select(V.Mask(mask, i), V(a, i), V(b, i)).store(y, i)
      i &+= V.count
    }
  } else if n > 0 {
    let (ra, rb) = (V(repeating: a, 0), V(repeating: b, 0))
    while i < whole {
      V.select(V.Mask(mask, i), aStep == 1 ? V(a, i) : ra, bStep == 1 ? V(b, i) : rb).store(y, i)
      i &+= V.count
    }
  }
  while i < n {
    let x = mask[i] != 0 ? a + i &* aStep &* V.stride : b + i &* bStep &* V.stride
    copyBytes(y + i &* V.stride, x, V.stride)
    i &+= 1
  }
}

/// y = x scale where the element's bit is set, else 0; element i has bit i % 8 of byte i / 8.
@inline(never)
func maskScale(_ width: UInt8, _ x: UnsafeRawPointer, _ bits: UnsafePointer<UInt8>, _ y: UnsafeMutableRawPointer, _ n: Int, _ scale: Double) {
  if width == FloatWidth.float32.rawValue { maskScale(F32(scale), x, bits, y, n) } else { maskScale(F64(scale), x, bits, y, n) }
}

@inline(__always)
private func maskScale<V: Lanes>(_ scale: V, _ x: UnsafeRawPointer, _ bits: UnsafePointer<UInt8>, _ y: UnsafeMutableRawPointer, _ n: Int) {
  var i = 0
  while n &- i >= V.count {
    let word =
      V.count == 16
      ? UInt32(UnsafeRawPointer(bits + i &>> 3).loadUnaligned(as: UInt16.self).littleEndian) : UInt32(bits[i &>> 3]) &>> UInt32(truncatingIfNeeded: i & 7)
    (V(x, i) * scale).keeping(bits: word).store(y, i)
    i &+= V.count
  }
  if i < n {
    var word = UInt32(bits[i &>> 3]) &>> UInt32(truncatingIfNeeded: i & 7)
    if n &- i > 8 { word |= UInt32(bits[i &>> 3 &+ 1]) &<< 8 }
    (V(first: n &- i, x, i) * scale).keeping(bits: word).store(first: n &- i, y, i)
  }
}

/// From float64 to the width.
@inline(never)
func narrow(_ width: UInt8, _ x: UnsafePointer<Double>, _ y: UnsafeMutableRawPointer, _ n: Int) {
  if width == FloatWidth.float32.rawValue {
    for i in 0..<n { y.storeBytes(of: Float(x[i]), toByteOffset: i &* 4, as: Float.self) }
  } else {
    for i in 0..<n { y.storeBytes(of: x[i], toByteOffset: i &* 8, as: Double.self) }
  }
}
