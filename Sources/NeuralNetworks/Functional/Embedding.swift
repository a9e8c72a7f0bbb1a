internal import LuaBridge
public import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

extension Functional {
  /// y[…] = weight[positions[…]]: rows of a table. The gradient of a row is the sum of the gradients of its uses.
  ///
  /// - paddingIndex: a position (from 0) whose row gets no gradient.
  /// - Shapes: positions any, weight (V, D); y (positions…, D).
  /// - Errors: positions (from 1, as scripts give them) outside 1 … V.
  public static func embedding(_ positions: Tensor, _ weight: Tensor, paddingIndex: Int? = nil) throws -> Tensor {
    guard weight.rank == 2 else { throw LuaError("embedding: weight must be {V,D}, got \(weight.shape)") }
    if let paddingIndex, paddingIndex < 0 || paddingIndex >= weight.shape[0] {
      throw LuaError("embedding: padding_idx \(paddingIndex &+ 1) is outside 1..\(weight.shape[0])")
    }
    let places = try Labels(positions, classes: weight.shape[0], "embedding", noun: "position").positions
    let shape = try Shape.checked(positions.shape.array + [weight.shape[1]], "embedding")
    return try rows(of: weight, places, padding: paddingIndex).reshaped(shape)
  }

  /// y[i] = weight[places[i]]
  private static func rows(of weight: Tensor, _ places: Tensor, padding: Int?) throws -> Tensor {
    let columns = weight.shape[1], y = try Tensor(empty: Shape(places.count, columns), weight.type), source = try weight.contiguous()
    let bytes = columns * weight.type.size, positions = places.pointer(Int64.self)
    for i in 0..<places.count { memcpy(y.pointer + i * bytes, source.pointer + Int(positions[i]) * bytes, bytes) }
    if Tape.follows(weight) {
      let count = weight.shape[0]
      try y.follow("embedding", [weight], saving: [places]) { node, g in [try added(g, node.saved(0), rows: count, padding: padding)] }
    }
    return y
  }

  /// y[places[i]] += g[i], the row of the padding left at 0.
  private static func added(_ g: Tensor, _ places: Tensor, rows: Int, padding: Int?) throws -> Tensor {
    let y = try Tensor.zeros(Shape(rows, g.shape[1]), g.type), source = try g.contiguous()
    if g.type == .float64 { add(Double.self, source, places, y, padding) } else { add(Float.self, source, places, y, padding) }
    if Tape.follows(g) {
      try y.follow("embedding", [g], saving: [places]) { node, h in
        let places = try node.saved(0), taken = try self.rows(of: h, places, padding: nil)
        guard let padding else { return [taken] }
        let counts = try Tensor((0..<places.count).map { places.pointer(Int64.self)[$0] == Int64(padding) ? 0.0 : 1.0 }, places.count, 1)
        return [try Elementwise.mul(taken, counts.to(h.type))]
      }
    }
    return y
  }
  private static func add<E: Element & BinaryFloatingPoint>(_: E.Type, _ g: Tensor, _ places: Tensor, _ y: Tensor, _ padding: Int?) {
    let columns = g.shape[1], source = g.pointer(E.self), target = y.pointer(E.self), positions = places.pointer(Int64.self)
    for i in 0..<places.count where Int(positions[i]) != padding {
      let from = source + i &* columns, to = target + Int(positions[i]) &* columns
      for c in 0..<columns { to[c] += from[c] }
    }
  }

  static let embeddingRows = [
    Row(
      "embedding", "Rows of a table, one for each position.", Param("positions", Tensor.self, "whole numbers 1..V, any shape"),
      Param("weight", Tensor.self, "{V, D}"), Param("padding_idx", default: Int?.none, "a position whose row gets no gradient"), place: .function,
      example: "return F.embedding(T.tensor({1, 3, 1}), T.ones(3, 2))"
    ) { positions, weight, padding in try embedding(positions, weight, paddingIndex: padding.map { $0 &- 1 }) }
  ]
}
