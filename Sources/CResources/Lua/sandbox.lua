-- Takes from Lua's libraries what reaches beyond the script's own values: programs, files outside the folders it may read, writing, native code,
-- the environment, other functions' insides. `readable(path)` is true, or false and why.
local readable = ...
local select, type, error, tostring = select, type, error, tostring

local function refuse(name) return function() error(name .. " is not allowed in the sandbox (--sandbox)", 2) end end
for _, name in ipairs{"execute", "remove", "rename", "tmpname", "setlocale"} do os[name] = refuse("os." .. name) end
for _, name in ipairs{"popen", "tmpfile"} do io[name] = refuse("io." .. name) end
for _, name in ipairs{"loadlib", "searchpath"} do
  package["sandboxed_" .. name], package[name] = package[name], refuse("package." .. name)
end
function os.getenv(name) return nil end

local function check(path)
  local allowed, why = readable(path)
  if not allowed then error(why, 3) end
  return path
end

local open, lines, input, output = io.open, io.lines, io.input, io.output
function io.open(path, mode)
  if mode ~= nil and mode ~= "r" and mode ~= "rb" then return nil, tostring(path) .. ": files can only be read in the sandbox (--sandbox)", 13 end
  local allowed, why = readable(path)
  if not allowed then return nil, why, 13 end
  return open(path, mode)
end
function io.lines(path, ...)
  if path == nil then return lines(path, ...) end
  return lines(check(path), ...)
end
function io.input(file)
  if type(file) == "string" then check(file) end
  return input(file)
end
function io.output(file)
  if type(file) == "string" then error("io.output: files can only be read in the sandbox (--sandbox)", 2) end
  return output(file)
end

-- Text only: a made-up binary chunk can do anything.
local load, loadfile = load, loadfile
local function environment(count, value)
  if count >= 4 then return value end
  return _G
end
function _G.load(chunk, name, mode, ...) return load(chunk, name, "t", environment(select("#", ...) + 3, (...))) end
function _G.loadfile(path, mode, ...)
  if path ~= nil then
    local allowed, why = readable(path)
    if not allowed then return nil, why end
  end
  return loadfile(path, "t", environment(select("#", ...) + 3, (...)))
end
function dofile(path)
  if path ~= nil then check(path) end
  local chunk, message = loadfile(path, "t")
  if not chunk then error(message, 0) end
  return chunk()
end

-- Modules: those of nnlua, and Lua files in the folders.
local searchpath = package.sandboxed_searchpath
package.sandboxed_searchpath, package.sandboxed_loadlib = nil, nil
package.cpath = ""
for i = #package.searchers, 3, -1 do package.searchers[i] = nil end
package.searchers[2] = function(name)
  local path, message = searchpath(name, package.path)
  if not path then return message end
  local allowed, why = readable(path)
  if not allowed then return "\n\t" .. why end
  local chunk, problem = loadfile(path, "t")
  if not chunk then error(("error loading module '%s' from file '%s':\n\t%s"):format(name, path, problem), 0) end
  return chunk, path
end

for name in pairs(debug) do
  if name ~= "traceback" and name ~= "getinfo" then debug[name] = nil end
end
