import Kernels
import LuaBridge
import NeuralNetworks
import Tensors
import Testing

/// Some steps on Σ c p² with c = (0.5, 1, 2) from p = (1, -2, 3), in float64, beside what PyTorch 2.13 gives for the same.
@Suite(.serialized) struct OptimizerTests {
  private static let expected: [(call: String, steps: Int, values: [Double])] = [
    ("SGD(params, {lr = 0.1})", 5, [0.5904900000000001, -0.65536, 0.23327999999999993]),
    ("SGD(params, {lr = 0.1, momentum = 0.9, dampening = 0.1, weight_decay = 0.01})", 5, [0.015589265485957779, 1.0748754522192008, -2.317962615049129]),
    ("Momentum(params, {lr = 0.1})", 5, [-0.029159999999999978, 1.16084, -2.187]),
    ("Nesterov(params, {lr = 0.1})", 5, [-0.10458168390000007, 0.8314351616000001, -0.49540740479999984]),
    ("Adagrad(params, {lr = 0.5})", 5, [0.05089130426300944, -0.6827902184538581, 1.569639728919697]),
    (
      "Adagrad(params, {lr = 0.5, lr_decay = 0.1, weight_decay = 0.01, initial_accumulator_value = 0.3})", 5,
      [0.129062078833232, -0.8104099812898967, 1.7221204299027157]
    ),
    ("RMSprop(params, {lr = 0.1})", 5, [1.56935418898977e-15, -0.09831010689888423, 0.6025132768878299]),
    ("RMSprop(params, {lr = 0.1, alpha = 0.9, momentum = 0.5, centered = true, weight_decay = 0.01})", 5, [-0.1564138456027512, -0.342873070310076, 1.193202846345615]),
    ("Adam(params, {lr = 0.1})", 5, [0.507963661927221, -1.5029557812950118, 2.5017794557996105]),
    ("Adam(params, {lr = 0.1, betas = {0.8, 0.9}, eps = 0.001, weight_decay = 0.01, amsgrad = true})", 5, [0.5091826829309337, -1.5033489787593108, 2.5019865160591013]),
    ("AdamW(params, {lr = 0.1})", 5, [0.5040800927472017, -1.494045694060298, 2.487869309151897]),
    ("AdamW(params, {lr = 0.1, weight_decay = 0.2})", 5, [0.4337381616739022, -1.3319075579247353, 2.234446316742942]),
    ("SGD(params)", 5, [0.995009990004999, -1.980079840159936, 2.940478083836928]),
    ("SGD(params, {lr = 0.1, momentum = 0.9, maximize = true})", 5, [2.6510000000000002, -10.17684, 39.273720000000004]),
    ("Adagrad(params, {lr = 0.5, maximize = true})", 5, [2.907401930510067, -3.7987376849398125, 4.748257949731234]),
    ("RMSprop(params, {lr = 0.1, maximize = true, weight_decay = 0.1})", 5, [5.050753616203144, -5.825731381771695, 6.694044303271633]),
    ("Adam(params, {lr = 0.1, maximize = true, amsgrad = true})", 5, [1.5021791932567603, -2.5015590637928673, 3.5011627976020674]),
    ("AdamW(params, {lr = 0.1, maximize = true, amsgrad = true})", 5, [1.4961822656654382, -2.4905568966980995, 3.4851644863244036]),
    ("Adam(params, {lr = 0.1, weight_decay = 0.2, decoupled_weight_decay = true})", 5, [0.4337381616739022, -1.3319075579247353, 2.234446316742942]),
    ("Adadelta(params)", 5, [0.9836313873486155, -1.983599141798828, 2.9835884333675757]),
    ("Adadelta(params, {lr = 0.5, rho = 0.8, eps = 0.001, weight_decay = 0.1})", 20, [0.35171606215431506, -1.238623691008675, 2.1996656659172524]),
    ("Adadelta(params, {maximize = true})", 5, [1.016496779460288, -2.0164649422568077, 3.0164542893802078]),
    ("NAdam(params)", 5, [0.9919112491799301, -1.991906211563353, 2.9919045353194167]),
    (
      "NAdam(params, {lr = 0.1, betas = {0.8, 0.99}, eps = 0.001, weight_decay = 0.1, momentum_decay = 0.01})", 20,
      [-0.01230536191145538, -0.5135623298202822, 1.357889155925579]
    ),
    ("NAdam(params, {lr = 0.1, weight_decay = 0.1, decoupled_weight_decay = true, maximize = true})", 5, [1.3665160130338259, -2.3071228417707355, 3.2543308926036216]),
    ("RAdam(params)", 5, [0.9950054353896862, -1.9800434668100426, 2.9402606052554083]),
    ("RAdam(params, {lr = 0.1, betas = {0.8, 0.99}, eps = 0.001, weight_decay = 0.1})", 20, [0.2966786767057069, -0.23521839762650953, -0.5320507036988926]),
    ("RAdam(params, {lr = 0.1, weight_decay = 0.1, decoupled_weight_decay = true, maximize = true})", 20, [1.3682426939189543, -3.7850642026615975, 10.094389538307299]),
  ]

  private func lua() throws -> LuaState {
    let lua = try LuaState()
    for library in [
      TensorLibrary.library, ModuleLibrary.library, FunctionalLibrary.library, Initializers.library, Utilities.library, OptimizerLibrary.library,
      ScheduleLibrary.library,
    ] { lua.install(library) }
    return lua
  }

  /// All parameters in one sweep, shared out over threads, step to the bit as each does by an optimizer of its own; parameters that share memory
  /// step one after the other, those without gradients and those that are not contiguous among them.
  @Test(arguments: ["SGD", "Momentum", "Adam", "AdamW", "RMSprop", "Adagrad", "NAdam"]) func sweepIsEachByItself(_ name: String) throws {
    let threads = Parallel.threads
    defer { Parallel.threads = threads }
    for count in [1, 3] {
      Parallel.threads = count
      try lua().run(
        """
        local T, optim = require "nnlua.tensor", require "nnlua.optim"
        local function parameters()
          T.manual_seed(7)
          local list = {}
          for i, shape in ipairs{{300, 301}, {1}, {8192}, {0}, {8193}, {3, 5}, {2, 40000}} do
            local p = T.randn(shape)
            if i == 7 then p = p:t() end
            list[i] = p:requires_grad_()
            if i ~= 6 then p.grad = T.randn(p.shape) end
          end
          list[8] = list[2]:detach():requires_grad_()
          list[8].grad = T.ones(1)
          return list
        end
        local together, alone = parameters(), parameters()
        local one, each = optim.\(name)(together, {lr = 0.1}), {}
        for i, p in ipairs(alone) do each[i] = optim.\(name)({p}, {lr = 0.1}) end
        for _ = 1, 3 do
          one:step()
          for _, o in ipairs(each) do o:step() end
        end
        for i = 1, #alone do assert(T.equal(together[i], alone[i]), i) end
        assert(T.equal(together[8], together[2]))
        """)
    }
  }

  /// Dropping gradients writes to none of them.
  @Test func zeroGradTouchesNoMemory() throws {
    try lua().run(
      """
      local T, optim = require "nnlua.tensor", require "nnlua.optim"
      local p = T.ones(3, {requires_grad = true})
      p.grad = T.full({3}, 5)
      local g, o = p.grad, optim.Adam({p})
      o:zero_grad()
      assert(p.grad == nil and g[1] == 5 and g[3] == 5)
      """)
  }

  @Test(arguments: expected.indices) func stepsAsPyTorch(_ place: Int) throws {
    let (call, steps, values) = Self.expected[place]
    let found = try lua().evaluate(
      """
      local T, optim = require "nnlua.tensor", require "nnlua.optim"
      local p = T.tensor({1, -2, 3}, {dtype = "float64", requires_grad = true})
      local c = T.tensor({0.5, 1, 2}, {dtype = "float64"})
      local params = {p}
      local opt = optim.\(call)
      for i = 1, \(steps) do
        opt:zero_grad();
        (c * p * p):sum():backward()
        opt:step()
      end
      return p
      """, as: Tensor.self)
    for (a, b) in zip(try found.values(), values) { #expect(abs(a - b) <= 1e-12 * max(abs(b), 1), "\(call): \(a) against \(b)") }
  }

  /// Each optimizer with every kind of state it has.
  private static let calls = [
    "SGD(%, {lr = 0.1})", "SGD(%, {lr = 0.1, momentum = 0.9, nesterov = true})", "Adagrad(%, {lr = 0.1, lr_decay = 0.1, initial_accumulator_value = 0.1})",
    "RMSprop(%, {lr = 0.01, momentum = 0.9, centered = true})", "Adadelta(%)", "Adam(%, {lr = 0.1, amsgrad = true})", "AdamW(%)", "NAdam(%)", "RAdam(%)",
    "LBFGS(%, {lr = 0.01, max_iter = 2})", "LBFGS(%, {max_iter = 2, history_size = 2, line_search_fn = 'strong_wolfe'})",
    "Adam({{params = {%[1]}, lr = 0.3}, {params = {%[2]}}}, {lr = 0.1})",
  ]

  @Test(arguments: calls, ["float32", "float64"]) func stateGoesOnBitForBit(_ call: String, _ type: String) throws {
    try lua().run(
      """
      local T, optim = require "nnlua.tensor", require "nnlua.optim"
      T.set_default_dtype("\(type)")
      local function start() return {T.tensor({1, -2, 3}, {requires_grad = true}), T.tensor({{0.5}}, {requires_grad = true})} end
      local function make(p) return optim.\(call.replacing("%", with: "p")) end
      local function steps(opt, p, n)
        for i = 1, n do
          opt:step(function()
            opt:zero_grad()
            local loss = (p[1] * p[1]):sum() + (p[2] * p[1]):sum():exp()
            loss:backward()
            return loss
          end)
        end
      end
      local a = start()
      local whole = make(a)
      steps(whole, a, 12)
      local b = start()
      local first = make(b)
      steps(first, b, 7)
      local state = first:state_dict()
      local c = start()
      for i, p in ipairs(c) do T.no_grad(function() p:copy_(b[i]) end) end
      local second = make(c)
      second.lr = 17
      second:load_state_dict(state)
      steps(first, b, 5)   -- what was loaded does not share memory with what goes on
      steps(second, c, 5)
      for i = 1, 2 do assert(T.equal(a[i], b[i]) and T.equal(a[i], c[i]), tostring(a[i]) .. tostring(b[i]) .. tostring(c[i])) end
      assert(second.lr == whole.lr and T.equal(second:state_dict()[next(state)], whole:state_dict()[next(state)]))
      T.set_default_dtype("float32")
      """)
  }

  /// Rosenbrock's valley and a quartic, beside PyTorch's parameters, losses of each step, and calls of the closure.
  @Test(
    arguments: [
      (
        "{line_search_fn = \"strong_wolfe\"}", 4, [1.3479322038437127, 1.8169216044041907, -0.6958808808052825],
        [11.8125, 1.7417288800295418, -0.3383277663433716, -0.5824451743288582], 70
      ),
      ("{lr = 0.0005, max_iter = 10}", 3, [-1.498591434780581, 2.0005520401422854, 0.5001041038456436], [11.8125, 11.692510895128494, 11.63077839502019], 30),
      (
        "{lr = 0.5, max_iter = 6, max_eval = 9, history_size = 3, tolerance_change = 1e-12, line_search_fn = \"strong_wolfe\"}", 5,
        [0.010209766866712572, -0.019445400262579578, 0.21273784715346894], [11.8125, 5.1398995878338525, 4.36070937398421, 3.6521112121023407, 1.9019306312911008], 41
      ),
    ] as [(String, Int, [Double], [Double], Int)])
  func lbfgsAsPyTorch(_ options: String, _ steps: Int, _ values: [Double], _ losses: [Double], _ calls: Int) throws {
    let found = try lua().evaluate(
      """
      local T, optim = require "nnlua.tensor", require "nnlua.optim"
      local p = T.tensor({-1.5, 2}, {dtype = "float64", requires_grad = true})
      local q = T.tensor({{0.5}}, {dtype = "float64", requires_grad = true})
      local opt, out, calls = optim.LBFGS({p, q}, \(options)), {}, 0
      for i = 1, \(steps) do
        local loss = opt:step(function()
          calls = calls + 1
          opt:zero_grad()
          local x, y = p[{ {1, 1} }], p[{ {2, 2} }]
          local l = ((1 - x):square() + 100 * (y - x * x):square()):sum() + (q * q * q * q + q * x):sum()
          l:backward()
          return l
        end)
        out[#out + 1] = loss:item()
      end
      for _, v in ipairs{p[1], p[2], q[{1, 1}]} do out[#out + 1] = type(v) == "number" and v or v:item() end
      out[#out + 1] = calls
      return T.tensor(out, {dtype = "float64"})
      """, as: Tensor.self
    ).values()
    // A search's steps depend on each other through divisions of small differences: the last bits grow by the number of steps.
    for (a, b) in zip(found, losses + values + [Double(calls)]) { #expect(abs(a - b) <= 1e-9 * max(abs(b), 1), "\(found)") }
    #expect(found.count == losses.count + values.count + 1)
  }

  @Test func closuresOfAllOptimizers() throws {
    try lua().run(
      """
      local T, optim = require "nnlua.tensor", require "nnlua.optim"
      local p = T.ones(2, {requires_grad = true})
      local opt = optim.SGD({p}, {lr = 0.1})
      local function closure() opt:zero_grad(); local l = (p * p):sum(); l:backward(); return l, "more" end
      local loss, more = T.no_grad(function() return opt:step(closure) end)   -- gradients are recorded inside
      assert(loss:item() == 2 and more == nil)
      assert(math.abs(p[1]:item() - 0.8) < 1e-6)
      assert(select("#", opt:step()) == 0)
      local ok, message = pcall(opt.step, opt, function() error({code = 7}) end)
      assert(not ok and message.code == 7)
      """)
  }

  @Test func halfAStepOfLBFGSLeavesEverything() throws {
    try lua().run(
      """
      local T, optim = require "nnlua.tensor", require "nnlua.optim"
      local p = T.tensor({3, -1}, {requires_grad = true})
      local opt, calls = optim.LBFGS({p}, {line_search_fn = "strong_wolfe"}), 0
      local function closure()
        calls = calls + 1
        if calls == 3 then error "stop" end
        opt:zero_grad(); local l = (p * p * p * p):sum(); l:backward(); return l
      end
      assert(not pcall(opt.step, opt, closure))
      assert(opt:state_dict().n_iter:item() == 0)
      for i = 1, 5 do opt:step(closure) end
      assert(p:abs():max():item() < 0.05, tostring(p))
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

  @Test func groupsAreReached() throws {
    try lua().run(
      """
      local T, optim = require "nnlua.tensor", require "nnlua.optim"
      local a, b = T.ones(2, {requires_grad = true}), T.ones(3, {requires_grad = true})
      local opt = optim.Adam({{params = {a}, lr = 1, betas = {0.5, 0.9}}, {params = {b}}}, {lr = 0.25})
      local groups = opt.param_groups
      assert(#groups == 2 and groups[1].lr == 1 and groups[2].lr == 0.25 and groups[1].momentum == 0.5 and groups[2].momentum == 0.9)
      assert(#groups[2].params == 1 and groups[2].params[1]:size(1) == 3)
      opt.param_groups[2].lr = 0.125
      assert(opt.param_groups[2].lr == 0.125 and opt.lr == 1)
      opt.lr = 2
      assert(groups[1].lr == 2 and groups[2].lr == 2)
      local state = opt:state_dict()
      opt.param_groups[2].lr = 7
      opt:load_state_dict(state)
      assert(groups[2].lr == 2)
      local single = optim.SGD{a}
      assert(#single.param_groups == 1 and single.param_groups[1].lr == 0.001)
      """)
  }

  @Test func gradientDescentKeepsItsPath() throws {
    try lua().run(
      """
      local T, optim = require "nnlua.tensor", require "nnlua.optim"
      local x0 = T.tensor({-3, 4}, {dtype = "float64"})
      local x, path = optim.gradient_descent(function(x) return x[1] ^ 2 + x[2] ^ 2 end, x0, {lr = 0.1, steps = 5})
      assert(T.equal(x0, T.tensor({-3, 4}, {dtype = "float64"})))
      assert(path:size(1) == 6 and path:size(2) == 2 and T.equal(path[1], x0) and T.equal(path[6], x))
      for i = 1, 6 do assert(math.abs(path[i][1] + 3 * 0.8 ^ (i - 1)) < 1e-12) end
      assert(x.requires_grad == false)
      local y, short = optim.gradient_descent(function(x) return (x * x):sum() end, T.tensor(5, {dtype = "int64"}), {steps = 0})
      assert(y:item() == 5 and short:numel() == 1)
      local _, wide = optim.gradient_descent(function(x) return (x * x):sum() end, T.ones(2, 3, {requires_grad = true}), {steps = 4})
      assert(wide:dim() == 3 and wide:size(1) == 5)
      for code, text in pairs{
        ["function(x) return x end"] = "must return one element, got shape {2}", ["function(x) return T.ones(1) end"] = "does not depend on x",
        ["function(x) return 3 end"] = "must return Tensor, got number",
      } do
        local ok, message = pcall(optim.gradient_descent, load("local T = ... return " .. code)(T), T.ones(2))
        assert(not ok and message:find(text, 1, true), message)
      end
      assert(not pcall(optim.gradient_descent, function(x) return x:sum() end, x0, {steps = -1}))
      assert(not pcall(optim.gradient_descent, function(x) return x:sum() end, x0, {lr = 0/0}))
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
    ("optim.Adam({p}):load_state_dict({['3.step'] = T.zeros(1)})", "'3.step' does not belong to Adam of 1 parameter; 'lr' is missing; '0.step' is missing"),
    ("optim.Adam({p}):load_state_dict({['0.exp_avg'] = T.zeros(3)})", "'0.exp_avg' has shape {3}, its parameter {2}"),
    ("optim.SGD({{lr = 1}})", "group 1 has no params"),
    ("optim.SGD({{params = {p}}, {params = {p}}})", "SGD: a parameter {2} stands in group 1 and in group 2"),
    ("optim.LBFGS({{params = {p}}, {params = {T.ones(3, {requires_grad = true})}}})", "LBFGS: takes one parameter group, got 2"),
    ("optim.LBFGS({p}):step()", "LBFGS: step needs a function"),
    ("optim.LBFGS({p}):step(function() return nil end)", "must return the loss"),
    ("optim.LBFGS({p}, {line_search_fn = 'armijo'})", "line_search_fn must be \"strong_wolfe\" or nil, got \"armijo\""),
    ("optim.LBFGS({p}, {max_iter = 0})", "must be at least 1"),
    ("optim.Adadelta({p}, {rho = 1.5})", "Adadelta: rho must be in 0..1, got 1.5"),
    ("optim.NAdam({p}, {betas = {0.9, 1}})", "NAdam: betas must be two numbers"),
    ("optim.RAdam({p}, {eps = -1})", "RAdam: eps and weight_decay must be 0 or more"),
    ("optim.Adam({p}):load_state_dict({})", "'lr' is missing; '0.step' is missing"),
    ("optim.Adam({p}):load_state_dict(optim.LBFGS({p}):state_dict())", "'n_iter' does not belong to Adam of 1 parameter"),
    ("optim.LBFGS({p}):load_state_dict(optim.Adam({p}):state_dict())", "'0.step' is no state of LBFGS"),
    (
      "optim.Adagrad({p}):load_state_dict({lr = T.tensor(1), ['0.step'] = T.tensor(2), ['0.exp_avg'] = T.ones(2)})",
      "'0.exp_avg' is no state of Adagrad (known: step, sum)"
    ),
    (
      "optim.Adam({p}):load_state_dict({lr = T.tensor(-1), ['0.step'] = T.tensor(0.5), ['0.exp_avg'] = T.ones(3)})",
      "'0.exp_avg' has shape {3}, its parameter {2}; '0.step' is 0.5, no count of steps; 'lr' is -1"
    ),
    ("(function() optim.SGD({p}).lr = 'x' end)()", "SGD: lr must be a number of 0 or more, got x"),
    ("(function() optim.Adagrad({p}).momentum = 1 end)()", "Adagrad has no field 'momentum' to set"),
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
