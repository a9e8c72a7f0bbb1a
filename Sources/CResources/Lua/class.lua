-- nn.class: modules written in Lua. Receives the table of nnlua.nn; its Module holds the methods every module has.
local nn = ...
local methods = nn.Module

nn.functional = require "nnlua.nn.functional"
nn.init = require "nnlua.nn.init"
nn.utils = require "nnlua.nn.utils"

local fields = setmetatable({}, {__mode = "k"})   -- instance -> names in the order in which they were set
local buffers = setmetatable({}, {__mode = "k"})  -- instance -> names of tensors that belong to the state without gradients

-- What a class begins with: everything but a forward, which the script writes.
local inherited = {}

--- nn.class(name [, parent]): a class of modules. Write Name:init(…) and Name:forward(x); Name(…) makes one.
function nn.class(name, parent)
  if type(name) ~= "string" then error("bad argument #1 to 'class' (string expected, got " .. type(name) .. ")", 2) end
  if parent ~= nil and (type(parent) ~= "table" or not rawget(parent, "__instances")) then
    error("bad argument #2 to 'class' (a class made by nn.class expected, got " .. type(parent) .. ")", 2)
  end
  local class = {}
  local base = parent or inherited

  local instances = {
    __name = name,
    __nnlua_module = name,
    __fields = fields,
    __buffers = buffers,
    __index = function(self, key)
      local value = class[key]
      if value == nil and key == "training" then return true end
      return value
    end,
    __newindex = function(self, key, value)  -- runs for new fields only
      if type(key) == "string" then
        local names = fields[self]
        if not names then
          names = {}
          fields[self] = names
        end
        local known = false
        for _, other in ipairs(names) do known = known or other == key end
        if not known then names[#names + 1] = key end
      end
      rawset(self, key, value)
    end,
    __call = methods.call,  -- itself, so that an error names the script's line
    __tostring = function(self) return methods.describe(self) end,
    __display = function(self) return class.__display(self) end,  -- a class may have its own
  }
  class.__instances = instances
  class.super = parent

  return setmetatable(class, {
    __index = base,
    __name = "class " .. name,
    __tostring = function() return "class " .. name end,
    __call = function(_, ...)
      local self = setmetatable({}, instances)
      local init = class.init
      if init then init(self, ...) end
      return self
    end,
  })
end

--- module:register_buffer(name, tensor): a tensor that belongs to the state and is not trained.
local check_and_register = methods.register_buffer
function methods.register_buffer(self, name, tensor)
  local names = buffers[self] or {}
  local known = false
  for _, other in ipairs(names) do known = known or other == name end
  if not known then check_and_register(self, name, tensor) end
  if type(self) ~= "table" then return tensor end
  self[name] = tensor
  buffers[self] = names
  if not known then names[#names + 1] = name end
  return tensor
end

for name, method in pairs(methods) do
  if name ~= "forward" then inherited[name] = method end
end
