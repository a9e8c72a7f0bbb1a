internal import LuaBridge

/// Schedules one after another: the i-th begins, from its own 0, at the milestone before it.
final class SequentialLR: Scheduler, @unchecked Sendable {
  private let members: [Scheduler], milestones: [Int]
  init(_ optimizer: Optimizer, _ members: [Scheduler], milestones: [Int]) throws {
    guard !members.isEmpty, milestones.count == members.count - 1 else {
      throw LuaError("SequentialLR: \(members.count) schedulers need \(max(members.count - 1, 0)) milestones, got \(milestones.count)")
    }
    for (place, member) in members.enumerated() {
      guard member.optimizer === optimizer else { throw LuaError("SequentialLR: scheduler \(place + 1) belongs to another optimizer") }
      guard !(member is ReduceLROnPlateau) else { throw LuaError("SequentialLR: ReduceLROnPlateau needs a metric at each step and cannot stand in a sequence") }
    }
    guard milestones.allSatisfy({ $0 >= 1 }), zip(milestones, milestones.dropFirst()).allSatisfy(<) else {
      throw LuaError("SequentialLR: milestones must rise from 1, got \(milestones.luaLiteral)")
    }
    (self.members, self.milestones) = (members, milestones)
    super.init("SequentialLR", optimizer)
    isPerBatch = members.contains { $0.isPerBatch }
    // Each member set the rate when it was made: only the first one's counts.
    for (group, base) in zip(optimizer.groups, baseLRs) { group.lr = base }
    try members[0].begin()
    lastLR = optimizer.groups.map(\.lr)
  }

  override func step(_ metric: Double?) throws {
    let next = lastEpoch + 1, place = milestones.count { $0 <= next }
    if place > 0, milestones[place - 1] == next { try members[place].restart() } else { try members[place].step(nil) }
    lastEpoch = next
    lastLR = members[place].lastLR
  }
  override func restart() throws {
    lastEpoch = 0
    try members[0].restart()
    lastLR = members[0].lastLR
  }

  override var state: SchedulerState {
    var state = super.state
    state.members = members.map(\.state)
    return state
  }
  override func prepared(_ state: SchedulerState) throws -> () -> Void {
    let change = try super.prepared(state)
    let changes = try zip(members, state.members).map { try $0.prepared($1) }
    return {
      change()
      for change in changes { change() }
    }
  }

  static let row = Row(
    results: "SequentialLR",
    """
    Runs schedules one after another: the second begins, from its own step 0, at the first milestone, and so on.
    Errors: schedulers of another optimizer; a ReduceLROnPlateau; milestones that do not rise, or not one fewer than schedulers.
    """, Param("optimizer", Optimizer.self, "whose rates they set"), Param("schedulers", default: [Scheduler]?.none, "a list; required"),
    Param("milestones", default: [Int]?.none, "the steps at which the next one begins, one fewer than schedulers"), place: .function, mixed: true,
    example:
      "local opt = optim.SGD(nn.Linear(2, 1), {lr = 0.1}); local s = optim.schedule; return s.SequentialLR(opt, {s.LinearWarmup(opt, 5), s.ExponentialLR(opt, 0.9)}, {5})",
    returns: "Scheduler"
  ) { stack, optimizer, members, milestones in
    try SequentialLR(
      optimizer, ScheduleLibrary.required(members, "schedulers", "SequentialLR"), milestones: milestones ?? []
    ).push(stack)
    // The members hold Lua functions through their userdata: those live as long as this one.
    for (place, member) in (members ?? []).enumerated() {
      member.push(stack)
      stack.anchor(-2, place + 1)
    }
    return 1
  }
}
