-- What built-in functions get, for one plugin: NAME, CALLS of every function with wrong arguments, LOG for the call that is about to be made.
-- Prints a report; the last result is the number of faults.
local name, calls, log_path = ...
local nnlua, T, nn = require "nnlua", require "nnlua.tensor", require "nnlua.nn"
local module = require(name)
local plugin = require("nnlua.plugins")[name]
local env = setmetatable({
  nnlua = nnlua, T = T, nn = nn, F = require "nnlua.nn.functional", optim = require "nnlua.optim", data = require "nnlua.data",
}, {__index = _G})

-- A module written in Lua says by `examples` what to check: {Name = "return …"}.
local rows = plugin and plugin.rows
if not rows then
  rows = {}
  local examples = type(module) == "table" and rawget(module, "examples")
  if type(examples) ~= "table" then error(name .. ": a module written in Lua needs `examples`, a table {Name = \"return require('" .. name .. "').Name(…)(T.rand(2, 3))\"}", 0) end
  for key, example in pairs(examples) do
    rows[#rows + 1] = {name = key, doc = type(module.docs) == "table" and module.docs[key] or "", example = example, parameters = {}}
  end
  table.sort(rows, function(a, b) return a.name < b.name end)
end

local faults = 0
local function say(row, what, fault, text)
  if fault then faults = faults + 1 end
  print(("%-16s %-14s %s%s"):format(row, what, fault and "FAULT " or "ok    ", text or ""))
end

local function note(text)
  local log = assert(io.open(log_path, "w"))
  log:write(text)
  log:close()
end

local function is_module(v)
  local kind = type(v)
  return (kind == "userdata" or kind == "table") and pcall(function() return v:state_dict(), v:parameters(), v:named_modules() end)
end

-- What the example calls: the function's arguments, and the layer that it makes with the layer's.
local function captured(row)
  local original, found = rawget(module, row.name), {}
  if original == nil then return nil, "the module has no " .. row.name end
  local function wrapped(...)
    local result = table.pack(original(...))
    found.arguments, found.result = found.arguments or table.pack(...), found.result or result
    local made = result[1]
    if is_module(made) then
      found.layer = found.layer or made
      return setmetatable({}, {__index = function(_, key)
        local value = made[key]
        if type(value) ~= "function" then return value end
        return function(self, ...) return value(made, ...) end
      end, __call = function(_, ...)
        found.inputs = found.inputs or table.pack(...)
        return made(...)
      end})
    end
    return table.unpack(result, 1, result.n)
  end
  rawset(module, row.name, wrapped)
  local ok, message = pcall(function() return assert(load(row.example, "=example", "t", env))() end)
  rawset(module, row.name, original)
  if not ok then return nil, message end
  found.f = original
  return found
end

local function is_float(v) return type(v) == "userdata" and getmetatable(v) == "nnlua.Tensor" and v.dtype:find("^float") ~= nil end

local function gradients(row, found)
  local f, arguments, leaves = found.layer or found.f, found.layer and found.inputs or found.arguments, {}
  if not arguments then return say(row.name, "gradient", true, "its example does not call the layer: return NAME(…)(x)") end
  local list = {n = arguments.n}
  for i = 1, arguments.n do
    list[i] = arguments[i]
    if is_float(list[i]) then
      list[i] = (list[i]:detach():double() * 1.0123 + 0.0071):detach():requires_grad_()
      leaves[#leaves + 1] = list[i]
    end
  end
  if found.layer then
    found.layer:double()
    for _, parameter in ipairs(found.layer:parameters()) do leaves[#leaves + 1] = parameter end
  end
  if #leaves == 0 then return say(row.name, "gradient", false, "takes no tensors of floats") end
  local function value()
    T.manual_seed(1)
    return (f(table.unpack(list, 1, list.n)))
  end
  local ok, y = pcall(value)
  if not ok then return say(row.name, "gradient", true, "in float64: " .. tostring(y)) end
  if not is_float(y) then return say(row.name, "gradient", false, "gives no tensor of floats") end
  if not y.requires_grad then return say(row.name, "gradient", true, "its result has no gradient") end
  local ok, right, text = pcall(T.gradcheck, value, leaves, {eps = 1e-6, atol = 1e-5, rtol = 1e-4})
  if not ok then return say(row.name, "gradient", true, tostring(right)) end
  say(row.name, "gradient", not right, right and ("%d inputs and parameters agree with central differences"):format(#leaves) or tostring(text))
end

local function saving(row, found)
  local first = found.layer:float()
  local second = captured(row).layer
  for _, parameter in ipairs(first:parameters()) do T.no_grad(function() parameter:copy_(parameter + 0.25) end) end
  local path = os.tmpname() .. ".safetensors"
  local ok, message = pcall(function()
    T.save(path, first:state_dict())
    second:load_state_dict(T.load(path))
    first:eval()
    second:eval()
    T.manual_seed(1)
    local a = first(table.unpack(found.inputs, 1, found.inputs.n))
    T.manual_seed(1)
    local b = second(table.unpack(found.inputs, 1, found.inputs.n))
    assert(T.equal(a, b), "a layer that loads the state gives other results")
  end)
  os.remove(path)
  say(row.name, "save and load", not ok, ok and ("%d tensors"):format(#first:parameter_names() + #first:buffers()) or tostring(message))
end

local function documentation(row)
  local missing = {}
  if row.doc == "" then missing[#missing + 1] = "no text" end
  for _, word in ipairs(plugin and row.doc ~= "" and row.layer and {"Shapes:", "Errors:"} or {}) do
    if not row.doc:find("\n" .. word, 1, true) then missing[#missing + 1] = "no line " .. word end
  end
  for i, parameter in ipairs(row.parameters) do
    if parameter.doc == "" and i > 1 then missing[#missing + 1] = parameter.name .. " is not explained" end
  end
  if row.example == "" then missing[#missing + 1] = "no example" end
  say(row.name, "documentation", #missing > 0, table.concat(missing, ", "))
end

local function is_a(v, class) return type(v) == "userdata" and getmetatable(v) == "nnlua." .. class end

-- (p₁ - 1)² + (p₂ - 1)², summed; the third parameter takes no part, so it has no gradient.
local function problem(start)
  local parameters = {}
  for i, value in ipairs(start or {T.tensor({3, -2}), T.tensor({{1.5, 0.5}, {-1, 2}}), T.ones(2)}) do parameters[i] = value:clone():detach():requires_grad_() end
  return parameters, function()
    local loss = ((parameters[1] - 1) ^ 2):sum() + ((parameters[2] - 1) ^ 2):sum()
    return loss
  end
end

local function optimizer(row, found)
  local function make(parameters) return found.f(parameters, table.unpack(found.arguments, 2, found.arguments.n)) end
  local function run(count, optimizer, loss)
    for _ = 1, count do
      optimizer:step(function()
        optimizer:zero_grad()
        local value = loss()
        value:backward()
        return value
      end)
    end
  end
  local function same(a, b)
    for i = 1, #a do if not T.equal(a[i], b[i]) then return false end end
    return true
  end
  local function check(what, body)
    local ok, text = pcall(body)
    say(row.name, what, not ok, ok and (text or "") or tostring(text):gsub("^plugin check:%d+: ", ""))
  end
  check("loss", function()
    local parameters, loss = problem()
    local before = loss():item()
    run(100, make(parameters), loss)
    local after = loss():item()
    assert(after < before, ("100 steps bring the loss from %.4g to %.4g"):format(before, after))
    assert(T.equal(parameters[3], T.ones(2)), "changes a parameter that has no gradient")
    return ("100 steps bring it from %.4g to %.4g"):format(before, after)
  end)
  check("float64", function()
    local single, loss_single = problem()
    local start = {}
    for i, value in ipairs(single) do start[i] = value:detach():double() end
    local double, loss_double = problem(start)
    run(3, make(single), loss_single)
    run(3, make(double), loss_double)
    for i = 1, 2 do
      assert(double[i].dtype == "float64" and T.allclose(double[i]:detach(), single[i]:detach():double(), {rtol = 1e-3, atol = 1e-4}),
        "3 steps with parameters of float64 end elsewhere than with float32")
    end
  end)
  check("same steps", function()
    local a, loss_a = problem()
    local b, loss_b = problem()
    run(5, make(a), loss_a)
    run(5, make(b), loss_b)
    assert(same(a, b), "two runs from the same start differ")
  end)
  check("save and load", function()
    local a, loss_a = problem()
    run(6, make(a), loss_a)
    local b, loss_b = problem()
    local first = make(b)
    run(3, first, loss_b)
    local path = os.tmpname() .. ".safetensors"
    T.save(path, first:state_dict())
    local c, loss_c = problem(b)
    local second = make(c)
    local ok, message = pcall(function() second:load_state_dict(T.load(path)) end)
    os.remove(path)
    assert(ok, message)
    run(3, second, loss_c)
    assert(same(a, c), "3 steps, state_dict, load_state_dict and 3 steps are not 6 steps: what a step reads belongs into stateNames")
    local count = 0
    for _ in pairs(second:state_dict()) do count = count + 1 end
    return ("%d entries; 3 + 3 steps are 6"):format(count)
  end)
end

local function data_set(row, found)
  local set, again = found.result[1], found.f(table.unpack(found.arguments, 1, found.arguments.n))
  local function check(what, body)
    local ok, text = pcall(body)
    say(row.name, what, not ok, ok and (text or "") or tostring(text):gsub("^plugin check:%d+: ", ""))
  end
  check("samples", function()
    assert(#set > 0, "has no samples")
    assert(set.x.shape[1] == #set and (set.t == nil or set.t.shape[1] == #set), "x, t and # differ in their number")
    local _ = set[1], set[#set]
    for _, wrong in ipairs {0, #set + 1, -#set - 1, 0.5, "a"} do
      local ok, value = pcall(function() return set[wrong] end)
      assert(not ok or value == nil, ("set[%s] is a sample"):format(wrong))
    end
    return tostring(set)
  end)
  check("loading", function()
    local count = 0
    for x in require "nnlua.data".DataLoader(set, {batch_size = 3, shuffle = true}):batches() do count = count + x.shape[1] end
    assert(count == #set, ("a DataLoader gives %d of %d samples"):format(count, #set))
  end)
  check("same twice", function()
    assert(T.equal(set.x, again.x) and (set.t == nil or T.equal(set.t, again.t)), "two calls give other samples")
  end)
end

local hostile = {
  "nil", "true", "0", "1", "-1", "2", "0.5", "1e300", "0/0", "1/0", "-1/0", "math.maxinteger", "math.mininteger", "1 << 40", "''", "'a'", "{}", "{1, 2}", "{math.maxinteger, 2}",
  "print", "function() error({}) end", "T.zeros(0)", "T.tensor(3)", "T.rand(3)", "T.rand(2, 3)", "T.rand(2, 3, 4)", "T.rand(4, 3):t()", "T.rand(1, 3):expand(4, 3)", "T.rand(3):gt(0.5)",
  "T.tensor({1, 2, 3}, {dtype = 'int64'})", "T.tensor({1, 2}, {dtype = 'uint8'})", "T.full({2, 3}, 0/0)", "T.rand(2, 3, {dtype = 'float64'})", "T.rand(2, 3, {requires_grad = true})",
  "T.zeros(1):expand(1 << 20, 1 << 20)", "nn.Linear(3, 2)", "{T.rand(2), 3}",
}
local function pick() return hostile[math.random(#hostile)] end

local function wrong_arguments(row, found)
  local raised, returned, bad = 0, 0, nil
  -- `text` is what the report of a trap shows.
  local function call(text, arguments, target)
    note(text)
    local ok, result = pcall(assert(load("local f = ... return f(" .. arguments .. ")", "=call", "t", env)), target)
    if ok then returned = returned + 1 else raised = raised + 1 end
    -- Hostile arguments raise values of their own; what the function itself says must be a text.
    if not ok and (type(result) == "string" and #result < 5 or result == nil) then bad = bad or text .. " raises no message" end
  end
  math.randomseed(1)
  for _ = 1, calls do
    local list = {}
    for i = 1, math.random(0, 3) do list[i] = pick() end
    local arguments = table.concat(list, ", ")
    call(("%s.%s(%s)"):format(name, row.name, arguments), arguments, found.f)
    local object = found.layer or found.result and is_a(found.result[1], "Dataset") and function(key) return found.result[1][key] end
    if object then
      local argument = pick()
      call(("%s.%s(…)%s%s%s"):format(name, row.name, found.layer and "(" or "[", argument, found.layer and ")" or "]"), argument, object)
    end
    if found.result and is_a(found.result[1], "Optimizer") then
      local argument = pick()
      call(("%s.%s(…):load_state_dict(%s)"):format(name, row.name, argument), argument, function(state) found.result[1]:load_state_dict(state) end)
    end
  end
  say(row.name, "wrong calls", bad ~= nil, bad or ("%d raised an error, %d returned"):format(raised, returned))
end

for _, row in ipairs(rows) do
  local found, problem = nil, "no example"
  if row.example ~= "" then found, problem = captured(row) end
  row.layer = found and found.layer ~= nil
  documentation(row)
  if not found then
    say(row.name, "example", true, tostring(problem))
    local f = rawget(module, row.name)
    if f ~= nil then wrong_arguments(row, {f = f}) end
  else
    say(row.name, "example", false)
    local made = found.result and found.result[1]
    if is_a(made, "Optimizer") then
      optimizer(row, found)
    elseif is_a(made, "Dataset") then
      data_set(row, found)
    else
      gradients(row, found)
    end
    if found.layer and found.inputs then saving(row, found) end
    wrong_arguments(row, found)
  end
end
print(faults == 0 and ("%s: %d function%s, no faults"):format(name, #rows, #rows == 1 and "" or "s") or ("%s: %d fault%s"):format(name, faults, faults == 1 and "" or "s"))
os.exit(faults == 0 and 0 or 3, true)
