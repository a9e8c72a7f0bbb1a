-- What train.fit and train.evaluate take: checked, and brought into one form. Errors name the call, such as "fit: …".
local module = ...
local nn = require "nnlua.nn"
local metrics = require "nnlua.metrics"

local function fail(text, ...) error(text:format(...)) end

-- How many letters must be added, taken away or changed.
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local before = row[0]
    row[0] = i
    for j = 1, #b do
      local above = row[j]
      row[j] = math.min(above + 1, row[j - 1] + 1, before + (a:byte(i) == b:byte(j) and 0 or 1))
      before = above
    end
  end
  return row[#b]
end

local function check_names(call, given, known)
  for name in pairs(given) do
    local found, near = false, nil
    for _, other in ipairs(known) do
      found = found or other == name
      if type(name) == "string" and #name < 40 and distance(name, other) <= math.max(1, #name // 3) then near = near or other end
    end
    if not found then
      local text = type(name) == "string" and #name < 100 and ("'%s'"):format(name) or "of type " .. type(name)
      fail("%s: unknown option %s%s (options: %s)", call, text, near and ("; did you mean '%s'?"):format(near) or "", table.concat(known, ", "))
    end
  end
end

local function type_of(value)
  local meta = getmetatable(value)
  if type(value) == "userdata" and type(meta) == "string" then return (meta:gsub("^nnlua%.", "")) end
  return type(value)
end

-- ---- what fit takes ----

local function check_module(call, net)
  if not pcall(nn.Module.parameters, net) then fail("bad argument #1 to '%s' (Module expected, got %s)", call, type_of(net)) end
end

local function callable(value)
  if type(value) == "function" then return true end
  local meta = debug.getmetatable(value)
  return type(meta) == "table" and meta.__call ~= nil
end

local function has(value, method)
  if type(value) ~= "table" and type(value) ~= "userdata" then return false end
  local found, member = pcall(function() return value[method] end)
  return found and callable(member)
end

-- How many batches; nil where the loader does not say.
local function check_loader(call, name, loader)
  if not has(loader, "batches") then
    local remedy = type_of(loader) == "Dataset" and "; data.DataLoader(set, {batch_size = 100, shuffle = true}) makes one of a data set" or ""
    fail("%s: %s must be a DataLoader, got %s%s", call, name, type_of(loader), remedy)
  end
  local known, count = pcall(function() return #loader end)
  if not known or math.type(count) ~= "integer" then return nil end
  if count == 0 then fail("%s: the %s loader has no batches%s", call, name, type(loader) == "userdata" and (" (%s)"):format(tostring(loader)) or "") end
  return count
end

local function check_loss(call, loss)
  if loss == nil then return nn.CrossEntropyLoss() end
  if not callable(loss) then fail("%s: loss must be a loss module or a function (y, t) → loss, got %s", call, type_of(loss)) end
  return loss
end

local function number_of(value)
  if type(value) == "number" then return value end
  if type_of(value) == "Tensor" then return value:item() end
end

-- Of a metric's name the function behind it.
local function named_metric(call, name)
  local k = math.tointeger(tonumber(name:match("^top_(%d+)$")))
  if k then return function(y, t) return metrics.top_k(y, t, k) end end
  if name == "accuracy" or name == "r2" then return metrics[name] end
  fail("%s: unknown metric '%s' (known: accuracy, r2, top_2, top_3 and so on; or {name = function(y, t) … end})", call, name)
end

-- A list of {name =, f =, own = written by the script}; nil leaves the choice to the first batch.
local function check_metrics(call, given)
  if given == nil then return nil end
  if type(given) == "string" then given = {given} end
  if type(given) ~= "table" then fail("%s: metrics must be a list of names or a table of functions by name, got %s", call, type_of(given)) end
  local list = {}
  for key, value in pairs(given) do
    if math.type(key) == "integer" and type(value) == "string" then
      list[#list + 1] = {name = value, f = named_metric(call, value)}
    elseif type(key) == "string" and callable(value) then
      list[#list + 1] = {name = key, f = value, own = true}
    else
      fail("%s: metrics must be a list of names or a table of functions by name; it holds a %s under %s", call, type_of(value), tostring(key))
    end
  end
  for _, metric in ipairs(list) do
    if metric.name == "loss" then fail("%s: a metric cannot be called 'loss': the history has that name", call) end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

-- Scores against labels or one-hot rows are measured by accuracy, everything else by its loss alone.
local function usual_metrics(y, t)
  if type_of(y) ~= "Tensor" or type_of(t) ~= "Tensor" or y:dim() < 2 or y:size(2) < 2 then return {} end
  local labels = y:dim() == t:dim() + 1 and y:size(1) == t:size(1)
  local rows = y:dim() == 2 and t:dim() == 2 and t:size(2) == y:size(2) and metrics.is_one_hot(t)
  return (labels or rows) and {{name = "accuracy", f = metrics.accuracy}} or {}
end

local function check_count(call, name, value, least)
  if math.type(value) == "float" then value = math.tointeger(value) or value end
  if math.type(value) ~= "integer" or value < least then fail("%s: %s must be a whole number from %d, got %s", call, name, least, tostring(value)) end
  return value
end

-- Functions by event: {on_begin = {…}, on_batch = {…}, on_epoch = {…}, on_end = {…}}.
local function check_callbacks(given, on_batch)
  local events = {on_begin = {}, on_batch = {}, on_epoch = {}, on_end = {}}
  local function add(value, where)
    if callable(value) then
      table.insert(events.on_epoch, value)
    elseif type(value) == "table" then
      for name, member in pairs(value) do
        if math.type(name) == "integer" then
          add(member, ("%s[%d]"):format(where, name))
        elseif not events[name] then
          fail("fit: %s has no event '%s' (known: on_begin, on_batch, on_epoch, on_end)", where, tostring(name))
        elseif not callable(member) then
          fail("fit: %s.%s must be a function, got %s", where, name, type_of(member))
        else
          table.insert(events[name], member)
        end
      end
    else
      fail("fit: %s must be a function, or a table of functions by event, got %s", where, type_of(value))
    end
  end
  if given ~= nil then add(given, "callbacks") end
  if on_batch ~= nil then
    if not callable(on_batch) then fail("fit: on_batch must be a function, got %s", type_of(on_batch)) end
    table.insert(events.on_batch, on_batch)
  end
  return events
end

-- {patience =, metric =, min_delta =, mode =}; a number is the patience.
local function check_early_stop(given, tests)
  if given == nil or given == false then return nil end
  if type(given) == "number" then given = {patience = given} end
  if type(given) ~= "table" then fail("fit: early_stop must be a number or a table {patience =, metric =, min_delta =, mode =}, got %s", type_of(given)) end
  check_names("fit: early_stop", given, {"patience", "metric", "min_delta", "mode"})
  local metric = given.metric or (tests and "test_loss" or "train_loss")
  if type(metric) ~= "string" then fail("fit: early_stop.metric must be a name such as \"test_loss\", got %s", type_of(metric)) end
  if not metric:find("^train_") and not metric:find("^test_") then metric = (tests and "test_" or "train_") .. metric end
  local delta = given.min_delta or 0
  if type(delta) ~= "number" or not (delta >= 0) then fail("fit: early_stop.min_delta must be a number of 0 or more, got %s", tostring(delta)) end
  local mode = given.mode or (metric:find("loss") and "min" or "max")
  if mode ~= "min" and mode ~= "max" then fail("fit: early_stop.mode must be \"min\" or \"max\", got %s", tostring(mode)) end
  return {patience = check_count("fit", "early_stop.patience", given.patience == nil and 3 or given.patience, 0), metric = metric, delta = delta, sign = mode == "min" and 1 or -1, wait = 0}
end

local function check_optimizer(given, net)
  if given == nil then return require("nnlua.optim").Adam(net) end
  if type(given) == "function" then given = given(net) end
  if not has(given, "step") or not has(given, "zero_grad") then
    fail("fit: optimizer must be an optimizer, or a function of the net that makes one, got %s", type_of(given))
  end
  return given
end

for name, f in pairs {
  fail = fail,
  type_of = type_of,
  check_names = check_names,
  check_module = check_module,
  callable = callable,
  has = has,
  check_loader = check_loader,
  check_loss = check_loss,
  number_of = number_of,
  check_metrics = check_metrics,
  usual_metrics = usual_metrics,
  check_count = check_count,
  check_callbacks = check_callbacks,
  check_early_stop = check_early_stop,
  check_optimizer = check_optimizer,
} do module[name] = f end
