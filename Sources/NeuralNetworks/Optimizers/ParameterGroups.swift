internal import LuaBridge
internal import Tensors

/// Several groups of parameters, each with its own settings, stepped together.
final class ParameterGroups: Optimizer, @unchecked Sendable {
  private let members: [Optimizer]
  override var kind: String { members[0].kind }
  override var groups: [Optimizer] { members }

  /// - Errors: a tensor in two groups; LBFGS, whose steps are of all parameters together.
  init(_ groups: [Optimizer]) throws {
    guard !(groups[0] is LBFGS) else { throw LuaError("LBFGS: takes one parameter group, got \(groups.count)") }
    members = groups
    var owner: [ObjectIdentifier: Int] = [:]
    for (place, group) in groups.enumerated() {
      for parameter in group.parameters {
        if let other = owner.updateValue(place, forKey: ObjectIdentifier(parameter)) {
          throw LuaError("\(groups[0].kind): a parameter \(parameter.shape) stands in group \(other + 1) and in group \(place + 1)")
        }
      }
    }
    try super.init(groups.flatMap(\.parameters), lr: groups[0].lr, groups[0].kind)
  }

  /// The first group's; setting it sets all.
  override var lr: Double {
    get { members[0].lr }
    set { for group in members { group.lr = newValue } }
  }
  override var momentum: Double? {
    get { members[0].momentum }
    set { for group in members { group.momentum = newValue } }
  }
  override func step() throws { for group in members { try group.step() } }

  override func state() throws -> [(name: String, tensor: Tensor)] {
    try members.enumerated().flatMap { i, group in try group.state().map { ("group\(i).\($0.name)", $0.tensor) } }
  }

  override func prepared(_ entries: [(name: String, tensor: Tensor)]) throws -> () -> Void {
    var parts = Array(repeating: [(name: String, tensor: Tensor)](), count: members.count)
    for (name, tensor) in entries {
      let split = name.split(separator: ".", maxSplits: 1).map(String.init)
      guard split.count == 2, split[0].hasPrefix("group"), let i = Int(split[0].dropFirst(5)), parts.indices.contains(i) else {
        throw LuaError("load_state_dict: '\(name)' does not belong to \(kind) of \(members.count) parameter groups")
      }
      parts[i].append((split[1], tensor))
    }
    let changes = try members.enumerated().map { i, group in
      do { return try group.prepared(parts[i]) } catch let error as LuaError { throw LuaError("\(error.message) (in group \(i + 1))") }
    }
    return { for change in changes { change() } }
  }

  override var title: String { "\(kind)(\(members.count) groups: lr \(members.map(\.lr.luaLiteral).joined(separator: ", ")); \(parameters.count) tensors)" }
}
