-- -*- coding: utf-8 -*-
-- Lion against Adam on MNIST: a dense network of 784 → 100 → 10, batches of 100, each at the learning rate that suits it.
--
--     nnlua plugin build examples/plugins/lion && nnlua examples/plugins/lion/mnist.lua [EPOCHS]
--
-- Prints the accuracy on the 10,000 test images after every epoch, over three seeds. Lion keeps one mean instead of Adam's two,
-- so its state is half as large; its steps all have one size, so its learning rate is a third to a tenth of Adam's.
local T, nn, optim, data = require "nnlua.tensor", require "nnlua.nn", require "nnlua.optim", require "nnlua.data"
local nnlua, metrics = require "nnlua", require "nnlua.metrics"
require "lion"  -- asks to appear in optim

local epochs, seeds = math.tointeger(tonumber(arg[1] or 5)), 3
assert(epochs and epochs >= 1, "usage: mnist.lua [EPOCHS]")
local training, test = data.mnist {split = "train", flatten = true}, data.mnist {split = "test", flatten = true}
local x_test, t_test = test.x, test.t

local runs = {
  {"Adam", {lr = 1e-3}}, {"Lion", {lr = 1e-4}}, {"Lion", {lr = 2e-4}},
}

local function elements(optimizer)
  local count = 0
  for _, value in pairs(optimizer:state_dict()) do
    if type(value) == "userdata" and #value.shape > 0 then count = count + value:numel() end
  end
  return count
end

--- The accuracies after every epoch, the seconds of all steps, the elements of the optimizer's state.
local function train(name, options, seed)
  T.manual_seed(seed)
  local net = nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
  local optimizer, loss = optim[name](net, options), nn.CrossEntropyLoss()
  local accuracies, seconds = {}, 0
  for epoch = 1, epochs do
    local begin = nnlua.clock()
    for x, t in data.DataLoader(training, {batch_size = 100, shuffle = true}):batches() do
      optimizer:zero_grad()
      loss(net(x), t):backward()
      optimizer:step()
    end
    seconds = seconds + nnlua.clock() - begin
    accuracies[epoch] = T.no_grad(function() return metrics.accuracy(net(x_test), t_test) end)
  end
  return accuracies, seconds, elements(optimizer)
end

io.write(("%-6s %-8s"):format("", "lr"))
for epoch = 1, epochs do io.write((" epoch %-3d"):format(epoch)) end
print("  s/epoch   state")
for _, run in ipairs(runs) do
  local name, options = table.unpack(run)
  local sums, seconds, size = {}, 0, 0
  for seed = 1, seeds do
    local accuracies, time, count = train(name, options, seed)
    for epoch = 1, epochs do sums[epoch] = (sums[epoch] or 0) + accuracies[epoch] / seeds end
    seconds, size = seconds + time / seeds / epochs, count
  end
  io.write(("%-6s %-8g"):format(name, options.lr))
  for epoch = 1, epochs do io.write((" %.4f   "):format(sums[epoch])) end
  print(("  %7.2f  %d"):format(seconds, size))
end
