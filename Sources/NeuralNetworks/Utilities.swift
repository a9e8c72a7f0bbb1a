package import LuaBridge
package import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// `nnlua.nn.utils`: the gradients and values of many parameters at once.
package enum Utilities {
  /// The norm of all gradients as one vector, (Σ |g|^p)^(1/p) in float64; p = ∞ is the largest |g|. NaN where a gradient holds NaN.
  ///
  /// It is the norm of their norms; the largest is divided out first, so that no power overflows.
  package static func totalNorm(_ gradients: [Tensor], p: Double) throws -> Double {
    let norms = try Tape.recording(false) { try gradients.map { try Reduction.norm($0, p).values()[0] } }
    if norms.contains(where: \.isNaN) { return .nan }
    let largest = norms.max() ?? 0
    guard largest > 0, largest.isFinite, p != .infinity else { return largest }
    return largest * pow(norms.reduce(0) { $0 + pow($1 / largest, p) }, 1 / p)
  }

  /// Multiplies all gradients by max / norm where their norm is larger than `most`; returns the norm as it was.
  /// - Errors: a norm that is not finite, where `strict`.
  /// - Paper: Pascanu, Mikolov & Bengio 2012, arXiv:1211.5063
  package static func clipNorm(_ parameters: [Tensor], _ most: Double, p: Double = 2, strict: Bool = false) throws -> Double {
    guard most >= 0 else { throw LuaError("clip_grad_norm_: max_norm must be 0 or more, got \(most.luaLiteral)") }
    guard p > 0 else { throw LuaError("clip_grad_norm_: norm_type must be above 0, got \(p.luaLiteral)") }
    let norm = try totalNorm(parameters.compactMap(\.grad), p: p)
    guard norm.isFinite || !strict else { throw LuaError("clip_grad_norm_: the gradients' norm is \(norm.luaLiteral); one of them is not finite") }
    // PyTorch's: the small number keeps the quotient finite.
    let share = most / (norm + 1e-6)
    if !(share >= 1) { try change(parameters, "clip_grad_norm_") { try Elementwise.mul($0, share) } }
    return norm
  }

  /// Replaces the values of every gradient, in place where nobody follows it.
  private static func change(_ parameters: [Tensor], _ function: String, _ f: (Tensor) throws -> Tensor) throws {
    try Tape.recording(false) {
      for parameter in parameters {
        guard let gradient = parameter.grad else { continue }
        let changed = try f(gradient)
        if gradient.requiresGrad { parameter.grad = changed } else { try gradient.load(changed, function) }
      }
    }
  }

  private static let parameters = Param("parameters", ParameterList.self, "a module, a tensor or a list of tensors")

  static let rows: [Row] = [
    Row(
      "clip_grad_norm_",
      """
      Cuts the norm of all gradients, taken as one vector, to max_norm: g · max_norm / norm where the norm is larger. Returns the norm as it was.
      Errors: a max_norm below 0; with error_if_nonfinite gradients that hold NaN or infinity (otherwise they stay so).
      Paper: Pascanu, Mikolov & Bengio 2012, arXiv:1211.5063
      """, parameters, Param("max_norm", Double.self, "the largest norm allowed"), Param("norm_type", default: 2.0, "its exponent; math.huge is the largest |g|"),
      Param("error_if_nonfinite", default: false, "an error where a gradient is not finite"), place: .function,
      example: "local net = nn.Linear(2, 1); net(T.ones(1, 2)):sum():backward(); return nn.utils.clip_grad_norm_(net, 1)"
    ) { list, most, p, strict in try clipNorm(list.unique, most, p: p, strict: strict) },
    Row(
      procedure: "clip_grad_value_", "Brings every element of every gradient into -clip_value … clip_value; NaN stays.\nErrors: a clip_value below 0.", parameters,
      Param("clip_value", Double.self, "the largest |g| allowed"), place: .function,
      example: "local net = nn.Linear(2, 1); net(T.ones(1, 2)):sum():backward(); nn.utils.clip_grad_value_(net, 0.5)"
    ) { list, most in
      guard most >= 0 else { throw LuaError("clip_grad_value_: clip_value must be 0 or more, got \(most.luaLiteral)") }
      try change(list.unique, "clip_grad_value_") { try Functional.hardtanh(-most, most, "clip_grad_value_")($0) }
    },
    Row(
      "get_total_norm", "The norm of tensors (gradients) taken as one vector, (Σ |g|^p)^(1/p).\nErrors: a norm_type that is not above 0.",
      Param("tensors", ParameterList.self, "a tensor or a list of tensors"), Param("norm_type", default: 2.0, "the exponent; math.huge is the largest |g|"),
      place: .function, example: "return nn.utils.get_total_norm({T.tensor({3, 0}), T.tensor({4})})"
    ) { list, p in
      guard p > 0 else { throw LuaError("get_total_norm: norm_type must be above 0, got \(p.luaLiteral)") }
      return try totalNorm(list.tensors.map { try $0.converted(to: $0.type.isFloat ? $0.type : .float64) }, p: p)
    },
    Row(
      "parameters_to_vector", "The values of all parameters one after the other; gradients flow through.\nShapes: y {number of values}.\nErrors: no parameters.",
      parameters, place: .function, example: "return nn.utils.parameters_to_vector(nn.Linear(2, 3)).shape"
    ) { list in
      guard !list.tensors.isEmpty else { throw LuaError("parameters_to_vector: there are no parameters") }
      return try Tensor.joined(list.tensors.map { try $0.reshaped(Shape($0.count)) }, 0, "parameters_to_vector")
    },
    Row(
      procedure: "vector_to_parameters", "Puts the values of a vector into the parameters, one after the other.\nErrors: another number of values than the parameters'.",
      Param("vector", Tensor.self, "as parameters_to_vector gives it"), parameters, place: .function,
      example: "local net = nn.Linear(2, 3); nn.utils.vector_to_parameters(T.zeros(9), net)"
    ) { vector, list in
      let wanted = list.tensors.reduce(0) { $0 + $1.count }
      guard vector.rank == 1, vector.count == wanted else {
        throw LuaError("vector_to_parameters: vector must have shape {\(wanted)}, as many values as the parameters, got \(vector.shape)")
      }
      let values = vector.alias()
      var first = 0
      for tensor in list.tensors {
        try tensor.load(values.narrowed(0, first, tensor.count).copied().reshaped(tensor.shape), "vector_to_parameters")
        first += tensor.count
      }
    },
  ]

  package static let library = Library("nnlua.nn.utils", "Gradients and values of many parameters at once.", rows: rows)
}

/// What the functions of `nn.utils` work on.
struct ParameterList: LuaValue {
  static var luaName: String { "Module, Tensor or list of Tensors" }
  let tensors: [Tensor]
  /// Each tensor once.
  var unique: [Tensor] {
    var seen: Set<ObjectIdentifier> = []
    return tensors.filter { seen.insert(ObjectIdentifier($0)).inserted }
  }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> ParameterList {
    if let tensor = try? Tensor.decode(stack, index) { return ParameterList(tensors: [tensor]) }
    do { return ParameterList(tensors: try ParameterSource.decode(stack, index).tensors) } catch let error as TypeMismatch {
      throw TypeMismatch(luaName, detail: error.detail)
    }
  }
  func push(_ stack: LuaStack) { tensors.push(stack) }
}
