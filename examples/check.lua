-- -*- coding: utf-8 -*-
-- What every example ends with: its figures, checked. A script reaches this file by
--
--     package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
--     local check = require "check"
--
-- check(name, value, expected, tolerance) compares numbers, lists, nested lists and tensors; check.at_least(name, value, least),
-- check.at_most(name, value, most) and check.that(name, condition) say the rest; check.close(name, value, expected, tolerance) is check for
-- what is too large to print: it says how far the two are apart. check.done() ends the script: the count, or an error
-- that lists what failed. check.quick is true where the script was called with --quick, or (a notebook has no arguments) where NNLUA_QUICK=1
-- is in the environment: seconds instead of minutes, with its own figures.
local nnlua = require "nnlua"

local check = {quick = os.getenv "NNLUA_QUICK" == "1", passed = 0, failed = {}}
for _, option in ipairs(arg or {}) do check.quick = check.quick or option == "--quick" end

local begin = nnlua.clock()

local function record(name, good, text)
  if good then
    check.passed = check.passed + 1
    print(("ok    %s: %s"):format(name, text))
  else
    check.failed[#check.failed + 1] = name .. ": " .. text
    print(("WRONG %s: %s"):format(name, text))
  end
end

-- A tensor as nested lists, anything else as it is.
local function plain(value)
  if type(value) == "userdata" then return value:dim() == 0 and value:item() or value:totable() end
  return value
end

local function text(value)
  if type(value) == "table" then
    local parts = {}
    for i = 1, math.min(#value, 8) do parts[i] = text(value[i]) end
    if #value > 8 then parts[9] = "…" end
    return "{" .. table.concat(parts, ", ") .. "}"
  end
  return type(value) == "number" and ("%.9g"):format(value) or tostring(value)
end

-- The largest distance between two values of one shape; nil where the shapes differ.
local function distance(value, expected)
  if type(value) == "number" and type(expected) == "number" then
    if value == expected then return 0 end
    return math.abs(value - expected)
  end
  if type(value) ~= "table" or type(expected) ~= "table" then return value == expected and 0 or nil end
  if #value ~= #expected then return nil end
  local largest = 0
  for i = 1, #value do
    local d = distance(value[i], expected[i])
    if not d then return nil end
    if d ~= d or d > largest then largest = d end
    if d ~= d then return d end
  end
  return largest
end

setmetatable(check, {
  __call = function(_, name, value, expected, tolerance)
    value, expected, tolerance = plain(value), plain(expected), tolerance or 0
    local d = distance(value, expected)
    record(name, d ~= nil and d <= tolerance, ("%s, expected %s within %g"):format(text(value), text(expected), tolerance))
  end,
})

function check.close(name, value, expected, tolerance)
  local d = distance(plain(value), plain(expected))
  record(name, d ~= nil and d <= tolerance, d and ("largest difference %.3g, at most %g"):format(d, tolerance) or "other shapes")
end
function check.at_least(name, value, least) record(name, plain(value) >= least, ("%s, at least %s"):format(text(plain(value)), text(least))) end
function check.at_most(name, value, most) record(name, plain(value) <= most, ("%s, at most %s"):format(text(plain(value)), text(most))) end
function check.that(name, condition) record(name, condition and true or false, condition and "so it is" or "it is not so") end

function check.done()
  print(("%d checks passed, %d failed, %.1f s"):format(check.passed, #check.failed, nnlua.clock() - begin))
  if #check.failed > 0 then error("checks failed:\n  " .. table.concat(check.failed, "\n  "), 0) end
end

return check
