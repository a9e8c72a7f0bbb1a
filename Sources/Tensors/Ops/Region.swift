internal import LuaBridge

/// The part of a tensor that an index names: numbers, ranges, positions and masks, counted from 0 and checked.
/// It holds numbers only, so that the tape may keep it.
struct Region {
  enum Part {
    case whole
    case at(Int)
    case range(start: Int, length: Int, step: Int)
  }
  /// Positions in `span` neighbouring dims (flat, row by row) of what the parts leave over; of any shape.
  struct Pick {
    var dim: Int
    var span: Int
    var positions: [Int]
    var shape: Shape
  }

  /// What is done with each of the first dims; those behind stay whole.
  var parts: [Part] = []
  var picks: [Pick] = []

  // MARK: numbers and ranges

  /// The view that the parts leave, without the tape.
  private func window(_ x: Tensor) -> Tensor {
    var offset = x.offset, shape = Shape(), steps = Shape()
    for i in x.shape.indices {
      switch i < parts.count ? parts[i] : .whole {
      case .whole:
        shape.append(x.shape[i])
        steps.append(x.strides[i])
      case .at(let position): offset &+= position &* x.strides[i]
      case .range(let start, let length, let step):
        offset &+= start &* x.strides[i]
        shape.append(length)
        steps.append(x.strides[i] &* step)
      }
    }
    return x.view(offset: offset, shape: shape, strides: steps)
  }

  private var turnsRound: Bool {
    parts.contains { if case .range(_, let length, let step) = $0 { step < 0 && length > 1 } else { false } }
  }

  private func readWindow(_ x: Tensor) throws -> Tensor {
    let view = window(x)
    let result = turnsRound ? try view.copied() : view
    if Tape.follows(x) {
      let before = x.shape
      try result.follow("index", [x]) { _, g in
        let zeros = try Tensor.zeros(before, g.type)
        window(zeros).write(g)
        if Tape.follows(g) { try zeros.follow("index backward", [g]) { _, g in [try readWindow(g)] } }
        return [zeros]
      }
    }
    return result
  }

  // MARK: positions

  /// All picks as one: flat positions over the dims they take, and where in the result their shape stands.
  private struct Picks {
    var dims: [Int] = []
    var positions: [Int] = []
    var shape = Shape()
    /// Neighbouring dims give way in place; others come to the front, as in NumPy.
    var place = 0
    var adjacent = true
  }

  private func joinedPicks(_ view: Shape) throws -> Picks {
    var result = Picks()
    if picks.count == 1 {
      result.dims = Array(picks[0].dim..<picks[0].dim + picks[0].span)
      result.positions = picks[0].positions
      result.shape = picks[0].shape
    } else {
      for pick in picks {
        result.dims += Array(pick.dim..<pick.dim + pick.span)
        result.shape = try Shape.broadcast(result.shape, pick.shape, "index")
      }
      let shape = result.shape
      result.positions = Array(repeating: 0, count: shape.elements)
      for pick in picks {
        let size = (pick.dim..<pick.dim + pick.span).reduce(1) { $0 &* view[$1] }
        let steps = Elementwise.broadcastStrides(pick.shape, pick.shape.contiguousStrides, to: shape)
        walk(shape, steps, steps) { i, at, _ in result.positions[i] = result.positions[i] &* size &+ pick.positions[at] }
      }
      result.adjacent = result.dims.last! - result.dims.first! == result.dims.count - 1
    }
    result.place = result.adjacent ? result.dims.first! : 0
    guard view.count - result.dims.count + result.shape.count <= Shape.maximumRank else {
      throw LuaError("index: the result would have more than \(Shape.maximumRank) dims")
    }
    return result
  }

  /// The result's shape: the dims of `view` that no pick takes, with the picks' own shape in its place.
  private func resultShape(_ view: Shape, _ picks: Picks) throws -> Shape {
    var sizes = view.indices.filter { !picks.dims.contains($0) }.map { view[$0] }
    sizes.insert(contentsOf: picks.shape.array, at: picks.place)
    return try Shape.checked(sizes, "index")
  }

  func read(_ x: Tensor) throws -> Tensor {
    let view = try readWindow(x)
    guard !picks.isEmpty else { return view }
    let picks = try joinedPicks(view.shape), shape = try resultShape(view.shape, picks)
    var source = view
    if !picks.adjacent { source = try view.permuted(picks.dims + view.shape.indices.filter { !picks.dims.contains($0) }) }
    source = try source.joined(picks.place, picks.place + picks.dims.count - 1)
    return try Picking.indexSelect(source, picks.place, picks.positions).reshaped(shape)
  }

  // MARK: assignment

  /// x[region] = value, which is broadcast to the region and converted to x's type. The tape sees it.
  func assign(_ x: Tensor, _ value: Operand) throws {
    let view = window(x)
    if picks.isEmpty, value.tensor == nil, x.node == nil || !Tape.isOn {
      try x.checkWritable("index assignment")
      view.fill(value.item)
      return x.storage.changed(by: "index assignment")
    }
    let picks = picks.isEmpty ? nil : try joinedPicks(view.shape)
    let shape = try picks.map { try resultShape(view.shape, $0) } ?? view.shape
    var part = try value.tensor ?? value.converted(to: x.type)
    if part.rank > shape.count, (0..<part.rank - shape.count).allSatisfy({ part.shape[$0] == 1 }) {
      part = try part.reshaped(Shape(part.shape.array[(part.rank - shape.count)...]))
    }
    let extra = shape.count - part.rank
    guard extra >= 0, part.shape.indices.allSatisfy({ part.shape[$0] == shape[$0 + extra] || part.shape[$0] == 1 }) else {
      throw LuaError("index: a value of shape \(value.shape) cannot be assigned to a part of shape \(shape) (of a tensor \(x.shape))")
    }
    let wide = try Elementwise.expanded(part.converted(to: x.type), shape), partShape = part.shape, type = part.type
    let write: () -> Void
    if let picks {
      write = try blocks(x, view, picks, wide)
    } else {
      let source = wide.storage === x.storage || !wide.isContiguous ? try wide.copied() : wide
      write = { view.scatter(from: source.pointer) }
    }
    try x.change(
      "index assignment", with: [part],
      rule: { node, g in
        var rest: Tensor?
        if node.needs(0) {
          let copy = try g.cloned()
          try assign(copy, .integer(0))
          rest = copy
        }
        return [rest, node.needs(1) ? try Elementwise.reduced(read(g).to(type), to: partShape) : nil]
      }, write)
  }

  /// Writing of `wide` at positions: one block of the dims that no pick takes after another.
  private func blocks(_ x: Tensor, _ view: Tensor, _ picks: Picks, _ wide: Tensor) throws -> () -> Void {
    let shape = picks.shape, place = picks.place
    let front = Array(place..<place + shape.count)
    let order = front + wide.shape.indices.filter { !front.contains($0) }
    let ordered = wide.view(shape: Shape(order.map { wide.shape[$0] }), strides: Shape(order.map { wide.strides[$0] }))
    let source = wide.storage === x.storage || !ordered.isContiguous ? try ordered.copied() : ordered
    let left = view.shape.indices.filter { !picks.dims.contains($0) }
    let block = Shape(left.map { view.shape[$0] }), steps = Shape(left.map { view.strides[$0] })
    var offsets: [Int] = []
    offsets.reserveCapacity(block.elements)
    walk(block, steps, steps) { _, at, _ in offsets.append(at) }
    return {
      func write<E>(_: E.Type) {
        let from = source.pointer.assumingMemoryBound(to: E.self), to = view.pointer.assumingMemoryBound(to: E.self)
        var k = 0
        for var flat in picks.positions {
          var at = 0
          for dim in picks.dims.reversed() {
            at &+= flat % view.shape[dim] &* view.strides[dim]
            flat /= view.shape[dim]
          }
          for offset in offsets {
            to[at &+ offset] = from[k]
            k &+= 1
          }
        }
      }
      switch x.type.size {
      case 1: write(UInt8.self)
      case 4: write(UInt32.self)
      default: write(UInt64.self)
      }
    }
  }
}
