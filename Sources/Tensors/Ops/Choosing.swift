internal import KernelTable
internal import LuaBridge

/// Elements at positions along a dim, and their way back: what the gradients of max, sort, topk and median share.
///
///     chosen:  y[o, k, i] = x[o, positions[o, k, i], i]
///     spread:  y[o, positions[o, k, i], i] += x[o, k, i], elsewhere 0
///
/// Positions are int64 from 0 and known to be in range; each op is the other's gradient.
enum Choosing {
  static func chosen(_ x: Tensor, _ dim: Int, _ positions: Tensor) throws -> Tensor {
    let y = try Tensor(empty: positions.shape, x.type)
    let source = try x.contiguous()
    switch x.type.size {
    case 1: copy(source, positions, dim, y, UInt8.self)
    case 4: copy(source, positions, dim, y, UInt32.self)
    default: copy(source, positions, dim, y, UInt64.self)
    }
    if Tape.follows(x) {
      let shape = x.shape
      try y.follow("choose", [x], saving: [positions]) { node, g in [try spread(g, dim, node.saved(0), shape)] }
    }
    return y
  }

  private static func copy<Bits>(_ x: Tensor, _ positions: Tensor, _ dim: Int, _ y: Tensor, _: Bits.Type) {
    let from = x.pointer.assumingMemoryBound(to: Bits.self), to = y.pointer.assumingMemoryBound(to: Bits.self)
    each(positions, dim, x.shape[dim]) { k, at in to[k] = from[at] }
  }

  static func spread(_ x: Tensor, _ dim: Int, _ positions: Tensor, _ shape: Shape) throws -> Tensor {
    let y = try Tensor.zeros(shape, x.type)
    let source = try x.contiguous()
    switch x.type {
    case .float32: add(source, positions, dim, y, Float.self)
    default: add(source, positions, dim, y, Double.self)
    }
    if Tape.follows(x) { try y.follow("spread", [x], saving: [positions]) { node, g in [try chosen(g, dim, node.saved(0))] } }
    return y
  }
  private static func add<E: Element & FloatingPoint>(_ x: Tensor, _ positions: Tensor, _ dim: Int, _ y: Tensor, _: E.Type) {
    let from = x.pointer(E.self), to = y.pointer(E.self)
    each(positions, dim, y.shape[dim]) { k, at in to[at] += from[k] }
  }

  /// Calls `body(index in positions, index in x)`; `size` is x's size along the dim.
  @inline(__always)
  private static func each(_ positions: Tensor, _ dim: Int, _ size: Int, _ body: (Int, Int) -> Void) {
    var inner = 1
    for i in (dim + 1)..<max(positions.rank, dim + 1) { inner &*= positions.shape[i] }
    let list = positions.pointer(Int64.self), row = positions.shape[dim] &* inner
    guard row > 0 else { return }
    for o in 0..<positions.count / row {
      for k in 0..<row {
        let at = o &* row &+ k
        body(at, (o &* size &+ Int(list[at])) &* inner &+ k % inner)
      }
    }
  }
}
