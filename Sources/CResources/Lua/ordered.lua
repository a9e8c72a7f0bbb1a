-- A table by name that keeps an order: `for name, value in t do` and pairs(t) walk it, t[name] looks it up.
local names, values = ...
local by_name, place = {}, {}
for i, name in ipairs(names) do by_name[name], place[name] = values[i], i end
local function following(_, name)
  local next_name = names[(name and place[name] or 0) + 1]
  if next_name ~= nil then return next_name, by_name[next_name] end
end
return setmetatable(by_name, {
  __call = function(_, _, name) return following(nil, name) end,
  __pairs = function() return following, by_name, nil end,
})
