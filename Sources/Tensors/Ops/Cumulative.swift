internal import KernelTable
internal import Kernels
internal import LuaBridge

/// Running sums and products: y[k] = x[0] + … + x[k], y[k] = x[0] · … · x[k] along a dim.
enum Cumulative {
  private static func run(_ op: CumulateOp, _ x: Tensor, _ dim: Int) throws -> Tensor {
    let x = x.type.isFloat ? x : try x.converted(to: .int64)
    let plan = try Reduction.plan(x, dims: x.rank == 0 ? [] : [dim])
    let y = try Tensor(empty: x.shape, x.type)
    if let width = x.type.width {
      Vector.cumulate(op, width, plan.source.pointer, y.pointer, outer: plan.outer, count: plan.count, inner: plan.inner)
      return y
    }
    let from = plan.source.pointer(Int64.self), to = y.pointer(Int64.self), row = plan.count &* plan.inner
    for at in 0..<x.count {
      let first = at % row < plan.inner
      to[at] = first ? from[at] : op == .sum ? to[at &- plan.inner] &+ from[at] : to[at &- plan.inner] &* from[at]
    }
    return y
  }

  static func sum(_ x: Tensor, _ dim: Int) throws -> Tensor {
    let y = try run(.sum, x, dim)
    if Tape.follows(x) { try y.follow("cumsum", [x]) { _, g in [try backwards(g, dim)] } }
    return y
  }

  /// The running sum from the end.
  private static func backwards(_ g: Tensor, _ dim: Int) throws -> Tensor {
    g.rank == 0 ? g : try sum(g.reversed(dim), dim).reversed(dim)
  }

  static func prod(_ x: Tensor, _ dim: Int) throws -> Tensor {
    let y = try run(.prod, x, dim)
    if Tape.follows(x) {
      try y.follow("cumprod", [x], saving: [x, y]) { node, g in
        let x = try node.saved(0), y = try node.saved(1)
        // gx[k] = Σ over j ≥ k of g[j] y[j] / x[k]
        if try !Counting.any(Comparison.eq.apply(.tensor(x), .integer(0))) { return [try Elementwise.div(backwards(Elementwise.mul(g, y), dim), x)] }
        if Tape.follows([x, y, g]) { return [try bySquares(x, g, dim)] }
        return [try besideZeros(x.to(.float64), y.to(.float64), g.to(.float64), dim).to(g.type)]
      }
    }
    return y
  }

  /// The same as ops that the tape follows and that divide by nothing: gx[k] = Σ over j ≥ k of g[j] times the running product without x[k].
  private static func bySquares(_ x: Tensor, _ g: Tensor, _ dim: Int) throws -> Tensor {
    if x.rank == 0 { return g }
    let last = x.rank - 1
    let products = try prod(Products.withoutEach(x.transposed(dim, last)), last + 1)
    let shares = try Diagonals.triangle(Elementwise.mul(products, g.transposed(dim, last).unsqueezed(last)), 0, lower: false, "cumprod")
    return try Reduction.sum(shares, dims: [last + 1]).transposed(dim, last)
  }

  /// The gradient of a running product with zeros: before the first 0 as everywhere (what follows it is 0); at the first 0, the product before it
  /// times Σ g[j] x[k+1] · … · x[j]; behind it 0.
  private static func besideZeros(_ x: Tensor, _ y: Tensor, _ g: Tensor, _ dim: Int) throws -> Tensor {
    let plan = try Reduction.plan(x, dims: x.rank == 0 ? [] : [dim])
    let y = try y.contiguous(), g = try g.contiguous(), result = try Tensor.zeros(x.shape, .float64)
    let p = plan.source.pointer(Double.self), q = y.pointer(Double.self), h = g.pointer(Double.self), to = result.pointer(Double.self)
    for o in 0..<plan.outer {
      for i in 0..<plan.inner {
        let base = o &* plan.count &* plan.inner &+ i
        var zero = 0
        while zero < plan.count, p[base &+ zero &* plan.inner] != 0 { zero += 1 }
        if zero < plan.count {
          var tail = 1.0, total = 0.0
          for j in zero..<plan.count {
            let at = base &+ j &* plan.inner
            if j > zero { tail *= p[at] }
            total += h[at] * tail
          }
          to[base &+ zero &* plan.inner] = total * (zero > 0 ? q[base &+ (zero &- 1) &* plan.inner] : 1)
        }
        var total = 0.0
        for j in stride(from: zero &- 1, through: 0, by: -1) {
          let at = base &+ j &* plan.inner
          total += h[at] * q[at]
          to[at] = total / p[at]
        }
      }
    }
    return result
  }

  /// The dim a script names, from 0; a tensor of one dim needs no name.
  private static func position(_ dim: Int?, _ x: Tensor, _ function: String) throws -> Int {
    if let dim { return x.rank == 0 && (dim == 1 || dim == -1) ? 0 : try x.shape.dim(dim, function) }
    guard x.rank <= 1 else { throw LuaError("\(function): name the dim, the tensor has \(x.rank) (shape \(x.shape))") }
    return 0
  }

  private static let dim = Param("dim", default: Int?.none, "the dim to go along; may be left out where there is one only")

  static let rows: [Row] = [
    Row(
      "cumsum",
      """
      Running sums along a dim; whole numbers give int64.
      Shapes: y as x.
      Errors: more than one dim and none named.
      """, Reduction.x, dim, example: "return T.ones(4):cumsum(1)"
    ) { x, dim in
      try sum(x, position(dim, x, "cumsum"))
    },
    Row(
      "cumprod",
      """
      Running products along a dim; whole numbers give int64.
      Shapes: y as x.
      Errors: more than one dim and none named.
      """, Reduction.x, dim, example: "return (T.ones(4) * 2):cumprod(1)"
    ) { x, dim in
      try prod(x, position(dim, x, "cumprod"))
    },
  ]
}

extension Tensor {
  /// A dim (from 0) read from its end: a view.
  func reversed(_ dim: Int) throws -> Tensor {
    var steps = strides
    steps[dim] = 0 &- strides[dim]
    let result = view(offset: offset &+ max(shape[dim] &- 1, 0) &* strides[dim], shape: shape, strides: steps)
    if Tape.follows(self) { try result.follow("flip", [self]) { _, g in [try g.reversed(dim)] } }
    return result
  }
}
