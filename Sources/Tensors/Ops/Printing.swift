#if canImport(Glibc)
  internal import Glibc
#endif

/// Tensors as text, in PyTorch's way: four decimals, columns aligned, scientific where sizes differ widely,
/// only the ends of each dim where there are more than 1000 elements. Nothing is read but what is shown.
enum Printing {
  /// More elements than this are cut.
  private static let threshold = 1000
  /// How many positions stay at each end of a cut dim, while that shows at most `threshold · 10` elements.
  private static let edge = 3
  private static let lineWidth = 80

  static func text(_ x: Tensor) -> String {
    var notes: [String] = []
    let cut = x.count > threshold
    if cut || (x.count == 0 && x.shape != Shape(0)) { notes.append("shape=\(x.shape)") }
    if x.type != .default, x.type != .bool { notes.append("dtype=\(x.type.name)") }
    if x.requiresGrad { notes.append("requires_grad=true") }
    let suffix = (notes.isEmpty ? "" : ", " + notes.joined(separator: ", ")) + ")"
    guard x.count > 0 else { return "tensor({}" + suffix }

    let shown = x.shape.indices.map { positions(x.shape[$0], cut ? edgeItems(x.shape) : .max) }
    var items: [Item] = []
    collect(x, 0, 0, shown, &items)
    let cells = format(items)
    var next = cells.makeIterator()
    return "tensor(" + lines(0, shown, indent: 7, cells.first?.count ?? 1, &next) + suffix
  }

  /// A number as short as it can be told: 3, 0.5, 1e-05.
  static func plain(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }

  /// Fewer at the ends where there are many dims: 6^8 elements are no short text.
  private static func edgeItems(_ shape: Shape) -> Int {
    for edge in [edge, 2] {
      var count = 1
      for size in shape { count &*= min(size, 2 * edge) }
      if count <= 10 * threshold { return edge }
    }
    return 1
  }

  /// The positions of a dim that are shown; nil stands for "...".
  private static func positions(_ size: Int, _ edge: Int) -> [Int?] {
    guard edge < .max, size > 2 * edge else { return Array(0..<size) }
    return Array(0..<edge) + [nil] + Array(size - edge..<size)
  }

  private static func collect(_ x: Tensor, _ dim: Int, _ at: Int, _ shown: [[Int?]], _ items: inout [Item]) {
    guard dim < shown.count else { return items.append(Item(x, at)) }
    for case let i? in shown[dim] { collect(x, dim + 1, at &+ i &* x.strides[dim], shown, &items) }
  }

  /// All cells in one format and of one width.
  private static func format(_ items: [Item]) -> [String] {
    var least = Double.infinity, most = 0.0
    for case .number(let value) in items where value.isFinite && value != 0 {
      least = min(least, abs(value))
      most = max(most, abs(value))
    }
    let scientific = most > 0 && (most / least > 1000 || most > 1e8 || least < 1e-4)
    let cells = items.map { item in
      switch item {
      case .truth(let value): "\(value)"
      case .integer(let value): "\(value)"
      case .number(let value):
        value.isNaN ? "nan" : value.isInfinite ? (value < 0 ? "-inf" : "inf") : printf(scientific ? "%.4e" : "%.4f", value)
      }
    }
    let width = cells.reduce(0) { max($0, $1.utf8.count) }
    return cells.map { String(repeating: " ", count: width - $0.utf8.count) + $0 }
  }

  private static func printf(_ format: String, _ value: Double) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in  // 1.8e308 with four decimals takes 314
      _ = withVaList([value]) { vsnprintf(buffer.baseAddress!, 400, format, $0) }
      return String(cString: buffer.baseAddress!)
    }
  }

  private static func lines(_ dim: Int, _ shown: [[Int?]], indent: Int, _ width: Int, _ next: inout IndexingIterator<[String]>) -> String {
    guard dim < shown.count else { return next.next() ?? "" }
    let spaces = String(repeating: " ", count: indent + 1)
    if dim == shown.count - 1 {
      let perLine = max(1, (lineWidth - indent) / (width + 2))
      var text = "{"
      for (i, position) in shown[dim].enumerated() {
        if i > 0 { text += i % perLine == 0 ? ",\n" + spaces : ", " }
        text += position == nil ? "..." : next.next() ?? ""
      }
      return text + "}"
    }
    let rows = shown[dim].map { $0 == nil ? "..." : lines(dim + 1, shown, indent: indent + 1, width, &next) }
    return "{" + rows.joined(separator: "," + String(repeating: "\n", count: shown.count - dim - 1) + spaces) + "}"
  }
}
