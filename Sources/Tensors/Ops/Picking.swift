internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// Elements picked by position. What is picked twice gathers both gradients.
enum Picking {
  static let rows: [Row] = [
    Row(
      "narrow",
      """
      `length` positions of a dim from `start`; shares memory.
      Shapes: x (…, n, …); y (…, length, …).
      Errors: a part that does not lie in the dim.
      """, Param("x", Tensor.self), Param("dim", Int.self), Param("start", Int.self, "the first position, from 1 or from the end by -1"),
      Param("length", Int.self, "how many positions"), example: "return T.range(1, 5):narrow(1, 2, 3)"
    ) { x, dim, start, length in
      let dim = try x.shape.dim(dim, "narrow"), size = x.shape[dim]
      let first = start == size + 1 && length == 0 ? size : try Positions.one(start, x.shape, dim, "narrow")
      guard length >= 0, length <= size - first else {
        throw LuaError("narrow: \(length) positions from \(start) do not fit into dim \(dim + 1) of size \(size) (shape \(x.shape))")
      }
      return try x.narrowed(dim, first, length)
    },
    Row(
      "select",
      """
      One position of a dim, which goes; shares memory.
      Shapes: x (…, n, …); y without the dim.
      Errors: a position that is out of range.
      """, Param("x", Tensor.self), Param("dim", Int.self), Param("position", Int.self, "from 1, or from the end by -1"),
      example: "return T.eye(3):select(2, 1)"
    ) { x, dim, position in
      let dim = try x.shape.dim(dim, "select")
      return try x.selected(dim, Positions.one(position, x.shape, dim, "select"))
    },
    Row(
      "index_select",
      """
      The named positions of a dim, in their order.
      Shapes: x (…, n, …); positions (k); y (…, k, …).
      Errors: a position that is out of range.
      """, Param("x", Tensor.self), Param("dim", Int.self), Param("positions", Positions.self, "from 1, or from the end by -1"),
      example: "return T.eye(3):index_select(1, {3, 1})"
    ) { x, dim, positions in
      let dim = try x.shape.dim(dim, "index_select")
      guard positions.shape.count <= 1 else { throw LuaError("index_select: positions must be a list, got shape \(positions.shape)") }
      return try indexSelect(x, dim, positions.resolved(x.shape, dim, "index_select"))
    },
    Row(
      "gather",
      """
      Picks along a dim by positions of their own: y[i][j] = x[positions[i][j]][j] along dim 1, and so for each dim.
      Shapes: positions of as many dims as x and, but for the dim, not larger; y as positions.
      Errors: other ranks; a position that is out of range.
      """, Param("x", Tensor.self),
      Param("dim", Int.self), Param("positions", Tensor.self, "int64"), example: "return T.tensor({{1, 2}, {3, 4}}):gather(2, T.tensor({{2}, {1}}, {dtype = \"int64\"}))"
    ) { x, dim, positions in
      let dim = try x.shape.dim(dim, "gather")
      try Scattering.checkShape(positions.shape, x.shape, dim, "gather")
      return try gather(x, dim, Positions(positions, "gather").resolved(x.shape, dim, "gather"), positions.shape)
    },
    Row(
      "take",
      """
      Elements by their place when the tensor is read row by row; the shape of positions.
      Shapes: y as positions.
      Errors: a position that is out of range.
      """, Param("x", Tensor.self), Param("positions", Positions.self, "from 1, or from the end by -1"),
      example: "return T.tensor({{1, 2}, {3, 4}}):take({1, 4})"
    ) { x, positions in
      let flat = try positions.resolved(size: x.count) { LuaError("take: position \($0) is out of range for \(x.count) elements (shape \(x.shape))") }
      return try indexSelect(x.reshaped(Shape(x.count)), 0, flat).reshaped(positions.shape)
    },
    Row(
      "masked_select",
      """
      The elements at which the mask is true, as a vector; both broadcast.
      Shapes: x and mask broadcast; y (n).
      Errors: a mask that is not bool; shapes that do not broadcast.
      """, Param("x", Tensor.self), Param("mask", Tensor.self, "bool"),
      example: "local x = T.tensor({1, -2, 3}); return x:masked_select(x:gt(0))"
    ) { x, mask in
      let shape = try Shape.broadcast(x.shape, mask.shape, "masked_select")
      let flat = try Elementwise.expanded(mask, shape).truePositions("masked_select")
      return try indexSelect(x.expanded(to: shape).reshaped(Shape(shape.elements)), 0, flat)
    },
    Row(
      "nonzero",
      """
      The positions of all elements that are not 0: a row each, a column a dim.
      Shapes: x of d dims; y (n, d), int64.
      """, Param("x", Tensor.self),
      example: "return T.eye(2):nonzero()"
    ) { x in
      let flat = try x.converted(to: .bool).truePositions("nonzero"), steps = x.shape.contiguousStrides
      let result = try Tensor(empty: Shape(flat.count, x.rank), .int64), p = result.pointer(Int64.self)
      for (row, var rest) in flat.enumerated() {
        for dim in x.shape.indices {
          p[row &* x.rank &+ dim] = Int64(rest / steps[dim] + 1)
          rest %= steps[dim]
        }
      }
      return result
    },
    Row(
      "one_hot",
      """
      Labels 1 … classes as rows of zeros with a one at the label, along a new last dim; int64, unless dtype says otherwise.
      Shapes: labels of any shape; y that shape with classes in a new last dim.
      Errors: a label outside of 1 … classes; labels that are no whole numbers.
      """,
      Param("labels", Tensor.self, "whole numbers"), Param("classes", default: Int?.none, "how many; the largest label where left out"),
      Param.option("dtype", default: ElementType.int64, "the element type"), example: "return T.one_hot(T.tensor({1, 3}, {dtype = \"int64\"}), 3)"
    ) { labels, classes, type in
      let positions = try Positions(labels, "one_hot")
      guard let classes = classes ?? positions.values.max() else { throw LuaError("one_hot: the number of classes cannot be found from no labels") }
      guard classes > 0 else { throw LuaError("one_hot: the number of classes must be positive, got \(classes)") }
      let result = try Tensor.zeros(Shape.checked(labels.shape.array + [classes], "one_hot"), type)
      for (i, label) in positions.values.enumerated() {
        guard label >= 1, label <= classes else { throw LuaError("one_hot: label \(label) at position \(i + 1) is outside 1..\(classes)") }
        Tensor(result.storage, offset: i &* classes &+ label &- 1, shape: Shape(), strides: Shape(), type: type).fill(1)
      }
      return result
    },
  ]

  /// y[…, k, …] = x[…, positions[k], …] along `dim`; positions from 0, in range.
  static func indexSelect(_ x: Tensor, _ dim: Int, _ positions: [Int]) throws -> Tensor {
    var shape = x.shape
    shape[dim] = positions.count
    shape = try Shape.checked(shape.array, "index_select")
    let source = try x.contiguous(), result = try Tensor(empty: shape, x.type)
    let plan = Plan(x.shape, dim)
    switch plan.inner &* x.type.size {
    case 1: copy(UInt8.self, source, result, plan, positions)
    case 4: copy(UInt32.self, source, result, plan, positions)
    case 8: copy(UInt64.self, source, result, plan, positions)
    case let bytes: plan.rows(positions) { from, to in memcpy(result.pointer + to &* bytes, source.pointer + from &* bytes, bytes) }
    }
    if Tape.follows(x) {
      let before = x.shape
      try result.follow("index_select", [x]) { _, g in [try indexAdd(g, dim, positions, into: before)] }
    }
    return result
  }
  private static func copy<E>(_: E.Type, _ source: Tensor, _ result: Tensor, _ plan: Plan, _ positions: [Int]) {
    let x = source.pointer.assumingMemoryBound(to: E.self), y = result.pointer.assumingMemoryBound(to: E.self)
    plan.rows(positions) { from, to in y[to] = x[from] }
  }

  /// A dim seen as the middle one of three.
  struct Plan {
    var outer = 1, inner = 1
    let size: Int
    init(_ shape: Shape, _ dim: Int) {
      size = shape[dim]
      for i in shape.indices { if i < dim { outer &*= shape[i] } else if i > dim { inner &*= shape[i] } }
    }
    /// Calls `body(row of the whole, row of the part)` for every named position; rows have `inner` elements.
    @inline(__always)
    func rows(_ positions: [Int], _ body: (Int, Int) -> Void) {
      guard inner > 0 else { return }
      positions.withUnsafeBufferPointer { positions in
        for o in 0..<outer {
          for k in 0..<positions.count { body(o &* size &+ positions[k], o &* positions.count &+ k) }
        }
      }
    }
  }

  /// The gradient of `indexSelect`: zeros of `shape` with the rows of g added at their positions.
  static func indexAdd(_ g: Tensor, _ dim: Int, _ positions: [Int], into shape: Shape) throws -> Tensor {
    let result = try Tensor.zeros(shape, g.type), source = try g.contiguous()
    add(source, to: result, Plan(shape, dim), positions)
    if Tape.follows(g) {
      try result.follow("index_select backward", [g]) { _, g in [try indexSelect(g, dim, positions)] }
    }
    return result
  }

  /// Adds rows of a contiguous part to a contiguous whole.
  static func add(_ part: Tensor, to whole: Tensor, _ plan: Plan, _ positions: [Int]) {
    switch whole.type {
    case .float32: add(part, whole, plan, positions) { (a: Float, b: Float) in a + b }
    case .float64: add(part, whole, plan, positions) { (a: Double, b: Double) in a + b }
    case .int64: add(part, whole, plan, positions) { (a: Int64, b: Int64) in a &+ b }
    case .uint8: add(part, whole, plan, positions) { (a: UInt8, b: UInt8) in a &+ b }
    case .bool: add(part, whole, plan, positions) { (a: UInt8, b: UInt8) in a | b }
    }
  }
  @inline(__always)
  private static func add<E>(_ part: Tensor, _ whole: Tensor, _ plan: Plan, _ positions: [Int], _ sum: (E, E) -> E) {
    let x = part.pointer.assumingMemoryBound(to: E.self), y = whole.pointer.assumingMemoryBound(to: E.self), inner = plan.inner
    plan.rows(positions) { to, from in
      let a = x + from &* inner, b = y + to &* inner
      for i in 0..<inner { b[i] = sum(b[i], a[i]) }
    }
  }

  /// y[i, j, …] = x[…, positions[i, j, …], …]: the position replaces the index of `dim`.
  static func gather(_ x: Tensor, _ dim: Int, _ positions: [Int], _ shape: Shape) throws -> Tensor {
    let result = try Tensor(empty: shape, x.type), step = x.strides[dim]
    var steps = x.strides
    steps[dim] = 0
    func copy<E>(_: E.Type) {
      let from = x.pointer.assumingMemoryBound(to: E.self), to = result.pointer.assumingMemoryBound(to: E.self)
      walk(shape, steps, steps) { i, at, _ in to[i] = from[at &+ positions[i] &* step] }
    }
    switch x.type.size {
    case 1: copy(UInt8.self)
    case 4: copy(UInt32.self)
    default: copy(UInt64.self)
    }
    if Tape.follows(x) {
      let before = x.shape
      try result.follow("gather", [x]) { _, g in
        let zeros = try Tensor.zeros(before, g.type)
        try Scattering.scatter(zeros, dim, positions, shape, .tensor(g), adds: true, "gather backward")
        return [zeros]
      }
    }
    return result
  }
}
