-- Forms of values: as text, tables opened up to a depth and a number of items, cycles marked, everything else as tostring says.
local module = ...
local notebook = require "nnlua.notebook"

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
  for i = 1, math.min(count, most_items) do parts[i] = text_of(rawget(value, i), seen, depth + 1) end
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
  if kind == "function" then return module.signature(value) end
  local meta = kind == "table" and getmetatable(value)
  if kind == "table" and not (type(meta) == "table" and (meta.__tostring or meta.__name)) then return table_text(value, seen, depth) end
  return tostring(value)
end

--- The text form of a value, without its `__display`.
function module.text(value)
  if type(value) == "function" then return module.signature(value, true) end
  return text_of(value, {}, 0)
end

-- ---- functions ----

-- The comment that stands right above a line of a file.
local function comment_above(path, line)
  local file = io and io.open(path)
  if not file then return end
  local lines, number = {}, 0
  for text in file:lines() do
    number = number + 1
    if number >= line then break end
    local comment = text:match("^%s*%-%-%-?%s?(.*)$")
    if comment and not comment:find("^%%%%") then lines[#lines + 1] = comment else lines = {} end
  end
  file:close()
  if #lines > 0 then return table.concat(lines, "\n") end
end

--- `function(x, y, ...)`; with its place and the comment above it where both are known. A function of the system is as tostring says.
function module.signature(f, in_full)
  if not (debug and debug.getinfo) then return tostring(f) end
  local info = debug.getinfo(f, "Su")
  if info.what == "C" then return tostring(f) end
  local names = {}
  for i = 1, info.nparams do names[i] = debug.getlocal(f, i) or "?" end
  if info.isvararg then names[#names + 1] = "..." end
  local text = "function(" .. table.concat(names, ", ") .. ")"
  if not in_full then return text end
  text = ("%s  %s:%d"):format(text, info.short_src, info.linedefined)
  local comment = info.source:sub(1, 1) == "@" and comment_above(info.source:sub(2), info.linedefined)
  return comment and text .. "\n" .. comment or text
end

-- ---- tables as HTML ----

local most_rows, most_columns, most_nested = 40, 20, 3

local function is_plain(value)
  if type(value) ~= "table" then return false end
  local meta = debug and debug.getmetatable(value) or getmetatable(value)
  return not (type(meta) == "table" and (meta.__tostring or meta.__name or meta.__display)) and type(meta) ~= "string"
end

local html_of

local function cell(value, seen, depth)
  local kind = type(value)
  if kind == "number" or kind == "boolean" then return value end
  if kind == "string" then return #value > most_text and value:sub(1, most_text) .. "…" or value end
  if is_plain(value) then
    if seen[value] then return "<cycle>" end
    local html = depth < most_nested and html_of(value, seen, depth + 1)
    return html and notebook.html(html) or text_of(value, seen, most_depth - 1)
  end
  local text = text_of(value, seen, 1)
  return #text > most_text and text:sub(1, most_text) .. "…" or text
end

local function cut(count) return count > most_rows and ('<div style="opacity:.75;font-size:smaller">%d of %d rows</div>'):format(most_rows, count) or "" end

-- All members are plain tables: lists of at most so many values, or records.
local function members_of(value, count)
  if count == 0 then return end
  local kind
  for i = 1, count do
    local member = rawget(value, i)
    if not is_plain(member) then return end
    local own = rawlen(member) > 0 and "list" or next(member) ~= nil and "record"
    if not own or kind and own ~= kind then return end
    kind = own
    for key in next, member do
      if kind == "list" and math.type(key) ~= "integer" or kind == "record" and type(key) ~= "string" then return end
    end
  end
  return kind
end

local function table_of_lists(value, count, seen, depth)
  local rows, width = {}, 0
  for i = 1, math.min(count, most_rows) do width = math.max(width, rawlen(rawget(value, i))) end
  for i = 1, math.min(count, most_rows) do
    local member, row = rawget(value, i), {}
    if seen[member] then return end
    seen[member] = true
    for j = 1, math.min(width, most_columns) do
      local item = rawget(member, j)
      row[j] = item == nil and "" or cell(item, seen, depth)
    end
    seen[member] = nil
    if width > most_columns then row[#row + 1] = ("… (%d)"):format(rawlen(member)) end
    rows[i] = row
  end
  return notebook.html_table(rows) .. cut(count)
end

local function table_of_records(value, count, seen, depth)
  local names, known, rows = {}, {}, {}
  for i = 1, math.min(count, most_rows) do
    for name in next, rawget(value, i) do
      if not known[name] then
        known[name] = true
        names[#names + 1] = name
      end
    end
  end
  if #names > most_columns then return end
  table.sort(names)
  for i = 1, math.min(count, most_rows) do
    local member, row = rawget(value, i), {i}
    if seen[member] then return end
    seen[member] = true
    for j, name in ipairs(names) do
      local item = rawget(member, name)
      row[j + 1] = item == nil and "" or cell(item, seen, depth)
    end
    seen[member] = nil
    rows[i] = row
  end
  return notebook.html_table(rows, {headings = {"", table.unpack(names)}}) .. cut(count)
end

-- A table of any kind: keys and values below each other; a short list of numbers side by side.
local function table_of_fields(value, count, seen, depth)
  local names, rows = {}, {}
  for key in next, value do
    if not (math.type(key) == "integer" and key >= 1 and key <= count) then names[#names + 1] = key end
  end
  if #names == 0 and count <= most_columns then
    local positions, row, all_numbers = {}, {}, true
    for i = 1, count do
      positions[i], row[i] = i, rawget(value, i)
      all_numbers = all_numbers and type(row[i]) == "number"
    end
    if all_numbers then return notebook.html_table({row}, {headings = positions}) end
  end
  table.sort(names, order)
  for i = 1, math.min(count + #names, most_rows) do
    local key = i
    if i > count then key = names[i - count] end
    local item = rawget(value, key)
    rows[i] = {type(key) == "string" and key or text_of(key, seen, most_depth - 1), item == nil and "" or cell(item, seen, depth)}
  end
  return notebook.html_table(rows) .. cut(count + #names)
end

function html_of(value, seen, depth)
  if next(value) == nil then return end
  seen[value] = true
  local count = rawlen(value)
  local kind = members_of(value, count)
  local fields = 0
  if kind then for _ in next, value do fields = fields + 1 end end
  local html
  if kind and fields == count then html = (kind == "list" and table_of_lists or table_of_records)(value, count, seen, depth) end
  html = html or table_of_fields(value, count, seen, depth)
  seen[value] = nil
  return html
end

--- The HTML form of a plain table; nil for what else there is.
function module.html(value)
  if is_plain(value) then return html_of(value, {}, 1) end
end
