internal import LuaBridge

/// Numbers as colours: viridis from the least to the greatest; where signs differ, coolwarm with 0 in its middle.
struct HeatScale {
  private let map: Colormap
  private let low: Double
  private let high: Double
  private let table: [Int]

  init(_ range: ValueRange) {
    if range.low < 0, range.high > 0 {
      map = .coolwarm
      high = max(-range.low, range.high)
      low = -high
    } else {
      map = .viridis
      (low, high) = (range.low, range.high)
    }
    table = map.table
  }

  func colour(_ value: Double) -> Int {
    // Halves, for the distance of the greatest numbers is more than the greatest number.
    let share = high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0
    return table[Int(min(max(share, 0), 1) * 255 + 0.5)]
  }

  /// Which colour stands for which number.
  var html: String {
    let stops = map.points.map { point in
      let digits = String(point, radix: 16)
      return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }
    return "<div style=\"display:flex;gap:.5em;align-items:center;font-size:smaller\"><span>\(shortNumber(low))</span>"
      + "<span style=\"width:8em;height:.7em;background:linear-gradient(to right,\(stops.joined(separator: ",")))\"></span><span>\(shortNumber(high))</span></div>"
  }
}

/// A matrix as a picture. Of one with many numbers each pixel is the mean of a block; what is no number stays clear.
struct HeatMap {
  private static let mostPixels = 128
  private let picture: SmallPicture
  private let block: (height: Int, width: Int)
  private let size: (height: Int, width: Int)

  /// - x: contiguous; the matrix begins `offset` elements behind its first.
  /// - edge: the longer side, in the page's pixels.
  init(_ x: Tensor, _ offset: Int, _ height: Int, _ width: Int, _ scale: HeatScale, edge: Int) {
    let block = (height: (height + Self.mostPixels - 1) / Self.mostPixels, width: (width + Self.mostPixels - 1) / Self.mostPixels)
    let down = (height + block.height - 1) / block.height, across = (width + block.width - 1) / block.width
    var picture = SmallPicture(width: across, height: down)
    x.type.dispatch { type in Self.fill(&picture, x, type, offset, (height, width), block, scale) }
    self.picture = picture
    self.block = block
    let zoom = max((height == 1 ? 2 * edge : edge) / max(down, across), 1)
    // A row alone is drawn high enough to be seen.
    size = (max(down * zoom, 16), max(across * zoom, 16))
  }

  private static func fill<E: Element>(
    _ picture: inout SmallPicture, _ x: Tensor, _: E.Type, _ offset: Int, _ matrix: (height: Int, width: Int), _ block: (height: Int, width: Int), _ scale: HeatScale
  ) {
    let base = x.pointer(E.self) + offset
    for y in 0..<picture.height {
      for column in 0..<picture.width {
        var sum = 0.0, count = 0.0
        for i in y * block.height..<min((y + 1) * block.height, matrix.height) {
          for j in column * block.width..<min((column + 1) * block.width, matrix.width) {
            let value = base[i * matrix.width + j].number
            guard value.isFinite else { continue }
            sum += value
            count += 1
          }
        }
        if count > 0 { picture[column, y] = scale.colour(sum / count) }
      }
    }
  }

  var html: String {
    let note = block.height * block.width > 1 ? HTML.note("each pixel is the mean of \(block.height) × \(block.width) numbers") : ""
    return HTML.picture(png: picture.png, width: size.width, height: size.height, label: "heat map") + note
  }
}
