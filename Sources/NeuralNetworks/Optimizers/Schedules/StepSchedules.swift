internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

// Rates that fall by a factor, and rates a script computes.

/// lr is multiplied by gamma at every `step_size`-th step.
final class StepLR: Scheduler, @unchecked Sendable {
  private let size: Int, gamma: Double
  init(_ optimizer: Optimizer, size: Int, gamma: Double) throws {
    guard size >= 1 else { throw LuaError("StepLR: step_size must be at least 1, got \(size)") }
    (self.size, self.gamma) = (size, try ScheduleLibrary.factor(gamma, "StepLR"))
    super.init("StepLR", optimizer)
    try begin()
  }
  override func rate(of group: Int, _ lr: Double) -> Double { lastEpoch == 0 || lastEpoch % size != 0 ? lr : lr * gamma }

  static let row = ScheduleLibrary.row(
    "StepLR", "Multiplies lr by gamma at every step_size-th step: lr = base · gamma^⌊step / step_size⌋.",
    Param("step_size", default: Int?.none, "steps at one rate; required"),
    Param("gamma", default: 0.1, "the factor"), arguments: "10"
  ) { try StepLR($0, size: ScheduleLibrary.required($1, "step_size", "StepLR"), gamma: $2) }
}

/// lr is multiplied by gamma at each milestone; one named twice counts twice.
final class MultiStepLR: Scheduler, @unchecked Sendable {
  private let milestones: [Int], gamma: Double
  init(_ optimizer: Optimizer, milestones: [Int], gamma: Double) throws {
    (self.milestones, self.gamma) = (milestones, try ScheduleLibrary.factor(gamma, "MultiStepLR"))
    super.init("MultiStepLR", optimizer)
    try begin()
  }
  private func factor(_ times: Int) -> Double { pow(gamma, Double(times)) }
  override func rate(of group: Int, _ lr: Double) -> Double {
    let times = milestones.count { $0 == lastEpoch }
    return times == 0 ? lr : lr * factor(times)
  }
  override func freshRate(of group: Int) -> Double { baseLRs[group] * factor(milestones.count { $0 <= lastEpoch }) }

  static let row = ScheduleLibrary.row(
    "MultiStepLR", "Multiplies lr by gamma at each milestone: lr = base · gamma^(milestones passed).",
    Param("milestones", default: [Int]?.none, "the steps at which lr changes; required"), Param("gamma", default: 0.1, "the factor"), arguments: "{30, 80}"
  ) { try MultiStepLR($0, milestones: ScheduleLibrary.required($1, "milestones", "MultiStepLR"), gamma: $2) }
}

/// lr is multiplied by gamma at every step.
final class ExponentialLR: Scheduler, @unchecked Sendable {
  private let gamma: Double
  init(_ optimizer: Optimizer, gamma: Double) throws {
    self.gamma = try ScheduleLibrary.factor(gamma, "ExponentialLR")
    super.init("ExponentialLR", optimizer)
    try begin()
  }
  override func rate(of group: Int, _ lr: Double) -> Double { lastEpoch == 0 ? lr : lr * gamma }

  static let row = ScheduleLibrary.row(
    "ExponentialLR", "Multiplies lr by gamma at every step: lr = base · gamma^step.", Param("gamma", default: Double?.none, "the factor; required"), arguments: "0.9"
  ) { try ExponentialLR($0, gamma: ScheduleLibrary.required($1, "gamma", "ExponentialLR")) }
}

/// lr = base · f(step).
final class LambdaLR: Scheduler, @unchecked Sendable {
  /// Anchored in the scheduler's userdata.
  private let function: LuaHandle
  /// Not owned: the state owns this scheduler, through its userdata.
  private unowned let lua: LuaState
  init(_ optimizer: Optimizer, _ f: LuaFunction) throws {
    function = f.stack.handle(at: f.index)
    lua = f.stack.state
    super.init("LambdaLR", optimizer)
    try begin()
  }
  override func rate(of group: Int, _ lr: Double) throws -> Double {
    let stack = lua.stack, top = stack.top
    guard stack.reserve(8), stack.push(function) else { throw LuaError("LambdaLR: its function is gone") }
    defer { stack.top = top }
    stack.push(lastEpoch)
    try stack.call(arguments: 1, results: 1)
    guard let factor = stack.number(at: -1) else { throw LuaError("LambdaLR: the function must return a number, got \(stack.typeName(at: -1))") }
    return baseLRs[group] * factor
  }

  static let row = Row(
    results: "LambdaLR", "Sets lr to what a function of the step says: lr = base · f(step).\nErrors: f returns no number, or leads below 0.",
    Param("optimizer", Optimizer.self, "whose rates it sets"), Param("lr_lambda", LuaFunction.self, "takes the step from 0, returns a factor"), place: .function,
    mixed: true,
    example: "local opt = optim.SGD(nn.Linear(2, 1), {lr = 0.1}); return optim.schedule.LambdaLR(opt, function(step) return 1 / (1 + step) end)", returns: "Scheduler"
  ) { stack, optimizer, f in
    try LambdaLR(optimizer, f).push(stack)
    stack.copy(f.index)
    stack.anchor(-2, 1)
    return 1
  }
}
