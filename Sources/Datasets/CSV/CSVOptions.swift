internal import LuaBridge

/// A column as scripts name it: by its header, or by its place (from 1; from the end by −1).
enum ColumnName: LuaValue {
  case name(String), place(Int)
  static var luaName: String { "column" }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> ColumnName {
    if let name = stack.string(at: index) { return .name(name) }
    if let place = stack.integer(at: index) { return .place(place) }
    throw TypeMismatch(luaName, detail: "a column's name or number expected, got \(stack.typeName(at: index))")
  }
  func push(_ stack: LuaStack) {
    switch self {
    case .name(let name): stack.push(name)
    case .place(let place): stack.push(place)
    }
  }
  var luaLiteral: String {
    switch self {
    case .name(let name): name.luaLiteral
    case .place(let place): place.luaLiteral
    }
  }
}

/// true, false or "auto".
enum HeaderOption: LuaValue {
  case present, absent, auto
  static var luaName: String { "true, false or \"auto\"" }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> HeaderOption {
    if stack.type(at: index) == .boolean { return stack.boolean(at: index) ? .present : .absent }
    if stack.string(at: index) == "auto" { return .auto }
    throw TypeMismatch(luaName)
  }
  func push(_ stack: LuaStack) { stack.push(luaLiteral) }
  var luaLiteral: String { self == .auto ? "\"auto\"" : self == .present ? "true" : "false" }
}

/// What is done where a value is missing.
enum MissingOption: LuaValue, Equatable {
  case error, nan, mean, drop, value(Double)
  static var luaName: String { "\"error\", \"nan\", \"mean\", \"drop\" or number" }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> MissingOption {
    if let number = stack.number(at: index) { return .value(number) }
    switch stack.string(at: index) {
    case "error": return .error
    case "nan": return .nan
    case "mean": return .mean
    case "drop": return .drop
    default: throw TypeMismatch(luaName, detail: stack.string(at: index).map { "\(luaName) expected, got \"\($0)\"" })
    }
  }
  func push(_ stack: LuaStack) { stack.push(luaLiteral) }
  var luaLiteral: String {
    switch self {
    case .error: "\"error\""
    case .nan: "\"nan\""
    case .mean: "\"mean\""
    case .drop: "\"drop\""
    case .value(let number): number.luaLiteral
    }
  }
}

/// Which column is t.
enum TargetOption: LuaValue {
  case last, none, one(ColumnName), list([ColumnName])
  static var luaName: String { "column, list of columns or false" }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> TargetOption {
    switch stack.type(at: index) {
    case .boolean where !stack.boolean(at: index): return .none
    case .table: return .list(try [ColumnName].decode(stack, index))
    case .string, .number: return .one(try ColumnName.decode(stack, index))
    default: throw TypeMismatch(luaName)
    }
  }
  func push(_ stack: LuaStack) { stack.push(luaLiteral) }
  var luaLiteral: String {
    switch self {
    case .last: "-1"
    case .none: "false"
    case .one(let column): column.luaLiteral
    case .list(let columns): columns.luaLiteral
    }
  }
}

/// Whether t is labels: true, or the list of classes in the order of their labels; false for numbers.
enum ClassesOption: LuaValue {
  case auto, never, found, list([String])
  static var luaName: String { "boolean or list of strings" }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> ClassesOption {
    if stack.type(at: index) == .boolean { return stack.boolean(at: index) ? .found : .never }
    guard stack.type(at: index) == .table else { throw TypeMismatch(luaName) }
    var names: [String] = []
    for position in 0..<stack.length(at: index) {
      stack.rawGet(index, position + 1)
      defer { stack.pop() }
      if let name = stack.string(at: -1) ?? stack.number(at: -1)?.luaLiteral { names.append(name) } else { throw TypeMismatch(luaName) }
    }
    return .list(names)
  }
  func push(_ stack: LuaStack) { stack.push(luaLiteral) }
  var luaLiteral: String {
    switch self {
    case .auto: "nil"
    case .never: "false"
    case .found: "true"
    case .list(let names): names.luaLiteral
    }
  }
}

/// One letter of ASCII, or false for none.
struct LetterOption: LuaValue {
  /// 0 for none.
  var byte: UInt8
  static var luaName: String { "string or false" }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> LetterOption {
    if stack.type(at: index) == .boolean, !stack.boolean(at: index) { return LetterOption(byte: 0) }
    guard let text = stack.string(at: index) else { throw TypeMismatch(luaName) }
    guard text.utf8.count == 1, let byte = text.utf8.first, byte < 0x80, byte != 0, byte != 10, byte != 13 else {
      throw TypeMismatch(luaName, detail: "one letter of ASCII expected, got \(text.utf8.count > 20 ? "a string of \(text.utf8.count) bytes" : text.debugDescription)")
    }
    return LetterOption(byte: byte)
  }
  func push(_ stack: LuaStack) { stack.push(luaLiteral) }
  var luaLiteral: String { byte == 0 ? "false" : byte == UInt8(ascii: "\"") ? "'\"'" : "\"\(Character(Unicode.Scalar(byte)))\"" }
}
