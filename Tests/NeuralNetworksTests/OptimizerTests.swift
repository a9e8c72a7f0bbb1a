import LuaBridge
import NeuralNetworks
import Tensors
import Testing

/// Five steps on Σ c p² with c = (0.5, 1, 2) from p = (1, -2, 3), in float64, beside what PyTorch 2.13 gives for the same.
@Suite(.serialized) struct OptimizerTests {
  private static let expected: [(call: String, values: [Double])] = [
    ("SGD(params, {lr = 0.1})", [0.5904900000000001, -0.65536, 0.23327999999999993]),
    ("SGD(params, {lr = 0.1, momentum = 0.9, dampening = 0.1, weight_decay = 0.01})", [0.015589265485957779, 1.0748754522192008, -2.317962615049129]),
    ("Momentum(params, {lr = 0.1})", [-0.029159999999999978, 1.16084, -2.187]),
    ("Nesterov(params, {lr = 0.1})", [-0.10458168390000007, 0.8314351616000001, -0.49540740479999984]),
    ("Adagrad(params, {lr = 0.5})", [0.05089130426300944, -0.6827902184538581, 1.569639728919697]),
    ("Adagrad(params, {lr = 0.5, lr_decay = 0.1, weight_decay = 0.01, initial_accumulator_value = 0.3})", [0.129062078833232, -0.8104099812898967, 1.7221204299027157]),
    ("RMSprop(params, {lr = 0.1})", [1.56935418898977e-15, -0.09831010689888423, 0.6025132768878299]),
    ("RMSprop(params, {lr = 0.1, alpha = 0.9, momentum = 0.5, centered = true, weight_decay = 0.01})", [-0.1564138456027512, -0.342873070310076, 1.193202846345615]),
    ("Adam(params, {lr = 0.1})", [0.507963661927221, -1.5029557812950118, 2.5017794557996105]),
    ("Adam(params, {lr = 0.1, betas = {0.8, 0.9}, eps = 0.001, weight_decay = 0.01, amsgrad = true})", [0.5091826829309337, -1.5033489787593108, 2.5019865160591013]),
    ("AdamW(params, {lr = 0.1})", [0.5040800927472017, -1.494045694060298, 2.487869309151897]),
    ("AdamW(params, {lr = 0.1, weight_decay = 0.2})", [0.4337381616739022, -1.3319075579247353, 2.234446316742942]),
  ]

  private func lua() throws -> LuaState {
    let lua = try LuaState()
    for library in [TensorLibrary.library, ModuleLibrary.library, FunctionalLibrary.library, Initializers.library, Utilities.library, OptimizerLibrary.library] { lua.install(library) }
    return lua
  }

  @Test(arguments: expected.indices) func fiveStepsAsPyTorch(_ place: Int) throws {
    let (call, values) = Self.expected[place]
    let found = try lua().evaluate(
      """
      local T, optim = require "nnlua.tensor", require "nnlua.optim"
      local p = T.tensor({1, -2, 3}, {dtype = "float64", requires_grad = true})
      local c = T.tensor({0.5, 1, 2}, {dtype = "float64"})
      local params = {p}
      local opt = optim.\(call)
      for i = 1, 5 do
        opt:zero_grad();
        (c * p * p):sum():backward()
        opt:step()
      end
      return p
      """, as: Tensor.self)
    for (a, b) in zip(try found.values(), values) { #expect(abs(a - b) <= 1e-12 * max(abs(b), 1), "\(call): \(a) against \(b)") }
  }

  @Test func stateGoesOnBitForBit() throws {
    try lua().run(
      """
      local T, optim = require "nnlua.tensor", require "nnlua.optim"
      local function start() return T.tensor({1, -2, 3}, {requires_grad = true}) end
      local function steps(opt, p, n) for i = 1, n do opt:zero_grad(); (p * p):sum():backward(); opt:step() end end
      local a = start()
      local whole = optim.Adam({a}, {lr = 0.1})
      steps(whole, a, 6)
      local b = start()
      local first = optim.Adam({b}, {lr = 0.1})
      steps(first, b, 3)
      local state = first:state_dict()
      local second = optim.Adam({b}, {lr = 0.5})
      second:load_state_dict(state)
      assert(second.lr == 0.1)
      steps(second, b, 3)
      assert(T.equal(a, b))
      """)
  }

  @Test func groupsHaveTheirOwnSettings() throws {
    try lua().run(
      """
      local T, optim = require "nnlua.tensor", require "nnlua.optim"
      local a, b = T.ones(2, {requires_grad = true}), T.ones(2, {requires_grad = true})
      local opt = optim.SGD({{params = {a}, lr = 1}, {params = {b}}}, {lr = 0.25});
      (a + b):sum():backward()
      opt:step()
      assert(a[1]:item() == 0 and b[1]:item() == 0.75, tostring(a) .. tostring(b))
      opt:zero_grad()
      assert(a.grad == nil and b.grad == nil)
      opt.lr = 0.5
      assert(opt.lr == 0.5)
      """)
  }

  @Test(arguments: [
    ("optim.SGD({})", "SGD: there are no parameters to change"),
    ("optim.SGD({T.ones(2)})", "SGD: parameter 1 {2} does not require gradients"),
    ("optim.SGD({T.ones(2, {requires_grad = true}) * 2})", "is a result of 'mul', not a parameter"),
    ("optim.SGD(5)", "bad argument #1 to 'SGD' (Module or list of Tensors expected, got number)"),
    ("optim.SGD({p}, {lr = -1})", "SGD: lr must be 0 or more, got -1"),
    ("optim.SGD({p}, {lr = 0/0})", "SGD: lr must be 0 or more"),
    ("optim.SGD({p}, {nesterov = true})", "nesterov needs a momentum above 0"),
    ("optim.SGD({p}, {rl = 1})", "SGD: unknown option 'rl'"),
    ("optim.Adam({p}, {betas = {0.9}})", "Adam: betas must be two numbers in 0..1, got {0.9}"),
    ("optim.Adam({p}, {betas = {0.9, 1}})", "Adam: betas must be two numbers"),
    ("optim.Adam({p}):load_state_dict({['3.step'] = T.zeros(1)})", "'3.step' does not belong to Adam of 1 parameters"),
    ("optim.Adam({p}):load_state_dict({['0.exp_avg'] = T.zeros(3)})", "'0.exp_avg' has shape {3}, its parameter {2}"),
    ("optim.SGD({{lr = 1}})", "group 1 has no params"),
  ])
  func mistakesAreNamed(_ code: String, _ message: String) throws {
    let found = try lua().evaluate(
      """
      local T, optim = require "nnlua.tensor", require "nnlua.optim"
      local p = T.ones(2, {requires_grad = true})
      local ok, message = pcall(function() return \(code) end)
      return ok and "no error" or message
      """, as: String.self)
    #expect(found.contains(message), "\(found)")
  }
}
