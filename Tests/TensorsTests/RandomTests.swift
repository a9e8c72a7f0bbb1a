import Glibc
import Kernels
import LuaBridge
import Tensors
import Testing

@Suite(.serialized) struct RandomTests {
  func values(_ code: String, seed: Int = 7) throws -> [Double] {
    try script("T.manual_seed(\(seed)); return \(code)", as: Tensor.self).values()
  }
  func moments(_ list: [Double]) -> (mean: Double, deviation: Double) {
    let mean = list.reduce(0, +) / Double(list.count)
    return (mean, (list.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(list.count)).squareRoot())
  }

  @Test func seedsRepeatOnAnyNumberOfThreads() throws {
    let codes = [
      "T.rand(100003)", "T.randn(3, 50001, {dtype = 'float64'})", "T.randint(-5, 5, 100000)", "T.randperm(1000)", "T.bernoulli(0.2, 100000)",
      "T.multinomial(T.ones(50), 20)", "T.choice(1000000, 20)", "T.choice(100, 50)", "T.zeros(100000):normal_(1, 2)", "T.rand_like(T.ones(7))",
    ]
    for code in codes {
      let first = try values(code)
      Parallel.threads = 1
      let alone = try values(code)
      Parallel.threads = 4
      #expect(first == alone, "\(code)")
      #expect(try values(code) == first, "\(code)")
      #expect(try values(code, seed: 8) != first, "\(code)")
      #expect(try script("T.manual_seed(7); local a, b = \(code), \(code); return a:equal(b)", as: Bool.self) == false, "\(code): the stream goes on")
    }
    #expect(try script("T.rand(3); local s = T.get_rng_state(); local a = T.randn(9); T.set_rng_state(s); return a:equal(T.randn(9))", as: Bool.self))
    #expect(try script("T.manual_seed(-1); local a = T.rand(3); T.manual_seed(math.mininteger); return not a:equal(T.rand(3))", as: Bool.self))
  }

  @Test func distributions() throws {
    let n = 200_000
    for type in ["float32", "float64"] {
      let even = try values("T.rand(\(n), {dtype = '\(type)'})")
      #expect(even.allSatisfy { $0 >= 0 && $0 < 1 })
      // three standard errors: 1 / √12 / √n = 0.00065
      #expect(abs(moments(even).mean - 0.5) < 0.002 && abs(moments(even).deviation - 1 / 12.0.squareRoot()) < 0.002)
      let normal = try values("T.randn(\(n), {dtype = '\(type)'})")
      #expect(abs(moments(normal).mean) < 0.007 && abs(moments(normal).deviation - 1) < 0.005)
      #expect(abs(Double(normal.count { abs($0) < 1 }) / Double(n) - erf(0.5.squareRoot())) < 0.004)
    }
    let dice = try values("T.randint(1, 6, \(n))")
    for face in 1...6 { #expect(abs(Double(dice.count { $0 == Double(face) }) / Double(n) - 1.0 / 6) < 0.003) }
    #expect(try values("T.randint(3, 3, 5)") == [3, 3, 3, 3, 3])
    #expect(try script("return T.randint(math.mininteger, math.maxinteger, 4):eq(0):any():logical_not()", as: Tensor.self).values() == [1])
    #expect(try abs(moments(values("T.bernoulli(0.3, \(n))")).mean - 0.3) < 0.004)
    #expect(try values("T.bernoulli(0, 9)").allSatisfy { $0 == 0 } && values("T.bernoulli(1, 9)").allSatisfy { $0 == 1 })
    #expect(try values("T.bernoulli(T.rand(9):gt(2):float())") == [Double](repeating: 0, count: 9))
    #expect(try abs(moments(values("T.zeros(\(n)):bernoulli_()")).mean - 0.5) < 0.004)
    let shifted = try moments(values("T.zeros(\(n)):normal_(10, 2)"))
    #expect(abs(shifted.mean - 10) < 0.015 && abs(shifted.deviation - 2) < 0.01)
    let range = try values("T.zeros(\(n)):uniform_(-3, 5)")
    #expect(range.allSatisfy { $0 >= -3 && $0 <= 5 } && abs(moments(range).mean - 1) < 0.016)
  }

  @Test func shapesTypesAndGradients() throws {
    #expect(try script("return T.rand(2, 3)", as: Tensor.self).shape == Shape(2, 3))
    #expect(try script("return T.randn({2, 3}, {dtype = 'float64', requires_grad = true})", as: Tensor.self).requiresGrad)
    #expect(try script("return T.rand()", as: Tensor.self).shape == Shape())
    #expect(try script("return T.randn(0, 3)", as: Tensor.self).count == 0)
    #expect(try script("return T.randint(0, 255, {4}, {dtype = 'uint8'})", as: Tensor.self).type == .uint8)
    #expect(try script("return T.randn_like(T.zeros(2, 2, {dtype = 'int64'}))", as: Tensor.self).type == .float32)
    #expect(try script("return T.rand_like(T.zeros(2, 2, {dtype = 'float64'}))", as: Tensor.self).type == .float64)
    let base = try Tensor.zeros(Shape(3, 4), .float64), view = try base.narrowed(1, 1, 2)
    _ = try script("return x:uniform_(1, 2)", [("x", view)], as: Tensor.self)
    let all = try base.values()
    for i in 0..<12 { #expect((all[i] >= 1) == (i % 4 == 1 || i % 4 == 2)) }
    let followed = try script("local x = T.ones(3, {requires_grad = true}) * 2; return x:normal_()", as: Tensor.self)
    #expect(!followed.requiresGrad)
    #expect(try failure("T.ones(3, {requires_grad = true}):normal_()").contains("normal_: a tensor that requires gradients"))
  }

  @Test func permutationsAndSamples() throws {
    for n in [0, 1, 2, 100, 5000] { #expect(try values("T.randperm(\(n))").sorted() == (0..<n).map { Double($0 + 1) }) }
    for (n, k) in [(10, 10), (10, 3), (1000, 20), (1_000_000_000_000, 50), (5, 0), (64, 3)] {
      let list = try values("T.choice(\(n), \(k))")
      #expect(list.count == k && Set(list).count == k && list.allSatisfy { $0 >= 1 && $0 <= Double(n) && $0 == $0.rounded() })
    }
    // every position comes first, second and third equally often, whichever way the sample is drawn
    for (n, label) in [(4, "list"), (60, "moved only")] {
      var counts = [[Int]](repeating: [Int](repeating: 0, count: n), count: 3)
      RandomState.begin(seed: 3)
      let rounds = 20_000
      for _ in 0..<rounds {
        for (place, position) in try RandomState.permutation(n, first: 3).values().enumerated() { counts[place][Int(position)] += 1 }
      }
      let expected = Double(rounds) / Double(n)
      for row in counts { for count in row { #expect(abs(Double(count) - expected) < 5 * expected.squareRoot(), "\(label)") } }
    }
    let repeated = try values("T.choice(3, 30000, {replacement = true})")
    for i in 1...3 { #expect(abs(Double(repeated.count { $0 == Double(i) }) - 10000) < 350) }
  }

  @Test func multinomialFollowsTheWeights() throws {
    let weights = try Tensor([1.0, 0, 3, 6])
    RandomState.begin(seed: 5)
    let draws = try script("return T.multinomial(w, 100000, {replacement = true})", [("w", weights)], as: Tensor.self).values()
    for (i, share) in [0.1, 0, 0.3, 0.6].enumerated() { #expect(abs(Double(draws.count { $0 == Double(i + 1) }) / 100_000 - share) < 0.006) }
    // without putting back: the first as above, the second among what is left
    var first = [0, 0, 0, 0], pairs = 0
    let samples = try script("return T.multinomial(T.ones(20000, 1) * w, 2)", [("w", weights)], as: Tensor.self).values()
    for i in 0..<20_000 {
      first[Int(samples[2 * i]) - 1] += 1
      if samples[2 * i] == 4, samples[2 * i + 1] == 3 { pairs += 1 }
    }
    for (i, share) in [0.1, 0, 0.3, 0.6].enumerated() { #expect(abs(Double(first[i]) / 20_000 - share) < 0.015) }
    #expect(abs(Double(pairs) / 20_000 - 0.6 * 0.3 / 0.4) < 0.015)
    let rows = try script("return T.multinomial(w, 2)", [("w", Tensor([1.0, 0, 1, 0, 0, 1, 0, 1]).reshaped(Shape(2, 4)))], as: Tensor.self)
    #expect(rows.shape == Shape(2, 2))
    let list = try rows.values()
    #expect(Set(list[0..<2]) == [1, 3] && Set(list[2..<4]) == [2, 4])
    #expect(try Set(script("return T.multinomial(w, 50, {replacement = true})", [("w", Tensor([1e308, 1e308, 0]))], as: Tensor.self).values()) == [1, 2])
  }
  @Test func errors() throws {
    for (code, message) in [
      ("T.rand(2, {dtype = 'int64'})", "rand: dtype must be float32 or float64, got int64"),
      ("T.rand(-1)", "rand: sizes cannot be negative, got {-1}"),
      ("T.randint(2, 1, 3)", "randint: low must not be above high, got 2 and 1"),
      ("T.randint(0, 256, 3, {dtype = 'uint8'})", "randint: 0..256 does not fit into uint8"),
      ("T.bernoulli(1.5, 3)", "bernoulli: p must be 0..1, got 1.5"),
      ("T.bernoulli(T.ones(3) * 2)", "bernoulli: every p must be 0..1 (p {3})"),
      ("T.randperm(-1)", "randperm: n must not be negative, got -1"),
      ("T.choice(3, 4)", "choice: cannot choose 4 of 3 without putting back; pass {replacement = true}"),
      ("T.choice(0, 1)", "choice: n must be at least 1, got 0"),
      ("T.multinomial(T.zeros(3), 1)", "multinomial: no weight is above 0 (weights {3})"),
      ("T.multinomial(T.ones(3) * -1, 1)", "multinomial: weights must be finite and not negative (weights {3})"),
      ("T.multinomial(T.ones(3), 4)", "multinomial: cannot choose 4 of 3 positions with a weight above 0 without putting back; pass {replacement = true}"),
      ("T.multinomial(T.ones(1, 1, 1), 1)", "multinomial: weights must have 1 or 2 dims, got shape {1,1,1}"),
      ("T.zeros(2):uniform_(2, 1)", "uniform_: low must not be above high, got 2 and 1"),
      ("T.zeros(2):normal_(0, -1)", "normal_: std must not be negative, got -1"),
      ("T.zeros(2, {dtype = 'int64'}):normal_()", "normal_: only float32 and float64 tensors can hold these numbers, this one is int64"),
      ("T.manual_seed(1.5)", "bad argument #1 to 'manual_seed' (number has no integer representation)"),
      ("T.choice(1 << 60, 1 << 50)", "memory"),
    ] {
      let raised = try failure("return \(code)")
      #expect(raised.contains(message), "\(code): \(raised)")
    }
  }
}
