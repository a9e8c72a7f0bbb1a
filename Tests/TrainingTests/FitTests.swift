import LuaBridge
import Testing

extension TrainingTests {
  /// The loop, its history and its ends.
  @Suite struct FitTests {
    @Test func learnsAndTells() throws {
      try lua().run(
        """
        local tr, te = loaders()
        local net = network()
        local h = fit(net, {train = tr, test = te, epochs = 30, optimizer = optim.Adam(net, {lr = 0.02})})
        for _, name in ipairs{"train_loss", "test_loss", "train_accuracy", "test_accuracy", "lr", "seconds"} do assert(#h[name] == 30, name) end
        assert(h.epochs == 30 and h.interrupted == false and h.stopped == nil)
        assert(h.test_accuracy[30] > 0.9 and h.train_loss[30] < h.train_loss[1] / 3 and h.lr[7] == 0.02 and h.seconds[1] > 0)
        assert(net.training)
        assert(tostring(h):find("^History%(30 epochs, train loss 0%.%d+, test loss"))
        """)
    }

    /// The same bits as the loop a script would write by hand.
    @Test func isThePlainLoop() throws {
      try lua().run(
        """
        local function start()
          T.manual_seed(5)
          local net = network(0.3)
          return net, optim.Adam(net, {lr = 0.01}), (loaders())
        end
        local a, optA, loaderA = start()
        local h = fit(a, {train = loaderA, epochs = 3, optimizer = optA})
        local b, optB, loaderB = start()
        local criterion = nn.CrossEntropyLoss()
        local right, total, seen
        for epoch = 1, 3 do
          right, total, seen = 0, 0, 0
          for x, t in loaderB:batches() do
            optB:zero_grad()
            local y = b(x)
            local loss = criterion(y, t)
            loss:backward()
            optB:step()
            right = right + y:argmax(2):eq(t):sum():item()
            total, seen = total + loss:item() * #x, seen + #x
          end
        end
        assert(bits(a) == bits(b))
        assert(math.abs(h.train_accuracy[3] - right / seen) < 1e-12 and math.abs(h.train_loss[3] - total / seen) < 1e-12)
        """)
    }

    @Test func evaluateLeavesTheNetAsItWas() throws {
      try lua().run(
        """
        local _, te = loaders()
        local net = network(0.5)
        net[1]:eval()
        local r = train.evaluate(net, te)
        assert(net.training and not net[1].training and net[3].training)
        assert(r.accuracy == metrics.accuracy(train.evaluating(net, function() return net(more.x) end), more.t))
        local whole = train.evaluating(net, function() return nn.CrossEntropyLoss()(net(more.x), more.t):item() end)
        assert(math.abs(r.loss - whole) < 1e-5, "batches of 25 and 15 count by their sizes")
        assert(train.evaluate(net, te, function(y, t) return 2 end).loss == 2)
        local two = train.evaluate(net, te, nil, {metrics = {"top_2", mine = function(y, t) return y:sum() end}})
        assert(two.top_2 >= r.accuracy and type(two.mine) == "number" and two.accuracy == nil)
        -- an error leaves the modes and the tape alone
        assert(not pcall(train.evaluate, net, te, function() error "x" end))
        assert(net.training and not net[1].training and (net(more.x)).requires_grad)
        """)
    }

    @Test func metricsOfEveryForm() throws {
      try lua().run(
        """
        local tr, te = loaders()
        local h = fit(network(), {train = tr, test = te, metrics = {"accuracy", "top_3", size = function(y, t) return #t end}})
        assert(#h.test_top_3 == 1 and h.train_size[1] == 16 and h.test_size[1] == (25 * 25 + 15 * 15) / 40)
        -- a regression has no accuracy, one-hot targets do
        local x = T.randn(20, 2)
        local line = data.DataLoader(data.TensorDataset(x, x:sum(2, {keepdim = true})), {batch_size = 5})
        local r = fit(nn.Linear(2, 1), {train = line, test = line, loss = nn.MSELoss(), metrics = "r2"})
        assert(#r.test_r2 == 1 and #r.train_accuracy == 0)
        assert(#fit(nn.Linear(2, 1), {train = line, loss = nn.MSELoss()}).train_accuracy == 0)
        local rows = data.DataLoader(data.TensorDataset(set.x, F.one_hot(set.t, 4):float()), {batch_size = 16})
        local net = network()
        local h2 = fit(net, {train = rows, loss = nn.MSELoss()})
        assert(#h2.train_accuracy == 1)
        assert(train.evaluate(net, rows).accuracy == train.evaluate(net, (data.DataLoader(set, {batch_size = 16}))).accuracy)
        """)
    }

    @Test func schedulersAreStepped() throws {
      try lua().run(
        """
        local tr, te = loaders()
        local net = network()
        local opt = optim.SGD(net, {lr = 0.1})
        local h = fit(net, {train = tr, epochs = 4, optimizer = opt, scheduler = optim.schedule.StepLR(opt, 2)})
        assert(h.lr[1] == 0.1 and h.lr[2] == 0.1 and math.abs(h.lr[3] - 0.01) < 1e-12 and math.abs(opt.lr - 0.001) < 1e-12)
        -- once a batch
        local cycle = optim.schedule.OneCycleLR(opt, 0.1, 2 * #tr)
        fit(net, {train = tr, epochs = 2, optimizer = opt, scheduler = cycle})
        assert(cycle.last_epoch == 10)
        assert(message(fit, net, {train = tr, epochs = 1, optimizer = opt, scheduler = cycle}):find("OneCycleLR: step 11 of a cycle of total_steps = 10"))
        -- with the loss it looks at
        local plateau = optim.schedule.ReduceLROnPlateau(opt, {patience = 0, threshold = 10, threshold_mode = "abs"})
        opt.lr = 1e-6
        fit(net, {train = tr, test = te, epochs = 3, optimizer = opt, scheduler = plateau})
        assert(plateau.last_epoch == 3 and opt.lr < 1e-6)
        -- one written in Lua
        local seen = {}
        fit(net, {train = tr, epochs = 2, scheduler = {step = function(self, metric) seen[#seen + 1] = metric end}})
        assert(#seen == 2 and seen[1] > 0)
        """)
    }

    @Test func earlyStop() throws {
      try lua().run(
        """
        local tr, te = loaders()
        local net = network()
        local frozen = optim.SGD(net, {lr = 0})
        local h = fit(net, {train = tr, test = te, epochs = 50, optimizer = frozen, early_stop = 2})
        assert(h.epochs == 3 and h.stopped == "early_stop" and #h.test_loss == 3)
        h = fit(net, {train = tr, test = te, epochs = 50, optimizer = frozen, early_stop = {metric = "accuracy", patience = 4}})
        assert(h.epochs == 5)
        -- progress below min_delta is none
        local opt = optim.SGD(net, {lr = 1e-3})
        h = fit(net, {train = tr, epochs = 50, optimizer = opt, early_stop = {patience = 3, min_delta = 100, metric = "train_loss"}})
        assert(h.epochs == 4 and h.stopped == "early_stop")
        h = fit(net, {train = tr, epochs = 6, optimizer = opt, early_stop = {patience = 1, mode = "max", metric = "train_loss", min_delta = 0}})
        assert(h.epochs < 6)
        assert(message(fit, net, {train = tr, early_stop = {metric = "speed"}}):find("early_stop looks at 'train_speed', which the history does not have"))
        """)
    }

    @Test func callbacks() throws {
      try lua().run(
        """
        local tr, te = loaders()
        local log = {}
        local function note(name) return function(state) log[#log + 1] = name .. state.epoch end end
        local h = fit(network(), {train = tr, test = te, epochs = 2,
          callbacks = {{on_begin = note "begin", on_epoch = note "epoch", on_end = note "end"}, note "plain"},
          on_batch = function(state)
            assert(state.batch <= state.batches and state.batches == 5 and state.loss > 0 and #state.x == #state.t and state.y:size(2) == 4)
            if state.batch == 1 then log[#log + 1] = "batch" .. state.epoch end
          end})
        assert(table.concat(log, " ") == "begin0 batch1 epoch1 plain1 batch2 epoch2 plain2 end2", table.concat(log, " "))
        local seen
        h = fit(network(), {train = tr, test = te, epochs = 9, callbacks = function(state)
          seen = state
          return state.epoch < 3
        end})
        assert(h.epochs == 3 and h.stopped == "callback" and seen.test_loss == h.test_loss[3] and seen.train_accuracy == h.train_accuracy[3] and seen.history == h)
        -- ended within an epoch: it is measured and counted, as far as it went
        local count = 0
        h = fit(network(), {train = tr, test = te, epochs = 9, on_batch = function(state) count = count + 1; return count < 7 end})
        assert(count == 7 and h.epochs == 2 and #h.test_loss == 2 and h.stopped == "callback")
        """)
    }

    @Test func everyOptimizer() throws {
      try lua().run(
        """
        local tr = loaders()
        for _, name in ipairs{"SGD", "Momentum", "Nesterov", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW", "NAdam", "RAdam"} do
          local h = fit(network(), {train = tr, epochs = 3, optimizer = function(net) return optim[name](net) end})
          assert(h.train_loss[3] < h.train_loss[1], name)
        end
        local all = data.DataLoader(set, {batch_size = #set})   -- quasi-Newton steps need losses without noise
        local h = fit(network(), {train = all, epochs = 5, optimizer = function(net) return optim.LBFGS(net, {line_search_fn = "strong_wolfe"}) end})
        assert(h.train_loss[5] < 0.05, h.train_loss[5])
        -- one written in Lua
        local net = network()
        local mine = {lr = 0.1, zero_grad = function() net:zero_grad() end, step = function(self)
          T.no_grad(function() for _, p in ipairs(net:parameters()) do p:sub_(p.grad * self.lr) end end)
        end}
        local h = fit(net, {train = tr, epochs = 3, optimizer = mine})
        assert(h.train_loss[3] < h.train_loss[1] and h.lr[1] == 0.1)
        """)
    }

    /// Modules that keep tensors of a batch keep them alive.
    @Test func nothingOfTheScriptsIsFreed() throws {
      try lua().run(
        """
        local Net = nn.class("Net")
        function Net:init() self.fc = nn.Linear(2, 4) end
        function Net:forward(x)
          if self.last then assert(self.last:sum():item() == self.last:sum():item()) end
          self.last = self.fc(x):detach()
          return self.fc(x)
        end
        local all = {}
        local tr, te = loaders()
        fit(Net(), {train = tr, test = te, epochs = 2, metrics = {kept = function(y, t) all[#all + 1] = y; return 0 end}})
        collectgarbage()
        assert(#all == 14 and all[1]:sum():item() and #all[14] == 15)
        """)
    }

    @Test func memoryStaysFlat() throws {
      try lua().run(
        """
        local big = data.DataLoader(data.TensorDataset(T.rand(400, 2000), T.ones(400, {dtype = "int64"})), {batch_size = 50})
        local net = nn.Sequential(nn.Linear(2000, 500), nn.ReLU(), nn.Linear(500, 4))
        local opt = optim.SGD(net)
        fit(net, {train = big, test = big, epochs = 2, optimizer = opt})
        collectgarbage(); collectgarbage()
        local before = nnlua.memory().live
        fit(net, {train = big, test = big, epochs = 20, optimizer = opt})
        collectgarbage(); collectgarbage()
        assert(nnlua.memory().live - before < 2e6, nnlua.memory().live - before)
        """)
    }

    @Test(arguments: [
      ("train.fit()", "bad argument #1 to 'fit' (Module expected, got nil)"),
      ("train.fit(network())", "bad argument #2 to 'fit' (table expected, got no value)"),
      ("train.fit(network(), {})", "fit: train is missing"),
      ("train.fit(network(), {train = tr, epoch = 3})", "fit: unknown option 'epoch'; did you mean 'epochs'?"),
      ("train.fit(network(), {train = set})", "fit: train must be a DataLoader, got Dataset; data.DataLoader(set"),
      ("train.fit(network(), {train = tr, test = 3})", "fit: test must be a DataLoader, got number"),
      (
        "train.fit(network(), {train = data.DataLoader(data.TensorDataset(T.zeros(2, 2), T.zeros(2)), {batch_size = 5, drop_last = true})})",
        "fit: the train loader has no batches"
      ),
      (
        "train.fit(network(), {train = tr, test = data.DataLoader(data.TensorDataset(T.zeros(3, 2), T.zeros(3)), {batch_size = 5, drop_last = true})})",
        "fit: the test loader has no batches"
      ),
      ("train.fit(network(), {train = unsized()})", "fit: the train loader gave no batches"),
      ("train.evaluate(network(), unsized())", "evaluate: the loader gave no batches"),
      ("train.fit(network(), {train = tr, epochs = 1.5})", "fit: epochs must be a whole number from 0, got 1.5"),
      ("train.fit(network(), {train = tr, epochs = -1})", "fit: epochs must be a whole number from 0, got -1"),
      ("train.fit(network(), {train = tr, loss = 3})", "fit: loss must be a loss module or a function"),
      ("train.fit(network(), {train = tr, loss = function() return 3 end, progress = false})", "fit: the loss must be a tensor of one element, got number"),
      ("train.fit(network(), {train = tr, loss = nn.MSELoss(), progress = false})", "mse_loss: input {16,4} and target {16} must have the same shape"),
      ("train.fit(network(), {train = tr, optimizer = {}})", "fit: optimizer must be an optimizer"),
      ("train.fit(network(), {train = tr, scheduler = optim.Adam(network())})", "fit: scheduler must be one of optim.schedule, got Optimizer"),
      ("train.fit(network(), {train = tr, scheduler = 3})", "fit: scheduler must be one of optim.schedule"),
      ("train.fit(network(), {train = tr, metrics = {'acuracy'}})", "fit: unknown metric 'acuracy'"),
      ("train.fit(network(), {train = tr, metrics = {loss = print}})", "a metric cannot be called 'loss'"),
      ("train.fit(network(), {train = tr, metrics = {m = function() return 'x' end}, progress = false})", "the metric 'm' must return a number"),
      ("train.fit(network(), {train = tr, early_stop = {patience = 'x'}})", "early_stop.patience must be a whole number from 0, got x"),
      ("train.fit(network(), {train = tr, early_stop = 'x'})", "early_stop must be a number or a table"),
      ("train.fit(network(), {train = tr, callbacks = {on_epok = print}})", "callbacks has no event 'on_epok'"),
      ("train.fit(network(), {train = tr, on_batch = 3})", "on_batch must be a function, got number"),
      ("train.fit(network(), {train = tr, resume = true})", "resume needs checkpoint"),
      ("train.fit(network(), {train = tr, checkpoint = '/no/such/folder/x', progress = false})", "save: /no/such/folder/x: cannot be written: No such file or directory"),
      ("train.evaluate(network(), tr, nil, {metric = 1})", "evaluate: unknown option 'metric'; did you mean 'metrics'?"),
      ("train.evaluate(3, tr)", "bad argument #1 to 'evaluate' (Module expected, got number)"),
      ("train.fit(network(), {train = tr, on_batch = function() error('mine') end, progress = false})", "script:1: mine"),
    ])
    func mistakesAreNamed(_ code: String, _ text: String) throws {
      let lua = try lua()
      try lua.run("tr = loaders() function unsized() return setmetatable({batches = function() return function() end end}, {__len = function() end}) end")
      let found = message(lua, code)
      #expect(found.contains(text), "\(found)")
      #expect(found.hasPrefix("script:1: "), "at the script's line: \(found)")
    }

    @Test func errorsKeepTheirValue() throws {
      try lua().run(
        """
        local tr = loaders()
        local ok, value = pcall(fit, network(), {train = tr, on_batch = function() error({code = 7}) end})
        assert(not ok and value.code == 7)
        """)
    }

    @Test func historyDraws() throws {
      try lua().run(
        """
        local tr, te = loaders()
        local h = fit(network(), {train = tr, test = te, epochs = 3})
        assert(tostring(h:plot{show = false}):find("2 layers"))
        assert(tostring(h:plot("accuracy", {show = false})):find("2 layers"))
        assert(message(h.plot, h, "speed"):find("there is no train_speed and no test_speed to draw", 1, true))
        """)
    }
  }
}
