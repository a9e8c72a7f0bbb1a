internal import LuaBridge
internal import Tensors

/// Heights z[i][j] over a grid of points (x[j], y[i]), both rising.
struct Field {
  let x: [Double]
  let y: [Double]
  /// Rows of y, columns of x.
  let z: [Double]
  var width: Int { x.count }
  var height: Int { y.count }

  /// A coordinate: a number for each column or row, or the matrix that meshgrid makes of them.
  struct Coordinate: LuaValue {
    static var luaName: String { Matrix.luaName }
    var matrix: Matrix
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> Coordinate { Coordinate(matrix: try Matrix.decode(stack, index)) }
    func push(_ stack: LuaStack) { matrix.push(stack) }
  }

  /// - Errors: shapes that do not fit; coordinates that neither rise nor fall; nothing finite.
  init(_ function: String, _ x: Coordinate, _ y: Coordinate?, _ z: Matrix?) throws {
    guard let y, let heights = z else {
      guard y == nil, z == nil else { throw LuaError("\(function): expected x, y and z, or z alone") }
      let z = x.matrix
      try self.init(function, (0..<z.width).map { Double($0 + 1) }, (0..<z.height).map { Double($0 + 1) }, z)
      return
    }
    let (a, b) = (x.matrix, y.matrix)
    let isVector = { (m: Matrix) in m.height == 1 || m.width == 1 }
    if a.height == heights.height, a.width == heights.width, b.height == a.height, b.width == a.width, !(isVector(a) && isVector(b)) {
      // From meshgrid: x runs along the columns ("xy") or along the rows ("ij").
      let along = { (m: Matrix) in m.rows.allSatisfy { $0 == m.rows[0] } }
      if along(a), along(b.transposed) {
        try self.init(function, a.rows[0], b.transposed.rows[0], heights)
      } else if along(a.transposed), along(b) {
        try self.init(function, a.transposed.rows[0], b.rows[0], heights.transposed)
      } else {
        throw LuaError("\(function): x and y of shape \(a.shape) are no grid: one must be the same in every row, the other in every column")
      }
      return
    }
    guard isVector(a), isVector(b), a.values.count == heights.width, b.values.count == heights.height else {
      throw LuaError("\(function): z of n rows and m columns needs m numbers in x and n in y (x \(a.shape), y \(b.shape), z \(heights.shape))")
    }
    try self.init(function, a.values, b.values, heights)
  }

  private init(_ function: String, _ x: [Double], _ y: [Double], _ z: Matrix) throws {
    guard z.height >= 2, z.width >= 2 else { throw LuaError("\(function): z must have at least 2 rows and 2 columns, got \(z.shape)") }
    guard z.values.contains(where: \.isFinite) else { throw LuaError("\(function): none of the numbers in z is finite") }
    for (name, list) in [("x", x), ("y", y)] {
      let rises = zip(list, list.dropFirst()).allSatisfy { $0 < $1 }, falls = zip(list, list.dropFirst()).allSatisfy { $0 > $1 }
      guard list.allSatisfy(\.isFinite), rises || falls else { throw LuaError("\(function): \(name) must be finite and rise (or fall) from one to the next") }
    }
    let columns = x[0] < x[1] ? Array(0..<x.count) : (0..<x.count).reversed(), rows = y[0] < y[1] ? Array(0..<y.count) : (0..<y.count).reversed()
    self.x = columns.map { x[$0] }
    self.y = rows.map { y[$0] }
    self.z = rows.flatMap { row in columns.map { z.values[row * z.width + $0] } }
  }

  init(x: [Double], y: [Double], z: [Double]) {
    self.x = x
    self.y = y
    self.z = z
  }

  func extend(_ bounds: inout Bounds) {
    for edge in [x[0], x[x.count - 1]] { bounds.x.add(edge: edge) }
    for edge in [y[0], y[y.count - 1]] { bounds.y.add(edge: edge) }
  }

  /// For each of `count` pixels along an axis between its own ends: the cell it lies in and how far; nil outside the grid.
  static func cells(_ list: [Double], _ axis: Axis, _ from: Double, _ to: Double, _ count: Int) -> [(Int, Double)?] {
    var cell = 0
    return (0..<count).map { i in
      let value = axis.scale.value(from + (to - from) * (Double(i) + 0.5) / Double(count))
      guard value >= list[0], value <= list[list.count - 1] else { return nil }
      while cell + 2 < list.count, list[cell + 1] < value { cell += 1 }
      return (cell, (value - list[cell]) / (list[cell + 1] - list[cell]))
    }
  }

  /// Bilinear between the four corners of a cell; NaN where one is not finite.
  func value(_ column: (Int, Double), _ row: (Int, Double)) -> Double {
    let at = row.0 * width + column.0
    let below = z[at] + (z[at + 1] - z[at]) * column.1, above = z[at + width] + (z[at + width + 1] - z[at + width]) * column.1
    return below + (above - below) * row.1
  }
}

extension Canvas {
  /// Fills the part of the axes that a grid of points covers, pixel by pixel.
  mutating func fill(_ x: [Double], _ y: [Double], colour: ((Int, Double), (Int, Double)) -> Colour?) {
    func part(_ list: [Double], _ axis: Axis) -> (Double, Double)? {
      let first = axis.place(list[0]), last = axis.place(list[list.count - 1])
      let low = max(first.isNaN ? axis.range.lowerBound : first, axis.range.lowerBound), high = min(last, axis.range.upperBound)
      return low < high ? (low, high) : nil
    }
    guard let across = part(x, self.x), let down = part(y, self.y) else { return }
    // Twice as fine as the picture's pixels, so that borders are smooth.
    let size = (width: min(pixels.width * 2, 1600), height: min(pixels.height * 2, 1200))
    let columns = Field.cells(x, self.x, across.0, across.1, size.width), rows = Field.cells(y, self.y, down.0, down.1, size.height)
    var colours: [Colour?] = []
    colours.reserveCapacity(size.width * size.height)
    for row in rows {
      for column in columns {
        if let row, let column { colours.append(colour(column, row)) } else { colours.append(nil) }
      }
    }
    image(colours, width: size.width, height: size.height, from: (across.0, down.0), to: (across.1, down.1))
  }
}
