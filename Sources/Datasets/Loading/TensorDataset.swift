internal import LuaBridge
internal import Tensors

/// `data.TensorDataset(x, t, …)`.
enum TensorDataset {
  /// A tensor as it stands, or one made of a table. A flat list of whole numbers is a list of labels.
  private static func tensor(_ stack: LuaStack, _ index: Int32, _ position: Int) throws -> Tensor {
    switch stack.type(at: index) {
    case .table:
      return try naming("TensorDataset") {
        let values = try Tensor.from(stack, index)
        return position > 1 && values.rank == 1 && isWhole(stack, index) ? try Tensor.from(stack, index, .int64) : values
      }
    default:
      guard let x = try? Tensor.decode(stack, index) else { throw ArgumentError(position, "Tensor or table expected, got \(stack.given(at: index))") }
      return x
    }
  }

  private static func isWhole(_ stack: LuaStack, _ index: Int32) -> Bool {
    for position in 0..<stack.length(at: index) {
      stack.rawGet(index, position + 1)
      defer { stack.pop() }
      guard stack.isInteger(at: -1) else { return false }
    }
    return stack.length(at: index) > 0
  }

  static let row = Row(
    "TensorDataset",
    """
    A dataset of tensors: row i of x with row i of t, and of any more. Tables become tensors; as t, a flat list of integers becomes int64 labels.
    Shapes: each tensor (N, …).
    Errors: a tensor without dims; different numbers of rows.
    """, Param("x", LuaAny.self, "Tensor or table: (N, …)"), Param("more", LuaRest.self, "t and other tensors or tables: (N, …)"), place: .function,
    example: "return #data.TensorDataset({{0, 0}, {0, 1}, {1, 0}, {1, 1}}, {1, 2, 2, 1})"
  ) { x, more in
    let stack = x.stack
    guard stack.reserve(8) else { throw LuaError("stack overflow") }
    guard more.indices.count < 100 else { throw LuaError("TensorDataset: at most 100 tensors") }
    var tensors = [try tensor(stack, x.index, 1)]
    for index in more.indices { tensors.append(try tensor(stack, index, tensors.count + 1)) }
    return try Dataset(tensors: tensors)
  }
}
