-- nnlua.train: the loop around a network, its ends, and going on from a file.
-- Checkpoints are written and read by CheckpointWriter.swift and CheckpointFile.swift, the history is in history.lua.
local train = ...
local nnlua = require "nnlua"
local T = require "nnlua.tensor"
local new_history = require("nnlua.train.history").new
local options_of = require "nnlua.train.options"
local fail, type_of, has, number_of = options_of.fail, options_of.type_of, options_of.has, options_of.number_of

-- `return relay(pcall(f))` in a function of this file: errors that name a line of these files name the script's line instead.
local function relay(ok, ...)
  if ok then return ... end
  local message = ...
  local own = type(message) == "string" and message:match("^nnlua%.train[%a.]*:%d+: (.*)$")
  if own then error(own, 2) end  -- 2 is the script: relay was called in the function's own place
  error(message, 0)
end

-- ---- measuring ----

-- Means over samples, gathered batch by batch.
local Means = {}
Means.__index = Means
local function means() return setmetatable({count = 0, sums = {}}, Means) end
function Means:add(name, value, n) self.sums[name] = (self.sums[name] or 0) + value * n end
function Means:of(name) return self.sums[name] / self.count end

local function add_metrics(call, gathered, list, y, t, n)
  for _, metric in ipairs(list) do
    local value
    if metric.own then
      value = number_of(T.no_grad(function() return metric.f(y:detach(), t) end))
      if not value then fail("%s: the metric '%s' must return a number", call, metric.name) end
    else
      value = metric.f(y, t)
    end
    gathered:add(metric.name, value, n)
  end
end

-- The samples of a batch.
local function size_of(x, t)
  if type_of(x) == "Tensor" and x:dim() > 0 then return #x end
  if type_of(t) == "Tensor" and t:dim() > 0 then return #t end
  return 1
end

-- Means of loss and metrics over a loader; nil where `stop` says so before the end. The list of metrics is returned too.
local function measure(call, net, loader, criterion, list, stop)
  return train.evaluating(net, function()
    local gathered = means()
    for x, t in loader:batches() do
      if stop and stop() then return nil, list end
      local y, n = net(x), size_of(x, t)
      list = list or options_of.usual_metrics(y, t)
      local loss = number_of(criterion(y, t))
      if not loss then fail("%s: the loss must be a number or a tensor of one element", call) end
      gathered.count = gathered.count + n
      gathered:add("loss", loss, n)
      add_metrics(call, gathered, list, y, t, n)
    end
    if gathered.count == 0 then fail("%s: the loader gave no batches", call) end
    return gathered, list
  end)
end

function train.evaluate(net, loader, loss, options)
  return relay(pcall(function()
    options_of.check_module("evaluate", net)
    options_of.check_loader("evaluate", "second argument", loader)
    if options ~= nil and type(options) ~= "table" then fail("evaluate: options must be a table, got %s", type_of(options)) end
    options_of.check_names("evaluate", options or {}, {"metrics"})
    local gathered, list = measure("evaluate", net, loader, options_of.check_loss("evaluate", loss), options_of.check_metrics("evaluate", options and options.metrics))
    local result = {loss = gathered:of "loss"}
    for _, metric in ipairs(list) do result[metric.name] = gathered:of(metric.name) end
    return result
  end))
end

-- ---- fit ----

local known = {
  "train", "test", "loss", "optimizer", "epochs", "scheduler", "metrics", "checkpoint", "resume", "early_stop", "callbacks", "on_batch", "live_plot", "progress",
}

local function prepare(net, options)
  options_of.check_module("fit", net)
  if type(options) ~= "table" then fail("bad argument #2 to 'fit' (table expected, got %s)", options == nil and "no value" or type_of(options)) end
  options_of.check_names("fit", options, known)
  if options.train == nil then fail("fit: train is missing: a DataLoader of what is to be learnt") end
  local run = {
    net = net, loader = options.train, batches = options_of.check_loader("fit", "train", options.train), criterion = options_of.check_loss("fit", options.loss),
    metrics = options_of.check_metrics("fit", options.metrics), epochs = options_of.check_count("fit", "epochs", options.epochs == nil and 1 or options.epochs, 0),
    scheduler = options.scheduler, events = options_of.check_callbacks(options.callbacks, options.on_batch), shows = options.progress ~= false,
    checkpoint = options.checkpoint, live_plot = options.live_plot,
  }
  if options.test ~= nil then
    options_of.check_loader("fit", "test", options.test)
    run.test = options.test
  end
  run.optimizer = options_of.check_optimizer(options.optimizer, net)
  if run.scheduler ~= nil then
    if not has(run.scheduler, "step") then fail("fit: scheduler must be one of optim.schedule, or have a step method, got %s", type_of(run.scheduler)) end
    if type(run.scheduler) == "userdata" and type_of(run.scheduler) ~= "Scheduler" then fail("fit: scheduler must be one of optim.schedule, got %s", type_of(run.scheduler)) end
    run.per_batch = run.scheduler.per_batch
  end
  if run.checkpoint ~= nil and type(run.checkpoint) ~= "string" then fail("fit: checkpoint must be a path, got %s", type_of(run.checkpoint)) end
  if options.resume and not run.checkpoint then fail("fit: resume needs checkpoint, the path of the file to go on from") end
  run.resume = options.resume
  run.early_stop = options_of.check_early_stop(options.early_stop, run.test ~= nil)
  run.history = new_history()
  run.state = {
    net = net, optimizer = run.optimizer, scheduler = run.scheduler, history = run.history, epochs = run.epochs, batches = run.batches, epoch = 0,
  }
  return run
end

-- What a checkpoint holds beside the chance that train.save adds by itself.
local function parts_of(run)
  local parts = {net = run.net, optimizer = run.optimizer}
  if type_of(run.loader) == "DataLoader" then parts.loader = run.loader end
  if type_of(run.scheduler) == "Scheduler" then parts.scheduler = run.scheduler end
  return parts
end

local function save(run)
  if not run.checkpoint then return end
  local parts = parts_of(run)
  parts.epoch, parts.history, parts.stopped = run.history.epochs, run.history, run.history.stopped
  parts.early_stop = run.early_stop and {best = run.early_stop.best, wait = run.early_stop.wait}
  -- A scheduler written in Lua may say what it remembers.
  if not parts.scheduler and has(run.scheduler, "state_dict") then parts.scheduler_state = run.scheduler:state_dict() end
  train.save(run.checkpoint, parts)
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

-- Goes on from a checkpoint, or writes the first one: a path that cannot be written is found out before the first epoch.
local function begin(run)
  if not run.checkpoint then return end
  if not exists(run.checkpoint) then return save(run) end
  if not run.resume then return end
  local saved = train.load(run.checkpoint, parts_of(run))
  if type(saved.history) ~= "table" or math.type(saved.epoch) ~= "integer" then fail("fit: %s was not written by fit: it has no history", run.checkpoint) end
  for name, value in pairs(saved.history) do run.history[name] = value end
  run.history.epochs, run.history.interrupted = saved.epoch, false
  -- What early_stop has ended stays ended; what a callback has ended goes on.
  run.history.stopped = run.early_stop and saved.stopped == "early_stop" and "early_stop" or nil
  if run.early_stop and type(saved.early_stop) == "table" then run.early_stop.best, run.early_stop.wait = saved.early_stop.best, saved.early_stop.wait or 0 end
  if saved.scheduler_state and has(run.scheduler, "load_state_dict") then run.scheduler:load_state_dict(saved.scheduler_state) end
end

-- Whether a function of this event asks to stop, by returning false. All of them are called.
local function tell(run, event)
  local stop = false
  for _, f in ipairs(run.events[event]) do stop = f(run.state) == false or stop end
  return stop
end

-- Whether the metric has not become better for as many epochs as are borne; NaN is never better.
local function is_stuck(run)
  local rule = run.early_stop
  if not rule then return false end
  local list = run.history[rule.metric]
  if not list or #list == 0 then fail("fit: early_stop looks at '%s', which the history does not have", rule.metric) end
  local value = list[#list]
  if value == value and (rule.best == nil or rule.sign * value < rule.sign * rule.best - rule.delta) then
    rule.best, rule.wait = value, 0
  else
    rule.wait = rule.wait + 1
  end
  return rule.wait >= math.max(rule.patience, 1)
end

local function warn_once(run, what, text)
  if run[what] then return end
  run[what] = true
  io.stderr:write("fit: ", text, "\n")
end

local function draw(run)
  if not run.live_plot then return end
  local ok, message = pcall(function()
    local figure = run.history:plot("loss", {show = false})
    if type(run.live_plot) == "string" then
      figure:save(run.live_plot)
    elseif run.display then
      run.display:update(figure)
    else
      run.display = nnlua.display(figure, {id = true})
    end
  end)
  if not ok then warn_once(run, "plot_failed", "the live plot failed, training goes on: " .. tostring(message)) end
end

-- One time through the training set; true where it was ended early, with the reason.
local function learn(run, bar, stop)
  local net, optimizer, criterion, state, scheduler = run.net, run.optimizer, run.criterion, run.state, run.scheduler
  local listens = #run.events.on_batch > 0
  local gathered, shown, batch = means(), {}, 0
  local evaluates = type_of(optimizer) == "Optimizer"  -- its step takes the function; one written in Lua may not
  local x, t, y
  local function closure()
    optimizer:zero_grad()
    y = net(x)
    local loss = criterion(y, t)
    if type_of(loss) ~= "Tensor" then fail("fit: the loss must be a tensor of one element, got %s", type_of(loss)) end
    loss:backward()
    return loss
  end
  local reason
  net:train()
  for input, target in run.loader:batches() do
    x, t = input, target
    batch = batch + 1
    local loss
    if evaluates then
      loss = number_of(optimizer:step(closure))
    else
      loss = number_of(closure())
      optimizer:step()
    end
    state.lr = optimizer.lr
    if run.per_batch then scheduler:step() end
    run.metrics = run.metrics or options_of.usual_metrics(y, t)

    local n = size_of(x, t)
    gathered.count = gathered.count + n
    gathered:add("loss", loss, n)
    add_metrics("fit", gathered, run.metrics, y, t, n)
    if loss ~= loss then warn_once(run, "lost", ("the loss is not a number in epoch %d, batch %d; is the learning rate too high?"):format(state.epoch, batch)) end
    if bar then
      shown.loss = gathered:of "loss"
      for _, metric in ipairs(run.metrics) do shown[metric.name] = gathered:of(metric.name) end
      bar:step(1, shown)
    end
    if listens then
      state.batch, state.loss, state.x, state.t, state.y = batch, loss, x, t, y
      if tell(run, "on_batch") then reason = "callback" end
      state.x, state.t, state.y = nil, nil, nil
    end
    if stop() then reason = "interrupted" end
    if reason then break end
  end
  if batch == 0 then fail("fit: the train loader gave no batches") end
  return gathered, reason
end

local function note(run, part, gathered)
  for _, name in ipairs {"loss", table.unpack(run.names)} do
    local value = gathered:of(name)
    run.history:add(part .. "_" .. name, value)
    run.state[part .. "_" .. name] = value
  end
end

-- One epoch; returns why training ends with it.
local function run_epoch(run, epoch, stop)
  local history, state = run.history, run.state
  state.epoch = epoch
  local start = nnlua.clock()
  local bar <close> = run.shows and nnlua.progress(run.batches or 0, {title = ("epoch %d/%d"):format(epoch, run.epochs), unit = "batches"}) or nil
  if bar then
    bar.lasting = true  -- what the test set says is shown on the same line
    if not run.batches then bar.total = nil end
    if not bar.renews then bar.every = math.huge end  -- in a log: one line for each epoch
  end

  local gathered, reason = learn(run, bar, stop)
  run.names = {}
  for i, metric in ipairs(run.metrics) do run.names[i] = metric.name end
  note(run, "train", gathered)
  state.loss = gathered:of "loss"
  local tested
  if run.test and reason ~= "interrupted" then
    tested = measure("fit", run.net, run.test, run.criterion, run.metrics, stop)
    if tested then
      note(run, "test", tested)
      if bar then for _, name in ipairs {"loss", table.unpack(run.names)} do bar:set{["test_" .. name] = tested:of(name)} end end
    else
      reason = "interrupted"
    end
  end
  history:add("lr", state.lr)
  history:add("seconds", nnlua.clock() - start)
  if reason == "interrupted" then return reason end  -- an epoch that was cut short counts for nothing but the lists

  history.epochs = epoch
  if run.scheduler and not run.per_batch then run.scheduler:step((tested or gathered):of "loss") end
  if is_stuck(run) then reason = reason or "early_stop" end
  if tell(run, "on_epoch") then reason = reason or "callback" end
  history.stopped = reason
  save(run)
  if bar then bar:close() end
  draw(run)
  return reason or (stop() and "interrupted" or nil)
end

function train.fit(net, options)
  return relay(pcall(function()
    local run = prepare(net, options)
    return train.hold_interrupts(function(interrupted)
      begin(run)
      local history = run.history
      local reason = history.stopped
      if not reason and tell(run, "on_begin") then reason = "callback" end
      while not reason and history.epochs < run.epochs do reason = run_epoch(run, history.epochs + 1, interrupted) end
      history.stopped = reason
      history.interrupted = reason == "interrupted"
      tell(run, "on_end")
      return history
    end)
  end))
end
