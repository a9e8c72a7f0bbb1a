internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// lr rises to `max_lr`, then falls far below where it began, while the momentum does the opposite.
///
///     initial = max_lr / div_factor,  final = initial / final_div_factor
///     rising for pct_start · total_steps steps, falling for the rest, along a cosine or a straight line
///
/// - Paper: Smith & Topin 2017, arXiv:1708.07120
final class OneCycleLR: Scheduler, @unchecked Sendable {
  struct Settings {
    var total: Int, share: Double, cosine: Bool, turnsMomentum: Bool, lowMomentum: Double, highMomentum: Double
    var division: Double, finalDivision: Double, threePhases: Bool
  }
  private let settings: Settings
  private let highest: [Double]

  init(_ optimizer: Optimizer, highest: [Double], _ settings: Settings) throws {
    let groups = optimizer.groups
    guard settings.total >= 1 else { throw LuaError("OneCycleLR: total_steps must be at least 1, got \(settings.total)") }
    guard settings.share >= 0, settings.share <= 1 else { throw LuaError("OneCycleLR: pct_start must be in 0..1, got \(settings.share.luaLiteral)") }
    guard highest.count == 1 || highest.count == groups.count else {
      throw LuaError("OneCycleLR: max_lr has \(highest.count) values for \(groups.count) parameter groups")
    }
    guard highest.allSatisfy({ $0 >= 0 && $0.isFinite }) else { throw LuaError("OneCycleLR: max_lr must be 0 or more, got \(highest.luaLiteral)") }
    guard settings.division > 0, settings.finalDivision > 0 else { throw LuaError("OneCycleLR: div_factor and final_div_factor must be above 0") }
    if settings.turnsMomentum {
      guard groups.allSatisfy({ $0.momentum != nil }) else {
        throw LuaError("OneCycleLR: \(optimizer.kind) has no momentum to turn; pass {cycle_momentum = false}")
      }
      for value in [settings.lowMomentum, settings.highMomentum] where !(0..<1 ~= value) {
        throw LuaError("OneCycleLR: base_momentum and max_momentum must be in 0..1, got \(value.luaLiteral)")
      }
    }
    self.settings = settings
    self.highest = highest.count == groups.count ? highest : Array(repeating: highest[0], count: groups.count)
    super.init("OneCycleLR", optimizer)
    isPerBatch = true
    let before = groups.map { ($0, $0.lr, $0.initialLR, $0.momentum) }
    for (group, high) in zip(groups, self.highest) { group.initialLR = high / settings.division }
    baseLRs = groups.map { $0.initialLR ?? $0.lr }
    do { try begin() } catch {
      for (group, lr, initial, momentum) in before { (group.lr, group.initialLR, group.momentum) = (lr, initial, momentum) }
      throw error
    }
  }

  /// Each phase: its last step, and the ends of rate and momentum as shares of the way.
  private func value(_ group: Int) throws -> (lr: Double, momentum: Double) {
    let s = settings, total = Double(s.total), step = Double(lastEpoch)
    guard lastEpoch <= s.total else {
      throw LuaError("OneCycleLR: step \(lastEpoch) of a cycle of total_steps = \(s.total) steps; make the cycle longer, or stop stepping at its end")
    }
    let low = baseLRs[group], high = highest[group], least = low / s.finalDivision
    var phases = [(end: s.share * total - 1, from: (low, s.highMomentum), to: (high, s.lowMomentum))]
    if s.threePhases {
      phases.append((2 * s.share * total - 2, (high, s.lowMomentum), (low, s.highMomentum)))
      phases.append((total - 1, (low, s.highMomentum), (least, s.highMomentum)))
    } else {
      phases.append((total - 1, (high, s.lowMomentum), (least, s.highMomentum)))
    }
    var start = 0.0, place = 0
    while place < phases.count - 1, step > phases[place].end {
      start = phases[place].end
      place += 1
    }
    let phase = phases[place], length = phase.end - start
    let share = length == 0 ? 1 : (step - start) / length
    func between(_ a: Double, _ b: Double) -> Double { s.cosine ? b + (a - b) / 2 * (1 + cos(.pi * share)) : (b - a) * share + a }
    return (between(phase.from.0, phase.to.0), between(phase.from.1, phase.to.1))
  }

  override func rate(of group: Int, _ lr: Double) throws -> Double {
    let (lr, momentum) = try value(group)
    if settings.turnsMomentum { optimizer.groups[group].momentum = momentum }
    return max(lr, 0)  // one step past the end of a straight line lies below
  }

  static let row = ScheduleLibrary.row(
    "OneCycleLR",
    """
    Lets lr rise from max_lr / div_factor to max_lr, then fall to that / final_div_factor, while the momentum falls and rises. train.fit steps it after every batch.
    Errors: stepped more than total_steps times; an optimizer without momentum, unless cycle_momentum = false.
    Paper: Smith & Topin 2017, arXiv:1708.07120
    """,
    Param("max_lr", default: NumberOrList?.none, "the highest rate, or one for each group; required"), Param("total_steps", default: Int?.none, "the cycle's length"),
    .option("epochs", default: Int?.none, "with steps_per_epoch, instead of total_steps"), .option("steps_per_epoch", default: Int?.none, "batches in an epoch"),
    .option("pct_start", default: 0.3, "share of the cycle in which lr rises"), .option("anneal_strategy", default: "cos", "\"cos\" or \"linear\""),
    .option("cycle_momentum", default: true, "turn the momentum (β₁ of Adam and its kin) as well"),
    .option("base_momentum", default: 0.85, "momentum at the highest rate"),
    .option("max_momentum", default: 0.95, "momentum at both ends"), .option("div_factor", default: 25.0, "max_lr over the first rate"),
    .option("final_div_factor", default: 1e4, "the first rate over the last"),
    .option("three_phase", default: false, "fall as fast as lr rose, then on to the last rate"),
    arguments: "0.1, 100"
  ) { optimizer, highest, total, epochs, perEpoch, share, strategy, momentum, low, high, division, finalDivision, three in
    var steps = total
    if steps == nil, let epochs, let perEpoch {
      let (product, overflow) = epochs.multipliedReportingOverflow(by: perEpoch)
      guard epochs >= 1, perEpoch >= 1, !overflow else { throw LuaError("OneCycleLR: epochs and steps_per_epoch must be at least 1, got \(epochs) and \(perEpoch)") }
      steps = product
    }
    guard let steps else { throw LuaError("OneCycleLR: total_steps is missing (or epochs and steps_per_epoch)") }
    guard steps < 1 << 50 else { throw LuaError("OneCycleLR: a cycle of \(steps) steps has no end") }
    guard ["cos", "linear"].contains(strategy) else { throw LuaError("OneCycleLR: anneal_strategy must be \"cos\" or \"linear\", got \"\(strategy)\"") }
    return try OneCycleLR(
      optimizer, highest: ScheduleLibrary.required(highest, "max_lr", "OneCycleLR").values,
      Settings(
        total: steps, share: share, cosine: strategy == "cos", turnsMomentum: momentum, lowMomentum: low, highMomentum: high, division: division,
        finalDivision: finalDivision, threePhases: three))
  }
}
