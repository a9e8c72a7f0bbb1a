public import LuaBridge

/// What a scheduler saves: numbers and lists of numbers by name, and the states of schedulers inside it; to scripts a table.
public struct SchedulerState: LuaValue {
  public static var luaName: String { "table" }
  var numbers: [String: Double]
  var lists: [String: [Double]]
  var members: [SchedulerState] = []

  init(numbers: [String: Double], lists: [String: [Double]], members: [SchedulerState] = []) {
    (self.numbers, self.lists, self.members) = (numbers, lists, members)
  }

  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> SchedulerState { try decode(stack, index, depth: 0) }

  private static func decode(_ stack: LuaStack, _ index: Int32, depth: Int) throws -> SchedulerState {
    guard stack.type(at: index) == .table, stack.reserve(8), depth < 20 else { throw TypeMismatch(luaName) }
    var state = SchedulerState(numbers: [:], lists: [:])
    let top = stack.top
    defer { stack.top = top }
    stack.pushNil()
    while stack.next(index) {
      let value = stack.top
      guard stack.type(at: value - 1) == .string, let name = stack.string(at: value - 1) else {
        throw TypeMismatch(luaName, detail: "a scheduler's state has names, not a key that is a \(stack.typeName(at: value - 1))")
      }
      if name == "schedulers", stack.type(at: value) == .table {
        for place in 0..<stack.length(at: value) {
          stack.rawGet(value, place + 1)
          state.members.append(try decode(stack, stack.top, depth: depth + 1))
          stack.pop()
        }
      } else if let number = stack.number(at: value) {
        state.numbers[name] = number
      } else if let list = try? [Double].decode(stack, value) {
        state.lists[name] = list
      } else {
        throw TypeMismatch(luaName, detail: "'\(name)' must be a number or a list of numbers, got \(stack.typeName(at: value))")
      }
      stack.pop()
    }
    return state
  }

  public func push(_ stack: LuaStack) {
    stack.newTable(fields: numbers.count + lists.count)
    for (name, value) in numbers {
      if let whole = Int(exactly: value) { stack.push(whole) } else { stack.push(value) }
      stack.rawSet(-2, name)
    }
    for (name, list) in lists {
      list.push(stack)
      stack.rawSet(-2, name)
    }
    if !members.isEmpty {
      members.push(stack)
      stack.rawSet(-2, "schedulers")
    }
  }

  /// - Errors: names that are missing or not known, lists of another length: all in one message.
  func check(against own: SchedulerState, _ kind: String) throws {
    var faults: [String] = []
    for name in own.numbers.keys.sorted() where numbers[name] == nil { faults.append("'\(name)' is missing") }
    for (name, list) in own.lists.sorted(by: { $0.key < $1.key }) {
      guard let given = lists[name] else {
        faults.append("'\(name)' is missing")
        continue
      }
      if given.count != list.count { faults.append("'\(name)' has \(given.count) values, one for each of \(list.count) parameter groups is expected") }
      if let odd = given.first(where: { !($0 >= 0 && $0.isFinite) }) { faults.append("'\(name)' holds \(odd.luaLiteral)") }
    }
    for name in (Array(numbers.keys) + Array(lists.keys)).sorted() where own.numbers[name] == nil && own.lists[name] == nil {
      faults.append("'\(name)' is no state of \(kind)")
    }
    if members.count != own.members.count { faults.append("'schedulers' has \(members.count) states, \(own.members.count) are expected") }
    if !faults.isEmpty { throw LuaError("load_state_dict: \(faults.joined(separator: "; "))") }
  }
}
