internal import LuaBridge
internal import Tensors

/// How a notebook shows a dataset: its first samples, as pictures where they are images and as rows of numbers where they are not.
enum DatasetDisplay {
  static let row = Row("__display", "What a notebook shows: sizes and the first samples.", Param("set", Dataset.self)) { set in
    DisplayBundle(text: set.description, [("text/html", .text(try html(set)))])
  }

  private static let mostImages = 24
  private static let mostRows = 8
  private static let mostColumns = 12
  /// Images with more pixels to a side are not put into a page.
  private static let mostPixels = 256

  static func html(_ set: Dataset) throws -> String {
    let head = HTML.heading(set.title, String(set.description.dropFirst(set.title.count + 2)))
    guard set.count > 0 else { return head }
    return head + (try images(set) ?? table(set))
  }

  /// The label of a sample: its class's name where it has one.
  private static func label(_ set: Dataset, _ position: Int) throws -> String {
    guard set.columns.count > 1 else { return "" }
    switch try set.sample(position)[1] {
    case .integer(let n): return set.classes.flatMap { $0.indices.contains(n - 1) ? $0[n - 1] : nil } ?? "\(n)"
    case .number(let x): return shortNumber(x)
    case .truth(let b): return "\(b)"
    case .tensor(let t):
      let values = try t.values()
      // A row of zeros and a one is a class.
      if let classes = set.classes, classes.count == values.count, let one = values.firstIndex(of: 1), values.filter({ $0 != 0 }).count == 1 { return classes[one] }
      return values.count <= 4 ? "{" + values.map { shortNumber($0) }.joined(separator: ", ") + "}" : "\(t.shape)"
    }
  }

  // MARK: images

  /// nil where the samples are no images.
  private static func images(_ set: Dataset) throws -> String? {
    let shape = set.columns[0].sample.array
    let (channels, height, width): (Int, Int, Int)
    switch shape.count {
    case 2: (channels, height, width) = (1, shape[0], shape[1])
    case 3 where shape[0] == 1 || shape[0] == 3: (channels, height, width) = (shape[0], shape[1], shape[2])
    default: return nil
    }
    guard height > 1, width > 1, height <= mostPixels, width <= mostPixels else { return nil }
    let count = min(set.count, mostImages)
    let values = try set.batch(Array(0..<count)[...], of: 0).values()
    let finite = values.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return nil }
    // Images of 0 to 1, or of bytes, keep their scale; others, normalised ones, are stretched.
    let scale: (Double, Double) = low >= 0 && high <= 1 ? (0, 1) : set.columns[0].type == .uint8 ? (0, 255) : (low, high)
    let zoom = max(72 / max(height, width), 1)
    let items = try (0..<count).map { image in
      var picture = SmallPicture(width: width, height: height)
      for y in 0..<height {
        for x in 0..<width {
          var rgb = 0
          for channel in 0..<3 {
            let value = values[((image * channels + min(channel, channels - 1)) * height + y) * width + x]
            let share = value.isFinite && scale.1 > scale.0 ? (value / 2 - scale.0 / 2) / (scale.1 / 2 - scale.0 / 2) : 0
            rgb = rgb << 8 | Int(min(max(share, 0), 1) * 255 + 0.5)
          }
          picture[x, y] = rgb
        }
      }
      let label = try label(set, image)
      return (content: HTML.picture(png: picture.png, width: width * zoom, height: height * zoom, label: "sample \(image + 1) \(label)"), caption: label)
    }
    return HTML.grid(items) + (set.count > count ? HTML.note("the first \(count) of \(set.count) samples") : "")
  }

  // MARK: rows

  private static func table(_ set: Dataset) throws -> String {
    let count = min(set.count, mostRows), width = set.columns[0].sample.elements, shown = min(width, mostColumns)
    let values = try set.batch(Array(0..<count)[...], of: 0).values()
    let names = set.details.columns
    var headings: [HTML.Cell] =
      [.number("")]
      + (0..<shown).map { column in
        .number(names.flatMap { $0.indices.contains(column) ? $0[column] : nil } ?? "x[\(column + 1)]")
      }
    if shown < width { headings.append(.number("…")) }
    let hasTarget = set.columns.count > 1
    if hasTarget { headings.append(HTML.Cell("t")) }
    let rows = try (0..<count).map { row -> [HTML.Cell] in
      var cells: [HTML.Cell] = [.number("\(row + 1)")] + (0..<shown).map { .number(shortNumber(values[row * width + $0])) }
      if shown < width { cells.append(.number("…")) }
      if hasTarget { cells.append(HTML.Cell(try label(set, row))) }
      return cells
    }
    return HTML.table(headings, rows) + (set.count > count ? HTML.note("the first \(count) of \(set.count) samples") : "")
  }
}
