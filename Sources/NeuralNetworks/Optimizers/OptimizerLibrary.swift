public import LuaBridge
public import Tensors

/// `nnlua.optim`: every optimizer, one a line.
public enum OptimizerLibrary {
  package static let all: [Row] = [
    SGD.row, SGD.momentumRow, SGD.nesterovRow, Adagrad.row, RMSprop.row, Adadelta.row, Adam.row, Adam.decoupledRow, NAdam.row, RAdam.row, LBFGS.row,
    GradientDescent.row,
  ]
  package static let library = Library("nnlua.optim", "Optimizers.", rows: all, classes: [optimizerClass], lua: ShippedFile.text("optim.lua"))

  package static let optimizerClass = LuaClass(
    "Optimizer", "Changes parameters by their gradients: what `optim.Adam(net, …)` and the others make.", rows: methods,
    operators: [
      ("__tostring", Row("tostring", "The optimizer as text.", Param("optimizer", Optimizer.self), place: []) { $0.title }),
      ("__display", Row("__display", "What a notebook shows: the settings of each group of parameters.", Param("optimizer", Optimizer.self), place: []) { $0.bundle }),
    ],
    newIndex: { stack in
      let optimizer = try Optimizer.decode(stack, 1), name = stack.string(at: 2)
      guard name == "lr" || name == "momentum" && optimizer.momentum != nil else { throw LuaError("\(optimizer.kind) has no field '\(name ?? "?")' to set") }
      guard let value = stack.number(at: 3), value >= 0, value.isFinite else {
        throw LuaError("\(optimizer.kind): \(name ?? "lr") must be a number of 0 or more, got \(try stack.description(at: 3))")
      }
      if name == "lr" { optimizer.lr = value } else { optimizer.momentum = value }
      return 0
    })

  // Settings that many optimizers have.
  package static let weightDecay = Param.option("weight_decay", default: 0.0, "λ of the penalty ½ λ p²")
  package static let maximize = Param.option("maximize", default: false, "climb: the gradient's sign is turned")

  static let methods: [Row] = [
    Row(
      results: "step",
      """
      Changes every parameter that has a gradient. Given a function, calls it first, with gradients recorded, and returns what it returns: the loss.
      Errors: LBFGS without a function that returns the loss.
      """, Param("optimizer", Optimizer.self), Param("closure", default: LuaFunction?.none, "zeroes gradients, computes the loss, calls backward, returns the loss"),
      place: .method,
      example:
        "local net = nn.Linear(2, 1); local opt = optim.Adam(net, {lr = 0.1}); return opt:step(function() opt:zero_grad(); local l = net(T.ones(1, 2)):sum(); l:backward(); return l end)",
      returns: "value"
    ) { stack, optimizer, closure in
      guard let closure else {
        try optimizer.step()
        return 0
      }
      return try step(stack, optimizer, closure)
    },
    Row(
      procedure: "zero_grad", "Drops the gradients of all parameters.", Param("optimizer", Optimizer.self), place: .method,
      example: "local net = nn.Linear(2, 1); local opt = optim.Adam(net, {lr = 0.1}); opt:zero_grad(); return net.weight.grad"
    ) { $0.zeroGrad() },
    Row(
      "state_dict", "Everything needed to go on, as a table of tensors that T.save takes.", Param("optimizer", Optimizer.self), place: .method,
      example: "local net = nn.Linear(2, 1); local opt = optim.Adam(net, {lr = 0.1}); return opt:state_dict()"
    ) { TensorTable(try $0.state()) },
    Row(
      "load_state_dict",
      """
      Goes on from a saved state, bit for bit.
      Errors: names, shapes and values that do not belong to these parameters, or are missing, all in one message; nothing is changed then.
      """, Param("optimizer", Optimizer.self), Param("state", TensorTable.self, "what state_dict gave"), place: .method,
      example: "local net = nn.Linear(2, 1); local opt = optim.Adam(net, {lr = 0.1}); return opt:load_state_dict(opt:state_dict())"
    ) { optimizer, state in
      try optimizer.load(state.entries)
      return optimizer
    },
    Row(
      getter: "lr", "The learning rate; may be set. With parameter groups the first one's, and setting it sets all.",
      example: "local opt = optim.Adam(nn.Linear(2, 1), {lr = 0.1}); return opt.lr", of: Optimizer.self
    ) { $0.lr },
    Row(
      getter: "momentum", "The share of the last step that goes on (β₁ of Adam and its kin); may be set. nil where the optimizer has none.",
      example: "local opt = optim.Adam(nn.Linear(2, 1), {lr = 0.1}); return opt.momentum", of: Optimizer.self
    ) { $0.momentum },
    Row(
      getter: "param_groups",
      "The groups of parameters, a list: each has lr and momentum (both may be set) and params. An optimizer without groups is its own only group.",
      example:
        "local net = nn.Linear(2, 1); local opt = optim.SGD({{params = {net.weight}}, {params = {net.bias}, lr = 0.5}}, {lr = 0.1}); return opt.param_groups[2].lr",
      of: Optimizer.self
    ) { $0.groups },
    Row(getter: "params", "The tensors it changes, each once.", example: "local opt = optim.Adam(nn.Linear(2, 1), {lr = 0.1}); return #opt.params", of: Optimizer.self) {
      $0.parameters
    },
  ]

  /// A step around a script's function, whose first result stays on the stack.
  private static func step(_ stack: LuaStack, _ optimizer: Optimizer, _ closure: LuaFunction) throws -> Int32 {
    guard stack.reserve(8) else { throw LuaError("stack overflow") }
    var called = false
    try optimizer.step {
      stack.copy(closure.index)
      try Tape.recording(true) { try stack.call(arguments: 0, results: 1) }
      let loss: Double? =
        if let tensor = try? Tensor.decode(stack, stack.top) { tensor.count == 1 ? try tensor.values()[0] : nil } else { stack.number(at: -1) }
      if called { stack.pop() }
      called = true
      return loss
    }
    return 1
  }

  /// A row of an optimizer: the first argument is a module, a list of tensors, or a list of groups {params = …, lr = …} whose
  /// own settings come before the common ones.
  ///
  /// - library: what the example calls the module it stands in.
  public static func row<each A: LuaValue>(
    _ name: String, _ doc: String, _ options: repeat Param<each A>, library: String = "optim", make: @escaping @Sendable ([Tensor], repeat each A) throws -> Optimizer
  ) -> Row {
    let single = Row(
      name, doc, Param("params", ParameterSource.self, "a module, a list of tensors, or a list of groups {params = …, lr = …}"), repeat each options, place: .function,
      example: "return \(library).\(name)({T.ones(2, {requires_grad = true})}, {lr = 0.1})", returns: "Optimizer"
    ) { (source: ParameterSource, values: repeat each A) in try make(source.tensors, repeat each values) }
    return Row(
      results: name, doc, Param("params", LuaAny.self, "a module, a list of tensors, or a list of groups {params = …, lr = …}"), repeat each options, place: .function,
      example: single.example, returns: "Optimizer"
    ) { (stack: LuaStack, source: LuaAny, values: repeat each A) in
      guard let count = try ParameterSource.groups(stack, source.index, name) else {
        do {
          try make(ParameterSource.decode(stack, source.index).tensors, repeat each values).push(stack)
        } catch let error as TypeMismatch {
          throw ArgumentError(1, error.detail ?? "\(error.expected) expected, got \(stack.typeName(at: source.index))")
        }
        return 1
      }
      var groups: [Optimizer] = []
      for position in 1...count {
        // name(group.params, the group's settings over the common ones)
        guard stack.reserve(12) else { throw LuaError("stack overflow") }
        stack.push(single)
        stack.rawGet(source.index, position)
        let group = stack.top
        stack.rawGet(group, "params")
        stack.newTable()
        for table in [2, group] where stack.type(at: table) == .table && table < stack.top {
          stack.pushNil()
          while stack.next(table) {
            if stack.type(at: -2) == .string, let key = stack.string(at: -2), key != "params" { stack.rawSet(group + 2, key) } else { stack.pop() }
          }
        }
        stack.remove(group)
        try stack.call(arguments: 2, results: 1)
        groups.append(try Optimizer.decode(stack, stack.top))
        stack.pop()
      }
      if groups.count == 1 { groups[0].push(stack) } else { try ParameterGroups(groups).push(stack) }
      return 1
    }
  }
}

/// Where an optimizer's tensors come from.
struct ParameterSource: LuaValue {
  static var luaName: String { "Module or list of Tensors" }
  let tensors: [Tensor]
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> ParameterSource {
    if let module = try? Module.decode(stack, index) { return ParameterSource(tensors: try module.parameters()) }
    guard stack.type(at: index) == .table else { throw TypeMismatch(luaName) }
    do { return ParameterSource(tensors: try [Tensor].decode(stack, index)) } catch let error as TypeMismatch { throw TypeMismatch(luaName, detail: error.detail) }
  }
  func push(_ stack: LuaStack) { tensors.push(stack) }

  /// The number of groups where the value is a list of groups; nil where it is anything else.
  static func groups(_ stack: LuaStack, _ index: Int32, _ name: String) throws -> Int? {
    guard stack.type(at: index) == .table, stack.reserve(6), (try? Module.decode(stack, index)) == nil else { return nil }
    stack.rawGet(index, 1)
    defer { stack.pop() }
    guard stack.type(at: -1) == .table, (try? Module.decode(stack, stack.top)) == nil else { return nil }
    stack.rawGet(-1, "params")
    defer { stack.pop() }
    guard stack.type(at: -1) != .nil else { throw LuaError("\(name): a parameter group is a table {params = …, lr = …}; group 1 has no params") }
    return stack.length(at: index)
  }
}

extension Optimizer {
  /// How a notebook shows it.
  fileprivate var bundle: DisplayBundle {
    let rows = groups.enumerated().map { place, group -> [HTML.Cell] in
      [
        .number("\(place + 1)"), .number(shortNumber(group.lr)), .number(group.momentum.map { shortNumber($0) } ?? ""), .number("\(group.parameters.count)"),
        .number(grouped(group.parameters.reduce(0) { $0 + $1.count })),
      ]
    }
    let headings: [HTML.Cell] = [.number("group"), .number("lr"), .number("momentum"), .number("tensors"), .number("values")]
    return DisplayBundle(text: title, [("text/html", .text(HTML.heading(title) + HTML.table(headings, rows)))])
  }
}
