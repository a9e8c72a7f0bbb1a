/// Copies `rows` rows of `rowBytes` in each of `planes` planes; strides are bytes, `rowBytes` a multiple of 4.
///
/// Rows are as short as 14 elements, where a call of memcpy costs more than the copy: two moves that overlap cover any row of 16 bytes and more.
@inline(never)
func copyPlanes(
  _ from: UnsafeRawPointer, _ fromPlane: Int, _ fromRow: Int, _ to: UnsafeMutableRawPointer, _ toPlane: Int, _ toRow: Int, _ planes: Int,
  _ rows: Int, _ rowBytes: Int
) {
  var plane = 0
  while plane < planes {
    var source = from + plane &* fromPlane
    var target = to + plane &* toPlane
    var row = 0
    while row < rows {
      copyRow(source, target, rowBytes)
      source += fromRow
      target += toRow
      row &+= 1
    }
    plane &+= 1
  }
}

@inline(__always)
func copyRow(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ bytes: Int) {
  @inline(__always) func move<T>(_ type: T.Type, _ at: Int) {
    (target + at).storeBytes(of: (source + at).loadUnaligned(as: T.self), as: T.self)
  }
  if bytes >= 64 {
    var at = 0
    while at &+ 64 <= bytes {
      move(SIMD16<UInt32>.self, at)
      at &+= 64
    }
    move(SIMD16<UInt32>.self, bytes &- 64)
  } else if bytes >= 32 {
    move(SIMD8<UInt32>.self, 0)
    move(SIMD8<UInt32>.self, bytes &- 32)
  } else if bytes >= 16 {
    move(SIMD4<UInt32>.self, 0)
    move(SIMD4<UInt32>.self, bytes &- 16)
  } else {
    var at = 0
    while at < bytes {
      move(UInt32.self, at)
      at &+= 4
    }
  }
}
