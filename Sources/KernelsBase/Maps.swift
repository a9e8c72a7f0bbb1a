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
    var i = 0
    while i < n {
      var (from, to) = (x + i &* V.stride, y + i &* V.stride)
      if n &- i < V.count {
        copyRest(from, room, (n &- i) &* V.stride)
        (from, to) = (UnsafeRawPointer(room), room)
      }
      nn_prefetch(from + ahead)
      f(V(from, 0)).store(to, 0)
      if n &- i < V.count { copyRest(room, y + i &* V.stride, (n &- i) &* V.stride) }
      i &+= V.count
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
      var (a, b) = (a, b)
      let ahead = ahead(n)
      var i = 0
      while i < n {
        var to = y + i &* V.stride
        if n &- i < V.count {
          copyRest(a, roomA, (n &- i) &* V.stride)
          copyRest(b, roomB, (n &- i) &* V.stride)
          (a, b, to) = (UnsafeRawPointer(roomA), UnsafeRawPointer(roomB), roomA)
        }
        nn_prefetch(a + ahead)
        nn_prefetch(b + ahead)
        f(V(a, 0), V(b, 0)).store(to, 0)
        if n &- i < V.count { copyRest(roomA, y + i &* V.stride, (n &- i) &* V.stride) }
        a += aStep &* V.stride
        b += bStep &* V.stride
        i &+= V.count
      }
    }
  }
}

/// Room for one vector of any level.
struct VectorRoom {
  var bytes = SIMD8<UInt64>()
}
