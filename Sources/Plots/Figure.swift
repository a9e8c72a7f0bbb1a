public import LuaBridge

/// A picture under way: panels with what is drawn in them. Nothing is computed before `save` or `show`.
public final class Figure: LuaObject, @unchecked Sendable {
  public static var luaName: String { "Figure" }
  public static var keepsIdentity: Bool { true }
  public var luaClass: LuaClass { Self.figureClass }

  /// In pixels; nil leaves the choice to what is drawn.
  private let width: Int?
  private let height: Int?
  /// Above everything.
  let title: String?
  /// The grid that `subplot(i)` counts in.
  let rows: Int
  let columns: Int
  private(set) var panels: [Panel] { didSet { isShown = false } }
  private var current = 0
  /// Of the layers' numbers, which Lua's collector is told of.
  private var bytes = 0

  init(width: Int?, height: Int?, title: String?, rows: Int, columns: Int) throws {
    for (name, size) in [("width", width), ("height", height)] {
      if let size, !(16...8192 ~= size) { throw LuaError("figure: \(name) must be from 16 to 8192 pixels, got \(size)") }
    }
    guard 1...Self.mostPanels ~= rows, 1...Self.mostPanels ~= columns else {
      throw LuaError("figure: rows and cols must be from 1 to \(Self.mostPanels), got \(rows) and \(columns)")
    }
    self.width = width
    self.height = height
    self.title = title
    self.rows = rows
    self.columns = columns
    var first = Panel()
    (first.rows, first.columns) = (rows, columns)
    panels = [first]
  }
  deinit {
    isShown = false
    ExternalMemory.remove(bytes)
  }
  static let mostPanels = 20

  nonisolated(unsafe) private static var shown: Set<ObjectIdentifier> = []
  /// Shown as it is since the running cell began: where it is the cell's value too, it need not be shown again.
  package var isShown: Bool {
    get { Self.shown.contains(ObjectIdentifier(self)) }
    set { if newValue { Self.shown.insert(ObjectIdentifier(self)) } else { Self.shown.remove(ObjectIdentifier(self)) } }
  }
  /// A cell begins.
  package static func forgetShown() { shown = [] }

  /// The panel at hand.
  var panel: Panel {
    get { panels[current] }
    set { panels[current] = newValue }
  }

  /// Makes place `index` of a grid the panel at hand.
  func choose(rows: Int, columns: Int, index: Int) {
    if let known = panels.firstIndex(where: { $0.rows == rows && $0.columns == columns && $0.index == index }) {
      current = known
      return
    }
    var next = Panel()
    (next.rows, next.columns, next.index) = (rows, columns, index)
    // The panel that every figure begins with goes where nothing was drawn in it.
    if panels.count == 1, panels[0].isEmpty, panels[0].title == nil, panels[0].index == 0 { panels.removeAll() }
    panels.append(next)
    current = panels.count - 1
  }

  /// Puts a layer into the panel at hand.
  func add(_ function: String, bytes: Int, _ make: (inout Panel) throws -> any Layer) throws {
    var panel = panel
    if let images = panel.images, images.images.count > 1 {
      throw LuaError("\(function): this figure holds a grid of images; draw into another one, made by plot.figure()")
    }
    guard panel.surfaces.isEmpty, panel.graph == nil else { throw Self.isTaken(function) }
    let layer = try make(&panel)
    panel.layers.append(layer)
    self.panel = panel
    hold(bytes)
  }
  static func isTaken(_ function: String) -> LuaError { LuaError("\(function): this figure is drawn into already; draw into another one, made by plot.figure()") }

  func hold(_ bytes: Int) {
    self.bytes += bytes
    ExternalMemory.add(bytes)
  }

  // MARK: size

  static func height(of text: String, line: Int) -> Int { text.split(separator: "\n", omittingEmptySubsequences: false).count * line + 8 }
  private var headingHeight: Int { title.map { Self.height(of: $0, line: 22) } ?? 0 }

  /// Size in pixels.
  var size: (width: Int, height: Int) {
    let alone = panels.count == 1 && panels[0].rows * panels[0].columns == 1
    let sizes = panels.map { panel in
      let size = panel.naturalSize(alone: alone)
      return (width: size.width * panel.columns, height: size.height * panel.rows)
    }
    let widest = sizes.map(\.width).max() ?? 640, tallest = sizes.map(\.height).max() ?? 480
    return (width ?? min(max(widest, 160), 2400), height ?? min(tallest, 8000) + headingHeight)
  }

  // MARK: script

  /// The panels that hold something.
  /// - Errors: none does.
  func drawn(for function: String) throws -> [Panel] {
    let panels = panels.filter { !$0.isEmpty }
    guard !panels.isEmpty else { throw LuaError("\(function): the figure is empty: draw into it first, by line, scatter, imshow or another") }
    return panels
  }

  /// The commands that draw panels on a gnuplot terminal of this size in pixels.
  func script(terminal: String, size: (width: Int, height: Int), panels: [Panel], title: String?, isText: Bool = false) throws -> Script {
    var script = Script()
    script.add("set terminal \(terminal)")
    script.add("set encoding utf8")
    script.add("set multiplot")
    var top = 1.0
    if let title {
      let height = Double(headingHeight) / Double(size.height)
      top -= height
      script.add("set label 3 \(Script.quoted(title)) at screen 0.5, screen \(1 - height / 2) center font ',14'")
      // A label is drawn with a plot: one that shows nothing else.
      script.add("unset border\nunset tics\nunset key\nset xrange [0:1]\nset yrange [0:1]\nplot NaN notitle\nunset label 3")
    }
    for panel in panels {
      let (row, column) = (panel.index / panel.columns, panel.index % panel.columns)
      let width = 1 / Double(panel.columns), height = top / Double(panel.rows)
      let region = Region(left: width * Double(column), bottom: top - height * Double(row + 1), right: width * Double(column + 1), top: top - height * Double(row))
      try panel.draw(&script, region, size, isText: isText)
    }
    script.add("unset multiplot")
    return script
  }

  /// The whole text of titles, labels and names: fonts are chosen by its letters.
  var texts: [String] {
    var texts = [title].compactMap { $0 }
    for panel in panels {
      texts += [panel.title, panel.xLabel, panel.yLabel, panel.zLabel, panel.colourBar].compactMap { $0 }
      for layer in panel.layers {
        texts += layer.names
        if let annotation = layer as? Annotation { texts.append(annotation.text) }
        for ticks in [layer.ticks.x, layer.ticks.y] { texts += (ticks ?? []).map(\.text) }
      }
      for ticks in [panel.xTicks, panel.yTicks] { texts += (ticks ?? []).map(\.text) }
      texts += panel.images?.titles ?? []
      for node in panel.graph?.nodes ?? [] { texts += node.lines }
    }
    return texts
  }
}
