-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # The first weights, on MNIST · MNIST로 비교하는 가중치 초깃값
-- The same network, 784 → 4 × 100 ReLU → 10, and the same plain descent; only the spread of the first weights differs.
--
--     nnlua examples/ch06/init_mnist.lua [--quick]
--
-- `--quick`: 400 steps instead of 2,000.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, optim, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.optim, nnlua.plot

local train = data.mnist{split = "train", flatten = true}
local images, labels = train.x, train.t
local steps, size = check.quick and 400 or 2000, 128

-- %% [markdown]
-- ## Learning with each · 초깃값마다 학습
-- A layer's option `init` is "he", "xavier" or a number, the standard deviation. The book's Xavier is 1/√n with n the inputs; nnlua's, as
-- PyTorch's, is √(2/(inputs + outputs)): the same inside, where both are 100. To be the book's, the numbers are given here.

-- %%
local function learn(std)
  T.manual_seed(1)
  local layers, inputs = {}, 784
  for i = 1, 4 do
    layers[2 * i - 1], layers[2 * i] = nn.Linear(inputs, 100, {init = std(inputs)}), nn.ReLU()
    inputs = 100
  end
  layers[9] = nn.Linear(inputs, 10, {init = std(inputs)})
  local net = nn.Sequential(table.unpack(layers))
  local optimizer, losses = optim.SGD(net, {lr = 0.01}), {}
  for step = 1, steps do
    local positions = T.choice(#images, size)
    optimizer:zero_grad()
    local loss = F.cross_entropy(net(images[positions]), labels[positions])
    loss:backward()
    optimizer:step()
    losses[step] = loss:item()
  end
  return losses
end

local starts = {
  {"std 0.01", function() return 0.01 end},
  {"Xavier", function(n) return 1 / math.sqrt(n) end},
  {"He", function(n) return math.sqrt(2 / n) end},
}
plot.figure{width = 820, height = 440}
local last = {}
for i, start in ipairs(starts) do
  local losses = learn(start[2])
  last[i] = T.tensor(losses)[{ {-100, -1} }]:mean():item()
  print(("%-9s mean loss of the last 100 steps %.4f"):format(start[1], last[i]))
  plot.line(losses, {label = start[1], width = 1.2})
end
plot.title("Loss on MNIST")
plot.xlabel("step")
plot.ylim(0, 2.5)
plot.show()

-- %% [markdown]
-- With 0.01 nothing arrives at the last layer and nothing comes back: the loss stays at log 10 = 2.30, that of guessing.

-- %%
check("std 0.01 stays at log 10", last[1], math.log(10), 0.01)
if check.quick then
  check.at_most("Xavier", last[2], 1.9)
  check.at_most("He", last[3], 0.9)
else
  check("Xavier", last[2], 0.343, 0.06)
  check("He", last[3], 0.255, 0.06)
end
check.that("He learns faster than Xavier", last[3] < last[2])
check.done()
