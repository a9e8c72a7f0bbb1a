internal import KernelTable
internal import LuaBridge

/// Truth values over dims: all, any, how many. A number is true where it is not 0; NaN is true.
enum Counting {
  private static func fold<B: Element>(_ x: Tensor, _ dims: [Int]?, _ keep: Bool, _ start: B, _ join: (B, UInt8) -> B) throws -> Tensor {
    let plan = try Reduction.plan(Logic.truth(x), dims: dims ?? Array(x.shape.indices))
    let y = try Tensor(empty: keep ? plan.kept : plan.dropped, B.elementType)
    Reduction.fold(plan, UInt8.self, into: y.pointer(B.self), start, join)
    return y
  }
  static func all(_ x: Tensor, _ dims: [Int]?, _ keep: Bool) throws -> Tensor { try fold(x, dims, keep, Truth(true)) { Truth($0.byte & $1 != 0) } }
  static func any(_ x: Tensor, _ dims: [Int]?, _ keep: Bool) throws -> Tensor { try fold(x, dims, keep, Truth(false)) { Truth($0.byte | $1 != 0) } }
  static func countNonzero(_ x: Tensor, _ dims: [Int]?, _ keep: Bool) throws -> Tensor { try fold(x, dims, keep, Int64(0)) { $0 &+ Int64($1) } }

  /// Whether a contiguous bool tensor has a 1.
  static func any(_ mask: Tensor) -> Bool {
    let bytes = mask.pointer(UInt8.self)
    for i in 0..<mask.count where bytes[i] != 0 { return true }
    return false
  }

  static let rows: [Row] = [
    Row(
      "all",
      """
      Whether all elements are true (not 0), over all or over dims, as a bool tensor; of no elements true.
      Shapes: x of any shape; y without the reduced dims (with size 1 by keepdim), {} over all.
      Errors: a dim the tensor does not have, or one that is named twice.
      """, Reduction.x, Reduction.dim, Reduction.keepdim,
      example: "return T.ones(2, 3):all(1)"
    ) {
      x, dim, keep in try all(x, Reduction.dims(dim, x, "all"), keep)
    },
    Row(
      "any",
      """
      Whether any element is true (not 0), over all or over dims, as a bool tensor; of no elements false.
      Shapes: x of any shape; y without the reduced dims (with size 1 by keepdim), {} over all.
      Errors: a dim the tensor does not have, or one that is named twice.
      """, Reduction.x, Reduction.dim, Reduction.keepdim,
      example: "return T.zeros(2, 3):any()"
    ) {
      x, dim, keep in try any(x, Reduction.dims(dim, x, "any"), keep)
    },
    Row(
      "count_nonzero",
      """
      How many elements are not 0, as int64.
      Shapes: x of any shape; y without the reduced dims (with size 1 by keepdim), {} over all.
      Errors: a dim the tensor does not have, or one that is named twice.
      """, Reduction.x, Reduction.dim, Reduction.keepdim, example: "return T.ones(2, 3):count_nonzero(2)"
    ) {
      x, dim, keep in try countNonzero(x, Reduction.dims(dim, x, "count_nonzero"), keep)
    },
  ]
}
