internal import LuaBridge

/// A choice among names, written in scripts as text.
protocol NamedChoice: RawRepresentable, CaseIterable, LuaValue where RawValue == String {
  static var noun: String { get }
}

extension NamedChoice {
  static var luaName: String { choices }
  static var choices: String { allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ") }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Self {
    guard let text = stack.string(at: index) else { throw TypeMismatch(noun) }
    guard let choice = Self(rawValue: text) else { throw TypeMismatch(noun, detail: "'\(text)' is no \(noun): \(choices) are") }
    return choice
  }
  func push(_ stack: LuaStack) { stack.push(rawValue) }
  var luaLiteral: String { "\"\(rawValue)\"" }
}

/// How a line is broken.
enum LineStyle: String, NamedChoice {
  case solid = "-", dashed = "--", dotted = ":", dashdotted = "-.", none
  static var noun: String { "line style" }
  /// gnuplot's dash types.
  var dash: String {
    switch self {
    case .dashed: "'--'"
    case .dotted: "'.'"
    case .dashdotted: "'-.'"
    case .solid, .none: "solid"
    }
  }
}

/// What stands at a point.
enum Marker: String, NamedChoice {
  case circle = "o", square = "s", triangle = "^", down = "v", diamond = "d", cross = "x", plus = "+", star = "*", dot = "."
  static var noun: String { "marker" }
  /// gnuplot's point types, the same on its cairo and SVG terminals.
  var type: Int {
    switch self {
    case .circle, .dot: 7
    case .square: 5
    case .triangle: 9
    case .down: 11
    case .diamond: 13
    case .cross: 2
    case .plus: 1
    case .star: 3
    }
  }
  var scale: Double { self == .dot ? 0.35 : 1 }

  /// gnuplot's point type for curve or class `i`, from 0: on terminals of characters each has a letter of its own.
  func command(_ i: Int, isText: Bool) -> String {
    let letters = ["o", "x", "+", "@", "%", "&", "$", "="]
    return isText ? "pointtype '\(letters[i % letters.count])'" : "pointtype \(type)"
  }

  /// `true` is a dot at each point.
  struct Option: LuaValue {
    static var luaName: String { "boolean, \(Marker.choices)" }
    var marker: Marker?
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> Option {
      if stack.type(at: index) == .boolean { return Option(marker: stack.boolean(at: index) ? .circle : nil) }
      return Option(marker: try Marker.decode(stack, index))
    }
    func push(_ stack: LuaStack) { marker.push(stack) }
    var luaLiteral: String { marker?.luaLiteral ?? "false" }
  }
}

/// Bounds of options that several kinds of layers have.
enum Limits {
  static func alpha(_ value: Double, _ function: String) throws {
    guard 0...1 ~= value else { throw LuaError("\(function): alpha must be from 0 (not seen) to 1, got \(value.luaLiteral)") }
  }
  static func width(_ value: Double, _ function: String) throws {
    guard 0.1...100 ~= value else { throw LuaError("\(function): width must be from 0.1 to 100, got \(value.luaLiteral)") }
  }
  static func size(_ value: Double, _ function: String) throws {
    guard 0.05...50 ~= value else { throw LuaError("\(function): size must be from 0.05 to 50, got \(value.luaLiteral)") }
  }
}
