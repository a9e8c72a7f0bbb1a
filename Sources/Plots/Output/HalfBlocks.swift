/// Images in characters: "▀" shows one pixel above another, in the colours of the text and of its ground.
enum HalfBlocks {
  static func text(_ grid: ImageGrid, title: String?, columns: Int) -> String {
    let gap = 2
    // Pixels that are too many are left out evenly; images that do not fit side by side go below.
    let step = max((grid.width + columns - 1) / max(columns, 1), 1)
    let width = (grid.width + step - 1) / step, height = (grid.height + step - 1) / step
    let across = max(min(grid.columns, (columns + gap) / (width + gap)), 1)
    var text = title.map { $0 + "\n" } ?? ""
    for first in stride(from: 0, to: grid.images.count, by: across) {
      let row = first..<min(first + across, grid.images.count)
      if !grid.titles.isEmpty {
        text += row.map { padded(grid.titles[$0], width) }.joined(separator: String(repeating: " ", count: gap)) + "\n"
      }
      for y in stride(from: 0, to: height, by: 2) {
        for i in row {
          if i > first { text += String(repeating: " ", count: gap) }
          for x in 0..<width {
            let upper = colour(grid, i, x * step, y * step)
            text += "\u{1b}[38;2;\(upper.0);\(upper.1);\(upper.2)m"
            if y + 1 < height {
              let lower = colour(grid, i, x * step, (y + 1) * step)
              text += "\u{1b}[48;2;\(lower.0);\(lower.1);\(lower.2)m"
            }
            text += "▀"
          }
          text += "\u{1b}[0m"
        }
        text += "\n"
      }
      if row.upperBound < grid.images.count { text += "\n" }
    }
    return text
  }

  private static func colour(_ grid: ImageGrid, _ image: Int, _ x: Int, _ y: Int) -> (Int, Int, Int) {
    let image = grid.images[image]
    return (grid.colour(image) { image.planes[$0][y * grid.width + x] } ?? Colour(0x808080)).channels
  }

  /// Cut or filled to a width in columns; letters of East Asia take two.
  private static func padded(_ title: String, _ width: Int) -> String {
    var result = "", used = 0
    for scalar in title.unicodeScalars where scalar.value >= 32 {
      let columns = scalar.value >= 0x1100 && !(0x2000..<0x2e80 ~= scalar.value) ? 2 : 1
      if used + columns > width { break }
      result.unicodeScalars.append(scalar)
      used += columns
    }
    return result + String(repeating: " ", count: width - used)
  }
}
