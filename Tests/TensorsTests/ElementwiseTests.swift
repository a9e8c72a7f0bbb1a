import Glibc
import LuaBridge
import Tensors
import Testing

@Suite(.serialized) struct ElementwiseTests {
  func tensor(_ values: [Double], _ shape: Int...) throws -> Tensor {
    try shape.isEmpty ? Tensor(values) : Tensor(values).reshaped(Shape(shape))
  }

  static let binary: [(name: String, f: @Sendable (Double, Double) -> Double)] = [
    ("add", { $0 + $1 }), ("sub", { $0 - $1 }), ("mul", { $0 * $1 }), ("div", { $0 / $1 }), ("pow", { pow($0, $1) }), ("atan2", { atan2($0, $1) }),
    ("maximum", { max($0, $1) }), ("minimum", { min($0, $1) }), ("fmod", { fmod($0, $1) }),
    ("remainder", { $0 - ($0 / $1).rounded(.down) * $1 }), ("floor_divide", { ($0 / $1).rounded(.down) }),
  ]

  @Test(arguments: binary.indices) func binaryOverAllLayouts(_ k: Int) throws {
    let (name, f) = Self.binary[k]
    let x = try tensor(scattered(24).map { 2 + $0 }, 4, 6)
    let columns = try tensor(scattered(6, 2).map { 1.7 + $0 }), rows = try tensor(scattered(4, 4).map { 1.7 + $0 }, 4, 1)
    let turned = try tensor(scattered(24, 5).map { 2 + $0 }, 6, 4).transposed(0, 1)
    let gaps = try tensor(scattered(48, 6).map { 2 + $0 }, 4, 12).narrowed(1, 1, 6, step: 2)
    let one = try tensor([1.3], 1, 1)
    for (label, a, b) in [
      ("same", x, x), ("row", x, columns), ("column", x, rows), ("column first", rows, x), ("outer", rows, columns), ("turned", turned, x),
      ("gaps", x, gaps), ("both odd", turned, gaps), ("one", one, turned), ("turned row", turned, rows),
    ] {
      let y = try script("return a:\(name)(b)", [("a", a), ("b", b)], as: Tensor.self)
      let p = try a.expanded(to: Shape(4, 6)).values(), q = try b.expanded(to: Shape(4, 6)).values(), result = try y.values()
      #expect(y.shape == Shape(4, 6))
      for i in 0..<24 { #expect(abs(result[i] - f(p[i], q[i])) < 1e-12, "\(name), \(label)") }
    }
    let values = try x.values()
    let right = try script("return a:\(name)(1.7)", [("a", x)], as: Tensor.self).values()
    let left = try script("return T.\(name)(1.7, a)", [("a", turned)], as: Tensor.self).values(), seen = try turned.values()
    for i in 0..<24 {
      #expect(abs(right[i] - f(values[i], 1.7)) < 1e-12, "\(name) with a number")
      #expect(abs(left[i] - f(1.7, seen[i])) < 1e-12, "number with \(name)")
    }
    // in place: a fresh tensor and a view with gaps, by a tensor and by a number
    let over = try script("return a:\(name)_(b)", [("a", x.copied()), ("b", turned)], as: Tensor.self).values()
    let base = try tensor(scattered(48, 6).map { 2 + $0 }, 4, 12), before = try base.values(), view = try base.narrowed(1, 1, 6, step: 2)
    let kept = try view.values()
    _ = try script("return a:\(name)_(1.7)", [("a", view)], as: Tensor.self)
    for i in 0..<24 {
      #expect(abs(over[i] - f(values[i], seen[i])) < 1e-12, "\(name)_")
      #expect(try abs(view.values()[i] - f(kept[i], 1.7)) < 1e-12, "\(name)_ on a view")
      #expect(try base.values()[2 * i] == before[2 * i], "\(name)_ on a view leaves the rest")
    }
  }

  @Test(arguments: binary.indices) func binaryGradients(_ k: Int) throws {
    let name = Self.binary[k].name
    let a = try tensor(scattered(6).map { 2 + $0 }, 2, 3), b = try tensor(scattered(3, 2).map { 1.6 + $0 }), c = try tensor([1.45], 1, 1)
    try checkGradient([a, b], tolerance: 1e-6, "\(name)") { x in try script("return a:\(name)(b)", [("a", x[0]), ("b", x[1])]) }
    try checkGradient([b, a], tolerance: 1e-6, "\(name)") { x in try script("return a:\(name)(b)", [("a", x[0]), ("b", x[1])]) }
    try checkGradient([c, b], tolerance: 1e-6, "\(name)") { x in try script("return a:\(name)(b)", [("a", x[0]), ("b", x[1])]) }
    try checkGradient([a], tolerance: 1e-6, "\(name) number") { x in try script("return a:\(name)(1.45)", [("a", x[0])]) }
    try checkGradient([a], tolerance: 1e-6, "number \(name)") { x in try script("return T.\(name)(1.45, a)", [("a", x[0])]) }
    try checkGradient([a], tolerance: 1e-6, "\(name) itself") { x in try script("local y = a * 1.5; return y:\(name)(a)", [("a", x[0])]) }
    try checkGradient([a, b], tolerance: 1e-6, "\(name)_") { x in try script("local y = a * 2; y:\(name)_(b); return y", [("a", x[0]), ("b", x[1])]) }
  }

  static let unary: [(name: String, low: Double, high: Double, f: @Sendable (Double) -> Double)] = [
    ("neg", -2, 2, { -$0 }), ("abs", -2, 2, { abs($0) }), ("sign", -2, 2, { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }), ("exp", -2, 2, { exp($0) }),
    ("expm1", -2, 2, { expm1($0) }), ("log", 0.1, 3, { log($0) }), ("log1p", -0.8, 3, { log1p($0) }), ("log2", 0.1, 3, { log2($0) }),
    ("log10", 0.1, 3, { log10($0) }), ("sqrt", 0.1, 3, { sqrt($0) }), ("rsqrt", 0.2, 3, { 1 / sqrt($0) }), ("square", -2, 2, { $0 * $0 }),
    ("reciprocal", 0.3, 3, { 1 / $0 }), ("sin", -4, 4, { sin($0) }), ("cos", -4, 4, { cos($0) }), ("tan", -1.2, 1.2, { tan($0) }),
    ("asin", -0.9, 0.9, { asin($0) }), ("acos", -0.9, 0.9, { acos($0) }), ("atan", -3, 3, { atan($0) }), ("sinh", -2, 2, { sinh($0) }),
    ("cosh", -2, 2, { cosh($0) }), ("tanh", -2, 2, { tanh($0) }), ("sigmoid", -3, 3, { 1 / (1 + exp(-$0)) }), ("relu", -2, 2, { max($0, 0) }),
    ("erf", -2, 2, { erf($0) }), ("floor", -3, 3, { floor($0) }), ("ceil", -3, 3, { ceil($0) }), ("round", -3, 3, { $0.rounded(.toNearestOrEven) }),
    ("trunc", -3, 3, { trunc($0) }), ("frac", -3, 3, { $0 - trunc($0) }),
  ]

  @Test(arguments: unary.indices) func unaryFunctions(_ k: Int) throws {
    let (name, low, high, f) = Self.unary[k]
    let values = scattered(30, k + 2).map { low + (high - low) * ($0 + 1) / 2 }
    let x = try tensor(values, 5, 6), turned = try x.transposed(0, 1)
    for (i, y) in try script("return x:\(name)()", [("x", x)], as: Tensor.self).values().enumerated() {
      #expect(abs(y - f(values[i])) < 1e-13 * max(1, abs(y)), "\(name)")
    }
    let seen = try turned.values()
    for (i, y) in try script("return T.\(name)(x)", [("x", turned)], as: Tensor.self).values().enumerated() {
      #expect(abs(y - f(seen[i])) < 1e-13 * max(1, abs(y)), "\(name)")
    }
    for (i, y) in try script("return x:\(name)_()", [("x", x.copied())], as: Tensor.self).values().enumerated() {
      #expect(abs(y - f(values[i])) < 1e-13 * max(1, abs(y)), "\(name)_")
    }
    for (i, y) in try script("return x:float():\(name)()", [("x", x)], as: Tensor.self).values().enumerated() {
      #expect(abs(y - f(Double(Float(values[i])))) < 1e-6 * max(1, abs(y)), "\(name) float32")
    }
    #expect(try script("return x:\(name)()", [("x", Tensor([Double]()))], as: Tensor.self).count == 0)
    try checkGradient([x], tolerance: 1e-6, "\(name)") { x in try script("return x:\(name)()", [("x", x[0])]) }
    try checkGradient([x], tolerance: 1e-6, "\(name)_") { x in try script("local y = x * 1; y:\(name)_(); return y", [("x", x[0])]) }
  }

  @Test func powerAtZero() throws {
    let x = try tensor([0, 0, 0, 2]), e = try tensor([0, 2, 1, 0])
    try x.requireGrad()
    try e.requireGrad()
    try script("return (x ^ e):sum()", [("x", x), ("e", e)], as: Tensor.self).backward()
    #expect(try x.grad!.values() == [0, 0, 1, 0])
    let g = try e.grad!.values()
    #expect(g[0] == 0 && g[1] == 0 && g[2] == 0 && abs(g[3] - log(2)) < 1e-15)
    for (power, slope) in [(0.0, 0.0), (1, 1), (2, 0), (3, 0)] {
      let x = try tensor([0])
      try x.requireGrad()
      try script("return x ^ \(power)", [("x", x)], as: Tensor.self).backward()
      #expect(try x.grad!.values() == [slope], "0 ^ \(power)")
    }
  }

  @Test func numbersMakeNoTensor() throws {
    let x = try Tensor([Float](repeating: 1, count: 8))
    _ = try Elementwise.mul(x, 2)
    let cached = BufferCache.cached, allocations = BufferCache.allocations
    let y = try Elementwise.mul(x, 2)
    #expect(BufferCache.allocations == allocations && cached - BufferCache.cached == 128, "one block of 128 bytes, for y alone")
    #expect(try y.values() == [Double](repeating: 2, count: 8))
  }

  @Test func typesMeet() throws {
    let truth = try Tensor([Truth(true), Truth(false)]), byte = try Tensor([UInt8(200), 3]), whole = try Tensor([Int64(-7), 5])
    let single = try Tensor([Float(0.5), 2]), double = try tensor([0.1, 0.2])
    let list: [(String, Tensor)] = [("truth", truth), ("byte", byte), ("whole", whole), ("single", single), ("double", double)]
    func check(_ code: String, _ type: ElementType, _ values: [Double], location: SourceLocation = #_sourceLocation) throws {
      let y = try script("return \(code)", list, as: Tensor.self)
      #expect(y.type == type, "\(code)", sourceLocation: location)
      #expect(try y.values() == values, "\(code)", sourceLocation: location)
    }
    try check("truth + truth", .bool, [1, 0])
    try check("truth + 1", .int64, [2, 1])
    try check("byte + byte", .uint8, [144, 6])
    try check("byte + whole", .int64, [193, 8])
    try check("byte * 0.5", .float32, [100, 1.5])
    try check("whole / 2", .float32, [-3.5, 2.5])
    try check("2 / byte:long()", .float32, [Double(Float(0.01)), Double(Float(2) / 3)])
    try check("whole // 2", .int64, [-4, 2])
    try check("whole % 3", .int64, [2, 2])
    try check("whole:fmod(3)", .int64, [-1, 2])
    try check("whole ^ 2", .int64, [49, 25])
    try check("2 ^ (whole + 8)", .int64, [2, 8192])
    try check("2 - whole", .int64, [9, -3])
    try check("whole + single", .float32, [-6.5, 7])
    try check("single * 0.1", .float32, [Double(Float(0.5) * Float(0.1)), Double(Float(2) * Float(0.1))])
    try check("single + double", .float64, [0.6, 2.2])
    try check("-whole", .int64, [7, -5])
    try check("whole:exp():gt(1)", .bool, [0, 1])
    try check("whole:abs():sqrt():floor()", .float32, [2, 2])
    try check("whole:clamp(-1, 1)", .int64, [-1, 1])
    try check("whole:clamp(-1.5)", .float32, [-1.5, 5])
    try check("byte:add_(100)", .uint8, [44, 103])
    try check("T.mul(2, 3)", .int64, [6])
    try check("T.div(1, 2)", .float32, [0.5])
    #expect(try failure("return whole // 0", list).hasSuffix("floor_divide: division of whole numbers by zero"))
    #expect(try failure("return whole % (whole - whole)", list).hasSuffix("remainder: division of whole numbers by zero"))
    #expect(try failure("return whole ^ -1", list).contains("whole number to a negative power"))
    #expect(try failure("whole:add_(0.5)", list).contains("add_: a float32 result does not fit into a int64 tensor"))
    #expect(try failure("truth:add_(1)", list).contains("add_: a int64 result does not fit into a bool tensor"))
    #expect(try failure("return single + T.ones(3)", list).contains("add: shapes {2} and {3} do not broadcast: size 2 against 3 at dim 1"))
    #expect(try failure("single:mul_(T.ones(4, 2))", list).contains("mul_: the result has shape {4,2} and does not fit into {2}"))
    #expect(try failure("return single:pow('a')", list).contains("bad argument #1 to 'pow' (Tensor or number expected, got string)"))
  }

  @Test func changedInPlace() throws {
    let x = try tensor([1, 2, 3])
    try x.requireGrad()
    #expect(try failure("x:mul_(2)", [("x", x)]).contains("mul_: a tensor that requires gradients cannot be changed in place"))
    // The other side's gradient reads what was there before.
    let w = try tensor([5, 6, 7])
    try w.requireGrad()
    try script("local y = x * 1; y:mul_(w); return y:sum()", [("x", x), ("w", w)], as: Tensor.self).backward()
    #expect(try x.grad!.values() == [5, 6, 7])
    #expect(try w.grad!.values() == [1, 2, 3])
    x.grad = nil
    try script("local y = x * 2; y:mul_(y); return y:sum()", [("x", x)], as: Tensor.self).backward()
    #expect(try x.grad!.values() == [8, 16, 24])
    let stale = try script("local y = x * 2; local z = y * y; y:add_(1); return z:sum()", [("x", x)], as: Tensor.self)
    let error = #expect(throws: LuaError.self) { try stale.backward() }
    #expect(error?.message.contains("'mul' needs a tensor {3} as it was, but 'add_' has changed it in place since") == true)
  }

  @Test func comparisonsAndLogic() throws {
    let a = try tensor([1, 2, .nan, .infinity, -.infinity, 0]), b = try tensor([1, 3, .nan, .infinity, .infinity, -0.0])
    func check(_ code: String, _ values: [Double], location: SourceLocation = #_sourceLocation) throws {
      let y = try script("return \(code)", [("a", a), ("b", b)], as: Tensor.self)
      #expect(y.type == .bool, sourceLocation: location)
      #expect(try y.values() == values, "\(code)", sourceLocation: location)
    }
    try check("a:eq(b)", [1, 0, 0, 1, 0, 1])
    try check("T.ne(a, b)", [0, 1, 1, 0, 1, 0])
    try check("a:lt(2)", [1, 0, 0, 0, 1, 1])
    try check("T.lt(2, a)", [0, 0, 0, 1, 0, 0])
    try check("a:ge(b)", [1, 0, 0, 1, 0, 1])
    try check("a:le(1)", [1, 0, 0, 0, 1, 1])
    try check("a:isnan()", [0, 0, 1, 0, 0, 0])
    try check("a:isinf()", [0, 0, 0, 1, 1, 0])
    try check("a:isfinite()", [1, 1, 0, 0, 0, 1])
    try check("a:logical_and(T.ones(1))", [1, 1, 1, 1, 1, 0])
    try check("a:logical_or(b)", [1, 1, 1, 1, 1, 0])
    try check("a:logical_xor(1)", [0, 0, 0, 0, 0, 1])
    try check("a:logical_not()", [0, 0, 0, 0, 0, 1])
    try check("a:isclose(b)", [1, 0, 0, 1, 0, 1])
    try check("a:isclose(b, {equal_nan = true, rtol = 0.5})", [1, 1, 1, 1, 0, 1])
    #expect(try script("return T.allclose(a, a)", [("a", a)], as: Bool.self) == false)
    #expect(try script("return a:allclose(a, {equal_nan = true})", [("a", a)], as: Bool.self))
    #expect(try script("return T.ones(2):allclose(T.ones(2) + 1e-6) and not T.ones(2):allclose(T.ones(2) + 1e-6, {rtol = 0, atol = 1e-7})", as: Bool.self))
    #expect(try script("return T.equal(T.ones(2), T.ones(2):long()) and not T.equal(T.ones(2), T.ones(2, 1))", as: Bool.self))
    // 2^53 + 1 is no float64: whole numbers are compared as such
    #expect(try script("return a:eq(9007199254740993)", [("a", Tensor([Int64(9_007_199_254_740_993), 9_007_199_254_740_992]))], as: Tensor.self).values() == [1, 0])
  }

  @Test func selection() throws {
    let c = try tensor([1, 0, 1], 3, 1), a = try tensor(scattered(6), 3, 2), b = try tensor(scattered(2, 4), 2)
    let y = try script("return T.where(c, a, b)", [("c", c), ("a", a), ("b", b)], as: Tensor.self).values()
    let p = try a.values(), q = try b.values()
    #expect(y == [p[0], p[1], q[0], q[1], p[4], p[5]])
    #expect(try script("return c:where(a, 9)", [("c", c), ("a", a)], as: Tensor.self).values() == [p[0], p[1], 9, 9, p[4], p[5]])
    #expect(try script("return T.where(c:bool(), 1, 2)", [("c", c)], as: Tensor.self).type == .int64)
    try checkGradient([a, b]) { x in try script("return T.where(c, a * a, b)", [("c", c), ("a", x[0]), ("b", x[1])]) }
    try checkGradient([a]) { x in try script("return T.where(c, 3, a)", [("c", c), ("a", x[0])]) }
  }

  @Test func interpolation() throws {
    let a = try tensor([1, 2, 3]), b = try tensor([4, 8, 0.1])
    #expect(try script("return a:lerp(b, 0.25)", [("a", a), ("b", b)], as: Tensor.self).values() == [1.75, 3.5, 3 + 0.25 * (0.1 - 3)])
    #expect(try script("return a:lerp(b, 1)", [("a", a), ("b", b)], as: Tensor.self).values() == [4, 8, 0.1])
    #expect(try script("return a:lerp_(b, 0)", [("a", a.copied()), ("b", b)], as: Tensor.self).values() == [1, 2, 3])
    try checkGradient([a, b, tensor([0.2, 0.5, 0.9])]) { x in try script("return a:lerp(b, w)", [("a", x[0]), ("b", x[1]), ("w", x[2])]) }
    try checkGradient([a, b]) { x in try script("return a:lerp(b, 0.7)", [("a", x[0]), ("b", x[1])]) }
  }
}
