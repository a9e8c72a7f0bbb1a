internal import LuaBridge

/// Values written or added at positions, in place.
enum Scattering {
  static let rows: [Row] = [
    Row(
      "scatter_",
      """
      Sets along a dim by positions: x[positions[i][j]][j] = source[i][j] along dim 1, and so for each dim; returns x. Where a position comes twice the last \
      one stays.
      Shapes: positions and source of as many dims as x; positions, but for the dim, not larger than x.
      Errors: other ranks; a position that is out of range; a tensor whose gradients are recorded.
      """,
      Param("x", Tensor.self), Param("dim", Int.self), Param("positions", Tensor.self, "int64"),
      Param("source", Operand.self, "a tensor at least as large as positions, or a number"),
      place: .method, example: "return T.zeros(2, 3):scatter_(2, T.tensor({{1}, {3}}, {dtype = \"int64\"}), 1)"
    ) { x, dim, positions, source in try scatter(x, dim, positions, source, adds: false, "scatter_") },
    Row(
      "scatter_add_",
      """
      As scatter_, but adds.
      Shapes: positions and source of as many dims as x; positions, but for the dim, not larger than x.
      Errors: other ranks; a position that is out of range; a tensor whose gradients are recorded.
      """, Param("x", Tensor.self), Param("dim", Int.self), Param("positions", Tensor.self, "int64"),
      Param("source", Operand.self, "a tensor at least as large as positions, or a number"), place: .method,
      example: "return T.zeros(3):scatter_add_(1, T.tensor({1, 1, 3}, {dtype = \"int64\"}), T.ones(3))"
    ) { x, dim, positions, source in try scatter(x, dim, positions, source, adds: true, "scatter_add_") },
    Row(
      "scatter", "As scatter_, on a copy: x stays as it is.", Param("x", Tensor.self), Param("dim", Int.self), Param("positions", Tensor.self, "int64"),
      Param("source", Operand.self, "a tensor at least as large as positions, or a number"),
      example: "return T.zeros(2, 3):scatter(2, T.tensor({{1}, {3}}, {dtype = \"int64\"}), 1)"
    ) { x, dim, positions, source in try scatter(x.cloned(), dim, positions, source, adds: false, "scatter") },
    Row(
      "scatter_add", "As scatter_add_, on a copy: x stays as it is.", Param("x", Tensor.self), Param("dim", Int.self), Param("positions", Tensor.self, "int64"),
      Param("source", Operand.self, "a tensor at least as large as positions, or a number"),
      example: "return T.zeros(3):scatter_add(1, T.tensor({1, 1, 3}, {dtype = \"int64\"}), T.ones(3))"
    ) { x, dim, positions, source in try scatter(x.cloned(), dim, positions, source, adds: true, "scatter_add") },
    Row(
      "index_add_",
      """
      Adds slices of a source at the named positions of a dim; returns x.
      Shapes: x (…, n, …); positions (k); source (…, k, …).
      Errors: a source of another shape; a position that is out of range.
      """, Param("x", Tensor.self), Param("dim", Int.self),
      Param("positions", Positions.self, "from 1, or from the end by -1"), Param("source", Tensor.self, "the shape of x, but a slice for each position"),
      Param.option("alpha", default: 1.0, "the source is multiplied by it"), place: .method,
      example: "return T.zeros(3, 2):index_add_(1, {1, 1}, T.ones(2, 2))"
    ) { x, dim, positions, source, alpha in try indexAdd(x, dim, positions, source, alpha, "index_add_") },
    Row(
      "index_add", "As index_add_, on a copy: x stays as it is.", Param("x", Tensor.self), Param("dim", Int.self),
      Param("positions", Positions.self, "from 1, or from the end by -1"),
      Param("source", Tensor.self, "the shape of x, but a slice for each position"), Param.option("alpha", default: 1.0, "the source is multiplied by it"),
      example: "return T.zeros(3, 2):index_add(1, {1, 1}, T.ones(2, 2))"
    ) { x, dim, positions, source, alpha in try indexAdd(x.cloned(), dim, positions, source, alpha, "index_add") },
    Row(
      "masked_fill",
      """
      The tensor with a value where the mask is true.
      Shapes: mask broadcasts to x; y as x.
      Errors: a mask that is not bool, or that does not broadcast to x.
      """, Param("x", Tensor.self), Param("mask", Tensor.self, "bool, broadcasts to x"),
      Param("value", Operand.self, "a number or a tensor of one element"), example: "local x = T.tensor({1, -2}); return x:masked_fill(x:lt(0), 0)"
    ) { x, mask, value in try maskedFill(x, mask, value, "masked_fill") },
    Row(
      "masked_fill_",
      """
      Sets the elements at which the mask is true and returns the tensor.
      Shapes: mask broadcasts to x.
      Errors: a mask that is not bool, or that does not broadcast to x; a tensor whose gradients are recorded.
      """, Param("x", Tensor.self), Param("mask", Tensor.self, "bool, broadcasts to x"),
      Param("value", Operand.self, "a number or a tensor of one element"), place: .method, example: "return T.ones(2):masked_fill_(T.tensor({true, false}), 5)"
    ) { x, mask, value in try x.replace("masked_fill_", with: maskedFill(x, mask, value, "masked_fill_")) },
  ]

  private static func indexAdd(_ x: Tensor, _ dim: Int, _ positions: Positions, _ source: Tensor, _ alpha: Double, _ function: String) throws -> Tensor {
    let dim = try x.shape.dim(dim, function), list = try positions.resolved(x.shape, dim, function)
    var shape = x.shape
    shape[dim] = list.count
    guard source.shape == shape else {
      throw LuaError("\(function): the source has shape \(source.shape), \(list.count) positions of dim \(dim + 1) of \(x.shape) need \(shape)")
    }
    let part = try (alpha == 1 ? source : Elementwise.mul(source, alpha)).to(x.type), values = try part.contiguous()
    let whole = try x.storage === values.storage || !x.isContiguous ? x.copied() : x
    try x.change(function, with: [part], rule: { node, g in [g, node.needs(1) ? try Picking.indexSelect(g, dim, list) : nil] }) {
      Picking.add(values, to: whole, Picking.Plan(x.shape, dim), list)
      if whole !== x { x.scatter(from: whole.pointer) }
    }
    return x
  }

  private static func maskedFill(_ x: Tensor, _ mask: Tensor, _ value: Operand, _ function: String) throws -> Tensor {
    guard mask.type == .bool else { throw LuaError("\(function): a mask must be bool, got \(mask.type.name) \(mask.shape)") }
    guard value.shape.elements == 1 else { throw LuaError("\(function): the value must have one element, got shape \(value.shape)") }
    let wide = try Dims.expand(mask, x.shape, function)
    return try Selection.select(wide, .tensor(value.converted(to: x.type).reshaped(Shape())), .tensor(x))
  }

  /// Positions may be smaller than x in every dim but `dim`.
  static func checkShape(_ positions: Shape, _ x: Shape, _ dim: Int, _ function: String) throws {
    guard positions.count == x.count else { throw LuaError("\(function): positions \(positions) must have as many dims as the tensor \(x)") }
    for i in x.indices where i != dim && positions[i] > x[i] {
      throw LuaError("\(function): positions \(positions) are larger than the tensor \(x) at dim \(i + 1)")
    }
  }

  private static func scatter(_ x: Tensor, _ dim: Int, _ positions: Tensor, _ source: Operand, adds: Bool, _ op: String) throws -> Tensor {
    let dim = try x.shape.dim(dim, op)
    try checkShape(positions.shape, x.shape, dim, op)
    if let source = source.tensor {
      guard source.rank == x.rank, x.shape.indices.allSatisfy({ positions.shape[$0] <= source.shape[$0] }) else {
        throw LuaError("\(op): the source \(source.shape) is smaller than positions \(positions.shape)")
      }
    }
    try scatter(x, dim, Positions(positions, op).resolved(x.shape, dim, op), positions.shape, source, adds: adds, op)
    return x
  }

  /// x[…, positions[i, j, …], …] = (or +=) source[i, j, …]; positions from 0, checked.
  static func scatter(_ x: Tensor, _ dim: Int, _ positions: [Int], _ shape: Shape, _ source: Operand, adds: Bool, _ op: String) throws {
    let values = try source.converted(to: x.type), sourceShape = values.shape
    let from = values.storage === x.storage ? try values.copied() : values
    let sourceSteps = from.rank == shape.count ? from.strides : Shape(repeating: 0, count: shape.count)
    let step = x.strides[dim]
    var steps = x.strides
    steps[dim] = 0
    func write<E>(_ combine: (E, E) -> E) {
      let p = from.pointer.assumingMemoryBound(to: E.self), y = x.pointer.assumingMemoryBound(to: E.self)
      walk(shape, steps, sourceSteps) { i, at, source in
        let place = at &+ positions[i] &* step
        y[place] = combine(y[place], p[source])
      }
    }
    try x.change(
      op, with: [values],
      rule: { node, g in
        var gx: Tensor? = node.needs(0) ? g : nil
        if !adds, node.needs(0) {
          let rest = try g.cloned()
          try scatter(rest, dim, positions, shape, .integer(0), adds: false, op)
          gx = rest
        }
        guard node.needs(1) else { return [gx, nil] }
        let picked = try Picking.gather(g, dim, positions, shape)
        if sourceShape.count != shape.count { return [gx, try Elementwise.reduced(picked, to: sourceShape)] }
        return [gx, try Rearranging.pad(picked, shape.indices.map { (0, sourceShape[$0] - shape[$0]) }, .integer(0))]
      }
    ) {
      switch (x.type, adds) {
      case (.float32, true): write { (a: Float, b: Float) in a + b }
      case (.float64, true): write { (a: Double, b: Double) in a + b }
      case (.int64, true): write { (a: Int64, b: Int64) in a &+ b }
      case (.uint8, true): write { (a: UInt8, b: UInt8) in a &+ b }
      case (.bool, true): write { (a: UInt8, b: UInt8) in a | b }
      case (.bool, false), (.uint8, false): write { (_: UInt8, b: UInt8) in b }
      case (.float32, false): write { (_: UInt32, b: UInt32) in b }
      case (.int64, false), (.float64, false): write { (_: UInt64, b: UInt64) in b }
      }
    }
  }
}
