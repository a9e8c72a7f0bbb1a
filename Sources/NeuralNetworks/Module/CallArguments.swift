internal import LuaBridge
internal import Tensors

/// The arguments of a module that takes more than one tensor: `attention(q, k, v, {need_weights = false})`.
///
/// Names stand in the order of the arguments; any of them may be given by name in a table at the end.
struct CallArguments {
  private let stack: LuaStack
  private let kind: String
  private var places: [String: Int32] = [:]

  /// - Errors: more arguments than names; a name that is not known.
  init(_ stack: LuaStack, _ arguments: Range<Int32>, _ kind: String, _ names: [String]) throws {
    (self.stack, self.kind) = (stack, kind)
    var positional = arguments
    guard stack.reserve(Int32(names.count) + 8) else { throw LuaError("stack overflow") }
    if let last = arguments.last, try Self.isOptions(stack, last) {
      positional = arguments.dropLast()
      for name in names where stack.rawGet(last, name) != .nil { places[name] = stack.top }
      stack.pushNil()
      while stack.next(last) {
        stack.pop()
        let name = stack.string(at: -1) ?? ""
        guard names.contains(name) else {
          let hint = closest(to: name, in: names).map { "; did you mean '\($0)'?" } ?? ""
          throw LuaError("\(kind): unknown option '\(name)'\(hint) (options: \(names.joined(separator: ", ")))")
        }
      }
    }
    guard positional.count <= names.count else { throw LuaError("\(kind): takes at most \(names.count) arguments, got \(positional.count)") }
    for (name, place) in zip(names, positional) where stack.type(at: place) != .nil { places[name] = place }
  }

  /// A table whose keys are names, or an empty one; not an object.
  private static func isOptions(_ stack: LuaStack, _ index: Int32) throws -> Bool {
    guard stack.type(at: index) == .table else { return false }
    if stack.pushMetafield(index, "__name") || stack.pushMetafield(index, "__nnlua_module") {
      stack.pop()
      return false
    }
    stack.pushNil()
    while stack.next(index) {
      stack.pop()
      guard stack.type(at: -1) == .string else {
        stack.pop()
        return false
      }
    }
    return true
  }

  func tensor(_ name: String) throws -> Tensor? { try value(name, Tensor.self) }
  func flag(_ name: String, default value: Bool) throws -> Bool { try self.value(name, Bool.self) ?? value }
  func required(_ name: String) throws -> Tensor {
    guard let tensor = try tensor(name) else { throw LuaError("\(kind): \(name): Tensor expected, got nothing") }
    return tensor
  }

  private func value<V: LuaValue>(_ name: String, _: V.Type) throws -> V? {
    guard let place = places[name] else { return nil }
    do { return try V.decode(stack, place) } catch let error as TypeMismatch {
      throw LuaError("\(kind): \(name): \(error.detail ?? "\(error.expected) expected, got \(stack.given(at: place))")")
    }
  }
}
