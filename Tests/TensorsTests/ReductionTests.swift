import Glibc
import LuaBridge
import Tensors
import Testing

/// Every reduction against a loop over the elements that fall on one result.
@Suite(.serialized) struct ReductionTests {
  /// The groups of a tensor's elements that a reduction joins, in row-major order of the result.
  static func groups(_ x: Tensor, _ dims: [Int]) throws -> [[Double]] {
    let values = try x.values(), shape = x.shape
    var groups: [Int: [Double]] = [:], order: [Int] = []
    for (i, value) in values.enumerated() {
      var rest = i, key = 0, scale = 1
      for dim in shape.indices.reversed() {
        let at = rest % shape[dim]
        rest /= shape[dim]
        if !dims.contains(dim) {
          key += at * scale
          scale *= shape[dim]
        }
      }
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(value)
    }
    return order.sorted().map { groups[$0]! }
  }

  static let reductions: [(call: String, f: @Sendable ([Double]) -> Double)] = [
    ("sum", { $0.reduce(0, +) }), ("mean", { $0.reduce(0, +) / Double($0.count) }), ("prod", { $0.reduce(1, *) }),
    ("max", { $0.max()! }), ("min", { $0.min()! }),
    ("var", { variance($0, 1) }), ("std", { sqrt(variance($0, 1)) }),
    ("logsumexp", { log($0.reduce(0) { $0 + exp($1) }) }), ("median", { $0.sorted()[($0.count - 1) / 2] }),
    ("all", { $0.allSatisfy { $0 != 0 } ? 1 : 0 }), ("any", { $0.contains { $0 != 0 } ? 1 : 0 }),
    ("count_nonzero", { Double($0.filter { $0 != 0 }.count) }),
  ]
  static func variance(_ list: [Double], _ correction: Double) -> Double {
    let mean = list.reduce(0, +) / Double(list.count)
    return list.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (Double(list.count) - correction)
  }

  static func layouts() throws -> [(String, Tensor)] {
    let x = try Tensor(scattered(60).map { abs($0) < 0.2 ? 0 : $0 }).reshaped(Shape(3, 4, 5))
    return try [("contiguous", x), ("turned", x.permuted([2, 0, 1])), ("gaps", x.narrowed(2, 0, 3, step: 2)), ("backwards view", x.transposed(0, 2).narrowed(0, 1, 3))]
  }
  static let dims: [(lua: String, positions: [Int])] = [
    ("nil", [0, 1, 2]), ("1", [0]), ("2", [1]), ("-1", [2]), ("{1, 3}", [0, 2]), ("{2, 1}", [0, 1]), ("{-1, -2}", [1, 2]), ("{1, 2, 3}", [0, 1, 2]), ("{2}", [1]),
  ]

  @Test(arguments: reductions.indices) func values(_ k: Int) throws {
    let (name, f) = Self.reductions[k]
    for (label, x) in try Self.layouts() {
      for (lua, dims) in Self.dims {
        let expected = try Self.groups(x, dims).map(f)
        for keep in [false, true] {
          let y = try script("return (x:\(name)(\(lua), {keepdim = \(keep)}))", [("x", x)], as: Tensor.self)
          var shape = Shape()
          for dim in 0..<3 { if !dims.contains(dim) { shape.append(x.shape[dim]) } else if keep { shape.append(1) } }
          #expect(y.shape == shape, "\(name) \(label) \(lua)")
          for (a, b) in zip(try y.values(), expected) { #expect(abs(a - b) < 1e-13, "\(name), \(label), dim \(lua)") }
        }
        let single = try script("return (x:float():\(name)(\(lua)))", [("x", x)], as: Tensor.self)
        for (a, b) in zip(try single.values(), try Self.groups(x.to(.float32), dims).map(f)) {
          #expect(abs(a - b) < 2e-6 * max(1, abs(b)), "\(name), \(label), dim \(lua), float32")
        }
        let expectedWhole = try Self.groups(Elementwise.mul(x, 4).to(.int64), dims).map(f)
        let whole = try script("return (x:mul(4):long():\(name)(\(lua)))", [("x", x)], as: Tensor.self)
        for (a, b) in zip(try whole.values(), expectedWhole) { #expect(abs(a - b) < 2e-6 * max(1, abs(b)), "\(name), \(label), dim \(lua), int64") }
      }
    }
  }

  @Test(arguments: ["sum", "mean", "prod", "max", "min", "var", "std", "logsumexp", "median"]) func gradients(_ name: String) throws {
    let x = try Tensor(scattered(24, 3).map { $0 < 0 ? $0 - 0.3 : $0 + 0.3 }).reshaped(Shape(2, 3, 4))
    for lua in ["", "1", "2", "-1", "{1, 3}", "{2, 3}"] {
      try checkGradient([x], tolerance: 2e-6, "\(name)(\(lua))") { x in try script("return (x:\(name)(\(lua)))", [("x", x[0])]) }
    }
    try checkGradient([x], tolerance: 2e-6, "\(name) turned") { x in try script("return (x:\(name)(2, {keepdim = true}))", [("x", x[0].transposed(1, 2))]) }
    if name == "var" || name == "std" {
      try checkGradient([x], tolerance: 2e-6) { x in try script("return x:\(name)(3, {correction = 0})", [("x", x[0])]) }
      #expect(
        try abs(
          script("return x:\(name)({correction = 0})", [("x", x)], as: Tensor.self).values()[0]
            - (name == "var" ? Self.variance(x.values(), 0) : sqrt(Self.variance(x.values(), 0)))) < 1e-14)
    }
  }

  @Test func norms() throws {
    for (label, x) in try Self.layouts() {
      for (lua, dims) in Self.dims {
        for (p, text) in [(2.0, "2"), (1, "1"), (0, "0"), (3, "3"), (2.5, "2.5"), (0.5, "0.5"), (.infinity, "math.huge"), (-.infinity, "-math.huge")] {
          let y = try script("return x:norm(\(text), \(lua))", [("x", x)], as: Tensor.self)
          for (a, group) in zip(try y.values(), try Self.groups(x, dims)) {
            let sizes = group.map { abs($0) }
            let expected =
              p == 0
              ? Double(sizes.filter { $0 != 0 }.count) : p == .infinity ? sizes.max()! : p == -.infinity ? sizes.min()! : pow(sizes.reduce(0) { $0 + pow($1, p) }, 1 / p)
            #expect(abs(a - expected) < 1e-12 * max(1, expected), "norm(\(text), \(lua)), \(label)")
          }
        }
      }
    }
    let x = try Tensor(scattered(12, 3).map { $0 < 0 ? $0 - 0.3 : $0 + 0.3 }).reshaped(Shape(3, 4))
    for p in ["2", "1", "0", "3", "1.5", "0.5", "math.huge", "-math.huge"] {
      try checkGradient([x], tolerance: 1e-5, "norm \(p)") { x in try script("return x:norm(\(p), 2)", [("x", x[0])]) }
      try checkGradient([x], tolerance: 1e-5, "norm \(p)") { x in try script("return x:norm(\(p))", [("x", x[0])]) }
    }
    // 0 has no direction; huge and tiny lengths do not overflow
    let zero = try Tensor([0.0, 0])
    try zero.requireGrad()
    for p in ["2", "1", "3", "1.5", "math.huge"] {
      zero.grad = nil
      try script("return x:norm(\(p))", [("x", zero)], as: Tensor.self).backward()
      #expect(try zero.grad!.values() == [0, 0], "norm(\(p)) at 0")
    }
    #expect(try abs(script("return x:norm()", [("x", Tensor([Float(3e30), 4e30]))], as: Tensor.self).values()[0] / 5e30 - 1) < 1e-6)
    #expect(try abs(script("return x:norm()", [("x", Tensor([3e-200, 4e-200]))], as: Tensor.self).values()[0] / 5e-200 - 1) < 1e-14)
    #expect(try abs(script("return x:norm(3)", [("x", Tensor([1e200, 1e200]))], as: Tensor.self).values()[0] / (1e200 * cbrt(2)) - 1) < 1e-14)
    #expect(try script("return x:norm()", [("x", Tensor([Double.infinity, 1]))], as: Tensor.self).values() == [.infinity])
  }

  @Test func nothingToReduce() throws {
    let empty = try Tensor.zeros(Shape(0, 3), .float64)
    func value(_ code: String) throws -> [Double] { try script("return (x:\(code))", [("x", empty)], as: Tensor.self).values() }
    #expect(try value("sum()") == [0] && value("prod()") == [1] && value("mean()")[0].isNaN && value("var()")[0].isNaN)
    #expect(try value("sum(1)") == [0, 0, 0] && value("prod(1)") == [1, 1, 1] && value("mean(1)").allSatisfy(\.isNaN))
    #expect(try value("all()") == [1] && value("any()") == [0] && value("count_nonzero(1)") == [0, 0, 0])
    #expect(try value("logsumexp()") == [-.infinity] && value("norm()") == [0] && value("median()")[0].isNaN)
    #expect(try value("sum(2)") == [] && value("max(2)") == [] && value("cumsum(1)") == [] && value("sort(1)") == [] && value("unique()") == [])
    for name in ["max", "min", "argmax", "argmin"] {
      let message = try failure("return x:\(name)()", [("x", empty)])
      #expect(message.hasSuffix("\(name): nothing to choose from, the tensor {\(name.hasPrefix("arg") ? "0" : "0,3")} has no elements along the reduced dims"))
    }
    #expect(try failure("return x:norm(math.huge)", [("x", empty)]).contains("norm: nothing to choose from"))
    #expect(try failure("return x:median(1)", [("x", empty)]).contains("median: nothing to choose from"))
    #expect(try failure("return x:sum(3)", [("x", empty)]).hasSuffix("sum: dim 3 is out of range 1..2 (or -2..-1) of shape {0,3}"))
    #expect(try failure("return x:max({1, 1})", [("x", empty)]).hasSuffix("max: dim 1 is named twice"))
    let point = try Tensor.scalar(5, .float64)
    for code in ["sum()", "max()", "prod()", "mean({keepdim = true})", "argmax():double() + 4", "cumsum(1)", "sort()", "median()", "norm(1)", "logsumexp()"] {
      #expect(try script("return (x:\(code))", [("x", point)], as: Tensor.self).values() == [5], "\(code)")
    }
  }

  @Test func extremesAndPositions() throws {
    let x = try Tensor([3.0, 1, 3, .nan, 2, 2, -1, 5, 5]).reshaped(Shape(3, 3))
    let list = [("x", x)]
    #expect(try script("local v, p = x:max(2); return p", list, as: Tensor.self).values() == [1, 1, 2])
    #expect(try script("local v, p = x:min(2, {keepdim = true}); return p", list, as: Tensor.self).shape == Shape(3, 1))
    #expect(try script("local v, p = x:min(2); return p", list, as: Tensor.self).values() == [2, 1, 1])
    #expect(try script("return (x:max(2))", list, as: Tensor.self).values().description == "[3.0, nan, 5.0]")
    #expect(try script("return x:argmax(1)", list, as: Tensor.self).values() == [2, 3, 3])
    #expect(try script("return x:argmax()", list, as: Tensor.self).values() == [4])
    #expect(try script("return x:long():argmax()", list, as: Tensor.self).values() == [8])
    #expect(try script("return x:byte():argmin(-1)", [("x", Tensor([3.0, 1, 1, 0]).reshaped(Shape(2, 2)))], as: Tensor.self).values() == [2, 2])
    #expect(try script("return x:argmax({keepdim = true})", list, as: Tensor.self).shape == Shape(1, 1))
    #expect(try script("return x:max():isnan()", list, as: Tensor.self).values() == [1])
    #expect(try script("return x:bool():min()", list, as: Tensor.self).type == .bool)
    // ties: the whole tensor's maximum shares its gradient, a dim's gives it to the position
    let ties = try Tensor([2.0, 7, 7])
    try ties.requireGrad()
    try script("return x:max()", [("x", ties)], as: Tensor.self).backward()
    #expect(try ties.grad!.values() == [0, 0.5, 0.5])
    ties.grad = nil
    try script("return (x:max(1))", [("x", ties)], as: Tensor.self).backward()
    #expect(try ties.grad!.values() == [0, 1, 0])
  }

  @Test func zerosInProducts() throws {
    for values in [[2.0, 0, 3, 4], [0, 0, 3, 4], [2, 3, 4, 0], [0, 3, 4, 5], [2, 0, 3, 0], [1, 2, 3, 4]] {
      let x = try Tensor(values + [1.5, 2, 0.5, 3]).reshaped(Shape(2, 4)), second = !values.contains(0)
      try checkGradient([x], second: second) { x in try script("return x:prod(2)", [("x", x[0])]) }
      try checkGradient([x], second: second) { x in try script("return x:prod()", [("x", x[0])]) }
      try checkGradient([x], second: second) { x in try script("return x:cumprod(2)", [("x", x[0])]) }
      try checkGradient([x], second: second) { x in try script("return x:cumprod(1)", [("x", x[0].transposed(0, 1))]) }
    }
  }

  @Test func running() throws {
    for (label, x) in try Self.layouts() {
      for dim in 0..<3 {
        for (name, join) in [("cumsum", { $0 + $1 }), ("cumprod", { $0 * $1 })] as [(String, (Double, Double) -> Double)] {
          let y = try script("return x:\(name)(\(dim + 1))", [("x", x)], as: Tensor.self)
          #expect(y.shape == x.shape)
          let results = try y.transposed(dim, 2).values(), lines = try x.transposed(dim, 2).values(), n = x.shape[dim]
          for i in lines.indices {
            let expected = i % n == 0 ? lines[i] : join(results[i - 1], lines[i])
            #expect(abs(results[i] - expected) < 1e-14, "\(name) \(label)")
          }
          #expect(try script("return x:mul(3):long():\(name)(\(dim + 1)):equal(x:mul(3):long():double():\(name)(\(dim + 1)):long())", [("x", x)], as: Bool.self))
        }
      }
    }
    let x = try Tensor(scattered(12)).reshaped(Shape(3, 4))
    try checkGradient([x]) { x in try script("return x:cumsum(1)", [("x", x[0])]) }
    try checkGradient([x]) { x in try script("return x:cumsum(-1)", [("x", x[0])]) }
    #expect(try failure("return x:cumsum()", [("x", x)]).hasSuffix("cumsum: name the dim, the tensor has 2 (shape {3,4})"))
  }

  @Test func precisionOfSums() throws {
    let ones = try Tensor.full(Shape(20_000_006), 1, .float32)
    #expect(try Reduction.sum(ones).values() == [20_000_006])
    #expect(try Reduction.mean(ones).values() == [1])
    let shifted = try Tensor((0..<1000).map { Float(1e6) + Float($0 % 2) })
    #expect(try abs(script("return x:var({correction = 0})", [("x", shifted)], as: Tensor.self).values()[0] - 0.25) < 1e-6)
    #expect(try script("return x:logsumexp()", [("x", Tensor([1000.0, 1000]))], as: Tensor.self).values() == [1000 + log(2)])
    let low = try Tensor([-Double.infinity, -.infinity])
    try low.requireGrad()
    try script("return x:logsumexp()", [("x", low)], as: Tensor.self).backward()
    #expect(try low.grad!.values() == [0, 0])
  }
}
