-- Compares the gradients of every row with central differences. The inputs are those of the row's own example, in float64, moved a little
-- so that no two are equal and none lies where a function has a corner.
--
-- Returns a report: one line for each row whose gradient is wrong, that could not be checked, or that has none; and the number checked.
local rows, exceptions = ...
local T, nn, F = require "nnlua.tensor", require "nnlua.nn", require "nnlua.nn.functional"
local locals = "local nnlua, T, nn, F, optim, data, plot = require 'nnlua', require 'nnlua.tensor', require 'nnlua.nn', require 'nnlua.nn.functional', "
  .. "require 'nnlua.optim', require 'nnlua.data', require 'nnlua.plot' "

local function is_tensor(v) return type(v) == "userdata" and getmetatable(v) == "nnlua.Tensor" end
local function is_float(v) return is_tensor(v) and v.dtype:find("^float") ~= nil end

-- A leaf beside v's values.
local function leaf(v)
  local x = v:detach():double():clone()
  return (x * (1 + 0.01 * T.rand_like(x)) + 0.003 * T.rand_like(x)):requires_grad_()
end

-- The arguments with leaves in the place of float tensors; options are brought to float64 alone.
local function leaves_of(arguments, places)
  local inputs = {}
  local function replace(v, option)
    if is_float(v) then
      if option then return v:double() end
      inputs[#inputs + 1] = leaf(v)
      return inputs[#inputs]
    elseif type(v) == "table" and getmetatable(v) == nil then
      local list = {}
      for k, e in pairs(v) do list[k] = replace(e, option or type(k) == "string") end
      return list
    end
    return v
  end
  local list = {n = arguments.n}
  for i = 1, arguments.n do list[i] = replace(arguments[i], places and not places[i]) end
  return list, inputs
end

-- All float results as one tensor.
local function joined(...)
  local parts = {}
  local function gather(v)
    if is_float(v) then parts[#parts + 1] = v:reshape(-1):double()
    elseif type(v) == "table" and getmetatable(v) == nil then for _, e in ipairs(v) do gather(e) end end
  end
  for i = 1, select("#", ...) do gather((select(i, ...))) end
  if #parts == 0 then return nil end
  return #parts == 1 and parts[1] or T.cat(parts)
end

-- What an op in place is called with changes under its hands.
local function copied(...)
  local list = table.pack(...)
  for i = 1, list.n do if is_tensor(list[i]) then list[i] = list[i]:clone() end end
  return list
end

-- Runs an example and returns the arguments with which it calls the function first.
local function captured(row, example)
  local found
  local function catch(f)
    return function(...)
      if not found then
        found = {f = f}
        found.arguments = copied(...)
      end
      return f(...)
    end
  end
  local library = require(row.library)
  local original = rawget(library, row.name)
  local meta = debug.getmetatable(T.ones(1))
  local index = meta.__index
  if original then rawset(library, row.name, catch(original)) end
  meta.__index = function(x, key)
    local value = index(x, key)
    if key == row.name and type(value) == "function" then return catch(value) end
    return value
  end
  local ok, message = pcall(assert(load(locals .. example, "=" .. row.name)))
  meta.__index = index
  if original then rawset(library, row.name, original) end
  if not ok then return nil, message end
  return found, "its example does not call it"
end

-- A layer's example makes the layer and calls it: what it was called with.
local function captured_layer(row)
  local found
  local original = nn[row.name]
  rawset(nn, row.name, function(...)
    local layer = original(...)
    return setmetatable({}, {__index = layer, __call = function(_, ...)
      found = found or {layer = layer, arguments = table.pack(...)}
      return layer(...)
    end})
  end)
  local ok, message = pcall(assert(load(locals .. row.example, "=" .. row.name)))
  rawset(nn, row.name, original)
  if not ok then return nil, message end
  if found then return found end
  -- A container's does not: the first shape that fits.
  local layer = load(locals .. row.example)()
  for _, shape in ipairs {{2, 2}, {2, 3}, {2, 4}, {2, 3, 6, 6}, {2, 1, 6, 6}} do
    local x = T.rand(shape)
    if pcall(layer, x) then return {layer = layer, arguments = table.pack(x)} end
  end
  return nil, "its example does not call it"
end

-- Of tensors with many elements the derivatives along random directions are compared.
local function along_directions(value, inputs)
  local y = value()
  local weights = T.rand_like(y) + 0.5
  local gradients = T.grad(y, inputs, {grad_output = weights})
  local h = 1e-6
  for i, x in ipairs(inputs) do
    for k = 1, 5 do
      local direction = T.randn_like(x):detach()
      local function at(step)
        T.no_grad(function() x:add_(direction * step) end)
        return T.no_grad(function() return (value() * weights):sum():item() end)
      end
      local above = at(h)
      local below = at(-2 * h)
      T.no_grad(function() x:add_(direction * h) end)
      local numeric, found = (above - below) / (2 * h), (gradients[i] * direction):sum():item()
      if not (math.abs(numeric - found) <= 1e-6 + 1e-5 * math.abs(numeric)) then
        return false, ("input %d along direction %d: backward gives %.9g, central differences %.9g"):format(i, k, found, numeric)
      end
    end
  end
  return true
end

local report, checked = {}, 0
local function say(row, text) report[#report + 1] = row.library .. "." .. row.name .. ": " .. text end

local function check(row)
  local exception = exceptions[row.library .. "." .. row.name]
  if exception == true then return end
  local found, problem
  if row.library == "nnlua.nn" then found, problem = captured_layer(row) else found, problem = captured(row, row.example) end
  if not found then return say(row, tostring(problem)) end
  local arguments, inputs = leaves_of(found.arguments, exception)
  local in_place = row.name:sub(-1) == "_"
  local f = found.f
  if found.layer then
    f = found.layer
    for _, parameter in ipairs(f:parameters()) do inputs[#inputs + 1] = parameter end
  end
  local function value()
    T.manual_seed(1)
    if not in_place then return joined(f(table.unpack(arguments, 1, arguments.n))) end
    local copy = {table.unpack(arguments, 1, arguments.n)}
    if is_float(copy[1]) then copy[1] = copy[1]:clone() end
    return joined(f(table.unpack(copy, 1, arguments.n)))
  end
  if #inputs == 0 then return end
  local ok, y = pcall(value)
  if not ok then return say(row, "in float64: " .. tostring(y)) end
  if y == nil then return end  -- no float results
  if not y.requires_grad then return say(row, "no gradient") end
  local elements = 0
  for _, x in ipairs(inputs) do elements = elements + x:numel() end
  local ok, right, text
  if elements <= 60 then ok, right, text = pcall(T.gradcheck, value, inputs, {eps = 1e-6, atol = 1e-6, rtol = 1e-5})
  else ok, right, text = pcall(along_directions, value, inputs) end
  if not ok then say(row, tostring(right)) elseif not right then say(row, text) else checked = checked + 1 end
end

T.set_default_dtype("float64")
local ok, message = xpcall(function()
  local seen = {}
  for _, row in ipairs(rows) do
    -- F has some of T's functions: one and the same row, with T's example.
    local once = not seen[row.library .. row.name] and not seen[row.name .. row.example]
    seen[row.library .. row.name], seen[row.name .. row.example] = true, true
    if once and row.example ~= "" and row.kind ~= "getter" and (row.library == "nnlua.tensor" or row.library == "nnlua.tensor.linalg" or row.library == "nnlua.nn" or row.library == "nnlua.nn.functional") then
      T.manual_seed(7)
      T.set_default_dtype("float64")  -- an example may have changed it
      local ok, message = pcall(check, row)
      if not ok then say(row, tostring(message)) end
    end
  end
end, debug.traceback)
T.set_default_dtype("float32")
if not ok then error(message, 0) end
return table.concat(report, "\n"), checked
