/// Fewer points for the same picture: a million points on six hundred columns of pixels are mostly drawn over each other.
enum Thinning {
  /// Below this a picture is fast anyway.
  private static let few = 5000

  /// Points of a line. Along each half column of pixels the first, the lowest, the highest and the last remain, so every peak is seen;
  /// where x does not rise, points remain that move by a quarter of a pixel. Gaps remain.
  static func line(_ points: [(Double, Double)], _ canvas: Canvas) -> [(Double, Double)] {
    guard points.count > few else { return points }
    let columns = Double(canvas.pixels.width) * 2
    func column(_ point: (Double, Double)) -> Double { (canvas.x.share(point.0) * columns).rounded(.down) }
    var rises = true, previous = -Double.infinity
    for point in points where !point.0.isNaN {
      if point.0 < previous {
        rises = false
        break
      }
      previous = point.0
    }
    var result: [(Double, Double)] = []
    if rises {
      var group: [(Double, Double)] = []  // first, then whatever is lowest, highest, last, in their order
      var first = 0, low = 0, high = 0, last = -1, current = Double.nan
      func flush() {
        guard last >= 0 else { return }
        group.removeAll(keepingCapacity: true)
        var before = -1
        for i in [first, min(low, high), max(low, high), last] where i != before {
          group.append(points[i])
          before = i
        }
        result += group
        last = -1
      }
      for (i, point) in points.enumerated() {
        if point.0.isNaN || point.1.isNaN {
          flush()
          if result.last?.1.isNaN != true { result.append((.nan, .nan)) }
          continue
        }
        let here = column(point)
        if last >= 0, here == current {
          if point.1 < points[low].1 { low = i }
          if point.1 > points[high].1 { high = i }
        } else {
          flush()
          (first, low, high, current) = (i, i, i, here)
        }
        last = i
      }
      flush()
      return result
    }
    var at = (Double.nan, Double.nan)
    for (i, point) in points.enumerated() {
      if point.0.isNaN || point.1.isNaN {
        if result.last?.1.isNaN != true { result.append((.nan, .nan)) }
        at = (.nan, .nan)
        continue
      }
      let dx = abs(canvas.x.share(point.0) - canvas.x.share(at.0)) * Double(canvas.pixels.width)
      let dy = abs(canvas.y.share(point.1) - canvas.y.share(at.1)) * Double(canvas.pixels.height)
      if dx < 0.25, dy < 0.25, i + 1 < points.count { continue }
      result.append(point)
      at = point
    }
    return result
  }

  /// The points of a cloud that are seen, those outside the axes left out: one for each third of a pixel, or for each two pixels where that
  /// would still be very many (a dot is about five wide).
  static func dots(_ points: [(Double, Double)], _ canvas: Canvas) -> [(Double, Double)] { seen(points, canvas).map { points[$0] } }

  /// Their positions; the last of those that lie on each other, as it is drawn on top.
  static func seen(_ points: [(Double, Double)], _ canvas: Canvas) -> [Int] {
    let finite = points.indices.filter { !points[$0].0.isNaN && !points[$0].1.isNaN }
    guard finite.count > few else { return finite }
    let fine = one(for: 1.0 / 3, finite, points, canvas)
    return fine.count > 40_000 ? one(for: 2, fine, points, canvas) : fine
  }

  /// One point for each square of so many pixels.
  private static func one(for side: Double, _ finite: [Int], _ points: [(Double, Double)], _ canvas: Canvas) -> [Int] {
    let width = Int(Double(canvas.pixels.width) / side), height = Int(Double(canvas.pixels.height) / side)
    var cells = [Int32](repeating: -1, count: (width + 1) * (height + 1))
    for i in finite {
      let x = canvas.x.share(points[i].0), y = canvas.y.share(points[i].1)
      guard 0...1 ~= x, 0...1 ~= y else { continue }
      cells[Int(y * Double(height)) * (width + 1) + Int(x * Double(width))] = Int32(truncatingIfNeeded: i)
    }
    return cells.filter { $0 >= 0 }.map(Int.init).sorted()
  }
}
