/// Products of a few elements: for 4 x 2 times 2 x 4, preparing anything would cost more than the product.

@inline(never)
func gemmSmall32(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafeRawPointer, _ aRow: Int, _ aColumn: Int, _ b: UnsafeRawPointer, _ bRow: Int, _ bColumn: Int,
  _ c: UnsafeMutableRawPointer, _ cRow: Int, _ accumulate: Bool, _ bias: UnsafeRawPointer?, _ relu: Bool
) {
  smallProduct(Lanes32.self, m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, accumulate, bias, relu)
}

@inline(never)
func gemmSmall64(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafeRawPointer, _ aRow: Int, _ aColumn: Int, _ b: UnsafeRawPointer, _ bRow: Int, _ bColumn: Int,
  _ c: UnsafeMutableRawPointer, _ cRow: Int, _ accumulate: Bool, _ bias: UnsafeRawPointer?, _ relu: Bool
) {
  smallProduct(Lanes64.self, m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, accumulate, bias, relu)
}

/// Also serves k = 0: what remains then is c or zero, bias and activation.
@inline(__always)
func smallProduct<L: TileLanes>(
  _ lanes: L.Type, _ m: Int, _ n: Int, _ k: Int, _ a: UnsafeRawPointer, _ aRow: Int, _ aColumn: Int,
  _ b: UnsafeRawPointer, _ bRow: Int, _ bColumn: Int, _ c: UnsafeMutableRawPointer, _ cRow: Int, _ accumulate: Bool,
  _ bias: UnsafeRawPointer?, _ relu: Bool
) {
  let a = a.assumingMemoryBound(to: L.Element.self)
  let b = b.assumingMemoryBound(to: L.Element.self)
  let c = c.assumingMemoryBound(to: L.Element.self)
  let bias = bias?.assumingMemoryBound(to: L.Element.self)
  var i = 0
  while i < m {
    var j = 0
    while j < n {
      var x = a + i &* aRow
      var y = b + j &* bColumn
      var sum = L.zeroElement
      var p = 0
      while p < k {
        sum = L.add(sum, L.multiply(x.pointee, y.pointee))
        x += aColumn
        y += bRow
        p &+= 1
      }
      let target = c + (i &* cRow &+ j)
      if accumulate { sum = L.add(sum, target.pointee) }
      if let bias { sum = L.add(sum, bias[j]) }
      if relu && L.isNegative(sum) { sum = L.zeroElement }
      target.pointee = sum
      j &+= 1
    }
    i &+= 1
  }
}
