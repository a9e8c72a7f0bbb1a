internal import LuaBridge

/// A differentiable function written in Lua: `T.custom{name=, forward=, backward=}`.
///
/// The two Lua functions are anchored in this object's userdata, so that a function and closures that name it are freed together. A node on the tape
/// holds ctx and `backward` by references: only so does everything they use outlive the function. They go with the node, or when backward has used it;
/// so a result that `backward` itself can reach, and that is never run backwards, is not freed.
final class CustomFunction: LuaObject, @unchecked Sendable {
  private let name: String
  private static let forwardKey = 1, backwardKey = 2

  private init(_ name: String) { self.name = name }

  static var luaName: String { "CustomFunction" }
  static var userValues: Int32 { 1 }
  var luaClass: LuaClass { Self.type }

  static let type = LuaClass(
    "CustomFunction", "A differentiable function written in Lua: what `T.custom{…}` makes; `f(x, …)` calls its forward.",
    rows: [
      Row(getter: "name", "The name it was given.", example: "return T.custom{name = \"id\", forward = print, backward = print}.name", of: CustomFunction.self) {
        $0.name
      }
    ],
    operators: [
      (
        "__call",
        Row(results: "custom", "Calls forward.", Param("f", CustomFunction.self), Param("arguments", LuaRest.self), place: [], returns: "what forward returns") {
          stack, f, rest in try call(stack, f.name, rest.indices)
        }
      ),
      ("__tostring", Row("tostring", "Its name.", Param("f", CustomFunction.self), place: []) { "CustomFunction(\($0.name))" }),
    ])

  /// Runs forward without recording and puts its float tensors on the tape, as aliases: what forward or the script keep of its own results
  /// does not hold the node.
  private static func call(_ stack: LuaStack, _ name: String, _ arguments: Range<Int32>) throws -> Int32 {
    guard stack.reserve(Int32(arguments.count) * 2 + 24) else { throw LuaError("custom '\(name)': too many arguments") }
    var inputs: [CustomCall.Input] = [], tensors: [Tensor] = []
    for (place, index) in arguments.enumerated() {
      guard let tensor = try? Tensor.decode(stack, index) else { continue }
      inputs.append(.init(place: place, shape: tensor.shape, type: tensor.type, isFollowed: tensor.node != nil))
      tensors.append(tensor)
    }
    let followed = Tape.follows(tensors)
    pushContext(stack, arguments.count, followed ? inputs : [])
    let context = stack.top
    stack.pushAnchored(1, forwardKey)
    stack.copy(context)
    for index in arguments { stack.copy(index) }
    try Tape.recording(false) { try stack.call(arguments: Int32(arguments.count) + 1, results: -1) }
    let count = stack.top - context
    guard followed, count > 0 else { return count }
    guard stack.reserve(count + 8) else { throw LuaError("custom '\(name)': too many results") }

    var made: [Tensor] = [], results: [Tensor] = [], places: [Int?] = []
    for index in context + 1...context + count {
      if let tensor = try? Tensor.decode(stack, index), tensor.type.isFloat {
        places.append(made.count)
        made.append(tensor)
        results.append(tensor.alias())
      } else {
        places.append(nil)
      }
    }
    guard !results.isEmpty else { return count }
    let saved = try takeSaved(stack, context, name)
    stack.copy(context)
    let reference = LuaReference(popping: stack)
    stack.pushAnchored(1, backwardKey)
    let call = CustomCall(name, reference, LuaReference(popping: stack), stack.state, arguments.count, inputs, places)
    try call.record(tensors, results, saved, made)
    for place in places.indices {
      if let result = places[place] { results[result].push(stack) } else { stack.copy(context + 1 + Int32(place)) }
    }
    return count
  }

  /// ctx: `save`, `needs_input_grad`, and whatever the script adds.
  private static func pushContext(_ stack: LuaStack, _ count: Int, _ inputs: [CustomCall.Input]) {
    stack.newTable(fields: 4)
    stack.push(save)
    stack.rawSet(-2, "save")
    stack.newTable(list: count)
    for place in 0..<count {
      stack.push(inputs.contains { $0.place == place && $0.isFollowed })
      stack.rawSet(-2, place + 1)
    }
    stack.rawSet(-2, "needs_input_grad")
  }

  /// ctx is a table: the script adds what it likes.
  static let contextClass = LuaClass(
    script: "CustomContext", "The ctx that forward and backward of `T.custom{…}` are given: a table that may hold more fields.", receiver: "ctx",
    rows: [
      Row(
        script: "save",
        """
        Keeps tensors for backward, where `ctx.saved` lists them.
        Errors: what is no tensor; keep it in a field of ctx.
        """, Param("tensors", LuaRest.self, "tensors or nil"), place: .method,
        example: """
          local cube = T.custom{
            forward = function(ctx, x) ctx:save(x); return x ^ 3 end,
            backward = function(ctx, g) return 3 * ctx.saved[1] ^ 2 * g end,
          }
          local x = T.tensor({2}, {requires_grad = true})
          return T.grad(cube(x):sum(), x)
          """, returns: "nothing"),
      Row(value: "saved", "The tensors that forward saved, in backward.", type: "list of Tensors", example: saved),
      Row(
        value: "needs_input_grad", "Whether each argument's gradient is wanted.", type: "list of booleans",
        example: """
          local seen
          local id = T.custom{forward = function(ctx, x) seen = ctx.needs_input_grad; return x * 1 end, backward = function(ctx, g) return g end}
          id(T.ones(2, {requires_grad = true}))
          return seen[1]
          """),
    ])
  private static let saved = """
    local double = T.custom{forward = function(ctx, x) ctx:save(x); return x * 2 end, backward = function(ctx, g) return 2 * g + 0 * ctx.saved[1] end}
    local x = T.ones(1, {requires_grad = true})
    return T.grad(double(x):sum(), x)
    """

  /// ctx:save(…) leaves its arguments in ctx.saved until forward ends; then the node takes them over.
  private static let save = Row(
    procedure: "save", "Keeps tensors for backward, where they are ctx.saved[1], ctx.saved[2], …", Param("ctx", LuaTable.self), Param("tensors", LuaRest.self), place: []
  ) { ctx, rest in
    let stack = ctx.stack
    guard stack.reserve(8) else { throw LuaError("stack overflow") }
    stack.newTable(list: rest.indices.count, fields: 1)
    for (i, index) in rest.indices.enumerated() {
      guard stack.type(at: index) == .nil || (try? Tensor.decode(stack, index)) != nil else {
        throw LuaError("custom: ctx:save takes tensors, got \(stack.given(at: index)) at place \(i + 1); keep other values in fields of ctx")
      }
      stack.copy(index)
      stack.rawSet(-2, i + 1)
    }
    stack.push(rest.indices.count)
    stack.rawSet(-2, "n")
    stack.rawSet(ctx.index, "saved")
  }

  private static func takeSaved(_ stack: LuaStack, _ context: Int32, _ name: String) throws -> [Tensor?] {
    let top = stack.top
    defer { stack.top = top }
    guard stack.rawGet(context, "saved") == .table else { return [] }
    let list = stack.top
    let given = stack.rawGet(list, "n") == .number ? stack.integer(at: -1) ?? 0 : stack.length(at: list)
    guard given < 1 << 16, stack.reserve(8) else { throw LuaError("custom '\(name)': ctx.saved is too long") }
    var saved: [Tensor?] = []
    for place in 0..<max(given, 0) {
      let isNil = stack.rawGet(list, place + 1) == .nil
      let tensor = try? Tensor.decode(stack, stack.top)
      guard isNil || tensor != nil else { throw LuaError("custom '\(name)': ctx.saved holds tensors, got \(stack.given(at: -1)) at place \(place + 1)") }
      saved.append(tensor)
      stack.pop()
    }
    stack.pushNil()
    stack.rawSet(context, "saved")
    return saved
  }

  static let rows: [Row] = [
    Row(
      results: "custom",
      """
      A differentiable function written in Lua. forward(ctx, …) computes the results; its ops are not recorded. \
      backward(ctx, g, …) takes the gradient of every result and returns those of all arguments, nil for what has none.
      ctx:save(x, …) keeps tensors for backward, where ctx.saved lists them; other values can be kept in fields of ctx. \
      ctx.needs_input_grad[i] tells whether argument i is followed. With create_graph the ops of backward are recorded: derivatives of any order.
      Errors: a gradient of another shape than its argument, too many or too few gradients, a saved tensor that was changed in place.
      """,
      Param("forward", LuaFunction.self, "function(ctx, …) … return y end"), Param("backward", LuaFunction.self, "function(ctx, g) … return gx end"),
      Param("name", default: "custom", "how errors call it"), place: .function, mixed: true,
      example: "local square = T.custom{name = \"square\", forward = function(ctx, x) ctx:save(x); return x * x end, "
        + "backward = function(ctx, g) return 2 * ctx.saved[1] * g end}; return square(T.ones(2, {requires_grad = true}))",
      returns: "CustomFunction"
    ) { stack, forward, backward, name in
      CustomFunction(name).push(stack)
      let made = stack.top
      for (key, function) in [(forwardKey, forward), (backwardKey, backward)] {
        stack.copy(function.index)
        stack.anchor(made, key)
      }
      return 1
    }
  ]
}

/// One call of a custom function, as the node holds it.
private final class CustomCall {
  struct Input {
    let place: Int
    let shape: Shape
    let type: ElementType
    let isFollowed: Bool
  }
  private let name: String
  private let context: LuaReference
  private let backward: LuaReference
  private weak var state: LuaState?
  /// All arguments, tensors or not.
  private let count: Int
  private let inputs: [Input]
  /// Which followed result stands at each place of forward's results.
  private let places: [Int?]
  /// Where each saved tensor is found.
  private enum Source {
    case nothing, result(Int), saved(Int)
  }
  private var sources: [Source] = []

  init(
    _ name: String, _ context: LuaReference, _ backward: LuaReference, _ state: LuaState, _ count: Int, _ inputs: [Input], _ places: [Int?]
  ) {
    self.name = name
    self.context = context
    self.backward = backward
    self.state = state
    self.count = count
    self.inputs = inputs
    self.places = places
  }

  func record(_ tensors: [Tensor], _ results: [Tensor], _ saved: [Tensor?], _ made: [Tensor]) throws {
    var others: [Tensor] = []
    for tensor in saved {
      if let tensor, let i = made.firstIndex(where: { $0 === tensor }) {
        sources.append(.result(i))
      } else if let tensor {
        sources.append(.saved(others.count))
        others.append(tensor)
      } else {
        sources.append(.nothing)
      }
    }
    if results.count == 1 {
      return try results[0].follow(name, tensors, saving: [results[0]] + others) { node, g in try self.gradients(node, [node.saved(0)], [g]) }
    }
    try Tape.follow(name, tensors, results: results, saving: others) { node, results, g in try self.gradients(node, results, g) }
  }

  /// Calls backward(ctx, …) with a gradient for each result; what it returns belongs to the arguments in their order.
  private func gradients(_ node: Node, _ results: [Tensor], _ g: [Tensor]) throws -> [Tensor?] {
    guard let state else { throw LuaError("custom '\(name)': its Lua state is closed") }
    let stack = state.stack, base = stack.top
    guard stack.reserve(Int32(places.count + sources.count) + 24) else { throw LuaError("stack overflow") }
    defer { stack.top = base }
    context.push(stack)
    let table = stack.top
    stack.newTable(list: sources.count, fields: 1)
    for (i, source) in sources.enumerated() {
      switch source {
      case .nothing: continue
      case .result(let place): results[place].push(stack)
      case .saved(let place): try node.saved(results.count + place).push(stack)
      }
      stack.rawSet(-2, i + 1)
    }
    stack.push(sources.count)
    stack.rawSet(-2, "n")
    stack.rawSet(table, "saved")
    defer {
      stack.pushNil()
      stack.rawSet(table, "saved")
    }
    backward.push(stack)
    stack.copy(table)
    for place in places {
      if let place { g[place].push(stack) } else { stack.pushNil() }
    }
    try stack.call(arguments: Int32(places.count) + 1, results: -1)
    return try taken(stack, table + 1, Int(stack.top - table))
  }

  /// The gradients that stand on the stack from `first`, checked against the arguments.
  private func taken(_ stack: LuaStack, _ first: Int32, _ given: Int) throws -> [Tensor?] {
    let wanted = inputs.last { $0.isFollowed }.map { $0.place + 1 } ?? 0
    guard given <= count, given >= wanted else {
      throw LuaError(
        "custom '\(name)': backward returned \(given) gradient\(given == 1 ? "" : "s") for \(count) argument\(count == 1 ? "" : "s"); "
          + "return one for each argument of forward, nil where there is none")
    }
    for place in 0..<given where stack.type(at: first + Int32(place)) != .nil && !inputs.contains(where: { $0.place == place }) {
      throw LuaError("custom '\(name)': backward returned a gradient for argument \(place + 1), which is not a tensor; return nil for it")
    }
    return try inputs.map { input in
      guard input.isFollowed, input.place < given else { return nil }
      let index = first + Int32(input.place)
      if stack.type(at: index) == .nil { return nil }
      guard let gradient = try? Operand.decode(stack, index) else {
        throw LuaError("custom '\(name)': backward returned a \(stack.typeName(at: index)) for argument \(input.place + 1), expected a Tensor or nil")
      }
      guard gradient.shape == input.shape else {
        throw LuaError("custom '\(name)': backward returned a gradient of shape \(gradient.shape) for argument \(input.place + 1) of shape \(input.shape)")
      }
      return try gradient.converted(to: input.type)
    }
  }
}
