-- Text forms of values: tables opened up to a depth and a number of items, cycles marked, everything else as tostring says.
local module = ...

local most_depth, most_items, most_text = 4, 40, 200

local keywords = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat return then true until while"):gmatch("%a+") do
  keywords[word] = true
end

local text_of

local function key_text(key, seen, depth)
  if type(key) == "string" and key:match("^[%a_][%w_]*$") and not keywords[key] then return key end
  return "[" .. text_of(key, seen, depth) .. "]"
end

local function order(a, b)
  local x, y = type(a), type(b)
  if x ~= y then return x < y end
  if x == "number" or x == "string" then return a < b end
  return tostring(a) < tostring(b)
end

local function table_text(value, seen, depth)
  if seen[value] then return "<cycle>" end
  if depth >= most_depth then return next(value) == nil and "{}" or "{…}" end
  seen[value] = true
  local parts, keys, count = {}, {}, rawlen(value)
  for i = 1, math.min(count, most_items) do parts[i] = text_of(value[i], seen, depth + 1) end
  if count > most_items then parts[#parts + 1] = ("… (%d in all)"):format(count) end
  for key in next, value do
    if not (math.type(key) == "integer" and key >= 1 and key <= count) then keys[#keys + 1] = key end
  end
  table.sort(keys, order)
  for i, key in ipairs(keys) do
    if i > most_items then
      parts[#parts + 1] = ("… (%d names)"):format(#keys)
      break
    end
    parts[#parts + 1] = key_text(key, seen, depth + 1) .. " = " .. text_of(rawget(value, key), seen, depth + 1)
  end
  seen[value] = nil
  local line = "{" .. table.concat(parts, ", ") .. "}"
  if #line <= 100 and not line:find("\n") then return line end
  local indent = ("  "):rep(depth + 1)
  return "{\n" .. indent .. table.concat(parts, ",\n" .. indent) .. "\n" .. ("  "):rep(depth) .. "}"
end

function text_of(value, seen, depth)
  local kind = type(value)
  if kind == "string" then
    if depth == 0 then return value end
    if #value > most_text then return ("%q"):format(value:sub(1, most_text)) .. "…" end
    return (("%q"):format(value):gsub("\\\n", "\\n"))
  end
  local meta = kind == "table" and getmetatable(value)
  if kind == "table" and not (type(meta) == "table" and (meta.__tostring or meta.__name)) then return table_text(value, seen, depth) end
  return tostring(value)
end

local function display_form(value)
  local meta = debug.getmetatable(value)
  local form = type(meta) == "table" and rawget(meta, "__display")
  if not form then return end
  local forms = form(value)
  if type(forms) ~= "table" then error("__display must return a table of MIME types, got " .. type(forms), 0) end
  return forms["text/plain"]
end

--- The text form of a value.
function module.text(value) return display_form(value) or text_of(value, {}, 0) end

local Handle = {__name = "Display"}
Handle.__index = Handle
--- Shows another value in the same place; without a notebook, below.
function Handle:update(value) print(module.text(value)) end

--- Prints the text form; with {id = true} returns a handle whose update(v) shows another value.
function module.show(value, options)
  print(module.text(value))
  if type(options) == "table" and options.id then return setmetatable({}, Handle) end
end
