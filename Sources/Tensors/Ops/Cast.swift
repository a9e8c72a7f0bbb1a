internal import LuaBridge

/// Changes of the element type; float to float is followed by the tape.
extension Tensor {
  /// The elements as another type; the tensor itself where it has that type. Gradients flow between float types.
  public func to(_ target: ElementType) throws -> Tensor {
    if type == target { return self }
    let result = try converted(to: target)
    if target.isFloat, Tape.follows(self) {
      let source = type
      try result.follow("to", [self]) { _, g in [try g.to(source)] }
    }
    return result
  }
}

enum Cast {
  static let rows: [Row] =
    [
      Row(
        "to",
        """
        The tensor with elements of another type; itself where it has that type already.
        Errors: an unknown type.
        """, Param("x", Tensor.self),
        Param("dtype", ElementType.self, "\"float32\", \"float64\", \"int64\", \"uint8\" or \"bool\""), place: .method, example: "return T.tensor({1, 2}):to(\"float64\")"
      ) { x, type in
        try x.to(type)
      }
    ]
    + [("float", ElementType.float32), ("double", .float64), ("long", .int64), ("byte", .uint8), ("bool", .bool)].map { name, type in
      Row(name, "The tensor as \(type.name).", Param("x", Tensor.self), place: .method, example: "return T.tensor({1, 0}):\(name)()") { x in try x.to(type) }
    }
}
