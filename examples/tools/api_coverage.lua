-- -*- coding: utf-8 -*-
-- Does nnlua have every name that a description of its API promises?
--
--     nnlua examples/tools/api_coverage.lua api.md
--
-- The description is Markdown with numbered sections (`## 2. Tensors …`). Names stand in its code spans and code blocks, lists of
-- names in tables headed `| group | names |`. Nothing that is promised is called: it is enough that it is there.
-- The exit status is 1 where something of sections 1 to 6 is missing; figures and notebooks (section 7) are counted apart.
local nnlua = require "nnlua"

local path = arg[1]
local file = path and io.open(path)
if not file then
  io.stderr:write("usage: nnlua api_coverage.lua PATH/api.md\n")
  os.exit(2)
end
local text = file:read("a")
file:close()

-- ---- rules: where prose alone would be ambiguous ----

-- What the description calls the modules.
local modules = {
  T = "nnlua.tensor", nn = "nnlua.nn", F = "nnlua.nn.functional", optim = "nnlua.optim", data = "nnlua.data", plot = "nnlua.plot",
  nnlua = "nnlua", train = "nnlua.train", metrics = "nnlua.metrics", notebook = "nnlua.notebook",
}

-- The names it gives to objects, and how to come by one: `x:sum()` is a method of a tensor.
local function tensor() return nnlua.tensor.ones(1, {requires_grad = true}) end
local function dataset() return nnlua.data.TensorDataset(nnlua.tensor.ones(2, 1), nnlua.tensor.ones(2, 1)) end
local function loader() return nnlua.data.DataLoader(dataset()) end
local objects = {
  x = tensor, loss = tensor, set = dataset, dataset = dataset, loader = loader,
  net = function() return nnlua.nn.Sequential(nnlua.nn.Identity()) end,
  opt = function() return nnlua.optim.SGD({tensor()}, {lr = 1}) end,
  fig = function() return nnlua.plot.figure() end,
  h = function() return nnlua.display(1, {id = true}) end,
  ctx = function()
    local seen
    local function forward(ctx, x)
      seen = ctx
      ctx:save(x)
      return x * 1
    end
    nnlua.tensor.custom{name = "seen", forward = forward, backward = function(_, grad) return grad end}(tensor())
    return seen
  end,
  history = function()
    local net = nnlua.nn.Linear(1, 1)
    return nnlua.train.fit(net, {train = loader(), loss = nnlua.nn.MSELoss(), optimizer = nnlua.optim.SGD(net, {lr = 0.1}), epochs = 1})
  end,
}

-- Bare names in a section's tables belong to a module; those that are no function may be methods of its objects.
local tables = {[2] = {"T", "x"}, [3] = {"nn", "net"}}

-- Bare names in paragraphs: in this section, where the paragraph matches. `methods` are names in small letters with brackets,
-- `names` all others; both may be several owners, who must all have the name.
local paragraphs = {
  {3, "^Every layer", methods = {"net"}, names = {"net"}},
  {3, "^`nn%.functional` %(F%)", methods = {"F"}, names = {"F"}},
  {4, "`SGD{", methods = {"opt"}, names = {"optim"}},
  {5, "^`data%.mnist{.*`fashion_mnist`", names = {"data"}, methods = {"data"}},
  {5, "^`fashion_mnist`", names = {"data"}, methods = {"data"}},
  {7, "^`plot%.figure{", names = {"plot", "fig"}, methods = {"plot", "fig"}},
}

-- Words in such places that name no function: options, types, placeholders, and Lua's own.
local no_names = {}
for word in ([[keepdim dim bool boolean tostring NAME params module lr mean sum none reduction training plot nnlua values positions labels
  closure true false nil for]]):gmatch("%S+") do
  no_names[word] = true
end
-- Of these, names that are promised by being called: `sum(2)`, `prod`, `mean` stand in a table.
local in_tables = {sum = true, mean = true, training = true}

-- The operators of a tensor, tried on one.
local binary = {["+"] = true, ["-"] = true, ["*"] = true, ["/"] = true, ["^"] = true, ["%"] = true, ["//"] = true, ["=="] = true}

-- ---- what is there ----

local made = {}
local function object(name)
  if made[name] == nil then
    local before = print
    print = function() end  -- a display shows what it is given
    local ok, value = pcall(objects[name])
    print = before
    made[name] = ok and {value} or {}
  end
  return made[name][1]
end

local function field(value, key)
  if value == nil then return nil end
  local ok, found = pcall(function() return value[key] end)
  if ok then return found end
end

local function exists(owner, names)
  local value
  if modules[owner] then
    local ok, module = pcall(require, modules[owner])
    value = ok and module or nil
  else
    value = object(owner)
  end
  for i, name in ipairs(names) do
    if i == #names and not modules[owner] then
      -- A property may be nil, as x.grad is before backward: it is there if asking for it is no error.
      return value ~= nil and pcall(function() return value[name] end)
    end
    value = field(value, name)
  end
  return value ~= nil
end

local function operator_works(code)
  local f = load("local x, set, net = ... return " .. code)
  return f ~= nil and pcall(f, object("x"), object("set"), object("net"))
end

-- ---- what is promised ----

local sections = {}
local section

local function promise(shown, is_there)
  if section.names[shown] then return end
  section.names[shown] = true
  section.count = section.count + 1
  if not is_there then section.missing[#section.missing + 1] = shown end
end

-- What stands in brackets is arguments: the place behind the bracket that closes the one at `at`.
local function behind_brackets(span, at)
  return span:match("^%b()()", at) or span:match("^%b{}()", at) or span:match("^%b[]()", at) or at + 1
end

-- `T.name`, `nn.init.{a, b}`, `x:name`, `require "nnlua.x"`: names that say whose they are, anywhere in code.
local function qualified(code)
  for name in code:gmatch('require%s*%(?"([%w_.]+)"') do
    if name:find("^nnlua") then promise(('require "%s"'):format(name), (pcall(require, name))) end
  end
  code = code:gsub('"[^"\n]*"', '""')
  local at = 1
  while true do
    local first, last, owner, mark = code:find("%f[%w_.]([%a_][%w_]*)([.:])", at)
    if not first then break end
    at = last + 1
    local is_module, is_object = modules[owner] and mark == ".", objects[owner] ~= nil
    -- `nn.Conv2d:…` and `self.data.x` are others' names.
    if (is_module or is_object) and code:sub(first - 1, first - 1) ~= "/" then
      local names = {}
      local place = last + 1
      while true do
        local name, stop = code:match("^([%a_][%w_]*)()", place)
        if not name then break end
        names[#names + 1] = name
        place = stop
        if code:sub(place, place) ~= "." then break end
        place = place + 1
      end
      local group = is_module and code:match("^(%b{})", place)
      if group and code:sub(place - 1, place - 1) == "." then
        local inside = table.concat(names, ".")
        for name in group:gmatch("[%a_][%w_]*") do
          local all = {table.unpack(names)}
          all[#all + 1] = name
          promise(owner .. "." .. (inside == "" and "" or inside .. ".") .. name, exists(owner, all))
        end
      elseif #names > 0 and not no_names[names[#names]] or #names > 0 and is_object then
        if is_object and not is_module then names = {names[1]} end
        promise(owner .. mark .. table.concat(names, "."), exists(owner, names))
      end
      at = place
    end
  end
end

-- Calls f(name, has_brackets, prefix) for each bare name of a list such as `zeros full(shape, v) CrossEntropyLoss{weight}`;
-- prefix is the path of a qualified name before it: after `nn.utils.clip_grad_norm_(…)` names go on in nn.utils.
local function bare(span, prefix, f)
  local at = 1
  while at <= #span do
    local blank = span:match("^[%s,]+()", at) or span:match("^…()", at)
    local path, stop = span:match("^([%a_][%w_.:]*)()", at)
    if blank then
      at = blank
    elseif path then
      local opening = span:sub(stop, stop)
      local brackets = opening == "(" or opening == "{"
      at = (brackets or opening == "[") and behind_brackets(span, stop) or stop
      if path:find(":$") then return prefix end  -- a message: `cross_entropy: label 11 …`
      if path:find("[.:]") then
        prefix = path:match("^(%a+%.%w+)%.[%w_]+$") or prefix
        -- a list of members goes on in braces: `T.linalg.{inv, solve}`
      elseif opening == "[" then
        -- `net[i]`: an object, not a name
      elseif span:find("^%s*=[^=]", at) then
        return prefix  -- `padding = "same"`: an option, and its value
      elseif not objects[path] and not path:find("^__") and (not no_names[path] or in_tables[path]) then
        f(path, brackets, prefix)
      end
    else
      return prefix  -- an expression, not a list of names
    end
  end
  return prefix
end

local function spans(part)
  local list = {}
  for span in part:gmatch("`([^`]+)`") do list[#list + 1] = (span:gsub("\\|", "|")) end
  return list
end

local function lengths_and_operators(span)
  for name in span:gmatch("#([%a_]+)") do
    if objects[name] then promise("#" .. name, operator_works("#" .. name)) end
  end
end

-- A cell of a table `| group | names |`.
local function cell(names)
  local owners = tables[section.number]
  local both = names:find("each also as a method", 1, true)  -- the names before it: function and method
  local prefix
  local before
  for place, span in names:gmatch("()`([^`]+)`") do
    span = span:gsub("\\|", "|")
    lengths_and_operators(span)
    if not span:find("%a%a") then  -- operators alone
      for operator in span:gmatch("%S+") do
        if binary[operator] then promise("x " .. operator .. " x", operator_works("x " .. operator .. " x"))
        elseif operator:find("^-%a$") then promise(operator, operator_works(operator)) end
      end
    end
    if owners then
      if span == "Cell" then  -- "`RNN LSTM GRU` and their `Cell`s"
        for _, name in ipairs(before or {}) do promise("nn." .. name .. "Cell", exists("nn", {name .. "Cell"})) end
      else
        local list = {}
        prefix = bare(span, prefix, function(name, _, inner)
          list[#list + 1] = name
          if inner then
            local owner, rest = inner:match("^(%a+)%.(.+)$")
            promise(inner .. "." .. name, exists(owner, {rest, name}))
          elseif both and place < both then
            promise(owners[1] .. "." .. name, exists(owners[1], {name}))
            promise(owners[2] .. ":" .. name, exists(owners[2], {name}))
          elseif name:find("_$") and owners[2] == "x" then
            promise("x:" .. name, exists("x", {name}))
          else
            promise(owners[1] .. "." .. name, exists(owners[1], {name}) or exists(owners[2], {name}))
          end
        end)
        before = list
      end
    end
  end
end

local function paragraph(part)
  for _, rule in ipairs(paragraphs) do
    if rule[1] == section.number and part:find(rule[2]) then
      for _, span in ipairs(spans(part)) do
        bare(span, nil, function(name, brackets)
          local owners = brackets and name:find("^%l") and rule.methods or rule.names
          for _, owner in ipairs(owners) do
            promise((modules[owner] and owner .. "." or owner .. ":") .. name, exists(owner, {name}))
          end
        end)
      end
    end
  end
  for _, span in ipairs(spans(part)) do
    lengths_and_operators(span)
    -- `x:float() :double()`: the chain goes on with the same object.
    local receiver
    for owner, name in span:gmatch("([%a_]*):([%a_]+)%(") do
      receiver = owner ~= "" and owner or receiver
      if owner == "" and objects[receiver] then promise(receiver .. ":" .. name, exists(receiver, {name})) end
    end
  end
end

-- ---- reading ----

local lines, in_code, names_column = {}, false, false
local function flush()
  if #lines > 0 and section then
    local part = table.concat(lines, " ")
    for _, span in ipairs(spans(part)) do qualified(span) end
    paragraph(part)
  end
  lines = {}
end

for line in (text .. "\n"):gmatch("(.-)\r?\n") do
  local number, title = line:match("^## (%d+)%. (.+)$")
  local stripped = line:match("^%s*(.-)%s*$")
  if number then
    flush()
    section = {number = tonumber(number), title = title, names = {}, missing = {}, count = 0}
    -- Sections from 8 on describe the command line: no names of Lua.
    if section.number < 8 then
      sections[#sections + 1] = section
    else
      section = nil
    end
    names_column = false
  elseif stripped:find("^```") then
    flush()
    in_code = not in_code
  elseif not section then  -- before the first section, or behind the last
  elseif in_code then
    qualified(line)
    local listed = line:find('require "nnlua"', 1, true) and line:match("%-%-%s*(%.%a.*)$")
    for name in (listed or ""):gmatch("%.(%a+)") do
      -- what a later section describes is counted there
      if name ~= "notebook" then promise("nnlua." .. name, exists("nnlua", {name})) end
    end
  elseif stripped:find("^|") then
    flush()
    local first, second = stripped:match("^|%s*(.-)%s*|%s*(.*)%s*|$")
    if first == "group" then names_column = true
    elseif first and not first:find("^%-+$") then
      for _, span in ipairs(spans(second)) do qualified(span) end
      if names_column then cell(second) end
    end
  elseif stripped == "" or stripped:find("^%- ") then
    flush()
    if stripped ~= "" then lines = {stripped:sub(3)} end
  else
    names_column = false
    lines[#lines + 1] = stripped
  end
end
flush()

-- ---- the report ----

local total, missing = 0, 0
for _, part in ipairs(sections) do
  local later = part.number > 6
  print(("%d. %-42s %4d names, %d missing%s"):format(part.number, part.title, part.count, #part.missing, later and " (a later section)" or ""))
  for i = 1, #part.missing, 6 do print("     " .. table.concat(part.missing, "  ", i, math.min(i + 5, #part.missing))) end
  if not later then
    total = total + part.count
    missing = missing + #part.missing
  end
end
print(("sections 1 to 6: %d names, %d missing"):format(total, missing))
os.exit(missing == 0 and total > 0)
