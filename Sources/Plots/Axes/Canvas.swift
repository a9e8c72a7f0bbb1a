/// What a layer draws on: the axes it stands between, and the commands gathered so far.
struct Canvas {
  var script: Script
  let x: Axis
  let y: Axis
  /// About the size of the area between the axes, in pixels.
  let pixels: (width: Int, height: Int)
  /// The picture is made of characters.
  let isText: Bool

  /// The entries of the plot command, and the binary data they read, in their order.
  private(set) var parts: [String] = []
  private(set) var raw: [UInt8] = []
  /// Where something has been drawn: the legend looks for a free place.
  private(set) var taken = Occupancy()

  init(_ script: Script, _ x: Axis, _ y: Axis, pixels: (width: Int, height: Int), isText: Bool) {
    self.script = script
    self.x = x
    self.y = y
    self.pixels = pixels
    self.isText = isText
  }

  /// One entry of the plot command; `title` names it in the legend.
  mutating func plot(_ what: String, title: String? = nil) {
    parts.append("\(what) \(title.map { "title \(Script.quoted($0))" } ?? "notitle")")
  }

  /// Points in values, as places; what has no place becomes NaN.
  func places(_ x: [Double], _ y: [Double]) -> [(Double, Double)] {
    zip(x, y).map { (self.x.place($0), self.y.place($1)) }
  }

  mutating func take(_ x: Double, _ y: Double) { taken.add(self.x.share(x), self.y.share(y)) }
  mutating func take(from a: (Double, Double), to b: (Double, Double)) { taken.add(from: (x.share(a.0), y.share(a.1)), to: (x.share(b.0), y.share(b.1))) }
  /// Everything between two corners.
  mutating func take(boxFrom a: (Double, Double), to b: (Double, Double)) { taken.add(box: (x.share(a.0), y.share(a.1)), (x.share(b.0), y.share(b.1))) }

  /// An image whose pixels fill a box of places from its lower left corner; nil pixels show what is behind.
  mutating func image(_ colours: [Colour?], width: Int, height: Int, from low: (Double, Double), to high: (Double, Double)) {
    let step = ((high.0 - low.0) / Double(width), (high.1 - low.1) / Double(height))
    let hasGaps = colours.contains { $0 == nil }
    raw.reserveCapacity(raw.count + colours.count * 4)
    for colour in colours {
      let (r, g, b) = colour?.channels ?? (255, 255, 255)
      raw += [UInt8(r), UInt8(g), UInt8(b)]
      if hasGaps { raw.append(colour == nil ? 0 : 255) }
    }
    plot(
      "'-' binary array=(\(width),\(height)) origin=(\(low.0 + step.0 / 2),\(low.1 + step.1 / 2)) dx=\(step.0) dy=\(step.1) "
        + "format='\(String(repeating: "%uchar", count: hasGaps ? 4 : 3))' using \(hasGaps ? "1:2:3:4 with rgbalpha" : "1:2:3 with rgbimage")")
  }
}

/// A coarse map of what has been drawn.
struct Occupancy {
  static let size = 60
  private var cells = [Bool](repeating: false, count: size * size)

  mutating func add(_ x: Double, _ y: Double) {
    guard 0...1 ~= x, 0...1 ~= y else { return }
    cells[min(Int(y * Double(Self.size)), Self.size - 1) * Self.size + min(Int(x * Double(Self.size)), Self.size - 1)] = true
  }
  mutating func add(from a: (Double, Double), to b: (Double, Double)) {
    let length = max(abs(b.0 - a.0), abs(b.1 - a.1))
    guard length.isFinite else { return }
    let steps = max(Int(min(length, 20) * Double(Self.size)), 1)
    for i in 0...steps {
      let t = Double(i) / Double(steps)
      add(a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t)
    }
  }
  mutating func add(box a: (Double, Double), _ b: (Double, Double)) {
    let (left, right) = (max(min(a.0, b.0), 0), min(max(a.0, b.0), 1)), (bottom, top) = (max(min(a.1, b.1), 0), min(max(a.1, b.1), 1))
    guard left <= right, bottom <= top else { return }
    let n = Double(Self.size)
    for row in Int(bottom * n)...min(Int(top * n), Self.size - 1) where row < Self.size {
      for column in Int(left * n)...min(Int(right * n), Self.size - 1) where column < Self.size { cells[row * Self.size + column] = true }
    }
  }

  /// How many cells of a box are taken.
  func count(_ x: ClosedRange<Double>, _ y: ClosedRange<Double>) -> Int {
    let n = Double(Self.size)
    let columns = max(Int(x.lowerBound * n), 0)..<max(min(Int((x.upperBound * n).rounded(.up)), Self.size), 0)
    let rows = max(Int(y.lowerBound * n), 0)..<max(min(Int((y.upperBound * n).rounded(.up)), Self.size), 0)
    var count = 0
    for row in rows { for column in columns where cells[row * Self.size + column] { count += 1 } }
    return count
  }
}
