package import LuaBridge
package import Tensors

extension Colormap: LuaValue {
  package static var luaName: String { "colormap" }
  /// For the documentation of a `colormap` option.
  static let choices = allCases.map(\.luaLiteral).joined(separator: ", ")

  package static func decode(_ stack: LuaStack, _ index: Int32) throws -> Colormap {
    guard let name = stack.string(at: index) else { throw TypeMismatch(luaName) }
    guard let map = Colormap(rawValue: name) else {
      throw TypeMismatch(luaName, detail: "'\(name)' is no colormap: \(allCases.map(\.rawValue).joined(separator: ", ")) are")
    }
    return map
  }
  package func push(_ stack: LuaStack) { stack.push(rawValue) }
  package var luaLiteral: String { "\"\(rawValue)\"" }

  /// gnuplot's palette.
  var palette: String { "set palette defined (" + points.enumerated().map { "\($0) '\(Colour($1).hex)'" }.joined(separator: ", ") + ")" }
}

/// Numbers shown as colours: from `low` at the colormap's beginning to `high` at its end.
struct ColourScale {
  let colormap: Colormap
  let low: Double
  let high: Double

  /// 256 steps, worked out once: pictures have many pixels.
  private let table: [Colour]

  /// - Errors: a range that is none; no finite number to take it from.
  init(_ colormap: Colormap, _ values: [Double], _ range: Interval?, for function: String) throws {
    var low = Double.infinity, high = -Double.infinity
    if let range {
      (low, high) = (range.low, range.high)
    } else {
      for value in values where value.isFinite {
        low = min(low, value)
        high = max(high, value)
      }
      guard low <= high else { throw LuaError("\(function): none of the numbers is finite") }
    }
    guard (high - low).isFinite else { throw LuaError("\(function): the numbers reach from \(low) to \(high), too far to be coloured; give a {range = {low, high}}") }
    self.colormap = colormap
    self.low = low
    self.high = high
    table = colormap.table.map(Colour.init)
  }

  /// nil for what is not finite.
  func colour(_ value: Double) -> Colour? {
    guard value.isFinite else { return nil }
    guard high > low else { return table[0] }
    return table[Int(min(max((value - low) / (high - low), 0), 1) * 255 + 0.5)]
  }
}
