import LuaBridge
import NeuralNetworks
import Tensors
import Testing

/// The learning rates of SGD with lr = 0.1 and momentum 0.5, before the first step and after each, beside PyTorch 2.13's.
@Suite(.serialized) struct SchedulerTests {
  private static let expected: [(call: String, rates: [Double], momenta: [Double])] = [
    (
      #"StepLR(opt, 3)"#,
      [0.1, 0.1, 0.1, 0.010000000000000002, 0.010000000000000002, 0.010000000000000002, 0.0010000000000000002, 0.0010000000000000002, 0.0010000000000000002], []
    ),
    (#"StepLR(opt, {step_size = 2, gamma = 0.5})"#, [0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125], []),
    (#"MultiStepLR(opt, {2, 4, 4, 7}, 0.5)"#, [0.1, 0.1, 0.05, 0.05, 0.0125, 0.0125, 0.0125, 0.00625, 0.00625, 0.00625], []),
    (#"ExponentialLR(opt, 0.8)"#, [0.1, 0.08000000000000002, 0.06400000000000002, 0.051200000000000016, 0.04096000000000002, 0.03276800000000001], []),
    (
      #"CosineAnnealingLR(opt, 5)"#,
      [
        0.1, 0.09045084971874738, 0.06545084971874737, 0.03454915028125263, 0.009549150281252633, 0.0, 0.009549150281252628, 0.03454915028125265, 0.06545084971874741,
        0.09045084971874744, 0.10000000000000006, 0.09045084971874746, 0.06545084971874743,
      ], []
    ),
    (
      #"CosineAnnealingLR(opt, {T_max = 4, eta_min = 0.02})"#,
      [
        0.1, 0.08828427124746191, 0.06, 0.0317157287525381, 0.02, 0.0317157287525381, 0.06000000000000001, 0.08828427124746194, 0.10000000000000005, 0.08828427124746195,
        0.06000000000000004,
      ], []
    ),
    (#"LinearWarmup(opt, 4)"#, [0.03333333333333333, 0.05, 0.06666666666666668, 0.08333333333333334, 0.1, 0.1, 0.1], []),
    (#"LinearWarmup{opt, steps = 5, start_factor = 0.1}"#, [0.010000000000000002, 0.028000000000000004, 0.046000000000000006, 0.064, 0.082, 0.1, 0.1, 0.1], []),
    (#"LinearLR(opt, 0.5, 0.25, 3)"#, [0.05, 0.04166666666666667, 0.03333333333333334, 0.025000000000000005, 0.025000000000000005, 0.025000000000000005], []),
    (
      #"OneCycleLR(opt, 1, 10)"#,
      [
        0.040000000000000036, 0.52, 1.0, 0.9504846320134737, 0.8117456539497631, 0.6112620219362893, 0.38874197806371075, 0.18825834605023697, 0.049519367986526286,
        4e-06, 0.04951936798652623,
      ],
      [
        0.8999999999999999, 0.85, 0.854951556604879, 0.8688255099070633, 0.8888739533021842, 0.9111260466978157, 0.9311744900929366, 0.945048443395121, 0.95,
        0.945048443395121,
      ]
    ),
    (
      #"OneCycleLR{opt, max_lr = 0.4, epochs = 3, steps_per_epoch = 4, pct_start = 0.25, anneal_strategy = "linear", div_factor = 10, final_div_factor = 100}"#,
      [
        0.04, 0.22000000000000003, 0.4, 0.3556, 0.31120000000000003, 0.26680000000000004, 0.22240000000000001, 0.17800000000000002, 0.13360000000000005, 0.0892,
        0.044800000000000006, 0.00040000000000001146,
      ],
      [
        0.8999999999999999, 0.85, 0.861111111111111, 0.8722222222222222, 0.8833333333333333, 0.8944444444444444, 0.9055555555555556, 0.9166666666666666,
        0.9277777777777777, 0.9388888888888889, 0.95,
      ]
    ),
    (
      #"OneCycleLR(opt, {max_lr = 0.4, total_steps = 12, three_phase = true, base_momentum = 0.8, max_momentum = 0.9})"#,
      [
        0.016000000000000014, 0.1399158616878332, 0.3517140636488515, 0.3780075569254163, 0.18485695739097785, 0.021579171054197994, 0.015260677297031917,
        0.012489847573246768, 0.00843386795755647, 0.004253907201154237, 0.0011466280764002217, 1.6e-06, 0.001146628076400219,
      ], [0.8677302443521268, 0.812574462591445, 0.8057271987173396, 0.8560268340127662, 0.8985470908713026, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]
    ),
    (#"LambdaLR(opt, function(k) return 1 / (1 + k) end)"#, [0.1, 0.05, 0.03333333333333333, 0.025, 0.020000000000000004], []),
    (
      #"SequentialLR(opt, {s.LinearWarmup(opt, 3), s.CosineAnnealingLR(opt, 5)}, {3})"#,
      [
        0.03333333333333333, 0.05555555555555556, 0.07777777777777778, 0.1, 0.09045084971874738, 0.06545084971874737, 0.03454915028125263, 0.009549150281252633, 0.0,
        0.009549150281252628,
      ], []
    ),
    (
      #"SequentialLR(opt, {s.ExponentialLR(opt, 0.5), s.MultiStepLR(opt, {2}, 0.1), s.StepLR(opt, 2)}, {2, 5})"#,
      [0.1, 0.05, 0.1, 0.1, 0.010000000000000002, 0.1, 0.1, 0.010000000000000002, 0.010000000000000002, 0.0010000000000000002], []
    ),
  ]
  private static let metrics = [1.0, 0.9, 0.95, 0.9, 0.92, 0.91, 0.5, 0.5, 0.5, 0.5, 0.5]
  private static let plateaus: [(call: String, rates: [Double])] = [
    (
      #"ReduceLROnPlateau(opt, {patience = 1})"#,
      [
        0.1, 0.1, 0.1, 0.1, 0.010000000000000002, 0.010000000000000002, 0.0010000000000000002, 0.0010000000000000002, 0.0010000000000000002, 0.00010000000000000003,
        0.00010000000000000003, 1.0000000000000004e-05,
      ]
    ),
    (
      #"ReduceLROnPlateau(opt, {mode = "max", factor = 0.5, patience = 0, threshold = 0.01, threshold_mode = "abs", cooldown = 1, min_lr = 0.02})"#,
      [0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02]
    ),
  ]

  private func lua() throws -> LuaState {
    let lua = try LuaState()
    for library in [
      TensorLibrary.library, ModuleLibrary.library, FunctionalLibrary.library, Initializers.library, OptimizerLibrary.library, ScheduleLibrary.library,
    ] { lua.install(library) }
    try lua.run(
      """
      T, optim = require "nnlua.tensor", require "nnlua.optim"
      s = optim.schedule
      p = T.ones(2, {requires_grad = true})
      function sgd() return optim.SGD({p}, {lr = 0.1, momentum = 0.5}) end
      """)
    return lua
  }

  private func close(_ a: [Double], _ b: [Double]) -> Bool { a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-12 } }

  @Test(arguments: expected.indices) func asPyTorch(_ place: Int) throws {
    let (call, rates, momenta) = Self.expected[place]
    let lua = try lua()
    let found = try lua.evaluate(
      """
      opt = sgd()
      local scheduler = s.\(call)
      local rates, momenta = {opt.lr}, {}
      assert(scheduler.last_epoch == 0 and scheduler.last_lr[1] == opt.lr)
      for i = 1, \(rates.count - 1) do
        opt:step()
        scheduler:step()
        rates[#rates + 1], momenta[#momenta + 1] = opt.lr, opt.momentum
        assert(scheduler.last_epoch == i and scheduler.last_lr[1] == opt.lr and scheduler:get_last_lr()[1] == opt.lr)
      end
      return {T.tensor(rates, {dtype = "float64"}), T.tensor(momenta, {dtype = "float64"})}
      """, as: [Tensor].self)
    let (lr, momentum) = (try found[0].values(), try found[1].values())
    #expect(close(lr, rates), "\(call): \(lr)")
    if !momenta.isEmpty { #expect(close(momentum, momenta), "\(call): \(momentum)") }
  }

  /// Saved in the middle, loaded into a new one, with a new optimizer.
  @Test(arguments: expected.indices) func stateGoesOn(_ place: Int) throws {
    let (call, rates, _) = Self.expected[place]
    try lua().run(
      """
      opt = sgd()
      local whole = s.\(call)
      local n = \(rates.count - 1)
      local saved, optimizer
      local seen = {}
      for i = 1, n do
        whole:step()
        if i == n // 2 then saved, optimizer = whole:state_dict(), opt:state_dict() end
        seen[i] = {opt.lr, opt.momentum}
      end
      opt = sgd()
      local again = s.\(call)
      again:load_state_dict(saved)
      opt:load_state_dict(optimizer)
      assert(again.last_epoch == n // 2)
      for i = n // 2 + 1, n do
        again:step()
        assert(opt.lr == seen[i][1] and opt.momentum == seen[i][2], i)
      end
      """)
  }

  @Test(arguments: plateaus.indices) func plateausAsPyTorch(_ place: Int) throws {
    let (call, rates) = Self.plateaus[place]
    let lr = try lua().evaluate(
      """
      opt = sgd()
      local scheduler = s.\(call)
      local rates = {opt.lr}
      for i, metric in ipairs{\(Self.metrics.map { "\($0)" }.joined(separator: ", "))} do
        scheduler:step(i % 2 == 0 and metric or T.tensor(metric, {dtype = "float64"}))
        rates[#rates + 1] = opt.lr
        if i == 5 then  -- goes on in another
          local state = scheduler:state_dict()
          scheduler = s.\(call)
          scheduler:load_state_dict(state)
        end
      end
      return T.tensor(rates, {dtype = "float64"})
      """, as: Tensor.self
    ).values()
    #expect(close(lr, rates), "\(call): \(lr)")
  }

  @Test func allGroupsAndHandChanges() throws {
    try lua().run(
      """
      local opt = optim.SGD({{params = {p}, lr = 1}, {params = {T.ones(3, {requires_grad = true})}}}, {lr = 0.5})
      local step = s.StepLR{opt, step_size = 1, gamma = 0.5}
      step:step()
      assert(opt.param_groups[1].lr == 0.5 and opt.param_groups[2].lr == 0.25)
      assert(step.last_lr[1] == 0.5 and step.last_lr[2] == 0.25 and step.base_lrs[2] == 0.5)
      opt.param_groups[2].lr = 8   -- a rate set by hand is where the schedule goes on
      step:step()
      assert(opt.param_groups[1].lr == 0.25 and opt.param_groups[2].lr == 4)
      assert(step.optimizer == opt and step.per_batch == false)
      step.per_batch = true
      assert(step.per_batch)
      local one = s.OneCycleLR{optim.Adam({{params = {p}}, {params = {T.ones(3, {requires_grad = true})}}}), {0.25, 0.5}, 10}
      assert(one.per_batch and math.abs(one.last_lr[2] - 0.02) < 1e-12 and math.abs(one.optimizer.momentum - 0.95) < 1e-12)
      assert(tostring(s.ExponentialLR(sgd(), 0.5)) == "ExponentialLR(step 0, lr 0.1)")
      """)
  }

  /// Two schedules on one optimizer multiply.
  @Test func schedulesChain() throws {
    try lua().run(
      """
      local opt = sgd()
      local a, b = s.LinearWarmup(opt, 4), s.ExponentialLR(opt, 0.9)
      for i = 1, 6 do
        a:step()
        b:step()
        local factor = (1 / 3 + 2 / 3 * math.min(i, 4) / 4) * 0.9 ^ i
        assert(math.abs(opt.lr - 0.1 * factor) < 1e-12, i)
      end
      """)
  }

  @Test(arguments: [
    ("local o = s.OneCycleLR(opt, 1, 3); for i = 1, 4 do o:step() end", "OneCycleLR: step 4 of a cycle of total_steps = 3 steps"),
    ("s.ReduceLROnPlateau(opt):step()", "ReduceLROnPlateau: step needs the metric it looks at"),
    ("s.ReduceLROnPlateau(opt):step(T.ones(2))", "bad argument #1 to 'step' (number or Tensor of one element expected, got shape {2})"),
    ("s.StepLR(opt)", "StepLR: step_size is missing"),
    ("s.StepLR(opt, 0)", "StepLR: step_size must be at least 1, got 0"),
    ("s.StepLR(3, 1)", "bad argument #1 to 'StepLR' (Optimizer expected, got number)"),
    ("s.StepLR(opt, {step_size = 2, gama = 3})", "StepLR: unknown option 'gama'; did you mean 'gamma'?"),
    ("s.ExponentialLR(opt, -1)", "ExponentialLR: gamma must be 0 or more, got -1"),
    ("s.ExponentialLR(opt, 0/0)", "ExponentialLR: gamma must be 0 or more, got nan"),
    ("s.CosineAnnealingLR(opt, 0)", "T_max must be at least 1"),
    ("s.OneCycleLR(opt, 1)", "OneCycleLR: total_steps is missing"),
    ("s.OneCycleLR(opt, {1, 2}, 5)", "max_lr has 2 values for 1 parameter groups"),
    ("s.OneCycleLR(optim.Adagrad{p}, 1, 5)", "Adagrad has no momentum to turn; pass {cycle_momentum = false}"),
    ("s.OneCycleLR(opt, {max_lr = 1, total_steps = 5, anneal_strategy = 'square'})", "anneal_strategy must be"),
    ("s.LinearWarmup(opt)", "LinearWarmup: warmup_steps is missing"),
    ("s.LinearWarmup(opt, 3, 2)", "start_factor must be in 0..1"),
    ("s.ReduceLROnPlateau(opt, 'low')", "mode must be"),
    ("s.ReduceLROnPlateau(opt, {factor = 1})", "factor must be in 0..1"),
    ("s.SequentialLR(opt, {s.StepLR(opt, 1)}, {3})", "1 schedulers need 0 milestones, got 1"),
    ("s.SequentialLR(opt, {s.StepLR(sgd(), 1)}, {})", "scheduler 1 belongs to another optimizer"),
    ("s.SequentialLR(opt, {s.ReduceLROnPlateau(opt)}, {})", "needs a metric at each step"),
    ("s.SequentialLR(opt, {s.StepLR(opt, 1), s.StepLR(opt, 1), s.StepLR(opt, 1)}, {3, 2})", "milestones must rise"),
    ("s.LambdaLR(opt, function() return 'x' end)", "the function must return a number, got string"),
    ("s.LambdaLR(opt, function() return -1 end)", "leads to the learning rate -0.1"),
    (
      "s.StepLR(opt, 2):load_state_dict({last_epoch = 1, base_lrs = {1, 2}, hello = 3})",
      "'base_lrs' has 2 values, one for each of 1 parameter groups is expected; 'last_lr' is missing; 'hello' is no state of StepLR"
    ),
    ("s.StepLR(opt, 2):load_state_dict({last_epoch = 0.5, base_lrs = {1}, last_lr = {1}})", "'last_epoch' is 0.5"),
    ("s.StepLR(opt, 2):load_state_dict({last_epoch = print})", "'last_epoch' must be a number or a list of numbers, got function"),
    ("s.StepLR(opt, 2).gamma = 3", "StepLR: only 'per_batch' can be set"),
    ("s.Step(opt)", "schedule has no 'Step'"),
  ])
  func mistakesAreNamed(_ code: String, _ message: String) throws {
    let found = try lua().evaluate(
      """
      opt = sgd()
      local ok, message = pcall(function() \(code) end)
      return ok and "no error" or message
      """, as: String.self)
    #expect(found.contains(message), "\(found)")
  }

  /// A step that fails leaves the rates, the momentum and the count as they were.
  @Test func failedStepsChangeNothing() throws {
    try lua().run(
      """
      local opt = sgd()
      local o = s.OneCycleLR(opt, 1, 3)
      for i = 1, 3 do o:step() end
      local lr, momentum = opt.lr, opt.momentum
      assert(not pcall(o.step, o) and opt.lr == lr and opt.momentum == momentum and o.last_epoch == 3)
      local again = sgd()
      assert(not pcall(s.LambdaLR, again, function() return -1 end) and again.lr == 0.1)
      """)
  }

  /// The function of a LambdaLR lives as long as the scheduler, inside a sequence too.
  @Test func functionsStayAlive() throws {
    let lua = try lua()
    try lua.run("opt = sgd(); q = s.SequentialLR(opt, {s.StepLR(opt, 1), s.LambdaLR(opt, function(k) return 10 + k end)}, {1})")
    lua.collectAll()
    try lua.run("q:step() q:step() assert(math.abs(opt.lr - 1.1) < 1e-12, opt.lr)")
  }
}
