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

local hostile = {
  "nil", "true", "0", "1", "-1", "2", "0.5", "1e300", "0/0", "1/0", "-1/0", "math.maxinteger", "math.mininteger", "1 << 40", "''", "'a'", "{}", "{1, 2}", "{math.maxinteger, 2}",
  "print", "function() error({}) end", "T.zeros(0)", "T.tensor(3)", "T.rand(3)", "T.rand(2, 3)", "T.rand(2, 3, 4)", "T.rand(4, 3):t()", "T.rand(1, 3):expand(4, 3)", "T.rand(3):gt(0.5)",
  "T.tensor({1, 2, 3}, {dtype = 'int64'})", "T.tensor({1, 2}, {dtype = 'uint8'})", "T.full({2, 3}, 0/0)", "T.rand(2, 3, {dtype = 'float64'})", "T.rand(2, 3, {requires_grad = true})",
  "T.zeros(1):expand(1 << 20, 1 << 20)", "nn.Linear(3, 2)", "{T.rand(2), 3}",
}
local function pick() return hostile[math.random(#hostile)] end

local function wrong_arguments(row, found)
  local raised, returned = 0, 0
  local function call(text, target)
    note(text)
    local ok, result = pcall(assert(load("local f = ... return f(" .. text:match("%((.*)%)$") .. ")", "=call", "t", env)), target)
    if ok then returned = returned + 1 else raised = raised + 1 end
    return result
  end
  math.randomseed(1)
  for _ = 1, calls do
    local list = {}
    for i = 1, math.random(0, 3) do list[i] = pick() end
    call(("%s.%s(%s)"):format(name, row.name, table.concat(list, ", ")), found.f)
    if found.layer then
      local text = ("%s.%s(…)(%s)"):format(name, row.name, pick())
      note(text)
      local ok = pcall(assert(load("local f = ... return f(" .. text:match("%(([^…]*)%)$") .. ")", "=call", "t", env)), found.layer)
      if ok then returned = returned + 1 else raised = raised + 1 end
    end
  end
  say(row.name, "wrong calls", false, ("%d raised an error, %d returned"):format(raised, returned))
end

for _, row in ipairs(rows) do
  local found, problem = nil, "no example"
  if row.example ~= "" then found, problem = captured(row) end
  row.layer = found and found.layer ~= nil
  documentation(row)
  if not found then
    say(row.name, "example", true, tostring(problem))
  else
    say(row.name, "example", false)
    gradients(row, found)
    if found.layer and found.inputs then saving(row, found) end
    wrong_arguments(row, found)
  end
end
print(faults == 0 and ("%s: %d function%s, no faults"):format(name, #rows, #rows == 1 and "" or "s") or ("%s: %d fault%s"):format(name, faults, faults == 1 and "" or "s"))
os.exit(faults == 0 and 0 or 3, true)
