internal import LuaBridge

/// How a notebook shows a tensor: shape, type and range, then its numbers where they are few, and a heat map where they are many.
enum TensorDisplay {
  static let row = Row(
    "__display", "What a notebook shows: shape, type, range, and the numbers or a heat map of them.", Param("x", Tensor.self), place: []
  ) { x in DisplayBundle(text: Printing.text(x), [("text/html", .text(try html(x)))]) }

  /// A tensor of at most so many rows and columns is shown in numbers.
  private static let mostCells = 16
  /// Heat maps of a tensor with more than two dims.
  private static let mostMaps = 12

  private static func html(_ x: Tensor) throws -> String {
    let source = try x.contiguous()
    let range = ValueRange(source)
    var notes = [x.type.name]
    if x.requiresGrad { notes.append("requires_grad") }
    if x.count > 1 { notes += range.notes(of: x.type) }
    let head = HTML.heading("Tensor \(x.shape)", notes.joined(separator: " · "))
    guard x.count > 0 else { return head }
    let shape = x.shape.array
    let width = shape.last ?? 1, height = shape.count > 1 ? shape[shape.count - 2] : 1
    if shape.count <= 2, width <= mostCells, height <= mostCells { return head + table(source, height, width, range) }
    guard range.count > 0 else { return head }
    let maps = x.count / (width * height)
    let scale = HeatScale(range)
    let edge = maps == 1 ? 240 : 96
    let items = (0..<min(maps, mostMaps)).map { map in
      (content: HeatMap(source, map * width * height, height, width, scale, edge: edge).html, caption: maps == 1 ? "" : place(of: map, shape.dropLast(2)))
    }
    let rest = maps > mostMaps ? HTML.note("the first \(mostMaps) of \(maps) matrices") : ""
    return head + HTML.grid(items) + scale.html + rest
  }

  /// "[1, 3]": where a matrix stands among the dims before it, counted from 1.
  private static func place(of map: Int, _ dims: ArraySlice<Int>) -> String {
    var rest = map, positions: [Int] = []
    for size in dims.reversed() {
      positions.append(rest % size + 1)
      rest /= size
    }
    return "[" + positions.reversed().map { "\($0)" }.joined(separator: ", ") + "]"
  }

  /// The numbers, shaded by their size: blue above 0, orange below.
  private static func table(_ x: Tensor, _ height: Int, _ width: Int, _ range: ValueRange) -> String {
    let most = max(abs(range.low), abs(range.high))
    let rows = (0..<height).map { row in
      (0..<width).map { column in
        let item = Item(x, row * width + column)
        guard case .number(let value) = item else { return HTML.Cell.number(item.text) }
        let share = value.isFinite && most > 0 ? (abs(value) / most * 45).rounded() / 100 : 0
        let shade = share == 0 ? "" : "background:rgba(\(value < 0 ? "213,94,0" : "0,114,178"),\(share))"
        return .number(item.text, style: shade)
      }
    }
    return HTML.table([], rows)
  }
}

extension Item {
  fileprivate var text: String {
    switch self {
    case .number(let value): shortNumber(value)
    case .integer(let value): "\(value)"
    case .truth(let value): "\(value)"
    }
  }
}

/// What lies in a tensor: its finite numbers' range and mean, and how many are none.
struct ValueRange {
  private(set) var low = Double.infinity
  private(set) var high = -Double.infinity
  /// Of finite numbers.
  private(set) var count = 0
  private var sum = 0.0
  private var nans = 0
  private var infinities = 0

  /// - x: contiguous.
  init(_ x: Tensor) {
    self = x.type.dispatch { type in Self.measured(x, type) }
  }
  private init() {}

  private static func measured<E: Element>(_ x: Tensor, _: E.Type) -> ValueRange {
    var range = ValueRange()
    let base = x.pointer(E.self)
    for i in 0..<x.count {
      let value = base[i].number
      if value.isFinite {
        range.low = min(range.low, value)
        range.high = max(range.high, value)
        range.sum += value
        range.count += 1
      } else if value.isNaN {
        range.nans += 1
      } else {
        range.infinities += 1
      }
    }
    return range
  }

  func notes(of type: ElementType) -> [String] {
    var notes: [String] = []
    if count > 0 {
      notes.append(type == .bool ? "\(shortNumber(sum)) of \(count) true" : "\(shortNumber(low)) to \(shortNumber(high)), mean \(shortNumber(sum / Double(count)))")
    }
    if nans > 0 { notes.append("\(nans) nan") }
    if infinities > 0 { notes.append("\(infinities) infinite") }
    return notes
  }
}
