-- What train.fit returns: lists with one value for each epoch.
local module = ...

local History = {__name = "History"}
History.__index = History

function History:__tostring()
  local parts = {("History(%d epoch%s"):format(self.epochs, self.epochs == 1 and "" or "s")}
  for _, name in ipairs {"train_loss", "test_loss", "train_accuracy", "test_accuracy"} do
    local list = self[name]
    if list and #list > 0 then parts[#parts + 1] = ("%s %.4f"):format(name:gsub("_", " "), list[#list]) end
  end
  if self.stopped then parts[#parts + 1] = "stopped: " .. self.stopped end
  return table.concat(parts, ", ") .. ")"
end

--- What a notebook shows: a row for each of the last epochs.
function History:__display()
  local notebook, most_rows = require "nnlua.notebook", 20
  local names, last = {}, 0
  for name, list in next, self do
    if type(name) == "string" and type(list) == "table" and #list > 0 then
      names[#names + 1] = name
      last = math.max(last, #list)
    end
  end
  table.sort(names)
  local rows = {}
  for epoch = math.max(1, last - most_rows + 1), last do
    local row = {epoch}
    for i, name in ipairs(names) do
      local value = self[name][epoch]
      row[i + 1] = type(value) == "number" and (tonumber(("%.4g"):format(value)) or value) or value == nil and "" or tostring(value)
    end
    rows[#rows + 1] = row
  end
  local text = tostring(self)
  local html = "<div><strong>" .. notebook.escape(text) .. "</strong></div>"
  if last > 0 then html = html .. notebook.html_table(rows, {headings = {"epoch", table.unpack(names)}}) end
  return {["text/plain"] = text, ["text/html"] = html}
end

--- Draws train_NAME and test_NAME over the epochs ("loss" by default), shows the figure unless {show = false}, and returns it.
function History:plot(name, options)
  if type(name) == "table" then name, options = nil, name end
  name, options = name or "loss", options or {}
  if type(options) ~= "table" then error("history:plot: options must be a table", 2) end
  local figure
  for _, part in ipairs {"train", "test"} do
    local list = self[part .. "_" .. name]
    if type(list) == "table" and #list > 0 then
      local epochs = {}
      for i = 1, #list do epochs[i] = i end
      figure = figure or getmetatable(require "nnlua.plot").make{title = name}
      figure:line(epochs, list, {label = part})
    end
  end
  if not figure then error(("history:plot: there is no train_%s and no test_%s to draw"):format(name, name), 2) end
  figure:xlabel("epoch")
  figure:ylabel(name)
  if options.show ~= false then figure:show() end
  return figure
end

--- One more value at the end of a list.
function History:add(name, value)
  self[name] = rawget(self, name) or {}
  table.insert(self[name], value)
end

--- An empty history.
function module.new()
  return setmetatable({epochs = 0, train_loss = {}, test_loss = {}, train_accuracy = {}, test_accuracy = {}, lr = {}, seconds = {}, interrupted = false}, History)
end
