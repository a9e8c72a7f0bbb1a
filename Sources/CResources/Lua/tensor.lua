-- nnlua.tensor: the modules below it.
local T = ...

if package.preload["nnlua.tensor.linalg"] then T.linalg = require "nnlua.tensor.linalg" end
