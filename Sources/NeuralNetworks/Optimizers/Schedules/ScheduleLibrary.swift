package import LuaBridge
internal import Tensors

/// `nnlua.optim.schedule`: every scheduler, one a line.
package enum ScheduleLibrary {
  package static let all: [Row] = [
    StepLR.row, MultiStepLR.row, ExponentialLR.row, CosineAnnealingLR.row, OneCycleLR.row, LinearWarmup.row, LinearWarmup.plainRow, ReduceLROnPlateau.row, LambdaLR.row,
    SequentialLR.row,
  ]
  package static let library = Library("nnlua.optim.schedule", "Schedules of the learning rate.", rows: all, classes: [schedulerClass])

  private static let maker = "local s = optim.schedule.StepLR(optim.SGD(nn.Linear(2, 1), {lr = 0.1}), 2); "

  package static let schedulerClass = LuaClass(
    "Scheduler", "Sets an optimizer's learning rate as training goes on: what `optim.schedule.StepLR(…)` and the others make.",
    rows: [
      Row(
        procedure: "step",
        """
        Goes one step on and sets the optimizer's rates; call it after the optimizer's step.
        Errors: ReduceLROnPlateau without its metric; OneCycleLR past its end.
        """, Param("scheduler", Scheduler.self), Param("metric", default: Metric?.none, "what ReduceLROnPlateau looks at: a number or a tensor of one element"),
        place: .method,
        example: maker + "s:step(); return s.last_epoch"
      ) { try $0.step($1?.value) },
      Row(getter: "last_lr", "The rates after the last step: a list, one for each parameter group.", example: maker + "return s.last_lr", of: Scheduler.self) {
        $0.lastLR
      },
      Row(
        "get_last_lr", "The rates after the last step: a list, one for each parameter group.", Param("scheduler", Scheduler.self), place: .method,
        example: maker + "return s:get_last_lr()"
      ) {
        $0.lastLR
      },
      Row(getter: "last_epoch", "Steps taken: 0 when it is made.", example: maker + "return s.last_epoch", of: Scheduler.self) { $0.lastEpoch },
      Row(getter: "base_lrs", "The rates the schedule counts from, one for each group.", example: maker + "return s.base_lrs", of: Scheduler.self) { $0.baseLRs },
      Row(
        getter: "per_batch", "Whether train.fit steps it after every batch instead of every epoch; may be set.",
        example: maker + "s.per_batch = true; return s.per_batch",
        of: Scheduler.self
      ) { $0.isPerBatch },
      Row(getter: "optimizer", "The optimizer whose rates it sets.", example: maker + "return s.optimizer", of: Scheduler.self) { $0.optimizer },
      Row("state_dict", "Everything needed to go on, as a table.", Param("scheduler", Scheduler.self), place: .method, example: maker + "return s:state_dict()") {
        $0.state
      },
      Row(
        "load_state_dict",
        """
        Goes on from a saved state. The optimizer's rates are in its own state.
        Errors: names that are missing or not known, all in one message; nothing is changed then.
        """, Param("scheduler", Scheduler.self), Param("state", SchedulerState.self, "what state_dict gave"), place: .method,
        example: maker + "return s:load_state_dict(s:state_dict())"
      ) { scheduler, state in
        try scheduler.prepared(state)()
        return scheduler
      },
    ],
    operators: [
      (
        "__tostring",
        Row("tostring", "The scheduler as text.", Param("scheduler", Scheduler.self), place: []) {
          "\($0.kind)(step \($0.lastEpoch), lr \($0.lastLR.map(\.luaLiteral).joined(separator: ", ")))"
        }
      )
    ],
    newIndex: { stack in
      let scheduler = try Scheduler.decode(stack, 1)
      guard stack.string(at: 2) == "per_batch", stack.type(at: 3) == .boolean else {
        throw LuaError("\(scheduler.kind): only 'per_batch' can be set, to true or false")
      }
      scheduler.isPerBatch = stack.boolean(at: 3)
      return 0
    })

  /// A row of a scheduler: its first parameter is the optimizer.
  static func row<each A: LuaValue>(
    _ name: String, _ doc: String, _ parameters: repeat Param<each A>, arguments: String, make: @escaping @Sendable (Optimizer, repeat each A) throws -> Scheduler
  ) -> Row {
    Row(
      name, doc, Param("optimizer", Optimizer.self, "whose rates it sets"), repeat each parameters, place: .function, mixed: true,
      example: "local opt = optim.SGD(nn.Linear(2, 1), {lr = 0.1}); return optim.schedule.\(name)(opt, \(arguments))", returns: "Scheduler", body: make)
  }

  /// A value that may be given by position or by name, and must be given.
  static func required<V>(_ value: V?, _ name: String, _ kind: String) throws -> V {
    guard let value else { throw LuaError("\(kind): \(name) is missing") }
    return value
  }
  static func factor(_ gamma: Double, _ kind: String) throws -> Double {
    guard gamma >= 0, gamma.isFinite else { throw LuaError("\(kind): gamma must be 0 or more, got \(gamma.luaLiteral)") }
    return gamma
  }
}

/// One number for all groups, or a list with one for each.
struct NumberOrList: LuaValue {
  static var luaName: String { "number or list of numbers" }
  let values: [Double]
  init(_ values: [Double]) { self.values = values }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> NumberOrList {
    if let number = stack.number(at: index) { return NumberOrList([number]) }
    do { return NumberOrList(try [Double].decode(stack, index)) } catch let error as TypeMismatch { throw TypeMismatch(luaName, detail: error.detail) }
  }
  func push(_ stack: LuaStack) { values.push(stack) }
  var luaLiteral: String { values.count == 1 ? values[0].luaLiteral : values.luaLiteral }
}

/// A figure of merit: a number, or a tensor of one element.
struct Metric: LuaValue {
  static var luaName: String { "number or Tensor of one element" }
  let value: Double
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Metric {
    if let number = stack.number(at: index) { return Metric(value: number) }
    guard let tensor = try? Tensor.decode(stack, index) else { throw TypeMismatch(luaName) }
    guard tensor.count == 1 else { throw TypeMismatch(luaName, detail: "\(luaName) expected, got shape \(tensor.shape)") }
    return Metric(value: try tensor.values()[0])
  }
  func push(_ stack: LuaStack) { stack.push(value) }
}
