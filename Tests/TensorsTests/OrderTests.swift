import LuaBridge
import Tensors
import Testing

@Suite(.serialized) struct OrderTests {
  @Test func sortsEveryTypeAndLayout() throws {
    for (rows, n) in [(3, 1), (4, 7), (2, 64), (3, 65), (2, 1000), (1, 70_000)] {
      let values = scattered(rows * n, n).map { ($0 * 50).rounded() / 4 }  // many equals, negative zeros
      for type in ElementType.allCases {
        let x = try Tensor(values).reshaped(Shape(rows, n)).to(type)
        for (dim, layout) in [(1, x), (0, try x.transposed(0, 1).copied()), (0, try x.transposed(0, 1))] {
          for descending in [false, true] {
            let list: [(String, Tensor)] = [("x", layout)]
            let code = "local v, p = x:sort(\(dim + 1), {descending = \(descending)})"
            let sorted = try script("\(code); return v", list, as: Tensor.self).transposed(dim, 1).values()
            let positions = try script("\(code); return p", list, as: Tensor.self).transposed(dim, 1).values()
            let source = try x.values()
            var wrong = 0
            for row in 0..<rows {
              let line = Array(source[row * n..<(row + 1) * n])
              let order = line.indices.sorted { a, b in line[a] == line[b] ? a < b : descending ? line[a] > line[b] : line[a] < line[b] }
              for k in 0..<n where sorted[row * n + k] != line[order[k]] || positions[row * n + k] != Double(order[k] + 1) { wrong += 1 }
            }
            #expect(wrong == 0, "\(type) {\(rows),\(n)} dim \(dim + 1) descending \(descending)")
          }
        }
      }
    }
  }

  @Test func missingValues() throws {
    for n in [5, 100] {
      let x = try Tensor([2, Double.nan, -.infinity, .infinity, 1] + [Double](repeating: 0, count: n - 5))
      for type in [ElementType.float32, .float64] {
        let list = [("x", try x.to(type))]
        #expect(try script("return (x:sort())", list, as: Tensor.self).values().last!.isNaN)
        #expect(try script("return (x:sort({descending = true}))", list, as: Tensor.self).values()[0].isNaN)
        #expect(try script("return x:argsort()", list, as: Tensor.self).values().suffix(4) == [5, 1, 4, 2])
        #expect(try script("local v, p = x:topk(2); return p", list, as: Tensor.self).values() == [2, 4])
        #expect(try script("local v, p = x:topk(1, 1, {largest = false}); return p", list, as: Tensor.self).values() == [3])
        #expect(try script("return x:median()", list, as: Tensor.self).values()[0].isNaN)
        #expect(try script("local v, p = x:median(1); return p", list, as: Tensor.self).values() == [2])
        #expect(try script("return x:unique()", list, as: Tensor.self).values().count == (n == 5 ? 5 : 6))
      }
    }
  }

  @Test func largeWholeNumbers() throws {
    let x = try Tensor([Int64.max, Int64.min, 9_007_199_254_740_993, 9_007_199_254_740_992, 0, -1])
    #expect(try script("return x:argsort()", [("x", x)], as: Tensor.self).values() == [2, 6, 5, 4, 3, 1])
    #expect(try script("return x:argmax() + x:argmin()", [("x", x)], as: Tensor.self).values() == [3])
  }

  @Test func topAndUnique() throws {
    let x = try Tensor([3.0, 1, 2, 3, 5, 1, 1, 2]).reshaped(Shape(2, 4))
    let list = [("x", x)]
    #expect(try script("return (x:topk(2))", list, as: Tensor.self).values() == [3, 3, 5, 2])
    #expect(try script("local v, p = x:topk(2); return p", list, as: Tensor.self).values() == [1, 4, 1, 4])
    #expect(try script("local v, p = x:topk(1, 1, {largest = false}); return p", list, as: Tensor.self).values() == [1, 1, 2, 2])
    #expect(try script("return (x:topk(0))", list, as: Tensor.self).shape == Shape(2, 0))
    #expect(try failure("return x:topk(5, 2)", list).hasSuffix("topk: k must be 0..4, the size of dim 2 of shape {2,4}, got 5"))
    #expect(try failure("return x:topk(-1)", list).contains("got -1"))
    #expect(try failure("return x:sort(0)", list).hasSuffix("sort: dim 0 is out of range 1..2 (or -2..-1) of shape {2,4}"))
    #expect(try script("return x:unique()", list, as: Tensor.self).values() == [1, 2, 3, 5])
    #expect(try script("local v, i, c = x:unique({return_inverse = true, return_counts = true}); return i", list, as: Tensor.self).values() == [3, 1, 2, 3, 4, 1, 1, 2])
    #expect(try script("local v, c = x:unique({return_counts = true}); return c", list, as: Tensor.self).values() == [3, 2, 2, 1])
    #expect(try script("return x:byte():unique()", list, as: Tensor.self).type == .uint8)
  }

  @Test func gradients() throws {
    let x = try Tensor(scattered(12, 7)).reshaped(Shape(3, 4))
    for code in ["sort(1)", "sort(2, {descending = true})", "topk(2, 1)", "topk(3, 2, {largest = false})", "median(1)", "max(1)", "min(2, {keepdim = true})"] {
      try checkGradient([x], "\(code)") { x in try script("return (x:mul(x):\(code))", [("x", x[0])]) }
      try checkGradient([x], "\(code)") { x in try script("return (x:\(code))", [("x", x[0].transposed(0, 1))]) }
    }
  }
}
