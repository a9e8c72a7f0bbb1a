internal import LuaBridge

/// lr is multiplied by `factor` when a metric has not become better for more than `patience` steps.
final class ReduceLROnPlateau: Scheduler, @unchecked Sendable {
  struct Settings {
    var smaller: Bool, factor: Double, patience: Int, threshold: Double, relative: Bool, cooldown: Int, eps: Double
  }
  private let settings: Settings
  private let lowest: [Double]
  private var best: Double, bad = 0, pause = 0

  init(_ optimizer: Optimizer, lowest: [Double], _ settings: Settings) throws {
    let groups = optimizer.groups.count
    guard settings.factor >= 0, settings.factor < 1 else { throw LuaError("ReduceLROnPlateau: factor must be in 0..1, got \(settings.factor.luaLiteral)") }
    guard settings.patience >= 0, settings.cooldown >= 0 else { throw LuaError("ReduceLROnPlateau: patience and cooldown must be 0 or more") }
    guard settings.threshold.isFinite, settings.eps >= 0 else { throw LuaError("ReduceLROnPlateau: threshold must be finite, eps 0 or more") }
    guard lowest.count == 1 || lowest.count == groups, lowest.allSatisfy({ $0 >= 0 }) else {
      throw LuaError("ReduceLROnPlateau: min_lr must be one number of 0 or more, or one for each of \(groups) groups, got \(lowest.luaLiteral)")
    }
    self.settings = settings
    self.lowest = lowest.count == groups ? lowest : Array(repeating: lowest[0], count: groups)
    best = settings.smaller ? .infinity : -.infinity
    super.init("ReduceLROnPlateau", optimizer)
  }

  private func isBetter(_ value: Double) -> Bool {
    let s = settings
    return switch (s.smaller, s.relative) {
    case (true, true): value < best * (1 - s.threshold)
    case (true, false): value < best - s.threshold
    case (false, true): value > best * (1 + s.threshold)
    case (false, false): value > best + s.threshold
    }
  }

  override func step(_ metric: Double?) throws {
    guard let metric else { throw LuaError("ReduceLROnPlateau: step needs the metric it looks at: scheduler:step(loss)") }
    lastEpoch += 1
    if isBetter(metric) {
      best = metric
      bad = 0
    } else {
      bad += 1
    }
    if pause > 0 {
      pause -= 1
      bad = 0  // steps in the pause after a reduction do not count
    }
    let reduces = bad > settings.patience
    if reduces {
      pause = settings.cooldown
      bad = 0
    }
    try apply { group, lr in
      let next = max(lr * settings.factor, lowest[group])
      return reduces && lr - next > settings.eps ? next : lr
    }
  }

  override var state: SchedulerState {
    var state = super.state
    state.numbers["best"] = best
    state.numbers["num_bad_epochs"] = Double(bad)
    state.numbers["cooldown_counter"] = Double(pause)
    return state
  }
  override func prepared(_ state: SchedulerState) throws -> () -> Void {
    let change = try super.prepared(state)
    let best = state.numbers["best"] ?? 0, bad = state.numbers["num_bad_epochs"] ?? 0, pause = state.numbers["cooldown_counter"] ?? 0
    guard [bad, pause].allSatisfy({ $0 >= 0 && $0 < 1e15 }) else { throw LuaError("load_state_dict: num_bad_epochs and cooldown_counter must be counts") }
    return { [self] in
      change()
      (self.best, self.bad, self.pause) = (best, Int(bad), Int(pause))
    }
  }

  static let row = ScheduleLibrary.row(
    "ReduceLROnPlateau",
    """
    Multiplies lr by factor when a metric has not become better for more than patience steps: scheduler:step(metric).
    Errors: a step without the metric.
    """, Param("mode", default: "min", "\"min\" or \"max\": what is better"), Param("factor", default: 0.1, "the factor"),
    Param("patience", default: 10, "steps without progress that are borne"), .option("threshold", default: 1e-4, "how much better counts"),
    .option("threshold_mode", default: "rel", "\"rel\": a share of the best; \"abs\": a difference"),
    .option("cooldown", default: 0, "steps after a reduction that do not count"),
    .option("min_lr", default: NumberOrList([0]), "the lowest rate, or one for each group"), .option("eps", default: 1e-8, "smaller changes of lr are not made"),
    arguments: "\"min\""
  ) { optimizer, mode, factor, patience, threshold, thresholdMode, cooldown, lowest, eps in
    guard ["min", "max"].contains(mode) else { throw LuaError("ReduceLROnPlateau: mode must be \"min\" or \"max\", got \"\(mode)\"") }
    guard ["rel", "abs"].contains(thresholdMode) else { throw LuaError("ReduceLROnPlateau: threshold_mode must be \"rel\" or \"abs\", got \"\(thresholdMode)\"") }
    return try ReduceLROnPlateau(
      optimizer, lowest: lowest.values,
      Settings(
        smaller: mode == "min", factor: factor, patience: patience, threshold: threshold, relative: thresholdMode == "rel", cooldown: cooldown, eps: eps))
  }
}
