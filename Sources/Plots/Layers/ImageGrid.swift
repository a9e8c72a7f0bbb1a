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
  let titles: [String]
  let columns: Int
  /// nil where all images have colours of their own.
  let scale: ColourScale?

  var rows: Int { (images.count + columns - 1) / columns }
  private var titleHeight: Int { titles.isEmpty ? 0 : 20 }
  private static let gap = 4

  /// An image alone is drawn large, those of a grid smaller: about 96 pixels, small ones by whole factors.
  private func cell(alone: Bool) -> (width: Int, height: Int) {
    let target = images.count == 1 ? alone ? 400.0 : 260 : 96
    let exact = target / Double(max(width, height))
    let factor = exact >= 1 ? exact.rounded(.down) : exact
    return (max(Int(Double(width) * factor), 4), max(Int(Double(height) * factor), 4))
  }
  func naturalSize(alone: Bool) -> (width: Int, height: Int) {
    let cell = cell(alone: alone)
    // A title may be wider than its image.
    let letters = titles.map { $0.unicodeScalars.reduce(0) { $0 + ($1.value < 0x1100 ? 8 : 14) } }.max() ?? 0
    let across = max(cell.width, min(letters, 3 * cell.width)) + Self.gap
    return (min(columns * across + Self.gap, 8192), min(rows * (cell.height + titleHeight + Self.gap) + Self.gap, 8192))
  }

  /// Each image is its own plot, its place fixed by margins: pixels stay square whatever the figure's size.
  func draw(_ script: inout Script, _ region: Region, _ size: (width: Int, height: Int), title: String?, colourBar: String?) {
    script.add("unset border\nunset tics\nunset key\nunset colorbox")
    script.add("set xrange [0.5:\(Double(width) + 0.5)]\nset yrange [\(Double(height) + 0.5):0.5]")
    let across = Double(size.width), down = Double(size.height)
    var region = region
    if let title {
      let room = Double(Figure.height(of: title, line: 20)) / down
      script.add("set label 1 \(Script.quoted(title)) at screen \((region.left + region.right) / 2), screen \(region.top - room / 2) center font ',13'")
      region.top -= room
    }
    let bar = colourBar != nil && scale != nil
    let whole = region.right - region.left
    if bar { region.right -= min(80 / across, whole * 0.4) }
    let box = (width: (region.right - region.left) * across / Double(columns), height: (region.top - region.bottom) * down / Double(rows))
    let gap = Double(Self.gap), room = Double(titleHeight)
    let factor = max(min((box.width - gap) / Double(width), (box.height - gap - room) / Double(height)), 0.01)
    let drawn = (width: Double(width) * factor, height: Double(height) * factor)
    for (i, image) in images.enumerated() {
      let left = region.left * across + (Double(i % columns) + 0.5) * box.width - drawn.width / 2
      let top = region.top * down - Double(i / columns) * box.height - (box.height - drawn.height - room) / 2
      if !titles.isEmpty {
        script.add("set label 2 \(Script.quoted(titles[i])) at screen \((left + drawn.width / 2) / across), screen \((top - room / 2) / down) center")
      }
      script.add("set lmargin at screen \(left / across)\nset rmargin at screen \((left + drawn.width) / across)")
      script.add("set tmargin at screen \((top - room) / down)\nset bmargin at screen \((top - room - drawn.height) / down)")
      var canvas = canvas(script, Int(drawn.width) + 1, Int(drawn.height) + 1)
      draw(image, &canvas)
      if bar, i == 0, let scale, let colourBar {
        canvas.script.add("\(scale.colormap.palette)\nset cbrange [\(scale.low):\(scale.high > scale.low ? scale.high : scale.low + 1)]\nset cbtics nomirror scale 0.4")
        let bottom = region.bottom + 0.06 * (region.top - region.bottom), height = 0.88 * (region.top - region.bottom)
        canvas.script.add("set colorbox vertical noborder user origin screen \(region.right + 8 / across), screen \(bottom) size screen \(14 / across), screen \(height)")
        if !colourBar.isEmpty { canvas.script.add("set cblabel \(Script.quoted(colourBar))") }
        canvas.plot("\(canvas.script.data([[1, .nan, scale.low]])) using 1:2:3 with points palette")
      }
      script = canvas.script
      script.add("plot " + canvas.parts.joined(separator: ", "))
      script.add(raw: canvas.raw)
      script.add("unset label 1\nunset label 2\nunset colorbox")
    }
  }

  private func canvas(_ script: Script, _ across: Int, _ down: Int) -> Canvas {
    Canvas(
      script, Axis(scale: .linear, range: 0.5...Double(width) + 0.5), Axis(scale: .linear, range: 0.5...Double(height) + 0.5, isReversed: true),
      pixels: (across, down), isText: false)
  }

  /// The image on a canvas whose axes count its pixels from 1. Where it has many more pixels than the picture, each of the picture's shows their mean.
  func draw(_ image: Image, _ canvas: inout Canvas) {
    let block = max(1, min(width / max(canvas.pixels.width * 2, 1), height / max(canvas.pixels.height * 2, 1)))
    let across = (width + block - 1) / block, down = (height + block - 1) / block
    var colours: [Colour?] = []
    colours.reserveCapacity(across * down)
    for y in 0..<down {
      for x in 0..<across {
        if block == 1 {
          colours.append(colour(image) { image.planes[$0][y * width + x] })
        } else {
          colours.append(colour(image) { mean(image.planes[$0], x * block, y * block, block) })
        }
      }
    }
    canvas.image(
      colours, width: across, height: down, from: (0.5, 0.5), to: (Double(across * block) + 0.5, Double(down * block) + 0.5))
  }

  private func mean(_ plane: [Double], _ x: Int, _ y: Int, _ block: Int) -> Double {
    var sum = 0.0, count = 0.0
    for row in y..<min(y + block, height) {
      for column in x..<min(x + block, width) {
        sum += plane[row * width + column]
        count += 1
      }
    }
    return sum / count
  }

  /// nil where a number is not finite.
  func colour(_ image: Image, _ value: (Int) -> Double) -> Colour? {
    guard image.planes.count == 3 else { return scale?.colour(value(0)) }
    var rgb = 0
    for plane in 0..<3 {
      let value = value(plane)
      guard value.isFinite else { return nil }
      rgb = rgb << 8 | Int((min(max(value, 0), 1) * 255).rounded())
    }
    return Colour(rgb)
  }

  // MARK: from tensors

  private static let most = 1000

  init(_ tensor: Tensor, colormap: Colormap, titles: [String]?, columns: Int?, range: Interval?) throws {
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
    guard height <= 1 << 24, width <= 1 << 24, height * width <= 1 << 24, tensor.count <= Series.most else {
      throw LuaError("imshow: an image of \(height) x \(width) is too large to draw")
    }
    if let titles, titles.count != count { throw LuaError("imshow: \(titles.count) titles for \(count) image\(count == 1 ? "" : "s")") }
    if let columns, columns < 1 { throw LuaError("imshow: cols must be at least 1, got \(columns)") }
    let values = try tensor.values()
    let area = height * width
    let factor = channels == 3 && tensor.type == .uint8 ? 1.0 / 255 : 1  // colours of bytes are 0 to 255, of floats 0 to 1
    images = (0..<count).map { image in
      Image(planes: (0..<channels).map { channel in values[(image * channels + channel) * area..<(image * channels + channel + 1) * area].map { $0 * factor } })
    }
    let scale = try ColourScale(colormap, values, range, for: "imshow")
    self.scale = channels == 3 ? nil : scale
    self.height = height
    self.width = width
    self.titles = titles ?? []
    self.columns = min(columns ?? min(max(Int(Double(count).squareRoot().rounded(.up)), 1), 10), count)
  }

  static let rows: [Row] = [
    Row(
      "imshow",
      """
      Draws a matrix, an image, or a batch of images as a grid. Numbers are coloured by the colormap, from the smallest to the largest of all images or over the range;
      three channels are red, green and blue (0 to 1, bytes 0 to 255). Numbers that are not finite are left blank.
      On one image lines, points and annotations can be drawn: pixel x[i][j] lies at (j, i).
      Shapes: x {H,W}, {1,H,W}, {3,H,W}, {N,H,W}, {N,1,H,W} or {N,3,H,W}.
      Errors: another shape; no numbers; none finite; as many titles as images are needed; a grid in a figure that is drawn into already.
      """,
      Param("figure", Figure.self), Param("x", Tensor.self), Param.option("colormap", default: Colormap.gray, Colormap.choices),
      Param.option("titles", default: [Caption]?.none, "one for each image"), Param.option("cols", default: Int?.none, "images in a row"),
      Param.option("range", default: Interval?.none, "the numbers at the colormap's ends"), Param.option("title", default: String?.none, "above everything"),
      place: .method, example: "return plot.figure():imshow(T.rand(6, 1, 8, 8), {cols = 3, titles = {1, 2, 3, 4, 5, 6}, colormap = 'viridis'})"
    ) { figure, x, colormap, titles, columns, range, title in
      let grid = try ImageGrid(x, colormap: colormap, titles: titles?.map(\.text), columns: columns, range: range)
      let panel = figure.panel
      guard panel.images == nil, panel.surfaces.isEmpty, panel.graph == nil, grid.images.count == 1 || panel.isEmpty else { throw Figure.isTaken("imshow") }
      figure.hold(x.count * 8)
      figure.panel.images = grid
      if let title { figure.panel.title = title } else if grid.images.count == 1, let first = grid.titles.first, figure.panel.title == nil { figure.panel.title = first }
      return figure
    }
  ]
}

/// One image between axes that count its pixels from 1, downwards.
struct ImageLayer: Layer {
  let grid: ImageGrid

  func extend(_ bounds: inout Bounds) {
    bounds.x.add(edge: 0.5)
    bounds.x.add(edge: Double(grid.width) + 0.5)
    bounds.y.add(edge: 0.5)
    bounds.y.add(edge: Double(grid.height) + 0.5)
  }
  func draw(_ canvas: inout Canvas) { if !canvas.isText { grid.draw(grid.images[0], &canvas) } }
}
