-- Progress bars: in a notebook or report one that renews itself in its place; else on standard error, one line that renews itself on a terminal,
-- a line now and then in a log.
--
--   for x, t in nnlua.progress(loader) do … end
--
--   local bar <close> = nnlua.progress(60000, {title = "epoch 1", unit = "images"})
--   bar:step(100, {loss = 0.31, accuracy = 0.92})
local module = ...
local nnlua = require "nnlua"

local Bar = {}
Bar.__index = Bar
Bar.__name = "Progress"

local redraw_seconds = 0.1  -- a terminal: often enough to look alive, too rare to be felt
local log_seconds = 10      -- a log: a line at most this often, and one at the end
local bar_width = 24
local eighths = {"▏", "▎", "▍", "▌", "▋", "▊", "▉"}

-- 1234567 -> "1,234,567"
local function grouped(n)
  local digits = ("%.0f"):format(n)
  return (digits:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", ""))
end

local function duration(seconds)
  if seconds < 10 then return ("%.1f s"):format(seconds) end
  if seconds < 60 then return ("%.0f s"):format(seconds) end
  local whole = seconds // 1
  if whole < 3600 then return ("%d:%02d"):format(whole // 60, whole % 60) end
  return ("%d:%02d:%02d"):format(whole // 3600, whole // 60 % 60, whole % 60)
end

local function value_text(value)
  if type(value) == "userdata" and value.item then value = value:item() end
  if math.type(value) == "float" then
    local size = math.abs(value)
    return (size >= 0.0005 and size < 1000 and "%.4f" or "%.4g"):format(value)
  end
  return tostring(value)
end

-- Columns that a code point takes on a terminal.
local function columns(code) return code >= 0x1100 and (code < 0x2000 or code >= 0x2e80) and 2 or 1 end

-- The text's beginning that fits into `width` columns, and how many it takes.
local function fit(text, width)
  local used = 0
  for position, code in utf8.codes(text, true) do
    if used + columns(code) > width then return text:sub(1, position - 1), used end
    used = used + columns(code)
  end
  return text, used
end

-- Loss first, then by name.
local function before(a, b)
  if (a == "loss") ~= (b == "loss") then return a == "loss" end
  return tostring(a) < tostring(b)
end

function Bar:drawing()
  local share = self.total and self.total > 0 and math.min(self.count / self.total, 1)
  if not share then return "" end
  local cells = share * bar_width
  local full = math.floor(cells)
  local part = eighths[math.floor((cells - full) * 8)] or ""
  return ("█"):rep(full) .. part .. ("·"):rep(bar_width - full - (part ~= "" and 1 or 0))
end

function Bar:text(ended, without_drawing)
  local now = nnlua.clock()
  local elapsed = now - self.began
  local parts = {}
  local function add(text) if text ~= "" then parts[#parts + 1] = text end end

  add(self.title)
  if self.width and not ended and not without_drawing then add(self:drawing()) end
  if not self.total then add(grouped(self.count))
  elseif ended and self.count >= self.total then add(grouped(self.total))
  else add(("%s/%s"):format(grouped(self.count), grouped(self.total))) end
  for _, name in ipairs(self.order) do add(name .. " " .. value_text(self.values[name])) end
  local rate = elapsed > 0 and self.count / elapsed or 0
  if rate > 0 then add(("%s %s/s"):format(rate >= 100 and grouped(rate) or ("%.3g"):format(rate), self.unit)) end
  if ended or not self.total or rate == 0 then add(duration(elapsed))
  else add(duration((self.total - self.count) / rate) .. " left") end
  return table.concat(parts, "  ")
end

--- What a notebook shows.
function Bar:__display()
  local text = self:text(self.closed, true)
  local bar = ""
  if self.total and self.total > 0 then
    bar = ('<progress max="1" value="%.4f" style="width:14em;vertical-align:middle"></progress> '):format(math.min(math.max(self.count / self.total, 0), 1))
  end
  local html = '<div style="font-variant-numeric:tabular-nums">' .. bar .. nnlua.notebook.escape((text:gsub("  ", " · "))) .. "</div>"
  return {["text/plain"] = text, ["text/html"] = html}
end

function Bar:draw(ended)
  self.drawn = nnlua.clock()
  if self.in_notebook then
    if self.place then self.place:update(self) else self.place = nnlua.display(self, {id = true}) end
    return
  end
  if not self.width then
    io.stderr:write(self:text(ended), "\n")
    return
  end
  local line, used = fit(self:text(ended), self.width - 1)
  io.stderr:write("\r", line, (" "):rep(self.shown - used), ended and "\n" or "")
  self.shown = used
end

local function check(bar)
  if getmetatable(bar) ~= Bar then error("call it with a colon: bar:step(…)", 3) end
end

--- Counts `n` more steps (1), and shows the values given: bar:step{loss = 0.3}.
function Bar:step(n, values)
  check(self)
  if type(n) == "table" then n, values = 1, n end
  n = n or 1
  if type(n) ~= "number" then error(("bad argument #1 to 'step' (number or table expected, got %s)"):format(type(n)), 2) end
  self.count = self.count + n
  if values then self:set(values) end
  if self.closed then return self end
  if self.total and self.count >= self.total and not self.inside_loop and not self.lasting then
    self:close()
  elseif nnlua.clock() - self.drawn >= self.every then
    self:draw()
  end
  return self
end

--- Sets values shown after the count, without a step.
function Bar:set(values)
  check(self)
  if type(values) ~= "table" then error(("bad argument #1 to 'set' (table expected, got %s)"):format(type(values)), 2) end
  for name, value in pairs(values) do
    if self.values[name] == nil then
      self.order[#self.order + 1] = name
      table.sort(self.order, before)
    end
    self.values[name] = value
  end
  return self
end

--- Draws the last state and ends the line. Done by the last step (unless `bar.lasting` is set), and by the end of a `<close>` block or a loop.
function Bar:close()
  check(self)
  if not self.closed then
    self.closed = true
    if self.count > 0 or self.renews then self:draw(true) end
  end
  return self
end

Bar.__close = Bar.close

--- The bar as an iterator: one step a turn.
function Bar:__call(state, control)
  if not self.next then  -- a number of steps: counts them
    self.next, self.state = function(last, i) if i < last then return i + 1 end end, self.total
    self.control = 0
  end
  if self.inside_loop then self:step() end
  self.inside_loop = true
  return self:pass(self.next(self.state, self.control))
end

function Bar:pass(first, ...)
  self.control = first
  if first == nil then self:close() end
  return first, ...
end

function Bar:__tostring() return ("Progress(%s)"):format(self:text(self.closed)) end

local known = {title = true, unit = true, total = true}

--- start(n | iterator, state, control | list | loader [, {title, unit, total}])
function module.start(...)
  local count = select("#", ...)
  local source = (...)
  local arguments = {...}
  local options = {}
  if count > 1 and type(arguments[count]) == "table" and #arguments[count] == 0 and next(arguments[count]) ~= nil then
    options = arguments[count]
    for name in pairs(options) do
      if not known[name] then error(("progress: unknown option '%s' (options: title, unit, total)"):format(tostring(name)), 3) end
    end
    for _, name in ipairs{"title", "unit"} do
      local kind = type(options[name])
      if kind ~= "nil" and kind ~= "string" and kind ~= "number" then error(("progress: %s is a string, got %s"):format(name, kind), 3) end
    end
    arguments[count] = nil
  end
  local bar = setmetatable({
    title = options.title and tostring(options.title) or "", unit = options.unit or "steps", total = options.total,
    count = 0, values = {}, order = {}, shown = 0, began = nnlua.clock(),
    in_notebook = nnlua.notebook.active(), width = nnlua.terminal("stderr"),
  }, Bar)
  bar.renews = bar.in_notebook or bar.width ~= nil
  bar.every = bar.renews and redraw_seconds or log_seconds
  bar.drawn = bar.began

  local kind = type(source)
  local has_method = kind == "userdata" or kind == "table" and getmetatable(source) ~= nil
  if kind == "number" then
    bar.total = source
  elseif kind == "function" then
    bar.next, bar.state, bar.control = source, arguments[2], arguments[3]
  elseif has_method and pcall(function() return source.batches end) and source.batches then
    bar.total = bar.total or #source
    bar.next, bar.state, bar.control = source:batches()
  elseif kind == "table" and not has_method then
    bar.total = bar.total or #source
    bar.next, bar.state, bar.control = ipairs(source)
  elseif has_method and (debug.getmetatable(source) or {}).__call then  -- an iterator that is an object, such as loader:batches()
    pcall(function() bar.total = bar.total or #source end)
    bar.next, bar.state, bar.control = source, arguments[2], arguments[3]
  else
    error(("bad argument #1 to 'progress' (number, iterator, list or loader expected, got %s)"):format(kind), 3)
  end
  if bar.total ~= nil and type(bar.total) ~= "number" then error("progress: total is a number", 3) end
  if bar.renews then bar:draw() end
  return bar, nil, nil, bar  -- the fourth value: a `for` closes the bar when it is left, by an error too
end
