internal import LuaBridge

/// The different elements of a tensor, in rising order; every NaN is different from every other, as in PyTorch.
enum Unique {
  static func unique(_ x: Tensor) throws -> (values: Tensor, inverse: Tensor, counts: Tensor) {
    let flat = try x.alias().reshaped(Shape(x.count))
    let order = try Sorting.positions(flat, 0, descending: false)
    let sorted = try Choosing.chosen(flat, 0, order), inverse = try Tensor(empty: x.shape, .int64)
    var starts: [Int64] = [], ends: [Int64] = []
    x.type.dispatch { type in runs(sorted, type, order, inverse, &starts, &ends) }
    let values = try Choosing.chosen(sorted, 0, Tensor(starts))
    return (values, inverse, try Tensor(zip(starts, ends).map { $1 - $0 }))
  }

  private static func runs<E: Element>(_ sorted: Tensor, _: E.Type, _ order: Tensor, _ inverse: Tensor, _ starts: inout [Int64], _ ends: inout [Int64]) {
    let x = sorted.pointer(E.self), from = order.pointer(Int64.self), to = inverse.pointer(Int64.self)
    for i in 0..<sorted.count {
      if i == 0 || x[i] != x[i - 1] {
        if i > 0 { ends.append(Int64(i)) }
        starts.append(Int64(i))
      }
      to[Int(from[i])] = Int64(starts.count)
    }
    if sorted.count > 0 { ends.append(Int64(sorted.count)) }
  }

  static let rows: [Row] = [
    Row(
      results: "unique",
      """
      The different elements, in rising order. With return_inverse also which of them (from 1) stands at each place, with return_counts how often each \
      occurs.
      Shapes: x of any shape; values (n); inverse as x; counts (n).
      """,
      Reduction.x, Param.option("return_inverse", default: false, "add the positions of the elements among the results"),
      Param.option("return_counts", default: false, "add how often each occurs"), example: "return T.ones(2, 3):unique()", returns: "Tensor [, Tensor [, Tensor]]"
    ) { stack, x, withInverse, withCounts in
      let (values, inverse, counts) = try unique(x)
      values.push(stack)
      if withInverse { inverse.push(stack) }
      if withCounts { counts.push(stack) }
      return 1 + (withInverse ? 1 : 0) + (withCounts ? 1 : 0)
    }
  ]
}
