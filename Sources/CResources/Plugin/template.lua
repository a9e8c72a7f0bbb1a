-- nnlua test.lua
local T = require "nnlua.tensor"
local PLUGIN = require "PLUGIN"

local layer = PLUGIN.TYPE(1)
local x = T.tensor({-1, 0, 2})
print("TYPE", layer, layer(x))
assert(math.abs(layer(x)[3]:item() - 2 / (1 + math.exp(-2))) < 1e-6)

-- Its parameter is trained as any other.
layer(x):sum():backward()
print("gradient of beta", layer.beta.grad)

print("bump", PLUGIN.bump(x))
assert(T.gradcheck(PLUGIN.bump, T.tensor({-1.5, 0.3, 2}, {dtype = "float64", requires_grad = true})))
assert(PLUGIN.half(3) == 1.5)
print("all is well")
