internal import LuaBridge

/// Rectangles that stand on an axis: bars and histograms.
struct Rectangles: NamedLayer {
  struct Box {
    /// Along the axis they stand on.
    var from, to: Double
    var value: Double
  }
  var boxes: [Box]
  var label: String?
  var colour: Colour
  var alpha: Double
  var isHorizontal: Bool
  /// Names on the axis they stand on.
  var categories: [Tick]?

  var ticks: (x: [Tick]?, y: [Tick]?) { isHorizontal ? (nil, categories) : (categories, nil) }

  func extend(_ bounds: inout Bounds) {
    for box in boxes where box.value.isFinite {
      for edge in [box.from, box.to] { if isHorizontal { bounds.y.add(edge) } else { bounds.x.add(edge) } }
      if isHorizontal {
        bounds.x.add(box.value)
        if bounds.x.scale == .linear { bounds.x.add(edge: 0) }
      } else {
        bounds.y.add(box.value)
        if bounds.y.scale == .linear { bounds.y.add(edge: 0) }
      }
    }
  }

  func draw(_ canvas: inout Canvas) {
    let (across, along) = isHorizontal ? (canvas.y, canvas.x) : (canvas.x, canvas.y)
    // On a log scale bars stand on the axis: 0 has no place there.
    let floor = along.scale == .log ? along.range.lowerBound : 0
    var rows: [[Double]] = []
    for box in boxes {
      let from = across.place(box.from), to = across.place(box.to), top = along.place(box.value)
      guard !from.isNaN, !to.isNaN, !top.isNaN else { continue }
      let middle = (from + to) / 2
      rows.append(isHorizontal ? [top, middle, min(floor, top), max(floor, top), from, to] : [middle, top, from, to, min(floor, top), max(floor, top)])
      if isHorizontal { canvas.take(boxFrom: (floor, from), to: (top, to)) } else { canvas.take(boxFrom: (from, floor), to: (to, top)) }
    }
    if rows.isEmpty { rows = [[Double](repeating: .nan, count: 6)] }
    // A white line between bars, unless it would take most of them.
    let border = rows.count <= 60 ? "border linecolor rgb '#ffffff' linewidth 0.5" : "noborder"
    canvas.plot("\(canvas.script.data(rows)) using 1:2:3:4:5:6 with boxxyerror fillcolor \(colour.command(alpha: alpha)) fillstyle solid \(border)", title: label)
  }
}
