internal import LuaBridge

/// A part of the picture, in fractions of it; (0, 0) is the lower left corner.
struct Region {
  var left, bottom, right, top: Double
}

/// Something drawn on axes: one entry of gnuplot's `plot` command.
protocol Layer: Sendable {
  /// Data blocks it needs, and what stands after `plot`.
  func draw(_ script: inout Script) -> String
  /// Whether it has a name to be listed in the legend.
  var label: String? { get }
}

/// One pair of axes with its layers, or a grid of images.
struct Panel {
  var layers: [any Layer] = []
  var images: ImageGrid?
  var xLabel: String?
  var yLabel: String?
  var xRange: ClosedRange<Double>?
  var yRange: ClosedRange<Double>?

  var isEmpty: Bool { layers.isEmpty && images == nil }
  var naturalSize: (width: Int, height: Int) { images?.naturalSize ?? (640, 480) }
  var summary: String { images.map { "\($0.images.count) image\($0.images.count == 1 ? "" : "s")" } ?? "\(layers.count) layer\(layers.count == 1 ? "" : "s")" }

  func draw(_ script: inout Script, _ region: Region, _ size: (width: Int, height: Int), heading: Bool) throws {
    if let images { return images.draw(&script, region, size) }
    script.add("set origin \(region.left), \(region.bottom)")
    script.add("set size \(region.right - region.left), \(region.top - region.bottom)")
    if let xLabel { script.add("set xlabel \(Script.quoted(xLabel))") }
    if let yLabel { script.add("set ylabel \(Script.quoted(yLabel))") }
    if let xRange { script.add("set xrange [\(xRange.lowerBound):\(xRange.upperBound)]") }
    if let yRange { script.add("set yrange [\(yRange.lowerBound):\(yRange.upperBound)]") }
    script.add(layers.contains { $0.label != nil } ? "set key top right" : "unset key")
    script.add("set grid linetype 1 linewidth 1 linecolor rgb '#dddddd'")
    var parts: [String] = []
    for layer in layers { parts.append(layer.draw(&script)) }
    script.add("plot " + parts.joined(separator: ", "))
  }
}
