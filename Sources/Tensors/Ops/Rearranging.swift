internal import LuaBridge

/// Turned round, pushed along, given a border.
enum Rearranging {
  static let rows: [Row] = [
    Row(
      "flip",
      """
      The order along the named dims (all of them) turned round; a copy.
      Shapes: y as x.
      Errors: a dim the tensor does not have, or one that is named twice.
      """, Param("x", Tensor.self), Param("dims", default: DimsArgument?.none, "a dim or a list of dims; all where left out"),
      example: "return T.range(1, 3):flip(1)"
    ) { x, dims in try flip(x, dims?.positions(in: x.shape, "flip") ?? Array(x.shape.indices)) },
    Row(
      "roll",
      """
      Elements pushed along dims, those that fall off come in again at the start; without dims the tensor is read row by row.
      Shapes: y as x.
      Errors: another number of shifts than dims.
      """, Param("x", Tensor.self),
      Param("shifts", SizesArgument.self, "a number or one for each dim"), Param("dims", default: SizesArgument?.none, "a dim or a list of dims"),
      example: "return T.range(1, 4):roll(1)"
    ) { x, shifts, dims in
      guard let dims else {
        guard shifts.sizes.count == 1 else { throw LuaError("roll: \(shifts.sizes.count) shifts need as many dims") }
        return try roll(x.reshaped(Shape(x.count)), shifts.sizes[0], 0).reshaped(x.shape)
      }
      guard dims.sizes.count == shifts.sizes.count else { throw LuaError("roll: \(shifts.sizes.count) shifts for \(dims.sizes.count) dims") }
      var result = x
      for (shift, dim) in zip(shifts.sizes, dims.sizes) { result = try roll(result, shift, x.shape.dim(dim, "roll")) }
      return result === x ? try x.cloned() : result
    },
    Row(
      "pad",
      """
      A border around the last dims: {left, right, top, bottom, …}, the last dim first; negative widths cut.
      Shapes: x (…, h, w) with widths {left, right, top, bottom}; y (…, top + h + bottom, left + w + right).
      Errors: an odd number of widths; widths for more dims than there are; a reflected or circular border wider than the tensor.
      """,
      Param("x", Tensor.self), Param("widths", SizesArgument.self, "before and after for each dim, from the last"),
      Param("mode", default: "constant", "\"constant\", \"reflect\", \"replicate\" or \"circular\""),
      Param("value", default: Item.integer(0), "what a constant border holds"),
      example: "return T.ones(1, 2):pad({1, 1}, {value = 7})"
    ) { x, widths, mode, value in
      let list = widths.sizes
      guard list.count % 2 == 0 else { throw LuaError("pad: widths come in pairs (before, after), got \(list.count)") }
      guard list.count / 2 <= x.rank else { throw LuaError("pad: widths for \(list.count / 2) dims, the tensor \(x.shape) has \(x.rank)") }
      guard list.allSatisfy({ $0.magnitude < 1 << 48 }) else { throw LuaError("pad: the widths {\(list.map(String.init).joined(separator: ","))} are too large") }
      var pairs = Array(repeating: (0, 0), count: x.rank)
      for i in 0..<(list.count / 2) { pairs[x.rank - 1 - i] = (list[2 * i], list[2 * i + 1]) }
      if mode == "constant" { return try pad(x, pairs, value) }
      return try mirrored(x, pairs, mode)
    },
  ]

  static func flip(_ x: Tensor, _ dims: [Int]) throws -> Tensor {
    var steps = x.strides, offset = x.offset
    for dim in dims where x.shape[dim] > 0 {
      offset &+= (x.shape[dim] &- 1) &* steps[dim]
      steps[dim] = 0 &- steps[dim]
    }
    let result = try x.view(offset: offset, shape: x.shape, strides: steps).copied()
    if Tape.follows(x) { try result.follow("flip", [x]) { _, g in [try flip(g, dims)] } }
    return result
  }

  private static func roll(_ x: Tensor, _ shift: Int, _ dim: Int) throws -> Tensor {
    let size = x.shape[dim]
    guard size > 0 else { return x }
    let last = (shift % size + size) % size  // how many come in again
    if last == 0 { return try x.cloned() }
    return try Joining.cat([x.narrowed(dim, size - last, last), x.narrowed(dim, 0, size - last)], dim, "roll")
  }

  /// A border of one value; negative widths cut first. The gradient is that of the part that stayed.
  static func pad(_ x: Tensor, _ widths: [(before: Int, after: Int)], _ value: Item) throws -> Tensor {
    var part = x, sizes: [Int] = []
    for (dim, width) in widths.enumerated() {
      let size = x.shape[dim]
      let total = size.plus(width.before).plus(width.after)
      guard total >= 0, width.before > -size - 1, width.after > -size - 1 else {
        throw LuaError("pad: widths (\(width.before), \(width.after)) cut more than size \(size) of dim \(dim + 1) (shape \(x.shape))")
      }
      sizes.append(total)
      let first = max(0, -width.before), length = size - first - max(0, -width.after)
      guard length >= 0 else { throw LuaError("pad: widths (\(width.before), \(width.after)) cut more than size \(size) of dim \(dim + 1) (shape \(x.shape))") }
      if length != size { part = try part.narrowed(dim, first, length) }
    }
    let result = try Tensor(empty: Shape.checked(sizes, "pad"), x.type).filled(value)
    let starts = widths.map { max(0, $0.before) }, lengths = part.shape
    var inside = result.alias()
    for dim in lengths.indices { inside = try inside.narrowed(dim, starts[dim], lengths[dim]) }
    inside.write(part)
    if Tape.follows(part) {
      try result.follow("pad", [part]) { _, g in
        var g = g
        for dim in lengths.indices where g.shape[dim] != lengths[dim] { g = try g.narrowed(dim, starts[dim], lengths[dim]) }
        return [g]
      }
    }
    return result
  }

  /// Borders made of the tensor's own elements: each padded dim is picked anew.
  private static func mirrored(_ x: Tensor, _ widths: [(before: Int, after: Int)], _ mode: String) throws -> Tensor {
    guard ["reflect", "replicate", "circular"].contains(mode) else {
      throw LuaError("pad: unknown mode \"\(mode)\" (modes: constant, reflect, replicate, circular)")
    }
    var result = x
    for (dim, width) in widths.enumerated() where width != (0, 0) {
      let size = x.shape[dim], most = mode == "reflect" ? size - 1 : mode == "circular" ? size : Int.max
      guard size > 0, width.before <= most, width.after <= most, width.before > -size, width.after > -size, -width.before - width.after < size else {
        throw LuaError("pad: widths (\(width.before), \(width.after)) do not suit mode \"\(mode)\" at dim \(dim + 1) of size \(size) (shape \(x.shape))")
      }
      _ = try Shape.checked([size.plus(width.before).plus(width.after)], "pad")
      let positions = (-width.before..<size + width.after).map { i in
        switch mode {
        case "reflect": i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i
        case "circular": i < 0 ? i + size : i >= size ? i - size : i
        default: min(max(i, 0), size - 1)
        }
      }
      result = try Picking.indexSelect(result, dim, positions)
    }
    return result === x ? try x.cloned() : result
  }
}
