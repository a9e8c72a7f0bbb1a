-- Reads an editor's definition files (`nnlua help --editor DIR`) and looks for faults: files that do not load, annotations that
-- lua-language-server would not understand, types nobody defines, parameters that are not there, and names that differ from the live modules'.
--
--   nnlua definitions.lua DIR/library
local folder = ...
local nnlua = require "nnlua"

local modules = {}
for name in pairs(package.preload) do modules[#modules + 1] = name end
table.sort(modules)

local faults, functions, classes = {}, 0, {}
local function fault(file, line, ...) faults[#faults + 1] = ("%s:%d: %s"):format(file, line, (...):format(select(2, ...))) end

-- ---- types: names, unions, lists, tables, functions, literals ----

local known = {}
for word in ("any nil boolean number integer string table function thread userdata self true false"):gmatch("%a+") do known[word] = true end

-- Reads one type from `text` at `at`; returns the place behind it, or nil and what is wrong. Names go to `names`.
local read_union

local function read_single(text, at, names)
  at = text:match("^%s*()", at)
  local stop = text:match('^"[^"]*"()', at)
  if not stop and text:find("^fun%(", at) then
    at = at + 4
    while not text:find("^%s*%)", at) do
      local behind = text:match("^%s*%.%.%.()", at) or text:match("^%s*[%a_][%w_]*%??()", at)
      if not behind then return nil, "a parameter's name expected in fun(…)" end
      local colon = text:match("^%s*:()", behind)
      if colon then
        local message
        behind, message = read_union(text, colon, names)
        if not behind then return nil, message end
      end
      at = text:match("^%s*,()", behind) or behind
      if at == behind and not text:find("^%s*%)", at) then return nil, "',' or ')' expected in fun(…)" end
    end
    stop = text:match("^%s*%)()", at)
    local colon = text:match("^:()", stop)
    while colon do
      local behind, message = text:match("^%s*%.%.%.()", colon)
      if not behind then behind, message = read_union(text, colon, names) end
      if not behind then return nil, message end
      stop = behind
      colon = text:match("^,()", behind)
    end
  elseif not stop and text:find("^table<", at) then
    local key, message = read_union(text, at + 6, names)
    local comma = key and text:match("^%s*,()", key)
    if not comma then return nil, message or "',' expected in table<…>" end
    local value
    value, message = read_union(text, comma, names)
    stop = value and text:match("^%s*>()", value)
    if not stop then return nil, message or "'>' expected" end
  elseif not stop and text:find("^%(", at) then
    local inner, message = read_union(text, at + 1, names)
    stop = inner and text:match("^%s*%)()", inner)
    if not stop then return nil, message or "')' expected" end
  elseif not stop then
    local name
    name, stop = text:match("^([%a_][%w_.]*)()", at)
    if not name then return nil, ("a type expected at '%s'"):format(text:sub(at)) end
    names[#names + 1] = name
  end
  while text:find("^%[%]", stop) do stop = stop + 2 end
  return text:match("^%?()", stop) or stop
end

function read_union(text, at, names)
  local stop, message = read_single(text, at, names)
  while stop and text:find("^%s*|", stop) do stop, message = read_single(text, text:match("^%s*|()", stop), names) end
  return stop, message
end

-- A type with nothing or a blank behind it; returns what stands behind.
local function read_type(text, file, line, used)
  local names = {}
  local stop, message = read_union(text, 1, names)
  if stop and not text:find("^%s", stop) and stop <= #text then stop, message = nil, ("'%s' stands behind a type"):format(text:sub(stop)) end
  if not stop then return fault(file, line, "%s in '%s'", message, text) end
  for _, name in ipairs(names) do used[#used + 1] = {name = name, file = file, line = line} end
  return text:sub(stop)
end

-- ---- files ----

local operators = {}
for word in ("add sub mul div mod pow idiv unm len concat call"):gmatch("%a+") do operators[word] = true end

local used, defined, methods = {}, {}, {}

local function read_file(module)
  local path = folder .. "/" .. module:gsub("%.", "/") .. ".lua"
  local file = io.open(path)
  if not file then return end
  local text = file:read("a")
  file:close()
  local chunk, message = load(text, "@" .. path, "t")
  if not chunk then
    faults[#faults + 1] = message
    return
  end
  local ok, result = pcall(chunk)
  if not ok or type(result) ~= "table" then
    faults[#faults + 1] = path .. ": " .. tostring(ok and "returns no table" or result)
    return
  end
  defined[module] = result

  local number, class, params, fields = 0, nil, {}, {}
  for line in (text .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    local tag, rest = line:match("^%-%-%-@(%a+)%s*(.*)$")
    if tag == "meta" then
      if number ~= 1 or rest ~= module then fault(path, number, "---@meta %s expected in the first line", module) end
    elseif tag == "class" then
      local name, base = rest:match("^([%a_][%w_.]*)%s*:?%s*(%S*)$")
      if not name then fault(path, number, "a class's name expected, got '%s'", rest)
      elseif known[name] then fault(path, number, "'%s' is defined twice", name)
      else known[name], class, fields = true, name, {} end
      if base and base ~= "" then used[#used + 1] = {name = base, file = path, line = number} end
      classes[name or ""] = {}
    elseif tag == "alias" then
      local name, type = rest:match("^([%a_][%w_.]*)%s+(.*)$")
      if not name then fault(path, number, "an alias's name expected") else known[name] = true; read_type(type, path, number, used) end
    elseif tag == "field" then
      local key, type = rest:match("^([%a_][%w_]*)%??%s+(.*)$")
      if not key then key, type = rest:match("^(%b[])%??%s+(.*)$") end
      if not key then fault(path, number, "a field's name expected, got '%s'", rest)
      elseif not class then fault(path, number, "a field without a class")
      elseif fields[key] then fault(path, number, "%s has two fields '%s'", class, key)
      else
        fields[key] = true
        classes[class][key] = true
        read_type(type, path, number, used)
      end
    elseif tag == "param" then
      local name, type = rest:match("^([%a_][%w_]*)%??%s+(.*)$")
      if not name then name, type = rest:match("^(%.%.%.)%s+(.*)$") end
      if not name then fault(path, number, "a parameter's name expected, got '%s'", rest) else
        params[#params + 1] = {name = name, line = number}
        read_type(type, path, number, used)
      end
    elseif tag == "return" or tag == "overload" then read_type(rest, path, number, used)
    elseif tag == "operator" then
      local name, input, type = rest:match("^(%a+)(%b()):%s*(.*)$")
      if not name then name, type = rest:match("^(%a+):%s*(.*)$") end
      if not name or not operators[name] then fault(path, number, "no operator: '%s'", rest) else
        if input then read_type(input:sub(2, -2), path, number, used) end
        read_type(type, path, number, used)
      end
    elseif tag then fault(path, number, "no annotation: @%s", tag)
    elseif line:find("^%s*%-%-") or line == "" then  -- prose
    else
      local name, list = line:match("^function ([%w_.:]+)%((.-)%) end$")
      if name then
        functions = functions + 1
        local names = {}
        for parameter in list:gmatch("[^%s,]+") do names[parameter] = true end
        for _, param in ipairs(params) do
          if not names[param.name] then fault(path, param.line, "%s has no parameter '%s'", name, param.name) end
          names[param.name] = nil
        end
        for parameter in pairs(names) do fault(path, number, "%s: parameter '%s' has no type", name, parameter) end
        local owner, method = name:match("^(%a+)Methods:([%w_]+)$")
        if owner then
          methods[owner] = methods[owner] or {}
          methods[owner][method] = true
        end
      elseif not line:find("^local [%w_]+ = {}$") and not line:find("^return [%w_]+$") then fault(path, number, "what is this? %s", line) end
      params, class = {}, nil
    end
  end
end

for _, module in ipairs(modules) do read_file(module) end
for _, use in ipairs(used) do
  if not known[use.name] then fault(use.file, use.line, "unknown type '%s'", use.name) end
end

-- ---- the live modules and objects ----

local function compare(what, live, written)
  for name in pairs(live) do if not written[name] then faults[#faults + 1] = ("%s: '%s' has no definition"):format(what, name) end end
  for name in pairs(written) do if not live[name] then faults[#faults + 1] = ("%s: there is no '%s'"):format(what, name) end end
end

local compared = 0
for _, module in ipairs(modules) do
  local written = defined[module]
  if written then
    compared = compared + 1
    local live, names = {}, {}
    for name in next, require(module) do live[name] = true end
    for name in next, written do names[name] = true end
    for name in pairs(classes[module] or {}) do names[name] = true end
    if module == "nnlua" then  -- its modules are there when they are asked for
      for name in pairs(names) do if pcall(function() return nnlua[name] end) then live[name] = true end end
      for name in pairs(live) do if not names[name] and type(nnlua[name]) == "table" then live[name] = nil end end
    end
    compare(module, live, names)
  end
end

local objects = {
  Tensor = nnlua.tensor.ones(2), Module = nnlua.nn.ReLU(), DataLoader = nnlua.data.DataLoader(nnlua.data.digits()), Dataset = nnlua.data.digits(), Figure = nnlua.plot.figure(),
  Optimizer = nnlua.optim.SGD({nnlua.tensor.ones(2, {requires_grad = true})}, {lr = 1}), Progress = nnlua.progress(1),
}
for class, object in pairs(objects) do
  for method in pairs(methods[class] or {faults = fault("", 0, "%s has no methods", class)}) do
    if method ~= "register_buffer" and not pcall(function() return assert(object[method]) end) then
      faults[#faults + 1] = ("%s: there is no method '%s'"):format(class, method)
    end
  end
end

for _, line in ipairs(faults) do print(line) end
print(("%d modules, %d functions, %s"):format(compared, functions, #faults == 0 and "no faults" or #faults .. " faults"))
if #faults > 0 or compared < 5 or functions < 300 then os.exit(1) end
