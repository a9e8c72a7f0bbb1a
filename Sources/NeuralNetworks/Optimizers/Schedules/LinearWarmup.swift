internal import LuaBridge

/// lr rises in a straight line, then stays where it is: PyTorch's LinearLR.
///
///     lr(k) = base · (start_factor + (1 - start_factor) min(k, steps) / steps)
final class LinearWarmup: Scheduler, @unchecked Sendable {
  private let steps: Int, first: Double, last: Double
  init(_ kind: String, _ optimizer: Optimizer, steps: Int, first: Double, last: Double) throws {
    guard steps >= 1 else { throw LuaError("\(kind): the number of steps must be at least 1, got \(steps)") }
    guard first >= 0, first <= 1 else { throw LuaError("\(kind): start_factor must be in 0..1, got \(first.luaLiteral)") }
    guard last >= 0, last <= 1 else { throw LuaError("\(kind): end_factor must be in 0..1, got \(last.luaLiteral)") }
    (self.steps, self.first, self.last) = (steps, first, last)
    super.init(kind, optimizer)
    try begin()
  }
  private func factor(_ step: Int) -> Double { step >= steps ? last : first + (last - first) * Double(step) / Double(steps) }

  override func rate(of group: Int, _ lr: Double) -> Double {
    if lastEpoch == 0 { return lr * first }
    if lastEpoch > steps { return lr }
    // The closed form ends exactly at the base; where someone else has changed the rate, it is multiplied instead.
    let before = factor(lastEpoch - 1)
    return lr == lastLR[group] && lr == baseLRs[group] * before || before == 0 ? freshRate(of: group) : lr * factor(lastEpoch) / before
  }
  override func freshRate(of group: Int) -> Double { baseLRs[group] * factor(lastEpoch) }

  static let row = ScheduleLibrary.row(
    "LinearWarmup",
    """
    Lets lr rise in a straight line to what it was: lr = base · (start_factor + (1 - start_factor) · step / steps), base from then on. train.fit steps it after every batch.
    """, Param("warmup_steps", default: Int?.none, "steps until the full rate; required"), Param("start_factor", default: 1.0 / 3, "share of the rate at the beginning"),
    Param("steps", default: Int?.none, "another name for warmup_steps"), arguments: "500"
  ) { optimizer, steps, factor, other in
    let scheduler = try LinearWarmup(
      "LinearWarmup", optimizer, steps: ScheduleLibrary.required(steps ?? other, "warmup_steps", "LinearWarmup"), first: factor, last: 1)
    scheduler.isPerBatch = true
    return scheduler
  }
  static let plainRow = ScheduleLibrary.row(
    "LinearLR", "Moves lr in a straight line from base · start_factor to base · end_factor.",
    Param("start_factor", default: 1.0 / 3, "share of the rate at the beginning"),
    Param("end_factor", default: 1.0, "share of the rate at the end"), Param("total_iters", default: 5, "steps from one to the other"), arguments: "0.1"
  ) { try LinearWarmup("LinearLR", $0, steps: $3, first: $1, last: $2) }
}
