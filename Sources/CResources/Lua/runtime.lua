-- nnlua: the other modules, loaded when first named, and the parts of the runtime written in Lua.
local nnlua = ...

nnlua.version = nnlua.info().version

-- nnlua.tensor is require "nnlua.tensor", and so on.
local meta = getmetatable(nnlua)
local unknown = meta.__index
function meta.__index(_, name)
  local module = "nnlua." .. tostring(name)
  if not package.preload[module] then
    local known, message = pcall(unknown, nnlua, name)
    if not known then error(message, 2) end  -- at the script's line, not at this one
    return message
  end
  nnlua[name] = require(module)
  return nnlua[name]
end

-- This name is a function, not the module behind it.

--- A progress bar for `n` steps, or around an iterator; see progress.lua.
function nnlua.progress(...) return require("nnlua.progress").start(...) end
