internal import LuaBridge
internal import Tensors

/// Numbers to draw: a tensor of one dim or a list.
struct Series: LuaValue {
  static var luaName: String { "Tensor or list of numbers" }
  var values: [Double]

  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Series {
    if let tensor = stack.object(at: index) as? Tensor {
      guard tensor.rank == 1 else { throw TypeMismatch(luaName, detail: "a tensor of one dim expected, got \(tensor.shape)") }
      return Series(values: try tensor.values())
    }
    guard stack.type(at: index) == .table else { throw TypeMismatch(luaName) }
    return Series(values: try [Double].decode(stack, index))
  }
  func push(_ stack: LuaStack) { values.push(stack) }
}

/// A text, or a number written as one.
struct Caption: LuaValue {
  static var luaName: String { "string" }
  var text: String

  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Caption {
    if let text = stack.string(at: index) { return Caption(text: text) }
    if stack.type(at: index) == .number { return Caption(text: try stack.description(at: index)) }
    throw TypeMismatch(luaName)
  }
  func push(_ stack: LuaStack) { stack.push(text) }
}

/// A colour's name or "#rrggbb", as gnuplot takes it.
struct Colour: LuaValue {
  static var luaName: String { "colour" }
  var name: String

  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Colour {
    guard let name = stack.string(at: index) else { throw TypeMismatch("colour (a name such as \"red\", or \"#rrggbb\")") }
    let hex = name.hasPrefix("#") && name.utf8.count == 7 && name.dropFirst().allSatisfy { $0.isASCII && $0.isHexDigit }
    guard hex || known.contains(name) else {
      let hint = closest(to: name, in: known.sorted()).map { "; did you mean \"\($0)\"?" } ?? ""
      throw TypeMismatch("colour", detail: "'\(name)' is no colour: give \"#rrggbb\" or a name such as \"steelblue\"\(hint)")
    }
    return Colour(name: name)
  }
  func push(_ stack: LuaStack) { stack.push(name) }

  /// gnuplot's names (`show colornames`) but for shades that differ by a number.
  private static let known: Set<String> = [
    "antiquewhite", "aquamarine", "beige", "bisque", "black", "blue", "brown", "chartreuse", "coral", "cyan", "dark-blue", "dark-chartreuse",
    "dark-cyan", "dark-goldenrod", "dark-gray", "dark-green", "dark-grey", "dark-khaki", "dark-magenta", "dark-olivegreen", "dark-orange",
    "dark-pink", "dark-plum", "dark-red", "dark-salmon", "dark-spring-green", "dark-turquoise", "dark-violet", "dark-yellow", "forest-green", "gold",
    "goldenrod", "gray", "green", "greenyellow", "grey", "honeydew", "khaki", "lemonchiffon", "light-blue", "light-coral", "light-cyan",
    "light-goldenrod", "light-gray", "light-green", "light-grey", "light-magenta", "light-pink", "light-red", "light-salmon", "light-turquoise",
    "magenta", "medium-blue", "midnight-blue", "navy", "olive", "orange", "orange-red", "orchid", "pink", "plum", "purple", "red", "royalblue",
    "salmon", "sandybrown", "sea-green", "seagreen", "skyblue", "slategray", "slategrey", "spring-green", "steelblue", "turquoise", "violet",
    "web-blue", "web-green", "white", "yellow",
  ]
}
