// Loops over contiguous elements. The rest of a length that is no multiple of the vector goes through the same vector function, so that
// a result never depends on where an element stands.

/// y = f(x)
@inline(__always)
func map<V: Lanes>(_ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ n: Int, _ f: (V) -> V) {
  var i = 0
  while i &+ V.count <= n {
    f(V(x, i)).store(y, i)
    i &+= V.count
  }
  if i < n { f(V(first: n &- i, x, i)).store(first: n &- i, y, i) }
}

/// y = f(a, b)
@inline(__always)
func map<V: Lanes>(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ n: Int, _ f: (V, V) -> V) {
  var i = 0
  while i &+ V.count <= n {
    f(V(a, i), V(b, i)).store(y, i)
    i &+= V.count
  }
  if i < n {
    let rest = n &- i
    f(V(first: rest, a, i), V(first: rest, b, i)).store(first: rest, y, i)
  }
}
