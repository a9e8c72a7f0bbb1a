import LuaBridge
import Tensors
import Testing

/// Numbers without a pattern, from -1 to 1, the same in every run.
func scattered(_ count: Int, _ seed: Int = 1) -> [Double] {
  (0..<count).map { i in
    let x = Double((i &+ 1) &* (seed &+ 1)) * 0.754_877_666_246_692_8 + Double(seed) * 0.569_840_290_998_053_3
    return 2 * (x - x.rounded(.down)) - 1
  }
}

/// Compares the gradients of Σ w y, y = f(inputs), with central differences; every input is float64.
///
/// - second: compares the gradient of Σ v (∂/∂input) as well.
func checkGradient(
  _ inputs: [Tensor], h: Double = 1e-5, tolerance: Double = 1e-7, second: Bool = true, _ comment: Comment? = nil,
  location: SourceLocation = #_sourceLocation, _ f: ([Tensor]) throws -> Tensor
) throws {
  let values = try inputs.map { try $0.values() }, shapes = inputs.map(\.shape)
  func leaves(_ values: [[Double]]) throws -> [Tensor] {
    try zip(values, shapes).map { values, shape in
      let leaf = try Tensor(values).reshaped(shape).copied()
      try leaf.requireGrad()
      return leaf
    }
  }
  func weighted(_ y: Tensor, _ seed: Int) throws -> Tensor {
    try Reduction.sum(Elementwise.mul(y, Tensor(scattered(y.count, seed)).reshaped(y.shape)))
  }
  func gradients(_ y: Tensor, _ x: [Tensor], create: Bool) throws -> [Tensor] {
    let list = try Tape.backward(from: #require(y.node), seed: Tensor.full(y.shape, 1, .float64), keep: true, create: create, wanted: x.map { $0.node! })
    return try zip(list, x).map { try $0 ?? Tensor.zeros($1.shape, .float64) }
  }
  func compare(_ g: (([Tensor]) throws -> Tensor), _ order: String) throws {
    let x = try leaves(values)
    let y = try g(x)
    guard y.node != nil else { return }  // flat: all gradients are zero by construction
    for (i, gradient) in try gradients(y, x, create: false).enumerated() {
      #expect(gradient.shape == shapes[i], comment, sourceLocation: location)
      for (j, analytic) in try gradient.values().enumerated() {
        func at(_ step: Double) throws -> Double {
          var moved = values
          moved[i][j] += step
          return try g(leaves(moved)).values()[0]
        }
        let numeric = try (at(h) - at(-h)) / (2 * h)
        let scale = max(1, abs(numeric))
        #expect(
          abs(analytic - numeric) <= tolerance * scale,
          "\(comment?.description ?? "") \(order) gradient of input \(i), element \(j): \(analytic), by differences \(numeric)",
          sourceLocation: location)
      }
    }
  }
  try compare({ x in try weighted(f(x), 3) }, "first")
  if second {
    try compare(
      { x in
        let y = try weighted(f(x), 3)
        guard y.node != nil else { return y }
        var total = try Tensor.scalar(0, .float64)
        for (i, gradient) in try gradients(y, x, create: true).enumerated() { total = try Elementwise.add(total, weighted(gradient, 5 + i)) }
        return total
      }, "second")
  }
}

/// Calls a bound function as a script does, from tensors made in Swift: `call("return a:pow(b)", ["a": a, "b": b])`.
func script<R: LuaValue>(_ code: String, _ tensors: [(String, Tensor)] = [], as: R.Type = R.self) throws -> R {
  let lua = try LuaState()
  lua.install(TensorLibrary.library)
  let stack = lua.stack
  try lua.load("local T = require 'nnlua.tensor'; local \((["_"] + tensors.map(\.0)).joined(separator: ", ")) = ...; \(code)", name: "=script")
  stack.pushNil()
  for (_, tensor) in tensors { tensor.push(stack) }
  try stack.call(arguments: Int32(tensors.count) + 1, results: 1)
  defer { stack.pop() }
  return try R.decode(stack, stack.top)
}

/// The message a script gets.
func failure(_ code: String, _ tensors: [(String, Tensor)] = []) throws -> String {
  try script("local ok, e = pcall(function() \(code) end); assert(not ok, 'no error'); return e", tensors, as: String.self)
}
