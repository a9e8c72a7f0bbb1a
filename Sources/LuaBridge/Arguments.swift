internal import CLua
internal import CShims

/// What is known of one parameter: read by the decoder, by errors, by help and completion.
public struct ParameterInfo: Sendable {
  /// As scripts and help write it.
  public let name: String
  /// What help calls its type.
  public let type: String
  /// What it means.
  public let doc: String
  /// The default as help prints it; nil where the argument is required.
  public let literal: String?
  /// Can only be given by name, in the options table.
  public let named: Bool
  /// A list is one value of it.
  fileprivate let takesList: Bool
  fileprivate let fallback: AnyFallback?
}

package class AnyFallback: @unchecked Sendable {}
private final class Fallback<T>: AnyFallback, @unchecked Sendable {
  let value: T
  init(_ value: T) { self.value = value }
}

/// One parameter of a bound function: its name, type, default and documentation, written once.
public struct Param<T: LuaValue>: @unchecked Sendable {
  let info: ParameterInfo

  /// A required argument.
  public init(_ name: String, _ type: T.Type = T.self, _ doc: String = "") {
    info = ParameterInfo(name: name, type: T.luaName, doc: doc, literal: nil, named: false, takesList: T.takesList, fallback: nil)
  }
  /// An argument that may be left out, or given by name in the options table.
  public init(_ name: String, default value: T, _ doc: String = "") {
    info = ParameterInfo(name: name, type: T.luaName, doc: doc, literal: value.luaLiteral, named: false, takesList: T.takesList, fallback: Fallback(value))
  }
  private init(named info: ParameterInfo) { self.info = info }

  /// An option: given by name only.
  public static func option(_ name: String, default value: T, _ doc: String = "") -> Param {
    Param(named: ParameterInfo(name: name, type: T.luaName, doc: doc, literal: value.luaLiteral, named: true, takesList: T.takesList, fallback: Fallback(value)))
  }
}

/// Names, types, defaults of a bound function.
public final class Signature: @unchecked Sendable {
  /// As scripts and help write it.
  public let name: String
  /// In the order of positions.
  public let parameters: [ParameterInfo]
  /// One table may hold arguments and options together: `nn.Conv2d{1, 30, 5, padding = 2}`.
  public let mixed: Bool
  let required: Int32
  let hasOptions: Bool
  /// How many arguments may stand without a name; any number where one parameter takes all that come.
  let positional: Int32
  // What every call asks of its parameters stands by itself: to copy a `ParameterInfo` is ten changes of reference counts.
  fileprivate let kinds: [Kind]
  fileprivate let fallbacks: [AnyFallback?]
  fileprivate enum Kind {
    case required, optional, named
  }

  init(name: String, mixed: Bool, _ parameters: [ParameterInfo], takesRest: Bool = false) {
    self.name = name
    self.mixed = mixed
    self.parameters = parameters
    required = Int32(parameters.prefix { $0.literal == nil }.count)
    hasOptions = mixed || parameters.contains { $0.literal != nil }
    positional = takesRest ? .max : Int32(parameters.filter { !$0.named }.count)
    kinds = parameters.map { $0.named ? .named : $0.fallback == nil ? .required : .optional }
    fallbacks = parameters.map(\.fallback)
  }
}

/// The arguments of a running call, taken one by one in the order of the parameters.
public struct Arguments {
  /// Where the arguments lie.
  public let stack: LuaStack
  /// Of the function that is called.
  public let signature: Signature
  private var parameter = 0
  private var next: Int32 = 1
  private var last: Int32
  private var options: Int32 = 0

  init(_ stack: LuaStack, _ signature: Signature) throws {
    self.stack = stack
    self.signature = signature
    last = lua_gettop(stack.L)
    // A nil at the end is an argument that is left out: helpers pass their own optional options on.
    if signature.hasOptions { while last > signature.required, lua_type(stack.L, last) == LUA_TNIL { last -= 1 } }
    if signature.hasOptions, last > 0, lua_type(stack.L, last) == LUA_TTABLE { try findOptions() }
    if last - next >= signature.positional { try checkCount() }
  }

  /// The last argument is the options where it is a table whose keys are names and it is not a required argument.
  private mutating func findOptions() throws {
    let L = stack.L
    if signature.mixed, last == 1, luaL_getmetafield(L, 1, "__name") == LUA_TNIL {
      // nn.Conv2d{1, 30, 5, padding = 2}: the list part becomes arguments, the names stay options.
      let count = Int32(clamping: lua_rawlen(L, 1))
      lua_pushnil(L)
      var names = false
      while lua_next(L, 1) != 0 {
        nn_pop(L, 1)
        if lua_type(L, -1) == LUA_TSTRING {
          names = true
          nn_pop(L, 1)
          break
        }
      }
      if names || (Int(count) > 1 && signature.parameters.first?.takesList != true) {
        guard count < 200, stack.reserve(count + 20) else { throw LuaError("\(signature.name): too many arguments") }
        for position in 1...max(count, 1) where position <= count { lua_rawgeti(L, 1, Int64(position)) }
        options = 1
        next = 2
        last = 1 + count
        if names { try checkNames() }
        return
      }
    }
    guard last > signature.required else { return }
    // An empty table where an argument may be left out is a table without options.
    lua_pushnil(L)
    var named = true
    if lua_next(L, last) != 0 {
      named = lua_type(L, -2) == LUA_TSTRING
      nn_pop(L, 2)
    }
    guard named, luaL_getmetafield(L, last, "__name") == LUA_TNIL else { return }
    options = last
    last -= 1
    guard stack.reserve(Int32(signature.parameters.count) + 8) else { throw LuaError("stack overflow") }
    try checkNames()
  }

  private func checkNames() throws {
    stack.pushNil()
    while stack.next(options) {
      stack.pop()
      guard stack.type(at: -1) == .string, let name = stack.string(at: -1) else { continue }
      if !signature.parameters.contains(where: { $0.name == name }) {
        let known = signature.parameters.map(\.name)
        let hint = closest(to: name, in: known).map { "; did you mean '\($0)'?" } ?? ""
        throw LuaError("\(signature.name): unknown option '\(name)'\(hint) (options: \(known.joined(separator: ", ")))")
      }
    }
  }

  private func mismatch(_ error: TypeMismatch, at index: Int32) -> any Error {
    let got = error.detail ?? "\(error.expected) expected, got \(stack.given(at: index))"
    return ArgumentError(Int(index) - tables, got)
  }

  /// The value of an option given by name, left on the stack (it may be a function that is called later); nil where it is absent.
  private func findOption(_ name: String) -> Int32? {
    if stack.rawGet(options, name) == .nil {
      stack.pop()
      return nil
    }
    return stack.top
  }

  mutating func takeOne<T: LuaValue>() throws -> T {
    let index = parameter
    parameter += 1
    let kind = signature.kinds[index]
    if kind != .named, next <= last {
      let at = next
      next += 1
      if kind == .required || lua_type(stack.L, at) != LUA_TNIL {
        do { return try T.decode(stack, at) } catch let error as TypeMismatch { throw mismatch(error, at: at) }
      }
    }
    if options != 0, let at = findOption(signature.parameters[index].name) {
      do { return try T.decode(stack, at) } catch let error as TypeMismatch {
        let got = error.detail ?? "\(error.expected) expected, got \(stack.given(at: at))"
        throw LuaError("\(signature.name): bad option '\(signature.parameters[index].name)' (\(got))")
      }
    }
    if let fallback = signature.fallbacks[index] { return unsafeDowncast(fallback, to: Fallback<T>.self).value }
    throw ArgumentError(position, "\(T.luaName) expected, got no value")
  }

  mutating func takeRest() -> Range<Int32> {
    parameter += 1
    let range = next..<max(next, last + 1)
    next = last + 1
    return range
  }

  /// For a type that takes as many of the coming arguments as are of its kind: positions of all that are left.
  public var remaining: Range<Int32> { next..<max(next, last + 1) }
  /// Says that the first `count` of `remaining` and the current parameter are taken.
  public mutating func advance(_ count: Int32) {
    next += count
    parameter += 1
  }
  /// The position of the coming argument as the caller counts it.
  public var position: Int { Int(next) - tables }
  /// 1 where the arguments stand in one table: it lies below them on the stack.
  private var tables: Int { options == 1 && signature.mixed && last >= 1 && next > 1 ? 1 : 0 }

  /// More arguments than the function takes are an error, unless they are nil.
  private func checkCount() throws {
    for index in next + signature.positional...last where lua_type(stack.L, index) != LUA_TNIL {
      throw LuaError("\(signature.name): too many arguments (at most \(signature.positional), got \(Int(last) - tables))")
    }
  }
}

/// The name nearest to `name` by edit distance (two letters exchanged are one edit), where one is near enough to be meant.
package func closest(to name: String, in known: some Sequence<String>) -> String? {
  let wanted = Array(name.lowercased().utf8)
  var best: (distance: Int, name: String)?
  for candidate in known where abs(candidate.utf8.count - wanted.count) <= 3 {
    let other = Array(candidate.lowercased().utf8)
    var row = Array(0...other.count), above = row, earlier = row
    for (i, a) in wanted.enumerated() {
      (earlier, above) = (above, row)
      row[0] = i + 1
      for (j, b) in other.enumerated() {
        row[j + 1] = min(min(above[j + 1], row[j]) + 1, above[j] + (a == b ? 0 : 1))
        if i > 0, j > 0, a == other[j - 1], b == wanted[i - 1] { row[j + 1] = min(row[j + 1], earlier[j - 1] + 1) }
      }
    }
    let distance = row[other.count]
    if distance <= max(1, wanted.count / 3), distance < (best?.distance ?? .max) { best = (distance, candidate) }
  }
  return best?.name
}
