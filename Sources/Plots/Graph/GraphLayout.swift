/// Places for the nodes of a graph without cycles, in pixels from the upper left corner.
///
/// Each node's column is one right of its last input's, then inputs move right, next to their first use. Within a column nodes are ordered by
/// the mean place of their neighbours, back and forth (Sugiyama's way), so that few arrows cross. An arrow over several columns has a place in
/// each, as if nodes stood there, and leads round the boxes.
struct GraphLayout {
  struct Box {
    var x = 0.0, y = 0.0, width = 0.0, height = 0.0
  }
  private(set) var boxes: [Box]
  /// Arrows as runs of points, from an input's right side to its use's left side.
  private(set) var edges: [[(Double, Double)]] = []
  private(set) var width = 0.0
  private(set) var height = 0.0

  static let line = 15.0
  private static let gap = (across: 44.0, down: 16.0)

  init(_ nodes: [GraphDrawing.Node]) {
    boxes = nodes.map { node in
      let letters = node.lines.map { $0.unicodeScalars.reduce(0.0) { $0 + ($1.value < 0x1100 ? 7 : 13) } }.max() ?? 0
      return Box(width: max(letters + 18, 56), height: Double(node.lines.count) * Self.line + 10)
    }
    let columns = Self.columns(nodes)
    // Stand-ins, of no width, for the columns that an arrow passes.
    var column = columns, links: [(Int, Int)] = [], paths: [[Int]] = []
    for (to, node) in nodes.enumerated() {
      for from in node.inputs {
        var path = [from]
        if columns[from] + 1 < columns[to] {
          for between in columns[from] + 1..<columns[to] {
            path.append(column.count)
            column.append(between)
          }
        }
        path.append(to)
        links += zip(path, path.dropFirst())
        paths.append(path)
      }
    }
    let count = (columns.max() ?? 0) + 1
    let order = Self.order(column, links, count)
    place(order, links, real: nodes.count, total: column.count)
    edges = paths.map { path in
      let first = boxes[path[0]], last = boxes[path[path.count - 1]]
      return [(first.x + first.width / 2, first.y)] + path.dropFirst().dropLast().map { (boxes[$0].x, boxes[$0].y) } + [(last.x - last.width / 2, last.y)]
    }
    spreadArrivals(paths)
    boxes.removeLast(boxes.count - nodes.count)
  }

  /// Arrows into one box end side by side, in the order in which they come from above.
  private mutating func spreadArrivals(_ paths: [[Int]]) {
    for (_, arrivals) in Dictionary(grouping: paths.indices, by: { paths[$0][paths[$0].count - 1] }) where arrivals.count > 1 {
      let room = boxes[paths[arrivals[0]].last!].height * 0.6
      let sorted = arrivals.sorted { (edges[$0][edges[$0].count - 2].1, $0) < (edges[$1][edges[$1].count - 2].1, $1) }
      for (k, edge) in sorted.enumerated() { edges[edge][edges[edge].count - 1].1 += room * ((Double(k) + 0.5) / Double(sorted.count) - 0.5) }
    }
  }

  private static func columns(_ nodes: [GraphDrawing.Node]) -> [Int] {
    var columns = [Int](repeating: 0, count: nodes.count), uses = [Int](repeating: .max, count: nodes.count)
    for (i, node) in nodes.enumerated() { columns[i] = (node.inputs.map { columns[$0] + 1 }.max()) ?? 0 }
    for i in nodes.indices.reversed() {
      if nodes[i].inputs.isEmpty, uses[i] != .max { columns[i] = uses[i] - 1 }
      for input in nodes[i].inputs { uses[input] = min(uses[input], columns[i]) }
    }
    return columns
  }

  private static func order(_ column: [Int], _ links: [(Int, Int)], _ count: Int) -> [[Int]] {
    var order = [[Int]](repeating: [], count: count)
    for (i, c) in column.enumerated() { order[c].append(i) }
    var before = [[Int]](repeating: [], count: column.count), after = before
    for (a, b) in links {
      after[a].append(b)
      before[b].append(a)
    }
    var place = [Double](repeating: 0, count: column.count)
    func note(_ c: Int) { for (k, i) in order[c].enumerated() { place[i] = (Double(k) + 0.5) / Double(order[c].count) } }
    for c in 0..<count { note(c) }
    for round in 0..<8 {
      let neighbours = round % 2 == 0 ? before : after
      for c in round % 2 == 0 ? Array(0..<count) : (0..<count).reversed() {
        let key = order[c].map { i in neighbours[i].isEmpty ? place[i] : neighbours[i].reduce(0) { $0 + place[$1] } / Double(neighbours[i].count) }
        order[c] = order[c].indices.sorted { (key[$0], $0) < (key[$1], $1) }.map { order[c][$0] }
        note(c)
      }
    }
    return order
  }

  private mutating func place(_ order: [[Int]], _ links: [(Int, Int)], real: Int, total: Int) {
    boxes += [Box](repeating: Box(width: 0, height: 4), count: total - real)
    var neighbours = [[Int]](repeating: [], count: total)
    for (a, b) in links {
      neighbours[a].append(b)
      neighbours[b].append(a)
    }
    var left = 0.0
    for column in order {
      let wide = column.map { boxes[$0].width }.max() ?? 0
      for i in column { boxes[i].x = left + wide / 2 }
      left += wide + Self.gap.across
    }
    width = max(left - Self.gap.across, 0)
    for column in order { stack(column, wanted: column.map { _ in 0 }) }
    // Towards the mean of their neighbours, without leaving their order.
    for round in 0..<12 {
      for column in round % 2 == 0 ? order : order.reversed() {
        let wanted = column.map { i in neighbours[i].isEmpty ? boxes[i].y : neighbours[i].reduce(0) { $0 + boxes[$1].y } / Double(neighbours[i].count) }
        stack(column, wanted: wanted)
      }
    }
    let top = boxes.map { $0.y - $0.height / 2 }.min() ?? 0, bottom = boxes.map { $0.y + $0.height / 2 }.max() ?? 0
    for i in boxes.indices { boxes[i].y -= top }
    height = bottom - top
  }

  /// Puts the boxes of a column as near to where they are wanted as they fit: runs that would overlap share their mean shift.
  private mutating func stack(_ column: [Int], wanted: [Double]) {
    // Each run: its members' first place, how far below it each lies, and the mean of what they want.
    var runs: [(first: Int, top: Double, size: Double, sum: Double, count: Double)] = []
    for (k, i) in column.enumerated() {
      let size = boxes[i].height + Self.gap.down
      var run = (first: k, top: wanted[k] - size / 2, size: size, sum: wanted[k] - size / 2, count: 1.0)
      while let last = runs.last, last.top + last.size > run.top {
        runs.removeLast()
        run = (last.first, 0, last.size + run.size, last.sum + run.sum - run.count * last.size, last.count + run.count)
        run.top = run.sum / run.count
      }
      runs.append(run)
    }
    for (r, run) in runs.enumerated() {
      var top = run.top
      for k in run.first..<(r + 1 < runs.count ? runs[r + 1].first : column.count) {
        let size = boxes[column[k]].height + Self.gap.down
        boxes[column[k]].y = top + size / 2
        top += size
      }
    }
  }
}
