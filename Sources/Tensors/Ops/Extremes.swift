internal import KernelTable
internal import Kernels
internal import LuaBridge

/// The largest and smallest elements and where they stand; NaN wins, the first of equals is chosen.
enum Extremes {
  enum End: Sendable {
    case max, min
    var name: String { self == .max ? "max" : "min" }
  }

  private static func planned(_ x: Tensor, _ dims: [Int], _ function: String) throws -> Reduction.Plan {
    let plan = try Reduction.plan(x, dims: dims)
    guard plan.count > 0 else { throw LuaError("\(function): nothing to choose from, the tensor \(x.shape) has no elements along the reduced dims") }
    return plan
  }

  /// The extreme over dims; its gradient is shared evenly among equals.
  static func value(_ end: End, _ x: Tensor, dims: [Int]? = nil, keep: Bool = false, name: String? = nil) throws -> Tensor {
    let dims = dims ?? Array(x.shape.indices)
    let plan = try planned(x, dims, name ?? end.name)
    let y = try Tensor(empty: keep ? plan.kept : plan.dropped, x.type)
    if let width = x.type.width {
      Vector.reduce(end == .max ? .max : .min, width, plan.source.pointer, y.pointer, outer: plan.outer, count: plan.count, inner: plan.inner)
    } else if x.type == .int64 {
      whole(end, plan, y, Int64.self, .min, .max)
    } else {
      whole(end, plan, y, UInt8.self, .min, .max)
    }
    if Tape.follows(x) {
      let kept = plan.kept
      try y.follow(end.name, [x], saving: [x, y]) { node, g in
        [try shared(g.reshaped(kept), node.saved(0), node.saved(1).reshaped(kept), dims)]
      }
    }
    return y
  }
  /// The gradient of a chosen value: g in even shares to all elements of x that equal y (which keeps the reduced dims).
  static func shared(_ g: Tensor, _ x: Tensor, _ y: Tensor, _ dims: [Int]) throws -> Tensor {
    let both = try Logic.and(Logic.isNaN(x), Logic.isNaN(y))
    let equal = try Logic.or(Comparison.eq.apply(.tensor(x), .tensor(y)), both)
    let ties = try Reduction.sum(equal, dims: dims, keep: true).converted(to: g.type)
    return try Elementwise.mul(Elementwise.div(g, ties), equal.converted(to: g.type))
  }

  private static func whole<E: Element>(_ end: End, _ plan: Reduction.Plan, _ y: Tensor, _: E.Type, _ least: E, _ most: E) {
    if end == .max {
      Reduction.fold(plan, E.self, into: y.pointer(E.self), least) { $1 > $0 ? $1 : $0 }
    } else {
      Reduction.fold(plan, E.self, into: y.pointer(E.self), most) { $1 < $0 ? $1 : $0 }
    }
  }

  /// Where the extreme first stands along one dim, from 0, with size 1 in that dim.
  static func positions(_ end: End, _ x: Tensor, _ dim: Int, _ function: String) throws -> Tensor {
    let plan = try planned(x, [dim], function)
    let result = try Tensor(empty: plan.kept, .int64)
    let places = result.pointer(Int64.self)
    if let width = x.type.width {
      let values = try Tensor(empty: plan.kept, x.type)
      Vector.argReduce(max: end == .max, width, plan.source.pointer, values: values.pointer, positions: places, outer: plan.outer, count: plan.count, inner: plan.inner)
      return result
    }
    let numbers = try plan.source.converted(to: .int64), from = numbers.pointer(Int64.self)
    for o in 0..<plan.outer {
      for i in 0..<plan.inner {
        let base = o &* plan.count &* plan.inner &+ i
        var best = 0
        for k in 1..<max(plan.count, 1) {
          let value = from[base &+ k &* plan.inner], other = from[base &+ best &* plan.inner]
          if end == .max ? value > other : value < other { best = k }
        }
        places[o &* plan.inner &+ i] = Int64(best)
      }
    }
    return result
  }

  /// The extreme along one dim (from 0) and its position from 1; the gradient goes to the position.
  static func along(_ end: End, _ x: Tensor, _ dim: Int, keep: Bool) throws -> (values: Tensor, positions: Tensor) {
    let places = try positions(end, x, dim, end.name)
    return try finish(Choosing.chosen(x, dim, places), places, dim, keep)
  }

  /// Values and positions as a script gets them: positions from 1, the dim gone unless kept.
  static func finish(_ values: Tensor, _ positions: Tensor, _ dim: Int, _ keep: Bool) throws -> (values: Tensor, positions: Tensor) {
    let counted = try Elementwise.add(positions, .integer(1))
    if keep { return (values, counted) }
    var shape = values.shape
    shape.remove(at: dim)
    return try (values.reshaped(shape), counted.reshaped(shape))
  }

  /// Positions from 1, along one dim or in the flattened tensor.
  static func argument(_ end: End, _ x: Tensor, _ dim: Int?, keep: Bool) throws -> Tensor {
    let function = "arg\(end.name)"
    guard let dim else {
      let place = try positions(end, x.alias().reshaped(Shape(x.count)), 0, function)
      return try Elementwise.add(place, .integer(1)).reshaped(keep ? Shape(repeating: 1, count: x.rank) : Shape())
    }
    if x.rank == 0, dim == 1 || dim == -1 { return try argument(end, x, nil, keep: keep) }
    let position = try x.shape.dim(dim, function)
    let places = try Elementwise.add(positions(end, x, position, function), .integer(1))
    var shape = places.shape
    if !keep { shape.remove(at: position) }
    return try places.reshaped(shape)
  }

  private static func rows(_ end: End, _ word: String) -> [Row] {
    [
      Row(
        results: end.name,
        "The \(word) element of all. Along one dim: the \(word) elements and their positions (from 1). Over a list of dims: the \(word) elements. NaN wins.\n"
          + "Shapes: x of any shape; values and positions without the reduced dims (with size 1 by keepdim).\n"
          + "Errors: a dim the tensor does not have; no elements.",
        Reduction.x, Reduction.dim, Reduction.keepdim, example: "return T.ones(2, 3):\(end.name)(1)", returns: "Tensor [, Tensor]"
      ) { stack, x, dim, keep in
        guard let dims = try Reduction.dims(dim, x, end.name), dims.count == 1 else {
          try value(end, x, dims: Reduction.dims(dim, x, end.name), keep: keep).push(stack)
          return 1
        }
        let (values, positions) = try along(end, x, dims[0], keep: keep)
        values.push(stack)
        positions.push(stack)
        return 2
      },
      Row(
        "arg\(end.name)",
        "Where the \(word) element stands, from 1: in the flattened tensor, or along a dim. The first of equals; NaN wins.\n"
          + "Shapes: x of any shape; y without the dim (with size 1 by keepdim), int64.\n"
          + "Errors: a dim the tensor does not have; no elements.", Reduction.x,
        Param("dim", default: Int?.none, "a dim; the whole tensor where left out"), Reduction.keepdim, example: "return T.ones(2, 3):arg\(end.name)(2)"
      ) { x, dim, keep in try argument(end, x, dim, keep: keep) },
      Row(
        "a\(end.name)", "The \(word) element of all, or over dims, as a tensor alone; its gradient is shared evenly among equals. NaN wins.", Reduction.x, Reduction.dim,
        Reduction.keepdim, example: "return T.ones(2, 3):a\(end.name)(1)"
      ) { x, dim, keep in
        let function = "a\(end.name)"
        return try value(end, x, dims: Reduction.dims(dim, x, function), keep: keep, name: function)
      },
    ]
  }

  static let rows: [Row] = rows(.max, "largest") + rows(.min, "smallest")
}
