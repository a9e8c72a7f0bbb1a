-- Calls every function of one library with hostile arguments and looks at what comes back.
--
--   nnlua fuzz.lua ROWS LIBRARY SEED CALLS LOG [ROW [CALL]]
--
-- ROWS is a Lua file that returns the rows: {library=, class=, name=, kind=, maker=, parameters = {{name=, type=, named=}, …}}.
-- The call that is about to be made stands in LOG, as Lua source: what a crash leaves behind. ROW, and CALL, repeat a part of a run.
local rows_path, library, seed, calls, log_path, only_row, only_call = ...
seed, calls, only_call = tonumber(seed), tonumber(calls), tonumber(only_call)

local nnlua = require "nnlua"
local env = setmetatable({
  nnlua = nnlua, T = require "nnlua.tensor", nn = require "nnlua.nn", F = require "nnlua.nn.functional", optim = require "nnlua.optim",
  data = require "nnlua.data", plot = require "nnlua.plot",
}, {__index = _G})
local T = env.T
env.init, env.utils = env.nn.init, env.nn.utils

-- ---- values, as source ----

function env.cyclic() local t = {1, 2}; t[3] = t; return t end
function env.deep(n) local t = {}; for _ = 1, n do t = {t} end; return t end
function env.closed(x) local y <close> = x; return y end
function env.graph() return T.rand(2, 3, {requires_grad = true}):exp() end
function env.many(n) local t = {}; for i = 1, n do t[i] = 1 end; return t end

local hostile = {
  "nil", "nil", "true", "false", "0", "1", "-1", "2", "3", "-2", "7", "0.5", "-0.5", "1e-300", "1e300", "-1e300", "0/0", "1/0", "-1/0",
  "math.maxinteger", "math.mininteger", "2^53", "2^63", "1000000", "100000000000", "1 << 40", "65536", "-2147483649",
  "''", "'a'", "'-1'", "'10'", "'float32'", "'float64'", "'int64'", "'bool'", "'uint8'", "'sum'", "'none'", "'mean'", "'same'", "'train'", "('x'):rep(100000)", "'\\0\\255'", "'%s%n'", "'ij,jk->ik'",
  "{}", "{1}", "{0}", "{-1}", "{1, 2}", "{2, 3}", "{3, 2, 1}", "{1, 1, 1, 1, 1, 1, 1, 1, 1}", "{{1, 2}, {3}}", "{{}, {}}", "{{1, 2}, {3, 4}}", "{'a', 'b'}", "{1, nil, 3}", "{1.5, 2}",
  "{math.maxinteger, 2}", "{1 << 31, 1 << 31, 4}", "{T.rand(2), T.rand(2)}", "{T.rand(2), 3}", "{T.rand(2, 3), T.rand(3, 2)}", "cyclic()", "deep(300)", "many(3000)", "{a = 1}", "{dim = 1}",
  "{[1] = 1, a = 2}", "{params = {}}", "{{params = 3}}", "setmetatable({}, {__index = error})", "setmetatable({}, {__len = error})", "setmetatable({}, {__name = 3})", "setmetatable({}, {__call = error})", "_G",
  "print", "function() end", "function() error('mine') end", "function() error({}) end", "function() error() end", "function(...) return ... end", "function() return 1 end", "function(x) return x:sum() end", "function() return {} end",
  "coroutine.create(print)", "coroutine.wrap(function() coroutine.yield(1) end)", "function() coroutine.yield(1) end", "io.stdout", "T", "nn", "nn.Module",
  "T.zeros(0)", "T.zeros(2, 0, 3)", "T.tensor(3)", "T.tensor(true)", "T.tensor(5, {dtype = 'int64'})", "T.rand(1)", "T.rand(3)", "T.rand(2, 3)", "T.rand(3, 3)", "T.rand(2, 3, 4)", "T.rand(2, 3, 5, 5)",
  "T.ones(1, 2, 1, 2, 1, 2, 1, 2)", "T.rand(4, 3):t()", "T.rand(2, 3, 4):permute(3, 1, 2)", "T.rand(6, 6)[{ {1, 6, 2}, {2, 5, 3} }]", "T.rand(1, 3):expand(4, 3)", "T.rand(3):gt(0.5)", "T.ones(2, 3, {dtype = 'bool'})",
  "T.range(1, 6)", "T.tensor({1, 2, 3}, {dtype = 'int64'})", "T.tensor({0, -1, 99}, {dtype = 'int64'})", "T.full({2, 3}, math.mininteger, {dtype = 'int64'})", "T.tensor({1, 2}, {dtype = 'uint8'})",
  "T.full({2, 3}, 0/0)", "T.full({3}, 1/0)", "T.rand(2, 3, {dtype = 'float64'})", "T.rand(2, 3, {requires_grad = true})", "T.rand(2, 3, 5, 5, {requires_grad = true})", "graph()", "T.rand(2, 3, {requires_grad = true}):t()",
  "T.zeros(1):expand(1 << 20, 1 << 20)", "T.zeros(1, {dtype = 'int64'}):expand(1 << 29, 1 << 29)", "T.zeros(1, 1, {requires_grad = true}):expand(1 << 20, 1 << 18)", "closed(T.rand(2, 3))",
  "nn.Linear(3, 2)", "nn.Sequential(nn.Linear(3, 2), nn.ReLU())", "nn.Sequential()", "nn.Lambda(function() return 1 end)", "nn.ModuleList(nn.ReLU())", "nn.BatchNorm1d(3)", "nn.MSELoss()", "optim.SGD({T.ones(2, {requires_grad = true})}, {lr = 0.1})",
  "nn.class('Mine')", "nn.class('Mine')()",
}

-- What a parameter of a type is likely given: deeper paths are reached than by hostile values alone.
local likely = {
  Tensor = {
    "T.rand(2, 3)", "T.rand(3)", "T.rand(3, 3)", "T.rand(2, 3, 4)", "T.rand(2, 3, 5, 5)", "T.rand(2, 3, {requires_grad = true})", "T.rand(3, 3, {dtype = 'float64', requires_grad = true})", "T.rand(4, 3):t()", "T.tensor(2)",
    "T.tensor({1, 2}, {dtype = 'int64'})", "T.tensor({{1, 2, 1}, {2, 1, 2}}, {dtype = 'int64'})", "T.tensor({1, 3, 2}, {dtype = 'uint8'})", "T.rand(2, 3):gt(0.5)", "T.zeros(0)", "T.zeros(0, 3)", "T.zeros(2, 0)", "T.rand(1, 3)", "T.rand(2, 1)", "T.rand(1)",
    "T.rand(4, 3, 3, 3)", "T.rand(2, 3, 8)", "T.rand(4, 3, 3)", "T.rand(1, 1, 28, 28)",
  },
  integer = {"1", "2", "3", "-1", "-2", "0", "4", "5", "8", "-3", "100", "nil"},
  number = {"0", "1", "0.5", "-1", "2.5", "1e-8", "-0.0", "1e6", "3", "nil"},
  boolean = {"true", "false", "nil"},
  string = {"'mean'", "'sum'", "'none'", "'a'", "'file.npy'", "'file.npz'", "'file.safetensors'", "'none.csv'", "'ij->ji'", "'bij,bjk->bik'"},
  sizes = {"2", "{2, 3}", "{3}", "{0, 2}", "{}", "{-1}", "{6}", "{3, -1}", "{2, 3, 4}", "1", "{1, 2, 3}", "{2, 1}"},
  dtype = {"'float32'", "'float64'", "'int64'", "'uint8'", "'bool'", "'flot'"},
  ["function"] = {"function(x) return x end", "function(x) return (x * x):sum() end", "function() return 1 end", "function(x) return x, x end", "print"},
  list = {"{1}", "{1, 2}", "{2, 1}", "{T.rand(2, 3), T.rand(2, 3)}", "{T.rand(2), T.rand(2)}", "{}", "{1, 1}", "{-1, 1}"},
}
likely.value = likely.Tensor
likely["Tensor or number"] = likely.Tensor

local compiled = {}
local function value_of(source)
  local make = compiled[source]
  if not make then
    make = assert(load("return " .. source, "=value", "t", env))
    compiled[source] = make
  end
  return make()
end

local function pick(list) return list[math.random(#list)] end

-- Whole numbers at the ends of their range: where arithmetic overflows.
local extreme = {"math.maxinteger", "math.mininteger", "math.maxinteger - 1", "math.mininteger + 1", "1 << 62", "-(1 << 62)", "1 << 32", "-(1 << 31)"}

local function likely_source(kind)
  if math.random() < 0.15 then
    if kind == "integer" or kind == "dim" then return pick(extreme) end
    if kind:find("list") or kind:find("pair") or kind:find("sizes") or kind:find("integer") then
      return math.random(3) == 1 and pick(extreme) or "{" .. pick(extreme) .. ", " .. pick {"1", "2", pick(extreme)} .. "}"
    end
  end
  local list = likely[kind]
  if not list then
    if kind:find("Tensor") then list = likely.Tensor
    elseif kind:find("list") or kind:find("pair") or kind:find("sizes") then list = math.random(2) == 1 and likely.list or likely.sizes
    elseif kind:find("integer") or kind:find("dim") then list = likely.integer
    elseif kind:find("number") then list = likely.number
    elseif kind:find("Module") or kind:find("Optimizer") or kind:find("Data") then list = hostile
    else list = math.random(2) == 1 and likely.string or hostile end
  end
  return pick(list)
end

likely.params = {
  "{T.ones(2, {requires_grad = true})}", "nn.Linear(2, 3)", "{{params = {T.ones(2, {requires_grad = true})}, lr = 0.1}, {params = nn.Linear(2, 3)}}", "{{params = nn.Linear(2, 3)}, 3}",
  "{{params = nn.Linear(2, 3), momentum = {}}}", "{T.rand(2, 3):exp()}", "{graph()}", "{T.rand(3, {requires_grad = true}):expand(4, 3)}", "{}",
}

local function argument_source(parameter, tame)
  if parameter and parameter.name == "params" then return pick(likely.params) end
  if parameter and math.random() < tame then return likely_source(parameter.type) end
  return pick(hostile)
end

-- The arguments of one call, as source texts.
local function arguments(row)
  local tame = pick {0, 0.5, 0.8, 0.95}
  local list, options = {}, {}
  for _, parameter in ipairs(row.parameters) do
    if parameter.named then options[#options + 1] = parameter
    elseif parameter.optional and math.random() < 0.4 then break
    else list[#list + 1] = argument_source(parameter, tame) end
  end
  if row.rest then for _ = 1, math.random(0, 3) do list[#list + 1] = pick(math.random() < tame and likely.Tensor or hostile) end end
  if math.random() < 0.1 then list[math.random(#list + 1)] = nil end
  if math.random() < 0.1 then list[#list + 1] = pick(hostile) end
  if math.random() < (#options > 0 and 0.5 or 0.1) then
    local parts = {}
    for _, parameter in ipairs(row.parameters) do
      if (parameter.named or math.random() < 0.1) and math.random() < 0.5 then parts[#parts + 1] = parameter.name .. " = " .. argument_source(parameter, tame) end
    end
    if math.random() < 0.1 then parts[#parts + 1] = pick {"dimm", "a", "keepdin", "[1]", "[0.5]", "['']", "[true]", "[('y'):rep(5000)]"} .. " = " .. pick(hostile) end
    list[#list + 1] = "{" .. table.concat(parts, ", ") .. "}"
  end
  return list
end

-- ---- calls ----

local log = assert(io.open(log_path, "w"))
log:setvbuf("no")
local function note(text)
  log:seek("set", 0)
  log:write(#text > 2000 and text:sub(1, 2000) or text, (" "):rep(math.max(0, 400 - #text)), "\n")
end

local bad = {}
local function complain(what, call, message) bad[#bad + 1] = ("%s\n    %s\n    -> %s"):format(what, call, tostring(message):sub(1, 400)) end

-- Marks of messages that were not written for people.
local absurd = {"%(null%)", "Optional%(", "Swift%.", "Tensors%.", "LuaBridge%.", "NeuralNetworks%.", "Datasets%.", "unknown context", "Error Domain", "TypeMismatch", "ArgumentError", "LuaError", "0x%x%x%x%x", "got nil value", "  +at "}

-- An error may name the op or layer inside the one that was called.
local rows = dofile(rows_path)
local known_names = {}
for _, row in ipairs(rows) do known_names[row.name] = true end

local function calls_back(row)
  for _, parameter in ipairs(row.parameters or {}) do if parameter.type == "function" then return true end end
end

local function look_at(row, call, message)
  if type(message) ~= "string" then
    if not call:find("error(", 1, true) and not call:find("__%a+ = error") then complain("error that is a " .. type(message), call, message) end
    return
  end
  if call:find("error", 1, true) and message:find("mine") or message:find("^value:%d") then return end  -- a callback's own
  message = message:gsub("^[^\n]-%.lua:%d+: ", "")  -- the position within this file
  if #message > 6000 then complain("message of " .. #message .. " bytes", call, message) end
  for _, mark in ipairs(absurd) do
    local found = message:match(mark)
    if found and not call:find(found, 1, true) then return complain("absurd message (" .. mark .. ")", call, message) end
  end
  local name = row.name:gsub("_$", "")
  local squeezed = message:lower():gsub("[%s_]", "")
  if #message < 12 then complain("short message", call, message)
  elseif not squeezed:find(row.name:lower():gsub("_", ""), 1, true) and not squeezed:find((name:lower():gsub("_", "")), 1, true) and not message:find("memory") and not message:find("stack overflow") and not message:find("yield") and not message:find("^in net") and not message:find("^%w+:? has no ")
    and not message:find("^%l[%w_.]*: ") and not known_names[message:match("^([%w_]+)[:.]")] and not calls_back(row) then
    complain("message that does not name '" .. row.name .. "'", call, message)
  end
end

local made, raised = 0, 0

local function try(row, call, f, ...)
  made = made + 1
  local began = os.clock()
  local results = table.pack(pcall(f, ...))
  if os.clock() - began > 20 then  -- as good as hanging
    complain(("took %.1f s"):format(os.clock() - began), call, results[2])
  end
  if not results[1] then
    raised = raised + 1
    look_at(row, call, results[2])
    return
  end
  -- Results can be looked at; text forms of everything must exist.
  for i = 2, math.min(results.n, 4) do
    local ok, text = pcall(tostring, results[i])
    if not ok and not call:find("error", 1, true) then complain("tostring of a result failed", call, text) end
  end
  return table.unpack(results, 2, results.n)
end

local follow_ups = {
  "m:parameters()", "m:state_dict()", "m:train()", "m:eval()", "tostring(m)", "m:children()", "m:num_parameters()", "m:zero_grad()", "m:to('float64')", "#m", "m[1]", "m[0]", "m[-100]", "m.nothing", "m.weight", "m.bias", "m.training",
  "m:step()", "m:step()", "m:zero_grad()", "m.lr", "(function() m.lr = 0/0 end)()", "(function() m.training = 3 end)()", "(function() m.weight = T.rand(1) end)()", "m:summary(2, 3)", "m:load_state_dict({})", "m:load_state_dict(m:state_dict())", "m:apply(print)", "m.weight:sum():backward()", "m:requires_grad_(false)",
}

local function use(row, call, object)
  local meta = type(object) == "userdata" and getmetatable(object)
  if type(meta) ~= "string" or meta == "nnlua.Tensor" then
    if meta == "nnlua.Tensor" and object.requires_grad and object:numel() < 1e5 then
      note(call .. " :sum():backward()")
      try({name = "backward"}, call .. " :sum():backward()", function() object:sum():backward() end)
    end
    return
  end
  env.m = object
  for _ = 1, 3 do
    local source
    if math.random() < 0.6 then
      local list = {}
      for i = 1, math.random(1, 2) do list[i] = math.random() < 0.8 and pick(likely.Tensor) or pick(hostile) end
      source = "m(" .. table.concat(list, ", ") .. ")"
    else
      source = pick(follow_ups)
    end
    local text = call .. " -> m; " .. source
    note(text)
    local ok, y = pcall(value_of, source)
    if ok and type(y) == "userdata" and getmetatable(y) == "nnlua.Tensor" and y.requires_grad and y:numel() < 1e5 then
      note(text .. " :sum():backward()")
      ok, y = pcall(function() y:sum():backward() end)
    end
    if not ok and type(y) == "string" then
      for _, mark in ipairs(absurd) do
        if y:find(mark) then complain("absurd message (" .. mark .. ")", text, y) end
      end
    end
  end
  env.m = nil
end

local print, stdout = print, io.stdout
function env.print() end
_G.print = env.print

for number, row in ipairs(rows) do
  if row.library == library and (not only_row or only_row == row.name or only_row == tostring(number)) then
    local module = row.kind == "function" and require(row.library)
    for call = only_call or 1, only_call or calls do
      math.randomseed(seed * 1000003 + number, call)
      T.manual_seed(seed)
      local sources = arguments(row)
      local text, f, values = nil, nil, {}
      local count = 0
      for i = 1, 30 do if sources[i] then count = i end end
      for i = 1, count do sources[i] = sources[i] or "nil" end
      if row.kind == "function" then
        text = row.short .. "." .. row.name .. "(" .. table.concat(sources, ", ") .. ")"
      elseif row.kind == "getter" then
        text = "(" .. (sources[1] or pick(hostile)) .. ")." .. row.name
      else
        local self = row.maker and math.random() < 0.9 and row.maker or sources[1] or "nil"
        if row.maker then sources[1] = self end
        text = "(" .. self .. "):" .. row.name .. "(" .. table.concat(sources, ", ", 2) .. ")"
      end
      note(("%s seed %d row %d call %d: %s"):format(library, seed, number, call, text))
      local ok, problem = true, nil
      for i = 1, math.max(count, 1) do
        ok, problem = pcall(value_of, sources[i] or "nil")
        if not ok then break end
        values[i] = problem
      end
      if ok then
        local where = ("row %d call %d: %s"):format(number, call, text)
        if row.kind == "function" then
          use(row, where, (try(row, where, module[row.name], table.unpack(values, 1, count))))
        elseif row.kind == "getter" then
          if type(values[1]) == "userdata" then try(row, where, function() return values[1][row.name] end) end
        elseif row.maker and math.random() < 0.8 then
          local self = values[1]
          if type(self) == "userdata" or type(self) == "table" then
            local known, method = pcall(function() return self[row.name] end)
            if known and method then use(row, where, (try(row, where, method, table.unpack(values, 1, math.max(count, 1))))) end
          end
        end
      end
      T.set_default_dtype("float32")
      if call % 50 == 0 then nnlua.threads(2); nnlua.detect_anomaly(false) end
    end
    collectgarbage()
  end
end

-- Indexing and operators are no rows.
if library == "nnlua.tensor" and not only_row or only_row == "index" then
  local row = {name = "index", parameters = {}}
  local parts = {"math.maxinteger", "math.mininteger", "{math.mininteger, math.maxinteger}", "{1, 2, math.maxinteger}", "{1, 2, math.mininteger}", "{math.mininteger, 1}", "1", "2", "-1", "0", "9", "{}", "{1, 2}", "{2, 1}", "{1, -1, 2}", "{0, 1}", "{1, 2, 3, 4}", "{1, 1 << 40}", "{1, 3, 0}", "{1, 3, -1}", "1.5", "T.tensor({1, 2}, {dtype = 'int64'})", "T.rand(3):gt(0.5)", "'a'", "{{}}", "nil"}
  local operators = {"+", "-", "*", "/", "//", "%", "^", "..", "<", "<=", "==", "&", "|", "~", "<<"}
  for call = only_call or 1, only_call or calls * 40 do
    math.randomseed(seed, call)
    local x = math.random() < 0.8 and pick(likely.Tensor) or pick(hostile)
    local key
    if math.random() < 0.3 then key = pick(hostile)
    else
      local list = {}
      for i = 1, math.random(0, 4) do list[i] = pick(parts) end
      key = #list == 1 and math.random() < 0.5 and list[1] or "{" .. table.concat(list, ", ") .. "}"
    end
    local value = pick(math.random() < 0.7 and likely.Tensor or hostile)
    local kind, text = math.random(4), nil
    if kind == 1 then text = "local x = " .. x .. "; return x[" .. key .. "]"
    elseif kind == 2 then text = "local x = " .. x .. "; x[" .. key .. "] = " .. value .. "; return x"
    elseif kind == 3 then text = "local x = " .. x .. ":exp(); x[" .. key .. "] = " .. value .. "; return x"
    else text = "local x, y = " .. x .. ", " .. value .. "; return x " .. pick(operators) .. " y" end
    note(("index seed %d call %d: %s"):format(seed, call, text))
    local chunk = load(text, "=value", "t", env)
    if chunk then
      local ok, y = pcall(chunk)
      made = made + 1
      if not ok then
        raised = raised + 1
        for _, mark in ipairs(absurd) do
          if tostring(y):find(mark) and not text:find("error", 1, true) then complain("absurd message (" .. mark .. ")", "index call " .. call .. ": " .. text, y) end
        end
        if #tostring(y) > 6000 then complain("long message", "index call " .. call .. ": " .. text, #y) end
      elseif type(y) == "userdata" and getmetatable(y) == "nnlua.Tensor" and y.requires_grad and y:numel() < 1e5 then
        pcall(function() y:sum():backward() end)
      end
    end
  end
end
_G.print = print

local shown = {}
for _, text in ipairs(bad) do
  local key = text:match("^[^\n]*"):gsub("%d+%.%d", "") .. (text:match("row (%d+)") or "")
  shown[key] = (shown[key] or 0) + 1
  if shown[key] <= 2 then print(text) end
end
print(("%s seed %d: %d calls, %d errors, %d complaints"):format(library, seed, made, raised, #bad))
os.exit(#bad == 0, true)
