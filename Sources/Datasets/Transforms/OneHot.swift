internal import LuaBridge
internal import Tensors

/// y[n, k] = 1 where k = t[n], otherwise 0.
enum OneHot {
  /// The labels at an index, encoded: a tensor of any shape, or one number.
  static func encode(_ stack: LuaStack, _ index: Int32, _ classes: Int) throws -> Tensor {
    let labels: Tensor
    if let x = try? Tensor.decode(stack, index) {
      labels = x
    } else if let number = stack.number(at: index) {
      labels = try Tensor.scalar(number, .float64)
    } else {
      throw LuaError("one_hot: labels expected, got \(stack.given(at: index))")
    }
    guard labels.rank < Shape.maximumRank else { throw LuaError("one_hot: labels have \(labels.rank) dims, there is no room for the classes'") }
    let values = try labels.values()
    if let i = values.firstIndex(where: { !($0 >= 1 && $0 <= Double(classes) && $0 == $0.rounded()) }) {
      throw LuaError("one_hot: label \(values[i].luaLiteral) at position \(i + 1) is no whole number of 1..\(classes)")
    }
    let result = try Tensor.zeros(Shape.checked(labels.shape.array + [classes], "one_hot"), .default)
    for (i, value) in values.enumerated() {
      let place = i * classes + Int(value) - 1
      if result.type == .float64 { result.pointer(Double.self)[place] = 1 } else { result.pointer(Float.self)[place] = 1 }
    }
    return result
  }

  static let row = Row(
    "one_hot",
    """
    Labels become rows of zeros and a one. Called as `f(x, t)`, as a loader does, it leaves x and encodes t; called as `f(t)` it encodes t.
    Shapes: t (N) or a number; the result (N, classes) or (classes).
    Errors: a label that is no whole number from 1 to classes.
    """, Param("classes", Int.self, "how many"), place: .function, example: "return data.transforms.one_hot(3)(T.tensor({1, 3, 2}))"
  ) { classes in
    guard classes >= 1, classes <= 1 << 30 else { throw LuaError("one_hot: classes must lie between 1 and \(1 << 30), got \(classes)") }
    return Transform([.oneHot(classes: classes)])
  }
}
