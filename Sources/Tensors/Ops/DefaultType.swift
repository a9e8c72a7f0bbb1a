internal import LuaBridge

/// What new tensors of numbers are, unless told otherwise.
enum DefaultType {
  static let rows: [Row] = [
    Row(
      procedure: "set_default_dtype",
      """
      Sets the type of new tensors and parameters made of numbers.
      Errors: a type that is no float type.
      """, Param("dtype", ElementType.self, "\"float32\" or \"float64\""),
      place: .function, example: "T.set_default_dtype(\"float32\"); return T.ones(2).dtype"
    ) { type in
      guard type.isFloat else { throw LuaError("set_default_dtype: float32 or float64 expected, got \(type.name)") }
      ElementType.default = type
    },
    Row("get_default_dtype", "The type of new tensors made of numbers.", place: .function, example: "return T.get_default_dtype()") { ElementType.default },
  ]
}
