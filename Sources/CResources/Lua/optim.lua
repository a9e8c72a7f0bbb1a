-- nnlua.optim: what belongs to it beside the optimizers.
local optim = ...

if package.preload["nnlua.optim.schedule"] then optim.schedule = require "nnlua.optim.schedule" end
