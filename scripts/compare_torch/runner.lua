-- Runs the cases that scripts/compare-torch wrote: nnlua runner.lua FOLDER
-- Reads cases.lua and inputs.safetensors, writes results.safetensors and report.txt. Judges nothing: compare.py does.
-- nnlua runner.lua --names prints the paths of all functions instead.
local T, nn, F, optim = require "nnlua.tensor", require "nnlua.nn", require "nnlua.nn.functional", require "nnlua.optim"

if arg[1] == "--names" then
  local groups = {linalg = true, init = true, utils = true, schedule = true}
  local function walk(path, module)
    for name, value in pairs(module) do
      if groups[name] then walk(path .. "." .. name, value) else print(path .. "." .. name) end
    end
  end
  walk("T", T)
  walk("nn", nn)
  walk("F", F)
  walk("optim", optim)
  os.exit(0)
end

local folder = arg[1]
local cases = dofile(folder .. "/cases.lua")
local stored = T.load(folder .. "/inputs.safetensors")
local results = {}
local report <close> = assert(io.open(folder .. "/report.txt", "w"))

local function say(...)
  report:write(table.concat({...}, "\t"), "\n")
  report:flush()
end

-- "T.linalg.inv", "nn.LSTM", or "x:sum" for a method of tensors
local probe, roots = T.zeros(1), {T = T, nn = nn, F = F, optim = optim}
local function exists(path)
  local method = path:match("^x:(.+)$")
  if method then return (pcall(function() return probe[method] end)) end
  local found
  for part in path:gmatch("[^.]+") do
    if found == nil then found = roots[part] else
      local ok, value = pcall(function() return found[part] end)
      if not ok or value == nil then return false end
      found = value
    end
  end
  return true
end

local function flatten(value, into)
  if type(value) == "table" then
    for i = 1, #value do flatten(value[i], into) end
  else
    into[#into + 1] = value
  end
  return into
end

local function keep(name, x) results[name] = x:detach() end

local function run(case)
  local env, leaf, data = {T = T, nn = nn, F = F, optim = optim}, {}, {}
  for _, name in ipairs(case.inputs) do data[name] = stored[case.id .. "." .. name] end
  env.data = data
  -- Gives a module the inputs as its state; its parameters are followed in their place.
  function env.weigh(module, names)
    local state = module:state_dict()
    for entry, name in pairs(names) do state[entry] = env[name] end
    module:load_state_dict(state)
    for path, parameter in pairs(module:named_parameters()) do
      if type(parameter) == "table" then path, parameter = parameter[1], parameter[2] end
      if names[path] then leaf[names[path]] = parameter end
    end
    return module
  end
  setmetatable(env, {__index = _G})
  assert(load(case.setup, "=setup", "t", env))()
  for _, name in ipairs(case.leaves) do leaf[name] = env[name] end

  local outputs = flatten(table.pack(assert(load(case.run, "=case", "t", env))()), {})
  local kinds = {}
  for i, y in ipairs(outputs) do
    if type(y) == "userdata" then
      keep(case.id .. ".y" .. i, y)
      kinds[i] = "tensor"
    else
      kinds[i] = (math.type(y) or type(y)) .. ":" .. (math.type(y) == "float" and string.format("%.17g", y) or tostring(y))
    end
  end
  say("done", case.id, table.unpack(kinds))
  if #case.follow == 0 then return end

  local function gradients(prefix, list)
    for i, name in ipairs(case.leaves) do if list[i] then keep(case.id .. prefix .. name, list[i]) end end
  end
  local function gathered()
    local list = {}
    for i, name in ipairs(case.leaves) do list[i] = leaf[name].grad or false end
    return list
  end
  local ok, message = pcall(function()
    local seed = {}
    for _, i in ipairs(case.follow) do seed[i] = stored[case.id .. ".g" .. i] end
    local y, g = outputs[case.follow[1]], seed[case.follow[1]]
    if #case.follow > 1 then
      for _, i in ipairs(case.follow) do
        local part = (outputs[i] * seed[i]):sum()
        y = i == case.follow[1] and part or y + part
      end
      g = T.ones_like(y)
    end
    if case.mode == "backward" then
      y:backward(g)
      return gradients(".d", gathered())
    end
    local leaves = {}
    for i, name in ipairs(case.leaves) do leaves[i] = leaf[name] end
    local first = T.grad(y, leaves, {grad_output = g, create_graph = case.mode == "second"})
    gradients(".d", first)
    if case.mode ~= "second" then return end
    local total
    for i, name in ipairs(case.leaves) do
      if first[i] and first[i].requires_grad then
        local part = (first[i] * stored[case.id .. ".h" .. name]):sum()
        total = total and total + part or part
      end
    end
    if not total then return end
    total:backward()
    gradients(".dd", gathered())
  end)
  if not ok then say("gradient", case.id, (tostring(message):gsub("%s+", " "))) end
end

for _, case in ipairs(cases) do
  say("begin", case.id)
  local missing
  for _, path in ipairs(case.needs) do if not exists(path) then missing = path end end
  if missing then
    say("missing", case.id, missing)
  else
    local ok, message = xpcall(run, function(m) return tostring(m) end, case)
    if not ok then say("error", case.id, (message:gsub("%s+", " "))) end
  end
end
T.save(folder .. "/results.safetensors", next(results) and results or {none = T.zeros(1)})
say("end")
