internal import LuaBridge
internal import Tensors

/// One image, or a batch of them side by side; all share one scale from their smallest to their largest number.
struct ImageGrid {
  /// Rows of numbers; three planes (red, green, blue, 0 to 1) or one that the colormap colours.
  struct Image {
    var planes: [[Double]]
  }
  let images: [Image]
  let height: Int
  let width: Int
  let colormap: Colormap
  let titles: [String]
  let columns: Int
  /// The smallest and largest finite number, where the colormap is used.
  let range: (low: Double, high: Double)

  var rows: Int { (images.count + columns - 1) / columns }
  private var titleHeight: Int { titles.isEmpty ? 0 : 20 }
  private static let gap = 4

  /// An image alone is drawn large, those of a grid smaller: about 96 pixels, small ones by whole factors.
  private var cell: (width: Int, height: Int) {
    let target = images.count == 1 ? 400.0 : 96.0
    let exact = target / Double(max(width, height))
    let factor = exact >= 1 ? exact.rounded(.down) : exact
    return (max(Int(Double(width) * factor), 4), max(Int(Double(height) * factor), 4))
  }
  var naturalSize: (width: Int, height: Int) {
    let cell = cell
    return (min(columns * (cell.width + Self.gap) + Self.gap, 8192), min(rows * (cell.height + titleHeight + Self.gap) + Self.gap, 8192))
  }

  /// Each image is its own plot, its place fixed by margins: pixels stay square whatever the figure's size.
  func draw(_ script: inout Script, _ region: Region, _ size: (width: Int, height: Int)) {
    script.add(colormap.palette)
    script.add("set cbrange [\(range.low):\(range.high > range.low ? range.high : range.low + 1)]")
    script.add("unset border\nunset tics\nunset key\nunset colorbox")
    script.add("set xrange [-0.5:\(Double(width) - 0.5)]\nset yrange [\(Double(height) - 0.5):-0.5]")
    let across = Double(size.width), down = Double(size.height)
    let box = (width: (region.right - region.left) * across / Double(columns), height: (region.top - region.bottom) * down / Double(rows))
    let gap = Double(Self.gap), room = Double(titleHeight)
    let scale = max(min((box.width - gap) / Double(width), (box.height - gap - room) / Double(height)), 0.01)
    let drawn = (width: Double(width) * scale, height: Double(height) * scale)
    for (i, image) in images.enumerated() {
      let left = region.left * across + (Double(i % columns) + 0.5) * box.width - drawn.width / 2
      let top = region.top * down - Double(i / columns) * box.height - (box.height - drawn.height - room) / 2
      if !titles.isEmpty {
        script.add("set label 2 \(Script.quoted(titles[i])) at screen \((left + drawn.width / 2) / across), screen \((top - room / 2) / down) center")
      }
      script.add("set lmargin at screen \(left / across)\nset rmargin at screen \((left + drawn.width) / across)")
      script.add("set tmargin at screen \((top - room) / down)\nset bmargin at screen \((top - room - drawn.height) / down)")
      let width = width, height = height
      if image.planes.count == 1 {
        let plane = image.planes[0]
        let data = script.data((0..<height).lazy.map { Array(plane[$0 * width..<($0 + 1) * width]) })
        script.add("plot \(data) matrix with image notitle")
      } else {
        let pixels = (0..<height * width).lazy.map { at in
          [Double(at % width), Double(at / width)] + image.planes.map { ($0[at].isFinite ? min(max($0[at], 0), 1) * 255 : 0).rounded() }
        }
        let data = script.data(pixels)
        script.add("plot \(data) using 1:2:3:4:5 with rgbimage notitle")
      }
      script.add("unset label 1\nunset label 2")
    }
  }

  // MARK: from tensors

  private static let most = 1000

  init(_ tensor: Tensor, colormap: Colormap, titles: [String]?, columns: Int?, title: String?) throws {
    let shape = tensor.shape.array
    let (count, channels, height, width): (Int, Int, Int, Int)
    switch shape.count {
    case 2: (count, channels, height, width) = (1, 1, shape[0], shape[1])
    case 3 where shape[0] == 1 || shape[0] == 3: (count, channels, height, width) = (1, shape[0], shape[1], shape[2])
    case 3: (count, channels, height, width) = (shape[0], 1, shape[1], shape[2])
    case 4 where shape[1] == 1 || shape[1] == 3: (count, channels, height, width) = (shape[0], shape[1], shape[2], shape[3])
    default:
      throw LuaError(
        "imshow: expected a matrix {H,W}, an image {1,H,W} or {3,H,W}, or a batch {N,H,W}, {N,1,H,W} or {N,3,H,W}, got \(tensor.shape)")
    }
    guard tensor.count > 0 else { throw LuaError("imshow: there is nothing to draw in a tensor of shape \(tensor.shape)") }
    guard count <= Self.most else { throw LuaError("imshow: \(count) images are too many for one figure; take a part, x[{ {1, 100} }]") }
    guard height * width <= 1 << 24 else { throw LuaError("imshow: an image of \(height) x \(width) is too large to draw") }
    if let titles, titles.count != count { throw LuaError("imshow: \(titles.count) titles for \(count) image\(count == 1 ? "" : "s")") }
    if let columns, columns < 1 { throw LuaError("imshow: cols must be at least 1, got \(columns)") }
    let values = try tensor.values()
    let area = height * width
    let factor = channels == 3 && tensor.type == .uint8 ? 1.0 / 255 : 1  // colours of bytes are 0 to 255, of floats 0 to 1
    var low = Double.infinity, high = -Double.infinity
    images = (0..<count).map { image in
      Image(planes: (0..<channels).map { channel in values[(image * channels + channel) * area..<(image * channels + channel + 1) * area].map { $0 * factor } })
    }
    for value in values where value.isFinite {
      low = min(low, value)
      high = max(high, value)
    }
    guard low <= high else { throw LuaError("imshow: none of the numbers is finite") }
    range = (low, high)
    self.height = height
    self.width = width
    self.colormap = colormap
    self.titles = titles ?? []
    self.columns = min(columns ?? min(max(Int(Double(count).squareRoot().rounded(.up)), 1), 10), count)
  }

  static let rows: [Row] = [
    Row(
      "imshow",
      "Draws a matrix {H,W}, an image {C,H,W} or a batch {N,C,H,W} as a grid; C is 1 (the colormap's colours, from the smallest number to the largest) or 3 (red, green, blue).",
      Param("figure", Figure.self), Param("x", Tensor.self), Param.option("colormap", default: Colormap.gray, "\"gray\", \"viridis\", \"coolwarm\" or \"hot\""),
      Param.option("titles", default: [Caption]?.none, "one for each image"), Param.option("cols", default: Int?.none, "images in a row"),
      Param.option("title", default: String?.none, "above everything"), place: .method,
      example: "return require('nnlua.plot').figure():imshow(T.zeros(6, 1, 8, 8), {cols = 3})"
    ) { figure, x, colormap, titles, columns, title in
      guard figure.panel.isEmpty else { throw LuaError("imshow: this figure is drawn into already; draw into another one, made by plot.figure()") }
      figure.panel.images = try ImageGrid(x, colormap: colormap, titles: titles?.map(\.text), columns: columns, title: title)
      if let title { figure.title = title }
      return figure
    }
  ]
}
