package import LuaBridge
internal import Tensors

/// `nnlua.nn`: layers, losses, containers, and what every module can do.
package enum ModuleLibrary {
  package static let all: [Row] = Layers.rows + [classRow]

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

  package static let library = Library(
    "nnlua.nn", "Layers, losses, containers and modules of one's own.", rows: all, classes: [moduleClass],
    types: [luaClass("Sequential", ModuleSequence.methods), luaClass("ModuleList", ModuleSequence.methods), luaClass("ModuleDict", ModuleDict.methods)],
    lua: ShippedFile.text("class.lua"))

  package static let moduleClass = LuaClass(
    "Module",
    """
    A layer, a loss, a container or a network of one's own (`nn.class`): `net(x)` runs it. Its parameters, buffers and children are fields by their names \
    (`net.weight`, `net.fc1`) and its children also by position (`net[2]`).
    """, rows: methods, operators: operators)

  nonisolated(unsafe) private static var classes: [String: LuaClass] = [:]

  /// The Lua class of a kind of module: the same methods under its own name.
  static func luaClass(_ kind: String, _ own: [Row]) -> LuaClass {
    if let known = classes[kind] { return known }
    let doc = own.isEmpty ? "" : "What a \(kind) can do beside what every Module can."
    let made = LuaClass(kind, doc, base: moduleClass, rows: methods + own, operators: operators, index: index, newIndex: newIndex)
    classes[kind] = made
    return made
  }

  // MARK: methods

  private static func methodRow<each A: LuaValue, R: LuaValue>(
    _ name: String, _ doc: String, _ parameters: repeat Param<each A>, example: String = "", body: @escaping @Sendable (Module, repeat each A) throws -> R
  ) -> Row {
    Row(name, doc, Param("module", Module.self), repeat each parameters, place: .method, example: example, body: body)
  }

  /// A row for parts by path.
  private static func named<V: LuaValue>(_ name: String, _ what: String, example: String, _ parts: @escaping @Sendable (Module) throws -> [(name: String, V)]) -> Row {
    Row(
      results: name, "\(what) by path: `for path, part in net:\(name)() do`; also a table by path that pairs walks in order.", Param("module", Module.self),
      place: .method, example: example, returns: "table"
    ) { stack, module in
      let entries = try parts(module)
      try pushOrdered(entries.map(\.name), entries.map(\.1), stack)
      return 1
    }
  }

  static let methods: [Row] = [
    Row(
      results: "call", "Runs forward; module(…) is the same.", Param("module", Module.self), Param("arguments", LuaRest.self, "what the module's forward takes"),
      place: .method,
      example: "return nn.ReLU():call(T.tensor({-1, 2}))", returns: "what forward returns"
    ) { stack, module, rest in
      try call(stack, module, rest.indices)
    },
    Row(
      results: "forward", "The module's formula; module(…) is the same.", Param("module", Module.self),
      Param("arguments", LuaRest.self, "what the module's forward takes"), place: .method,
      example: "return nn.ReLU():forward(T.tensor({-1, 2}))", returns: "what the formula gives"
    ) { stack, module, rest in
      try call(stack, module, rest.indices)
    },
    methodRow("parameters", "All tensors that training changes, each once.", example: "return #nn.Linear(2, 3):parameters()") { module in try module.parameters() },
    named("named_parameters", "All parameters", example: "return nn.Linear(2, 3):named_parameters().weight") { try $0.namedParameters() },
    named("named_buffers", "All tensors of the state that are not trained,", example: "return nn.BatchNorm1d(3):named_buffers().running_mean") { try $0.namedBuffers() },
    named("named_children", "The modules directly inside", example: "return nn.Residual(nn.Linear(2, 2)):named_children().inner") { module in
      try module.ownChildren().map { ($0.name, AnyModule($0.module)) }
    },
    named("named_modules", "This module (its path is empty) and all below it", example: "return nn.Residual(nn.Linear(2, 2)):named_modules().inner") { module in
      try module.namedModules().map { ($0.name, AnyModule($0.module)) }
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
    methodRow(
      "train", "Training mode, here and below; train(false) is eval().", Param("on", default: true, "false for evaluation"),
      example: "return nn.Dropout(0.5):train().training"
    ) {
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
      "requires_grad_", "Asks for gradients of all parameters, or freezes them.", Param("on", default: true, "false freezes them"),
      example: "return #nn.Linear(2, 3):requires_grad_(false):parameters()"
    ) { module, on in
      for parameter in try module.parameters() { try parameter.requireGrad(on) }
      return module
    },
    methodRow("num_parameters", "The number of values that training changes.", example: "return nn.Linear(2, 3):num_parameters()") { module in
      try module.parameters().reduce(0) { $0 + $1.count }
    },
    methodRow(
      "to", "Changes all parameters and float buffers to a type; gradients are dropped.\nErrors: a type that is not float32 or float64.",
      Param("dtype", ElementType.self, "\"float32\" or \"float64\""), example: "return nn.Linear(2, 3):to(\"float64\").weight.dtype"
    ) { module, type in try module.changeType(to: type) },
    methodRow("float", "All parameters and float buffers as float32; to(\"float32\").", example: "return nn.Linear(2, 3):float().weight.dtype") { module in
      try module.changeType(to: .float32)
    },
    methodRow("double", "All parameters and float buffers as float64; to(\"float64\").", example: "return nn.Linear(2, 3):double().weight.dtype") { module in
      try module.changeType(to: .float64)
    },
    methodRow(
      "register_buffer", "Makes a tensor part of the state that is not trained: module.name reads it.\nErrors: a name that is taken or holds a dot.",
      Param("name", String.self, "the field's name"), Param("tensor", Tensor.self, "kept as it is"),
      example: "return nn.Identity():register_buffer(\"count\", T.zeros(1))"
    ) { module, name, tensor in
      try module.checkFree(name, "register_buffer")
      return module.register(buffer: name, tensor)
    },
    methodRow(
      "state_dict", "All parameters and buffers by path, as T.save takes them; they share memory with the module.",
      example: "return nn.Linear(2, 3):state_dict().weight.shape"
    ) { module in
      TensorTable(try module.state())
    },
    methodRow(
      "load_state_dict",
      """
      Copies values by path into the module's own; types are converted.
      Errors: all missing, unexpected and misshapen entries in one message; then nothing is changed.
      """, Param("state", TensorTable.self, "a table of tensors by path"),
      Param.option("strict", default: true, "an error where names are missing or left over"),
      example: "local net = nn.Linear(2, 3); return net:load_state_dict(nn.Linear(2, 3):state_dict())"
    ) { module, state, strict in
      try module.load(state.entries, strict: strict)
      return module
    },
    methodRow(
      "apply", "Calls f with every module here and below, children first.", Param("f", LuaFunction.self),
      example: "local n = 0; nn.Sequential(nn.ReLU(), nn.Tanh()):apply(function(m) n = n + 1 end); return n"
    ) { module, f in
      for entry in try module.namedModules().reversed() { let _: LuaAny? = try f.call(AnyModule(entry.module)) }
      return module
    },
    methodRow("describe", "The module as text; tostring does this.", example: "return nn.Linear(2, 3):describe()") { module in
      try module.treeLines().joined(separator: "\n")
    },
    methodRow(
      "summary", "A table of layers, output shapes and parameter counts, for an input of the given shape.\nErrors: an input that the layers do not take.",
      Param("input_shape", ShapeArgument.self, "sizes, or one list of sizes"),
      example: "return nn.Sequential(nn.Linear(4, 3), nn.ReLU()):summary(1, 4)"
    ) { module, shape in
      try module.summary(shape.shape("summary"))
    },
    Row(getter: "training", "Training mode (true) or evaluation. It can be set.", example: "return nn.Dropout(0.5).training", of: Module.self) { $0.training },
  ]

  private static func call(_ stack: LuaStack, _ module: Module, _ arguments: Range<Int32>) throws -> Int32 {
    try ModuleCalls.inside(module) {
      let results = try module.forward(stack, arguments)
      if let observer = ModuleCalls.observer, let y = try? Tensor.decode(stack, stack.top) { observer(module, y) }
      return results
    }
  }
}

extension Module {
  /// Parameters and float buffers in another type; all of them stay the tensors they are.
  func changeType(to type: ElementType) throws -> Module {
    guard type.isFloat else { throw LuaError("to: parameters can be float32 or float64, not \(type.name)") }
    for entry in try namedParameters() + namedBuffers() where entry.tensor.type.isFloat { try entry.tensor.changeType(to: type) }
    return self
  }

  /// - Errors: a name that a part could not be reached by.
  func checkFree(_ name: String, _ function: String) throws {
    guard !name.isEmpty, !name.contains(".") else { throw LuaError("\(function): a name is not empty and holds no dot, got \"\(name)\"") }
    let parts = try ownParameters().map(\.name) + ownBuffers().map(\.name) + ownChildren().map(\.name) + propertyNames
    guard !parts.contains(name) else { throw LuaError("\(function): \(kind) has a '\(name)' already") }
    let methods = ModuleLibrary.moduleClass.names + ownMethods.map(\.name)
    guard !methods.contains(name) else { throw LuaError("\(function): '\(name)' is a method of every \(kind); choose another name") }
  }
}
