internal import LuaBridge
internal import Tensors

/// Predictions and truth of a classification, in whichever form a script has them, as positions from 0.
struct Classes {
  let predicted: [Int], truth: [Int]
  /// How many classes the forms tell of; nil where only labels were given.
  let count: Int?

  /// - y: scores or one-hot rows {N, C} (or {N, C, …}), or labels {N} from 1.
  /// - t: labels {N} from 1, or one-hot rows or probabilities of y's shape.
  init(_ y: Tensor, _ t: Tensor, classes: Int? = nil, _ function: String) throws {
    if let classes, !(1..<1 << 31 ~= classes) { throw LuaError("\(function): classes must be at least 1, got \(classes)") }
    guard y.rank > 0, t.rank > 0 else { throw LuaError("\(function): y and t must have a dim of samples, got shapes \(y.shape) and \(t.shape)") }
    guard y.shape[0] > 0, y.count > 0 else { throw LuaError("\(function): there are no samples (y \(y.shape), t \(t.shape))") }
    let scoresY: Bool, scoresT: Bool
    if y.rank == t.rank + 1, Self.withoutClasses(y.shape) == t.shape {
      (scoresY, scoresT) = (true, false)
    } else if t.rank == y.rank + 1, Self.withoutClasses(t.shape) == y.shape {
      (scoresY, scoresT) = (false, true)
    } else if y.shape == t.shape {
      let rows = y.rank >= 2 && (y.shape[1] > 1) && (y.type.isFloat || t.type.isFloat || Self.isOneHot(t))
      (scoresY, scoresT) = (rows, rows)
    } else {
      throw LuaError("\(function): y \(y.shape) and t \(t.shape) do not belong together: scores {N,C} and labels {N}, or two of one shape, are expected")
    }
    let columns = scoresY ? y.shape[1] : scoresT ? t.shape[1] : nil
    if let columns, let classes, columns > classes { throw LuaError("\(function): rows of \(columns) classes, but classes = \(classes)") }
    let most = classes ?? columns
    predicted = try scoresY ? Self.best(y) : Self.labels(y, most, function, "y")
    truth = try scoresT ? Self.best(t) : Self.labels(t, most, function, "t")
    count = most
  }

  private static func withoutClasses(_ shape: Shape) -> Shape {
    var rest = shape
    rest.remove(at: 1)
    return rest
  }

  /// Rows of zeros with a single one: labels of another form.
  static func isOneHot(_ t: Tensor) -> Bool {
    guard t.rank == 2, t.shape[1] > 1, let values = try? t.values() else { return false }
    let columns = t.shape[1]
    for row in 0..<t.shape[0] {
      var ones = 0
      for column in 0..<columns {
        let value = values[row * columns + column]
        guard value == 0 || value == 1 else { return false }
        if value == 1 { ones += 1 }
      }
      if ones != 1 { return false }
    }
    return true
  }

  /// The position of the largest value along dim 2, the first of equal ones; NaN counts as largest.
  static func best(_ x: Tensor) throws -> [Int] {
    let x = try x.contiguous(), classes = x.shape[1], inner = x.shape.dropFirst(2).reduce(1, *)
    return switch x.type {
    case .float32: best(x.pointer(Float.self), x.shape[0], classes, inner)
    case .float64: best(x.pointer(Double.self), x.shape[0], classes, inner)
    default: best(try x.converted(to: .float64).pointer(Double.self), x.shape[0], classes, inner)
    }
  }
  private static func best<F: BinaryFloatingPoint>(_ x: UnsafeMutablePointer<F>, _ rows: Int, _ classes: Int, _ inner: Int) -> [Int] {
    var places = Array(repeating: 0, count: rows * inner)
    for row in 0..<rows {
      for k in 0..<inner {
        let base = x + row * classes * inner + k
        var place = 0
        for c in 1..<max(classes, 1) where !(base[c * inner] <= base[place * inner]) && !base[place * inner].isNaN { place = c }
        places[row * inner + k] = place
      }
    }
    return places
  }

  private static func labels(_ x: Tensor, _ classes: Int?, _ function: String, _ name: String) throws -> [Int] {
    guard x.type != .bool else { throw LuaError("\(function): \(name) must be labels from 1, got a bool tensor \(x.shape)") }
    let values = try x.values()
    for (i, value) in values.enumerated() {
      guard value == value.rounded(), abs(value) < 0x1p53 else {
        throw LuaError("\(function): label \(value.luaLiteral) of \(name) at position \(i + 1) is not a whole number")
      }
      guard value >= 1, value <= Double(classes ?? 1 << 31) else {
        throw LuaError("\(function): label \(Int(value)) of \(name) at position \(i + 1) is outside 1..\(classes.map(String.init) ?? "")")
      }
    }
    return values.map { Int($0) - 1 }
  }
}
