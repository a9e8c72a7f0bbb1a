internal import LuaBridge
internal import Tensors

/// Where the elements of a resized axis come from: element i is the sum of `per` elements of the old axis, each times a weight.
struct Taps {
  let per: Int
  /// {count · per} positions from 0 on the old axis, and as many weights; tensors, so that too many of them are an error like any other.
  let positions: Tensor, weights: Tensor
  var count: Int { positions.count / per }

  /// Made of the (position, weight) pairs of each element; positions beyond the axis are brought to its ends.
  init(_ count: Int, of size: Int, per: Int, _ type: ElementType, _ pick: (Int) -> [(Int, Double)]) throws {
    self.per = per
    let total = try Shape.checked([count, per], "interpolate").elements
    positions = try Tensor(empty: Shape(total), .int64)
    let shares = try Tensor(empty: Shape(total), .float64)
    for i in 0..<count {
      for (k, (position, weight)) in pick(i).enumerated() {
        positions.pointer(Int64.self)[i &* per &+ k] = Int64(min(max(position, 0), size - 1))
        shares.pointer(Double.self)[i &* per &+ k] = weight
      }
    }
    weights = try shares.converted(to: type)
  }
  fileprivate init(_ per: Int, _ positions: Tensor, _ weights: Tensor) { (self.per, self.positions, self.weights) = (per, positions, weights) }

  /// The axis as it is.
  static func identity(_ type: ElementType) throws -> Taps { try Taps(1, of: 1, per: 1, type) { _ in [(0, 1)] } }
}

/// Images resized along both axes by `Taps`: linear in x, so the gradient is the transposed sum, and that one's the sum again.
enum Resampling {
  /// y[n, c, i, j] = Σ rows.weight · columns.weight · x[n, c, rows.position, columns.position] of x (N, C, H, W)
  static func resample(_ x: Tensor, _ rows: Taps, _ columns: Taps) throws -> Tensor {
    let y = try Tensor(empty: PoolingOps.resized(x.shape, rows.count, columns.count), x.type), source = try x.contiguous()
    if x.type == .float64 { resample(Double.self, source, y, rows, columns) } else { resample(Float.self, source, y, rows, columns) }
    if Tape.follows(x) {
      let height = x.shape[2], width = x.shape[3], perRow = rows.per, perColumn = columns.per
      try y.follow("interpolate", [x], saving: [rows.positions, rows.weights, columns.positions, columns.weights]) { node, g in
        [try spread(g, height, width, taps(node, 0, perRow), taps(node, 2, perColumn))]
      }
    }
    return y
  }

  /// x[n, c, rows.position, columns.position] += rows.weight · columns.weight · g[n, c, i, j]
  private static func spread(_ g: Tensor, _ height: Int, _ width: Int, _ rows: Taps, _ columns: Taps) throws -> Tensor {
    let gx = try Tensor.zeros(PoolingOps.resized(g.shape, height, width), g.type), source = try g.contiguous()
    if g.type == .float64 { spread(Double.self, source, gx, rows, columns) } else { spread(Float.self, source, gx, rows, columns) }
    if Tape.follows(g) {
      let perRow = rows.per, perColumn = columns.per
      try gx.follow("interpolate", [g], saving: [rows.positions, rows.weights, columns.positions, columns.weights]) { node, h in
        [try resample(h, taps(node, 0, perRow), taps(node, 2, perColumn))]
      }
    }
    return gx
  }

  private static func taps(_ node: Node, _ first: Int, _ per: Int) throws -> Taps { Taps(per, try node.saved(first), try node.saved(first + 1)) }

  private static func resample<E: Element & BinaryFloatingPoint>(_: E.Type, _ x: Tensor, _ y: Tensor, _ rows: Taps, _ columns: Taps) {
    let source = x.pointer(E.self), target = y.pointer(E.self), width = x.shape[3], outHeight = rows.count, outWidth = columns.count
    let down = rows.positions.pointer(Int64.self), downWeights = rows.weights.pointer(E.self), perRow = rows.per
    let across = columns.positions.pointer(Int64.self), acrossWeights = columns.weights.pointer(E.self), perColumn = columns.per
    PoolingOps.byPlane(y.shape, x.shape) { small, _, large in
      withUnsafeTemporaryAllocation(of: E.self, capacity: width) { buffer in
        let line = buffer.baseAddress!
        for i in 0..<outHeight {
          for a in i &* perRow..<(i &+ 1) &* perRow {
            let from = source + (large &+ Int(down[a]) &* width), weight = downWeights[a]
            if a == i &* perRow {
              for c in 0..<width { line[c] = from[c] * weight }
            } else {
              for c in 0..<width { line[c] += from[c] * weight }
            }
          }
          let to = target + (small &+ i &* outWidth)
          for j in 0..<outWidth {
            var at = j &* perColumn, sum = line[Int(across[at])] * acrossWeights[at]
            for _ in 1..<perColumn {
              at &+= 1
              sum += line[Int(across[at])] * acrossWeights[at]
            }
            to[j] = sum
          }
        }
      }
    }
  }

  private static func spread<E: Element & BinaryFloatingPoint>(_: E.Type, _ g: Tensor, _ gx: Tensor, _ rows: Taps, _ columns: Taps) {
    let source = g.pointer(E.self), target = gx.pointer(E.self), width = gx.shape[3], outHeight = rows.count, outWidth = columns.count
    let down = rows.positions.pointer(Int64.self), downWeights = rows.weights.pointer(E.self), perRow = rows.per
    let across = columns.positions.pointer(Int64.self), acrossWeights = columns.weights.pointer(E.self), perColumn = columns.per
    PoolingOps.byPlane(g.shape, gx.shape) { small, _, large in
      withUnsafeTemporaryAllocation(of: E.self, capacity: width) { buffer in
        let line = buffer.baseAddress!
        for i in 0..<outHeight {
          line.update(repeating: 0, count: width)
          let from = source + (small &+ i &* outWidth)
          for j in 0..<outWidth {
            for b in j &* perColumn..<(j &+ 1) &* perColumn { line[Int(across[b])] += from[j] * acrossWeights[b] }
          }
          for a in i &* perRow..<(i &+ 1) &* perRow {
            let to = target + (large &+ Int(down[a]) &* width), weight = downWeights[a]
            for c in 0..<width { to[c] += line[c] * weight }
          }
        }
      }
    }
  }
}
