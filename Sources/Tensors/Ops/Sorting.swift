internal import Kernels
internal import LuaBridge

/// Order along a dim: stable, NaN after everything (before everything where descending), as in PyTorch.
///
/// Elements become whole numbers of the same order, which are sorted digit by digit (least significant first, 8 bits at a time):
/// no comparisons, equals keep their order, and NaN needs no case of its own.
enum Sorting {
  /// An element's rank as a whole number, and where it came from.
  struct Entry {
    var key: UInt64
    var position: Int
  }

  /// Larger elements have larger keys; -0 equals 0; every NaN has the largest. `bits` of the key are in use.
  @inline(__always)
  private static func key<E: Element>(_ x: E) -> UInt64 {
    switch x {
    case let x as Float:
      if x.isNaN { return UInt64(UInt32.max) }
      let bits = x == 0 ? 0 : x.bitPattern
      return UInt64(bits ^ (bits >> 31 == 0 ? 0x8000_0000 : .max))
    case let x as Double:
      if x.isNaN { return .max }
      let bits = x == 0 ? 0 : x.bitPattern
      return bits ^ (bits >> 63 == 0 ? 1 << 63 : .max)
    default:
      return UInt64(bitPattern: x.integer) ^ (1 << 63)
    }
  }
  private static func bits(_ type: ElementType) -> Int { type == .float32 ? 32 : 64 }

  /// Sorts `n` entries by their keys, equals in their old order; the result is in `entries`.
  static func sort(_ entries: UnsafeMutablePointer<Entry>, _ spare: UnsafeMutablePointer<Entry>, _ n: Int, bits: Int) {
    if n <= 64 {
      for i in 1..<max(n, 1) {
        let entry = entries[i]
        var j = i
        while j > 0, entries[j &- 1].key > entry.key {
          entries[j] = entries[j &- 1]
          j &-= 1
        }
        entries[j] = entry
      }
      return
    }
    let passes = bits / 8
    withUnsafeTemporaryAllocation(of: Int.self, capacity: passes &* 256) { counts in
      let counts = counts.baseAddress!
      counts.update(repeating: 0, count: passes &* 256)
      for i in 0..<n {
        for pass in 0..<passes { counts[pass &* 256 &+ Int((entries[i].key >> UInt64(8 &* pass)) & 255)] &+= 1 }
      }
      var from = entries, to = spare
      for pass in 0..<passes {
        let count = counts + pass &* 256, shift = UInt64(8 &* pass)
        if count[Int((from[0].key >> shift) & 255)] == n { continue }  // all have the same digit
        var total = 0
        for digit in 0..<256 {
          let here = count[digit]
          count[digit] = total
          total &+= here
        }
        for i in 0..<n {
          let entry = from[i], digit = Int((entry.key >> shift) & 255)
          to[count[digit]] = entry
          count[digit] &+= 1
        }
        swap(&from, &to)
      }
      if from != entries { entries.update(from: from, count: n) }
    }
  }

  /// Positions (from 0) of the first `take` elements in order along a dim.
  static func positions(_ x: Tensor, _ dim: Int, descending: Bool, take: Int? = nil) throws -> Tensor {
    let plan = try Reduction.plan(x, dims: [dim]), take = take ?? plan.count
    var shape = x.shape
    shape[dim] = take
    let result = try Tensor(empty: shape, .int64)
    if result.count > 0 { x.type.dispatch { type in order(plan, type, descending, take, result.pointer(Int64.self)) } }
    return result
  }

  private static func order<E: Element>(_ plan: Reduction.Plan, _: E.Type, _ descending: Bool, _ take: Int, _ result: UnsafeMutablePointer<Int64>) {
    let lines = plan.outer &* plan.inner, n = plan.count, inner = plan.inner, bits = bits(E.elementType)
    nonisolated(unsafe) let x = plan.source.pointer(E.self), result = result
    let perChunk = max(1, 32_768 / n)
    Parallel.run((lines &+ perChunk &- 1) / perChunk) { chunk in
      let entries = UnsafeMutablePointer<Entry>.allocate(capacity: 2 &* n)
      defer { entries.deallocate() }
      for line in chunk &* perChunk..<min(lines, (chunk &+ 1) &* perChunk) {
        let o = line / inner, i = line % inner, base = o &* n &* inner &+ i
        for k in 0..<n {
          let key = key(x[base &+ k &* inner])
          entries[k] = Entry(key: descending ? ~key : key, position: k)
        }
        sort(entries, entries + n, n, bits: bits)
        for k in 0..<take { result[(o &* take &+ k) &* inner &+ i] = Int64(entries[k].position) }
      }
    }
  }

  /// A 0-dim tensor counts as a list of one here.
  private static func line(_ x: Tensor, _ dim: Int, _ function: String) throws -> (Tensor, Int) {
    if x.rank == 0, dim == 1 || dim == -1 { return (try x.reshaped(Shape(1)), 0) }
    return (x, try x.shape.dim(dim, function))
  }

  /// The first `take` elements in order and their positions from 1.
  static func sorted(_ x: Tensor, _ dim: Int, descending: Bool, take: Int? = nil, _ function: String) throws -> (Tensor, Tensor) {
    let (list, position) = try line(x, dim, function)
    if let take, take < 0 || take > list.shape[position] {
      throw LuaError("\(function): k must be 0..\(list.shape[position]), the size of dim \(position + 1) of shape \(x.shape), got \(take)")
    }
    let places = try positions(list, position, descending: descending, take: take)
    let values = try Choosing.chosen(list, position, places), counted = try Elementwise.add(places, .integer(1))
    if x.rank == 0, values.count == 1 { return (try values.reshaped(Shape()), try counted.reshaped(Shape())) }
    return (values, counted)
  }

  private static let dim = Param("dim", default: -1, "the dim to go along")
  private static let descending = Param.option("descending", default: false, "the largest first")

  static let rows: [Row] = [
    Row(
      "sort",
      """
      Elements in rising order along a dim, and the positions (from 1) they came from. Stable; NaN last (first where descending).
      Shapes: both results as x.
      Errors: a dim the tensor does not have.
      """, Reduction.x, dim, descending,
      example: "local values, positions = T.ones(3):cumsum(1):sort(1, {descending = true}); return positions"
    ) { x, dim, descending in try sorted(x, dim, descending: descending, "sort") },
    Row(
      "argsort",
      """
      The positions (from 1) that bring a dim into rising order. Stable; NaN last (first where descending).
      Shapes: y as x, int64.
      Errors: a dim the tensor does not have.
      """, Reduction.x, dim, descending,
      example: "return T.ones(3):cumsum(1):argsort(1, {descending = true})"
    ) { x, dim, descending in try sorted(x, dim, descending: descending, "argsort").1 },
    Row(
      "topk",
      """
      The k largest (or smallest) elements along a dim, the best first, and their positions from 1. NaN counts as largest.
      Shapes: both results as x, with k in the dim.
      Errors: a k below 0 or above the size of the dim.
      """, Reduction.x,
      Param("k", Int.self, "how many"), dim,
      Param.option("largest", default: true, "the smallest where false"), example: "return T.ones(5):cumsum(1):topk(2)"
    ) { x, k, dim, largest in try sorted(x, dim, descending: largest, take: k, "topk") },
  ]
}
