/// Something drawn on axes.
protocol Layer: Sendable {
  /// What stands in the legend for it; empty where it has no name.
  var names: [String] { get }
  /// Takes another name, given to the legend.
  mutating func rename(_ name: String)
  /// What it takes of the axes.
  func extend(_ bounds: inout Bounds)
  func draw(_ canvas: inout Canvas)
  /// The colours that a colour bar explains.
  var colours: ColourScale? { get }
  /// Names along the axes, such as those of bars.
  var ticks: (x: [Tick]?, y: [Tick]?) { get }
}

/// A mark on an axis with its text.
struct Tick {
  let value: Double
  let text: String

  /// gnuplot reads a mark's text with a % in it as a format, and has room for 49 bytes of what that gives.
  var quoted: String {
    guard text.contains("%") else { return Script.quoted(text) }
    var short = text
    while short.utf8.count > 46 { short.removeLast() }
    return Script.quoted((short == text ? text : short + "…").replacing("%", with: "%%"))
  }
}

extension Layer {
  var names: [String] { [] }
  mutating func rename(_ name: String) {}
  var colours: ColourScale? { nil }
  var ticks: (x: [Tick]?, y: [Tick]?) { (nil, nil) }
}

/// A layer with one name and one colour.
protocol NamedLayer: Layer {
  var label: String? { get set }
}

extension NamedLayer {
  var names: [String] { label.map { [$0] } ?? [] }
  mutating func rename(_ name: String) { label = name }
}
