internal import CIntrinsics

// Loops over contiguous elements. The rest of a length that is no multiple of the vector goes through the same vector function, so that
// a result never depends on where an element stands; and through the same code, by way of a buffer, so that each function is compiled once.

/// How far ahead operands are asked for, in bytes: the processor's own prefetching ends at each page of 4 KB. Short ones are there already.
@inline(__always)
private func ahead(_ n: Int) -> Int { n < 8192 ? 0 : 2048 }

/// y = f(x)
@inline(__always)
func map<V: Lanes>(_ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ n: Int, _ f: (V) -> V) {
  var room = VectorRoom()
  withUnsafeMutableBytes(of: &room) { buffer in
    let room = buffer.baseAddress.unsafelyUnwrapped
    let ahead = ahead(n)
    let whole = (n &- n % V.count) &* V.stride
    var (from, to, end) = (x, y, whole)
    // Two rounds at most, the vectors and the rest: nothing is called within the inner loop, so that its constants stay in registers.
    while true {
      var i = 0
      while i < end {
        nn_prefetch(from + (i &+ ahead))
        f(V(from + i, 0)).store(to + i, 0)
        i &+= V.count &* V.stride
      }
      let rest = n &* V.stride &- whole
      if rest == 0 { break }
      if to == room {
        copyRest(room, y + whole, rest)
        break
      }
      copyRest(x + whole, room, rest)
      (from, to, end) = (UnsafeRawPointer(room), room, V.count &* V.stride)
    }
  }
}

/// y = f(a, b)
@inline(__always)
func map<V: Lanes>(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ n: Int, _ f: (V, V) -> V) {
  map(a, V.count, b, V.count, y, n, f)
}

/// The same with operands that move by `aStep` and `bStep` elements for each vector: `V.count`, or 0 for one vector that repeats.
@inline(__always)
func map<V: Lanes>(
  _ a: UnsafeRawPointer, _ aStep: Int, _ b: UnsafeRawPointer, _ bStep: Int, _ y: UnsafeMutableRawPointer, _ n: Int, _ f: (V, V) -> V
) {
  var (roomA, roomB) = (VectorRoom(), VectorRoom())
  withUnsafeMutableBytes(of: &roomA) { bufferA in
    withUnsafeMutableBytes(of: &roomB) { bufferB in
      let (roomA, roomB) = (bufferA.baseAddress.unsafelyUnwrapped, bufferB.baseAddress.unsafelyUnwrapped)
      var (a, b, to) = (a, b, y)
      let (aStep, bStep) = (aStep &* V.stride, bStep &* V.stride)
      let ahead = ahead(n)
      let whole = (n &- n % V.count) &* V.stride
      var end = whole
      // as above
      while true {
        var i = 0
        while i < end {
          nn_prefetch(a + ahead)
          nn_prefetch(b + ahead)
          f(V(a, 0), V(b, 0)).store(to + i, 0)
          a += aStep
          b += bStep
          i &+= V.count &* V.stride
        }
        let rest = n &* V.stride &- whole
        if rest == 0 { break }
        if to == roomA {
          copyRest(roomA, y + whole, rest)
          break
        }
        copyRest(a, roomA, rest)
        copyRest(b, roomB, rest)
        (a, b, to, end) = (UnsafeRawPointer(roomA), UnsafeRawPointer(roomB), roomA, V.count &* V.stride)
      }
    }
  }
}

/// Room for one vector of any level.
struct VectorRoom {
  var bytes = SIMD8<UInt64>()
}
