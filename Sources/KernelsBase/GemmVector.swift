/// Products with a vector: memory's speed is the limit, so every element of the matrix is read once, in order.

@inline(never)
func gemmRowProducts32(
  _ rows: Int, _ k: Int, _ a: UnsafeRawPointer, _ aRow: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ yStep: Int,
  _ accumulate: Bool
) {
  rowProducts(Lanes32.self, rows, k, a, aRow, x, y, yStep, accumulate)
}

@inline(never)
func gemmRowProducts64(
  _ rows: Int, _ k: Int, _ a: UnsafeRawPointer, _ aRow: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ yStep: Int,
  _ accumulate: Bool
) {
  rowProducts(Lanes64.self, rows, k, a, aRow, x, y, yStep, accumulate)
}

@inline(never)
func gemmRowSum32(
  _ n: Int, _ k: Int, _ x: UnsafeRawPointer, _ b: UnsafeRawPointer, _ bRow: Int, _ y: UnsafeMutableRawPointer, _ accumulate: Bool
) {
  rowSum(Lanes32.self, n, k, x, b, bRow, y, accumulate)
}

@inline(never)
func gemmRowSum64(
  _ n: Int, _ k: Int, _ x: UnsafeRawPointer, _ b: UnsafeRawPointer, _ bRow: Int, _ y: UnsafeMutableRawPointer, _ accumulate: Bool
) {
  rowSum(Lanes64.self, n, k, x, b, bRow, y, accumulate)
}

/// y[i] = Σ_p a[i, p] · x[p], four rows at a time: x is loaded once for the four.
@inline(__always)
func rowProducts<L: TileLanes>(
  _ lanes: L.Type, _ rows: Int, _ k: Int, _ a: UnsafeRawPointer, _ aRow: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer,
  _ yStep: Int, _ accumulate: Bool
) {
  let x = x.assumingMemoryBound(to: L.Element.self)
  var a = a.assumingMemoryBound(to: L.Element.self)
  var y = y.assumingMemoryBound(to: L.Element.self)
  @inline(__always) func write(_ r: Int, _ value: L.Element) {
    let target = y + r &* yStep
    target.pointee = accumulate ? L.add(target.pointee, value) : value
  }
  let pairs = k / (2 &* L.count) &* 2 &* L.count
  let whole = k / L.count &* L.count
  let rest = k &- whole
  let tail = loadPart(L.self, x + whole, rest)
  var r = 0
  while r &+ 4 <= rows {
    let a1 = a + aRow
    let a2 = a + 2 &* aRow
    let a3 = a + 3 &* aRow
    var s0 = L.zero, s1 = L.zero, s2 = L.zero, s3 = L.zero
    var t0 = L.zero, t1 = L.zero, t2 = L.zero, t3 = L.zero
    var p = 0
    while p < pairs {
      let u = loadVector(L.self, x + p)
      s0 = L.addProduct(s0, u, loadVector(L.self, a + p))
      s1 = L.addProduct(s1, u, loadVector(L.self, a1 + p))
      s2 = L.addProduct(s2, u, loadVector(L.self, a2 + p))
      s3 = L.addProduct(s3, u, loadVector(L.self, a3 + p))
      p &+= L.count
      let v = loadVector(L.self, x + p)
      t0 = L.addProduct(t0, v, loadVector(L.self, a + p))
      t1 = L.addProduct(t1, v, loadVector(L.self, a1 + p))
      t2 = L.addProduct(t2, v, loadVector(L.self, a2 + p))
      t3 = L.addProduct(t3, v, loadVector(L.self, a3 + p))
      p &+= L.count
    }
    if p < whole {
      let u = loadVector(L.self, x + p)
      s0 = L.addProduct(s0, u, loadVector(L.self, a + p))
      s1 = L.addProduct(s1, u, loadVector(L.self, a1 + p))
      s2 = L.addProduct(s2, u, loadVector(L.self, a2 + p))
      s3 = L.addProduct(s3, u, loadVector(L.self, a3 + p))
    }
    if rest > 0 {
      t0 = L.addProduct(t0, tail, loadPart(L.self, a + whole, rest))
      t1 = L.addProduct(t1, tail, loadPart(L.self, a1 + whole, rest))
      t2 = L.addProduct(t2, tail, loadPart(L.self, a2 + whole, rest))
      t3 = L.addProduct(t3, tail, loadPart(L.self, a3 + whole, rest))
    }
    write(0, L.sum(L.add(s0, t0)))
    write(1, L.sum(L.add(s1, t1)))
    write(2, L.sum(L.add(s2, t2)))
    write(3, L.sum(L.add(s3, t3)))
    a += 4 &* aRow
    y += 4 &* yStep
    r &+= 4
  }
  while r < rows {
    // The same two sums as above, so that a row's result does not depend on its place.
    var s = L.zero, t = L.zero
    var p = 0
    while p < pairs {
      s = L.addProduct(s, loadVector(L.self, x + p), loadVector(L.self, a + p))
      t = L.addProduct(t, loadVector(L.self, x + (p &+ L.count)), loadVector(L.self, a + (p &+ L.count)))
      p &+= 2 &* L.count
    }
    if p < whole { s = L.addProduct(s, loadVector(L.self, x + p), loadVector(L.self, a + p)) }
    if rest > 0 { t = L.addProduct(t, tail, loadPart(L.self, a + whole, rest)) }
    write(0, L.sum(L.add(s, t)))
    a += aRow
    y += yStep
    r &+= 1
  }
}

/// y[j] = Σ_p x[p] · b[p, j], eight rows of b at a time, so that y is loaded and stored once for eight.
@inline(__always)
func rowSum<L: TileLanes>(
  _ lanes: L.Type, _ n: Int, _ k: Int, _ x: UnsafeRawPointer, _ b: UnsafeRawPointer, _ bRow: Int, _ y: UnsafeMutableRawPointer,
  _ accumulate: Bool
) {
  let x = x.assumingMemoryBound(to: L.Element.self)
  var b = b.assumingMemoryBound(to: L.Element.self)
  let y = y.assumingMemoryBound(to: L.Element.self)
  let whole = n / L.count &* L.count
  let rest = n &- whole
  var add = accumulate
  var p = 0
  while p &+ 8 <= k {
    let b1 = b + bRow, b2 = b + 2 &* bRow, b3 = b + 3 &* bRow, b4 = b + 4 &* bRow
    let b5 = b + 5 &* bRow, b6 = b + 6 &* bRow, b7 = b + 7 &* bRow
    let x0 = L.splat(x[p]), x1 = L.splat(x[p &+ 1]), x2 = L.splat(x[p &+ 2]), x3 = L.splat(x[p &+ 3])
    let x4 = L.splat(x[p &+ 4]), x5 = L.splat(x[p &+ 5]), x6 = L.splat(x[p &+ 6]), x7 = L.splat(x[p &+ 7])
    @inline(__always) func sum(_ start: L.Vector, _ load: (UnsafePointer<L.Element>) -> L.Vector) -> L.Vector {
      var s = L.addProduct(start, x0, load(b))
      var t = L.multiply(x1, load(b1))
      s = L.addProduct(s, x2, load(b2))
      t = L.addProduct(t, x3, load(b3))
      s = L.addProduct(s, x4, load(b4))
      t = L.addProduct(t, x5, load(b5))
      s = L.addProduct(s, x6, load(b6))
      t = L.addProduct(t, x7, load(b7))
      return L.add(s, t)
    }
    var j = 0
    while j < whole {
      storeVector(L.self, sum(add ? loadVector(L.self, y + j) : L.zero) { loadVector(L.self, $0 + j) }, y + j)
      j &+= L.count
    }
    if rest > 0 {
      storePart(L.self, sum(add ? loadPart(L.self, y + j, rest) : L.zero) { loadPart(L.self, $0 + j, rest) }, y + j, rest)
    }
    add = true
    b += 8 &* bRow
    p &+= 8
  }
  while p < k {
    let x0 = L.splat(x[p])
    var j = 0
    while j < whole {
      storeVector(L.self, L.addProduct(add ? loadVector(L.self, y + j) : L.zero, x0, loadVector(L.self, b + j)), y + j)
      j &+= L.count
    }
    if rest > 0 {
      storePart(L.self, L.addProduct(add ? loadPart(L.self, y + j, rest) : L.zero, x0, loadPart(L.self, b + j, rest)), y + j, rest)
    }
    add = true
    b += bRow
    p &+= 1
  }
}
