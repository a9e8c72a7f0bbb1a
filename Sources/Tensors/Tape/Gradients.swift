internal import LuaBridge

/// What scripts do with the tape: follow, run backwards, compare with differences.
enum Gradients {
  /// Central differences (f(x + h) - f(x - h)) / 2h, element by element; x is changed in place and restored, whatever happens.
  static func numerical(_ x: Tensor, _ h: Double, _ f: () throws -> Double) throws -> Tensor {
    guard x.type.isFloat else { throw LuaError("numerical_gradient: x is \(x.type.name); differences need float32 or float64") }
    guard h > 0, h.isFinite else { throw LuaError("numerical_gradient: h must be above 0, got \(h)") }
    let gradient = try Tensor(empty: x.shape, x.type)
    try Tape.recording(false) {
      for i in 0..<x.count {
        try LuaState.checkInterrupt()
        let at = x.position(i)
        let before = x.number(at: at)
        defer { x.set(at, before) }
        x.set(at, before + h)
        let above = x.number(at: at), high = try f()
        x.set(at, before - h)
        let below = x.number(at: at), low = try f()
        // In float32 x ± h is rounded: the step really taken is what counts.
        gradient.set(i, (high - low) / (x.type == .float64 ? 2 * h : above - below))
      }
    }
    return gradient
  }

  /// Compares backward with central differences, for f weighted so that every element of its result counts.
  static func check(_ inputs: [Tensor], eps: Double, atol: Double, rtol: Double, _ f: () throws -> Tensor) throws -> String? {
    guard eps > 0, eps.isFinite else { throw LuaError("gradcheck: eps must be above 0, got \(eps.luaLiteral)") }
    let result = try f()
    guard result.node != nil else { return "the result does not depend on any input that requires gradients" }
    // Weights without symmetry, the same each time.
    let plan = try Tensor(empty: result.shape, .float64)
    for i in 0..<result.count { plan.pointer(Double.self)[i] = 0.5 + Double((i &* 7919 &+ 13) % 1000) / 1000 }
    let weights = try plan.converted(to: result.type)
    let nodes = inputs.map(\.node)
    let found = try Tape.backward(from: result.node!, seed: weights, keep: false, wanted: nodes.compactMap { $0 })
    var next = 0
    for (place, input) in inputs.enumerated() where nodes[place] != nil {
      let analytical = try found[next] ?? Tensor.zeros(input.shape, input.type)
      next += 1
      let numerical = try numerical(input, eps) {
        try zip(f().values(), weights.values()).reduce(0) { $0 + $1.0 * $1.1 }
      }
      for (i, (a, n)) in zip(try analytical.values(), try numerical.values()).enumerated() where !(abs(a - n) <= atol + rtol * abs(n)) {
        return "input \(place + 1) \(input.shape) at element \(i + 1): backward gives \(a), central differences \(n)"
      }
    }
    return nil
  }

  static let rows: [Row] = [
    Row(
      procedure: "backward",
      """
      Runs the tape backwards: the gradients of x arrive in `grad` of every tensor it was made from.
      Errors: more than one element and no gradient to start from; nothing that requires gradients; a graph that was used and freed; a saved tensor changed \
      in place since.
      """,
      Param("x", Tensor.self, "one element, unless gradient is given"),
      Param("gradient", default: Tensor?.none, "the gradient to start from, of x's shape"),
      Param.option("retain_graph", default: false, "keep the graph for another backward"),
      Param.option("create_graph", default: false, "record the gradients' own ops"), place: .method,
      example: "local x = T.ones(3, {requires_grad = true}); (x * x):sum():backward(); return x.grad"
    ) { x, gradient, keep, create in try x.backward(gradient, keep: keep, create: create) },
    Row(
      "requires_grad_",
      """
      Asks for gradients of this tensor (or no longer) and returns it.
      Errors: a tensor of whole numbers.
      """, Param("x", Tensor.self), Param("on", default: true, "false stops asking"), place: .method,
      example: "return T.ones(2):requires_grad_().requires_grad"
    ) { x, on in
      try x.requireGrad(on)
      return x
    },
    Row(
      results: "no_grad", "Calls f without recording and returns what it returns.", Param("f", LuaFunction.self), place: .function,
      example: "return T.no_grad(function() return T.ones(2) * 2 end)", returns: "what f returns"
    ) { stack, f in
      let base = stack.top
      stack.copy(f.index)
      try Tape.recording(false) { try stack.call(arguments: 0, results: -1) }
      return stack.top - base
    },
    Row(
      results: "scope", "Calls f(keep) and frees every tensor made meanwhile that it neither returns nor hands to keep (tables are searched).",
      Param("f", LuaFunction.self), place: .function,
      example: "return T.scope(function() local a = T.ones(2); return a + 1 end)", returns: "what f returns"
    ) { stack, f in
      stack.copy(f.index)
      return try stack.state.scope(stack)
    },
    Row(
      results: "grad",
      """
      The gradient of y with respect to x (a tensor, or a list of tensors for a list of gradients); touches no `grad`.
      Errors: a y that does not depend on x; a gradient to start from of another shape.
      """,
      Param("y", Tensor.self, "one element, unless grad_output is given"),
      Param("x", LuaAny.self, "a tensor or a list of tensors"), Param.option("grad_output", default: Tensor?.none, "the gradient to start from"),
      Param.option("retain_graph", default: Bool?.none, "keep the graph for another backward; as create_graph where left out"),
      Param.option("create_graph", default: false, "record the gradients' own ops, for gradients of gradients"), place: .function,
      example: "local x = T.tensor({2}, {requires_grad = true}); return T.grad((x * x):sum(), x)",
      returns: "Tensor or list of Tensors"
    ) { stack, y, x, start, keep, create in
      let single = try? Tensor.decode(stack, x.index)
      guard let wanted = single.map({ [$0] }) ?? (try? [Tensor].decode(stack, x.index)) else {
        throw ArgumentError(2, "Tensor or list of Tensors expected, got \(stack.typeName(at: x.index))")
      }
      guard let node = y.node else { throw LuaError("grad: y does not depend on anything that requires gradients") }
      let nodes = try wanted.enumerated().map { place, tensor in
        guard let node = tensor.node else { throw LuaError("grad: x[\(place + 1)] does not require gradients") }
        return node
      }
      let found = try Tape.backward(from: node, seed: y.seed(start, "grad"), keep: keep ?? create, create: create, wanted: nodes)
      let gradients = try zip(found, wanted).enumerated().map { place, pair in
        guard let gradient = pair.0 else { throw LuaError("grad: y does not depend on x[\(place + 1)] \(pair.1.shape)") }
        return gradient
      }
      if single != nil { gradients[0].push(stack) } else { gradients.push(stack) }
      return 1
    },
    Row(
      "numerical_gradient",
      """
      The gradient by central differences (f(x + h) - f(x - h)) / 2h: x is changed element by element and restored. Use float64.
      Shapes: y as x.
      Errors: an f that returns neither a number nor one element; a tensor of whole numbers.
      """,
      Param("f", LuaFunction.self, "takes x, returns a number or a tensor of one element"),
      Param("x", Tensor.self, "any shape"), Param("h", default: 1e-4, "half the step"), place: .function,
      example: "return T.numerical_gradient(function(x) return (x * x):sum() end, T.tensor({3, 4}, {dtype = \"float64\"}))"
    ) { f, x, h in
      try numerical(x, h) {
        let value: Operand = try f.call(x)
        guard value.tensor.map({ $0.count == 1 }) ?? true else { throw LuaError("numerical_gradient: f must return a number or one element, got shape \(value.shape)") }
        return value.value
      }
    },
    Row(
      results: "gradcheck",
      """
      Compares backward with central differences. Use float64.
      Errors: an f that returns no tensor; tensors of whole numbers.
      """, Param("f", LuaFunction.self, "takes the inputs, returns a tensor"),
      Param("inputs", LuaAny.self, "a tensor or a list of tensors that require gradients"),
      Param.option("eps", default: 1e-6, "half the step"), Param.option("atol", default: 1e-5, "absolute tolerance"),
      Param.option("rtol", default: 1e-3, "relative tolerance"), place: .function,
      example: "return T.gradcheck(function(x) return x:exp() end, T.tensor({1, 2}, {dtype = \"float64\", requires_grad = true}))", returns: "boolean [, string]"
    ) { stack, f, inputs, eps, atol, rtol in
      guard let list = (try? Tensor.decode(stack, inputs.index)).map({ [$0] }) ?? (try? [Tensor].decode(stack, inputs.index)) else {
        throw ArgumentError(2, "Tensor or list of Tensors expected, got \(stack.typeName(at: inputs.index))")
      }
      let report = try check(list, eps: eps, atol: atol, rtol: rtol) {
        guard stack.reserve(Int32(list.count) + 8) else { throw LuaError("gradcheck: too many inputs") }
        stack.copy(f.index)
        for input in list { input.push(stack) }
        try stack.call(arguments: Int32(list.count), results: 1)
        defer { stack.pop() }
        guard let result = try? Tensor.decode(stack, stack.top) else { throw LuaError("gradcheck: f must return a tensor, got \(stack.typeName(at: -1))") }
        return result
      }
      stack.push(report == nil)
      report.push(stack)
      return 2
    },
  ]
}

extension Tensor {
  /// Where the i-th element in row-major order stands, from `offset`.
  func position(_ i: Int) -> Int {
    if isContiguous { return i }
    var left = i, at = 0
    for dim in stride(from: rank - 1, through: 0, by: -1) {
      at &+= left % shape[dim] &* strides[dim]
      left /= shape[dim]
    }
    return at
  }

  /// Writes one element of a float tensor, at a position as `position` gives it. The tape and saved tensors do not notice.
  func set(_ position: Int, _ value: Double) {
    if type == .float32 {
      pointer(Float.self)[position] = Float(value)
    } else {
      pointer(Double.self)[position] = value
    }
  }
}
