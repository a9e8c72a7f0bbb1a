public import LuaBridge
internal import Tensors

/// `nnlua.nn`: layers, losses, containers, and what every module can do.
public enum ModuleLibrary {
  public static let all: [Row] = Layers.rows + [classRow]

  private static let classRow = Row(
    script: "class",
    """
    A class of modules written in Lua. Write `Name:init(…)`, which sets tensors, modules and lists of them as fields, and `Name:forward(x)`; then `Name(…)` makes one. \
    Tensors with requires_grad are its parameters, modules its children; everything a module can do, it can do.
    Errors: a name that is no string; a parent that was not made by nn.class.
    """, Param("name", String.self, "what tostring and errors call it"),
    Param("parent", default: LuaTable?.none, "a class to take methods over from; `Name.super` is it"),
    example: """
      local Net = nn.class("Net")
      function Net:init(hidden)
        self.fc1 = nn.Linear(4, hidden)
        self.fc2 = nn.Linear(hidden, 2)
      end
      function Net:forward(x) return self.fc2(self.fc1(x):relu()) end
      return Net(8)(T.rand(3, 4))
      """, returns: "table")

  public static let library = Library(
    "nnlua.nn", "Layers, losses, containers and modules of one's own.", rows: all, classes: [moduleClass], lua: ShippedFile.text("class.lua"))

  public static let moduleClass = LuaClass(
    "Module",
    """
    A layer, a loss, a container or a network of one's own (`nn.class`): `net(x)` runs it. Its parameters, buffers and children are fields by their names \
    (`net.weight`, `net.fc1`) and its children also by position (`net[2]`).
    """, rows: methods, operators: operators)

  nonisolated(unsafe) private static var classes: [String: LuaClass] = [:]

  /// The Lua class of a kind of module: the same methods under its own name.
  static func luaClass(_ kind: String) -> LuaClass {
    if let known = classes[kind] { return known }
    let made = LuaClass(kind, base: moduleClass, rows: methods, operators: operators, index: index, newIndex: newIndex)
    classes[kind] = made
    return made
  }

  // MARK: methods

  private static func methodRow<each A: LuaValue, R: LuaValue>(
    _ name: String, _ doc: String, _ parameters: repeat Param<each A>, example: String = "", body: @escaping @Sendable (Module, repeat each A) throws -> R
  ) -> Row {
    Row(name, doc, Param("module", Module.self), repeat each parameters, place: .method, example: example, body: body)
  }

  static let methods: [Row] = [
    Row(
      results: "call", "Runs forward; module(…) is the same.", Param("module", Module.self), Param("arguments", LuaRest.self), place: .method,
      example: "return nn.ReLU():call(T.tensor({-1, 2}))", returns: "what forward returns"
    ) { stack, module, rest in
      try call(stack, module, rest.indices)
    },
    Row(
      results: "forward", "The module's formula; module(…) is the same.", Param("module", Module.self), Param("arguments", LuaRest.self), place: .method,
      example: "return nn.ReLU():forward(T.tensor({-1, 2}))", returns: "what the formula gives"
    ) { stack, module, rest in
      try call(stack, module, rest.indices)
    },
    methodRow("parameters", "All tensors that training changes, each once.", example: "return #nn.Linear(2, 3):parameters()") { module in try module.parameters() },
    Row(
      results: "named_parameters", "All parameters by path: `for name, parameter in net:named_parameters() do`; also a table by name that pairs walks in order.",
      Param("module", Module.self), place: .method, example: "return nn.Linear(2, 3):named_parameters().weight", returns: "table"
    ) { stack, module in
      let named = try module.namedParameters()
      try stack.state.load(ShippedFile.text("ordered.lua"), name: "=named_parameters", stack)
      named.map(\.name).push(stack)
      named.map(\.tensor).push(stack)
      try stack.call(arguments: 2, results: 1)
      return 1
    },
    methodRow("parameter_names", "The paths of all parameters, in their order.", example: "return nn.Linear(2, 3):parameter_names()") { module in
      try module.namedParameters().map(\.name)
    },
    methodRow("buffers", "All tensors of the state that are not trained.", example: "return #nn.BatchNorm1d(3):buffers()") { module in
      try module.namedBuffers().map(\.tensor)
    },
    methodRow("children", "The modules directly inside.", example: "return #nn.Sequential(nn.ReLU(), nn.ReLU()):children()") { module in
      try module.ownChildren().map(\.module)
    },
    methodRow("modules", "This module and all below it.", example: "return #nn.Sequential(nn.ReLU(), nn.Residual(nn.Linear(2, 2))):modules()") { module in
      try module.namedModules().map(\.module)
    },
    methodRow("train", "Training mode, here and below; train(false) is eval().", Param("on", default: true), example: "return nn.Dropout(0.5):train().training") {
      module, on in
      try module.setTraining(on)
      return module
    },
    methodRow("eval", "Evaluation mode, here and below.", example: "return nn.Dropout(0.5):eval()(T.ones(3))") { module in
      try module.setTraining(false)
      return module
    },
    methodRow("zero_grad", "Drops the gradients of all parameters.", example: "return nn.Linear(2, 3):zero_grad().weight.grad") { module in
      for parameter in try module.parameters() { parameter.grad = nil }
      return module
    },
    methodRow(
      "requires_grad_", "Asks for gradients of all parameters, or freezes them.", Param("on", default: true),
      example: "return #nn.Linear(2, 3):requires_grad_(false):parameters()"
    ) { module, on in
      for parameter in try module.parameters() { try parameter.requireGrad(on) }
      return module
    },
    methodRow("num_parameters", "The number of values that training changes.", example: "return nn.Linear(2, 3):num_parameters()") { module in
      try module.parameters().reduce(0) { $0 + $1.count }
    },
    methodRow(
      "to", "Changes all parameters and float buffers to a type.", Param("dtype", ElementType.self), example: "return nn.Linear(2, 3):to(\"float64\").weight.dtype"
    ) { module, type in
      guard type.isFloat else { throw LuaError("to: parameters can be float32 or float64, not \(type.name)") }
      for entry in try module.namedParameters() + module.namedBuffers() where entry.tensor.type.isFloat { try entry.tensor.changeType(to: type) }
      return module
    },
    methodRow(
      "state_dict", "All parameters and buffers by path, as T.save takes them; they share memory with the module.",
      example: "return nn.Linear(2, 3):state_dict().weight.shape"
    ) { module in
      TensorTable(try module.state())
    },
    methodRow(
      "load_state_dict", "Copies values by path into the module's own.", Param("state", TensorTable.self, "a table of tensors by path"),
      Param.option("strict", default: true, "an error where names are missing or left over"),
      example: "local net = nn.Linear(2, 3); return net:load_state_dict(nn.Linear(2, 3):state_dict())"
    ) { module, state, strict in
      try module.load(state.entries, strict: strict)
      return module
    },
    Row(
      procedure: "apply", "Calls f with every module here and below, children first.", Param("module", Module.self), Param("f", LuaFunction.self), place: .method,
      example: "local n = 0; nn.Sequential(nn.ReLU(), nn.Tanh()):apply(function(m) n = n + 1 end); return n"
    ) { module, f in
      for entry in try module.namedModules().reversed() { let _: LuaAny? = try f.call(entry.module) }
    },
    methodRow("describe", "The module as text; tostring does this.", example: "return nn.Linear(2, 3):describe()") { module in
      try module.treeLines().joined(separator: "\n")
    },
    methodRow(
      "summary", "A table of layers, output shapes and parameter counts, for an input of the given shape.", Param("input_shape", ShapeArgument.self),
      example: "return nn.Sequential(nn.Linear(4, 3), nn.ReLU()):summary(1, 4)"
    ) { module, shape in
      try module.summary(shape.shape("summary"))
    },
    Row(
      script: "register_buffer", "Makes a tensor a part of the state that is not trained, as a field of that name; for modules made by nn.class.",
      Param("name", String.self), Param("tensor", Tensor.self), place: .method,
      example: """
        local Shift = nn.class("Shift")
        function Shift:init() self:register_buffer("offset", T.ones(2)) end
        function Shift:forward(x) return x + self.offset end
        return Shift():state_dict().offset
        """, returns: "Tensor"),
    Row(getter: "training", "Training mode (true) or evaluation.", of: Module.self) { $0.training },
  ]

  private static func call(_ stack: LuaStack, _ module: Module, _ arguments: Range<Int32>) throws -> Int32 {
    try ModuleCalls.inside(module) {
      let results = try module.forward(stack, arguments)
      if let observer = ModuleCalls.observer, let y = try? Tensor.decode(stack, stack.top) { observer(module, y) }
      return results
    }
  }

  static let operators: [(String, Row)] = [
    ("__call", methods[0]),
    ("__tostring", Row("tostring", "The module as text.", Param("module", Module.self), place: []) { try $0.treeLines().joined(separator: "\n") }),
    (
      "__len",
      Row("len", "The number of modules directly inside.", Param("module", Module.self), Param("again", default: LuaAny?.none), place: []) { module, _ in
        try module.ownChildren().count
      }
    ),
  ]

  /// net[2], net.weight, net.fc1
  private static let index: @Sendable (LuaStack) throws -> Int32 = { stack in
    let module = try Module.decode(stack, 1)
    if let position = stack.integer(at: 2) {
      let children = try module.ownChildren()
      let place = position < 0 ? position + children.count : position - 1
      guard children.indices.contains(place) else { throw LuaError("\(module.kind): position \(position) is out of range 1..\(children.count)") }
      children[place].module.push(stack)
      return 1
    }
    let name = stack.string(at: 2) ?? "?"
    if let found = try (module.ownParameters() + module.ownBuffers()).first(where: { $0.name == name })?.tensor {
      found.push(stack)
    } else if let child = try module.ownChildren().first(where: { $0.name == name })?.module {
      child.push(stack)
    } else if let value = try module.property(name) {
      value.push(stack)
    } else if name == "bias" {
      stack.pushNil()  // a layer made without one
    } else {
      let known = try moduleClass.names + module.ownParameters().map(\.name) + module.ownBuffers().map(\.name) + module.ownChildren().map(\.name) + module.propertyNames
      let hint = closest(to: name, in: known).map { "; did you mean '\($0)'?" } ?? ""
      throw LuaError("\(module.kind) has no '\(name)'\(hint)")
    }
    return 1
  }

  /// net.training = false; net.weight = tensor (copied into the parameter)
  private static let newIndex: @Sendable (LuaStack) throws -> Int32 = { stack in
    let module = try Module.decode(stack, 1)
    let name = stack.string(at: 2) ?? "?"
    if name == "training", stack.type(at: 3) == .boolean {
      try module.setTraining(stack.boolean(at: 3))
    } else if let own = try (module.ownParameters() + module.ownBuffers()).first(where: { $0.name == name })?.tensor {
      guard let value = try? Tensor.decode(stack, 3) else { throw LuaError("\(module.kind).\(name): Tensor expected, got \(stack.typeName(at: 3))") }
      try own.load(value, "\(module.kind).\(name)")
    } else {
      throw LuaError("\(module.kind) has no field '\(name)' to set; write a module of your own with nn.class to hold more")
    }
    return 0
  }
}
