import LuaBridge
import Tensors
import Testing

/// Lua helpers of these tests: `same(x, table)` compares elements and shape, `fails(text, f)` wants an error that contains the text.
private let prelude = """
  local T = require "nnlua.tensor"
  local function text(v)
    if type(v) ~= "table" then return (type(v) == "number") and ("%.6g"):format(v) or tostring(v) end
    local list = {}
    for i, e in ipairs(v) do list[i] = text(e) end
    return "{" .. table.concat(list, ",") .. "}"
  end
  local function same(x, want)
    if type(x) == "userdata" then x = x:totable() end
    if text(x) ~= text(want) then error("got " .. text(x) .. ", want " .. text(want), 2) end
  end
  local function fails(want, f, ...)
    local ok, message = pcall(f, ...)
    if ok then error("no error; want " .. want, 2) end
    if not tostring(message):find(want, 1, true) then error("got '" .. tostring(message) .. "', want '" .. want .. "'", 2) end
  end
  local function long(t) return T.tensor(t, {dtype = "int64"}) end

  """

func script(_ code: String) throws {
  let lua = try LuaState()
  lua.install(TensorLibrary.library)
  lua.install(LinalgLibrary.library)
  // On one line, so that the lines of errors are the script's.
  try lua.run(prelude.split(separator: "\n").joined(separator: " ") + " " + code)
}

/// Compares the gradient of `Σ w y` (w fixed, uneven) with central differences, for a Lua function of float64 tensors given as `return function(T, a, b) … end`.
func checkGradient(_ function: String, _ shapes: [[Int]], sourceLocation: SourceLocation = #_sourceLocation) throws {
  let lua = try LuaState()
  lua.install(TensorLibrary.library)
  let inputs = try shapes.enumerated().map { k, shape in
    let count = shape.reduce(1, *)
    return try Tensor((0..<count).map { Double(($0 * 7 + k * 5 + 3) % 11) / 4 - 1.1 }).reshaped(Shape(shape))
  }
  func value() throws -> Tensor {
    let stack = lua.stack, base = stack.top
    defer { stack.top = base }
    try lua.load("local T = require 'nnlua.tensor'; local long = function(t) return T.tensor(t, {dtype = 'int64'}) end; " + function, name: "=gradient")
    try stack.call(arguments: 0, results: 1)
    for input in inputs { input.push(stack) }
    try stack.call(arguments: Int32(inputs.count), results: 1)
    let y = try Operand.decode(stack, stack.top).converted(to: .float64)  // one element is a number where no one follows
    let weights = try Tensor((0..<y.count).map { Double(($0 * 5 + 2) % 7) - 2.5 }).reshaped(y.shape)
    return try Reduction.sum(Elementwise.mul(y, weights))
  }
  for input in inputs { try input.requireGrad() }
  try value().backward()
  let gradients = inputs.map { $0.grad }
  for input in inputs { try input.requireGrad(false) }
  let h = 1e-5
  for (k, input) in inputs.enumerated() {
    let found = try gradients[k].map { try $0.values() } ?? Array(repeating: 0, count: input.count)
    let p = input.pointer(Double.self)
    for i in 0..<input.count {
      let before = p[i]
      p[i] = before + h
      let above = try value().values()[0]
      p[i] = before - h
      let below = try value().values()[0]
      p[i] = before
      let expected = (above - below) / (2 * h)
      #expect(
        abs(found[i] - expected) <= 1e-6 * max(1, abs(expected)), "input \(k + 1), element \(i): \(found[i]) instead of \(expected)", sourceLocation: sourceLocation)
    }
  }
}
