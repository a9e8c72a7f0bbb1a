-- -*- coding: utf-8 -*-
-- Learns f(x, y) = exp(sin(πx) + y²) with a KAN of two layers, and with a dense network of as many parameters.
--   nnlua plugin build examples/plugins/kan && nnlua examples/plugins/kan/fit.lua
local T, nn, optim = require "nnlua.tensor", require "nnlua.nn", require "nnlua.optim"
require "kan"  -- asks to appear in nn

T.manual_seed(1)
local function sample(n)
  local x = T.rand(n, 2) * 2 - 1
  local a, b = x:narrow(2, 1, 1), x:narrow(2, 2, 1)
  return x, ((a * math.pi):sin() + b * b):exp()
end
local x, t = sample(1000)
local x_test, t_test = sample(500)

local nets = {
  {"KAN", nn.Sequential(nn.KAN(2, 5), nn.KAN(5, 1))},
  {"dense", nn.Sequential(nn.Linear(2, 33), nn.SiLU(), nn.Linear(33, 1))},
}
for _, entry in ipairs(nets) do
  local name, net = table.unpack(entry)
  local optimizer = optim.Adam(net, {lr = 0.02})
  for _ = 1, 500 do
    optimizer:zero_grad()
    nn.MSELoss()(net(x), t):backward()
    optimizer:step()
  end
  local loss = T.no_grad(function() return nn.MSELoss()(net(x_test), t_test):item() end)
  print(("%-6s %4d parameters, mean squared error %.5f"):format(name, net:num_parameters(), loss))
end
print(nets[1][2])
