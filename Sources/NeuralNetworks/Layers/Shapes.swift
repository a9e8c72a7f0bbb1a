internal import LuaBridge
public import Tensors

/// Dims start … end become one; the first dim stays by default.
public final class Flatten: Module, @unchecked Sendable {
  private let start: Int, end: Int
  init(_ start: Int, _ end: Int) { (self.start, self.end) = (start, end) }
  public override func forward(_ x: Tensor) throws -> Tensor {
    guard x.rank > 0 else { return try x.reshaped(Shape(1)) }
    // An image alone, without a batch, has fewer dims than the default expects.
    let first = try x.shape.dim(min(start, max(x.rank, 1)), "flatten"), last = try x.shape.dim(end, "flatten")
    guard first <= last else { throw LuaError("flatten: start_dim \(start) comes after end_dim \(end) in shape \(x.shape)") }
    let middle = x.shape.array[first...last].reduce(1, *)
    return try x.reshaped(Shape(x.shape.array[..<first] + [middle] + x.shape.array[(last + 1)...]))
  }
  static let row = Row(
    "Flatten",
    """
    Dims start_dim … end_dim become one.
    Shapes: x {N, …}; y {N, their product}.
    Errors: dims that x does not have; a start_dim behind end_dim.
    """, Param("start_dim", default: 2, "the first of them"), Param("end_dim", default: -1, "the last of them"),
    place: .function, mixed: true, example: "return nn.Flatten()(T.rand(2, 3, 4))"
  ) { Flatten($0, $1) }
}

/// One dim becomes several.
public final class Unflatten: Module, @unchecked Sendable {
  private let dim: Int, sizes: [Int]
  init(_ dim: Int, _ sizes: [Int]) { (self.dim, self.sizes) = (dim, sizes) }
  public override var summaryLine: String { "\(dim), {\(sizes.map(String.init).joined(separator: ","))}" }
  public override func forward(_ x: Tensor) throws -> Tensor {
    let place = try x.shape.dim(dim, "unflatten"), shape = x.shape.array
    let inner = try Shape.checked(sizes, "unflatten")
    guard inner.elements == shape[place] else { throw LuaError("unflatten: dim \(dim) of \(x.shape) has size \(shape[place]), \(inner) would have \(inner.elements)") }
    return try x.reshaped(Shape.checked(Array(shape[..<place]) + sizes + Array(shape[(place + 1)...]), "unflatten"))
  }
  static let row = Row(
    "Unflatten",
    """
    One dim becomes several.
    Shapes: x {…, n, …}; y {…, sizes, …}.
    Errors: a dim that x does not have; sizes whose product is not the dim's.
    """, Param("dim", Int.self, "the one"), Param("sizes", [Int].self, "sizes whose product is the dim's"), place: .function,
    example: "return nn.Unflatten(2, {1, 4})(T.rand(3, 4))"
  ) { Unflatten($0, $1) }
}
