internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// lr falls along half a wave of a cosine, and rises again after it.
///
///     lr(k) = eta_min + ½ (base - eta_min) (1 + cos(π k / T_max))
///
/// - Paper: Loshchilov & Hutter 2016, arXiv:1608.03983
final class CosineAnnealingLR: Scheduler, @unchecked Sendable {
  private let length: Int, lowest: Double
  init(_ optimizer: Optimizer, length: Int, lowest: Double) throws {
    guard length >= 1, length < 1 << 50 else { throw LuaError("CosineAnnealingLR: T_max must be at least 1 and have an end, got \(length)") }
    guard lowest >= 0, lowest.isFinite else { throw LuaError("CosineAnnealingLR: eta_min must be 0 or more, got \(lowest.luaLiteral)") }
    (self.length, self.lowest) = (length, lowest)
    super.init("CosineAnnealingLR", optimizer)
    try begin()
  }
  private func wave(_ step: Int) -> Double { 1 + cos(.pi * Double(step) / Double(length)) }

  // From the rate before, as PyTorch does, so that what a script or another scheduler changed stays changed.
  override func rate(of group: Int, _ lr: Double) -> Double {
    if lastEpoch == 0 { return lr }
    // After the lowest point there is nothing left to multiply.
    if (lastEpoch - 1 - length) % (2 * length) == 0 { return lr + (baseLRs[group] - lowest) * (1 - cos(.pi / Double(length))) / 2 }
    return max(wave(lastEpoch) / wave(lastEpoch - 1) * (lr - lowest) + lowest, 0)
  }
  override func freshRate(of group: Int) -> Double { lowest + (baseLRs[group] - lowest) * wave(lastEpoch) / 2 }

  static let row = ScheduleLibrary.row(
    "CosineAnnealingLR",
    """
    Lets lr fall along half a wave of a cosine: lr = eta_min + ½ (base - eta_min) (1 + cos(π step / T_max)); after T_max steps it rises again.
    Paper: Loshchilov & Hutter 2016, arXiv:1608.03983
    """, Param("T_max", default: Int?.none, "steps to the lowest rate; required"), Param("eta_min", default: 0.0, "the lowest rate"), arguments: "100"
  ) { try CosineAnnealingLR($0, length: ScheduleLibrary.required($1, "T_max", "CosineAnnealingLR"), lowest: $2) }
}
