public import LuaBridge
internal import Tensors

/// Changes an optimizer's learning rate as training goes on: call `step()` after each epoch (or batch).
///
/// `last_epoch` counts from 0, where the scheduler stands when it is made; each step adds one and then sets every group's rate.
open class Scheduler: LuaObject, @unchecked Sendable {
  /// Its name in Lua.
  public let kind: String
  let optimizer: Optimizer
  /// The rates schedules count from, one a group: what they were before any scheduler touched the optimizer.
  var baseLRs: [Double]
  /// Steps taken so far.
  public internal(set) var lastEpoch = 0
  /// The rates after the last step, one a group.
  public internal(set) var lastLR: [Double] = []
  /// To be stepped after every batch, not every epoch: `train.fit` asks.
  public var isPerBatch = false

  init(_ kind: String, _ optimizer: Optimizer) {
    self.kind = kind
    self.optimizer = optimizer
    for group in optimizer.groups where group.initialLR == nil { group.initialLR = group.lr }
    baseLRs = optimizer.groups.map { $0.initialLR ?? $0.lr }
    lastLR = optimizer.groups.map(\.lr)
  }

  /// The rate at `lastEpoch`, from the rate before.
  open func rate(of group: Int, _ lr: Double) throws -> Double { lr }
  /// The rate at `lastEpoch` from the beginning, for a schedule that is begun again by another (`SequentialLR`).
  open func freshRate(of group: Int) throws -> Double { try rate(of: group, baseLRs[group]) }

  /// - metric: what `ReduceLROnPlateau` looks at; others leave it alone.
  open func step(_ metric: Double?) throws {
    lastEpoch += 1
    do { try apply { try rate(of: $0, $1) } } catch {
      lastEpoch -= 1
      throw error
    }
  }

  /// Where the schedule stands at 0: called by a subclass once it knows its settings.
  final func begin() throws {
    lastEpoch = 0
    try apply { try rate(of: $0, $1) }
  }
  /// Begins here, whatever the optimizer's rates are now.
  open func restart() throws {
    lastEpoch = 0
    try apply { group, _ in try freshRate(of: group) }
  }

  final func apply(_ rate: (Int, Double) throws -> Double) throws {
    let rates = try optimizer.groups.enumerated().map { place, group in
      let value = try rate(place, group.lr)
      guard value.isFinite, value >= 0 else { throw LuaError("\(kind): step \(lastEpoch) leads to the learning rate \(value.luaLiteral)") }
      return value
    }
    for (group, rate) in zip(optimizer.groups, rates) { group.lr = rate }
    lastLR = rates
  }

  // MARK: state

  /// What `state_dict` saves.
  open var state: SchedulerState {
    SchedulerState(numbers: ["last_epoch": Double(lastEpoch)], lists: ["base_lrs": baseLRs, "last_lr": lastLR])
  }

  /// Checks a state; what comes back takes it over and cannot fail.
  open func prepared(_ state: SchedulerState) throws -> () -> Void {
    try state.check(against: self.state, kind)
    let epoch = state.numbers["last_epoch"] ?? 0
    guard epoch >= 0, epoch < 1e15, epoch == epoch.rounded() else { throw LuaError("load_state_dict: 'last_epoch' is \(epoch.luaLiteral), no count of steps") }
    return { [self] in
      lastEpoch = Int(epoch)
      baseLRs = state.lists["base_lrs"] ?? baseLRs
      lastLR = state.lists["last_lr"] ?? lastLR
    }
  }

  public static var luaName: String { "Scheduler" }
  public static var keepsIdentity: Bool { true }
  public static var userValues: Int32 { 1 }
  public var luaClass: LuaClass { ScheduleLibrary.schedulerClass }
}
