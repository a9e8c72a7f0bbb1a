-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Optimizers on MNIST · MNIST로 비교하는 최적화 방법
-- Five copies of one network, each with its own optimizer and the same mini-batches: 784 → 4 × 100 ReLU → 10.
--
--     nnlua examples/ch06/optimizers_mnist.lua [--quick]
--
-- `--quick`: 200 steps instead of 2,000.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, optim, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.optim, nnlua.plot

local train = data.mnist{split = "train", flatten = true}
local images, labels = train.x, train.t  -- once: all 60,000 pictures are made into one tensor here
local steps, size = check.quick and 200 or 2000, 128

local function network()
  local layers, inputs = {}, 784
  for i = 1, 4 do
    layers[2 * i - 1], layers[2 * i] = nn.Linear(inputs, 100, {init = "he"}), nn.ReLU()
    inputs = 100
  end
  layers[9] = nn.Linear(inputs, 10, {init = "he"})
  return nn.Sequential(table.unpack(layers))
end

-- %% [markdown]
-- ## The race · 경주
-- The seed is the same for each, so the first weights and the batches are, too.

-- %%
local ways = {
  {"SGD", function(net) return optim.SGD(net, {lr = 0.01}) end},
  {"Momentum", function(net) return optim.Momentum(net, {lr = 0.01}) end},
  {"AdaGrad", function(net) return optim.Adagrad(net, {lr = 0.01}) end},
  {"RMSProp", function(net) return optim.RMSprop(net, {lr = 0.01}) end},
  {"Adam", function(net) return optim.Adam(net, {lr = 0.001}) end},
}

local function race(make)
  T.manual_seed(1)
  local net = network()
  local optimizer, losses = make(net), {}
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

-- %% [markdown]
-- ## Smooth curves · 매끄러운 곡선
-- Each loss belongs to another batch, so the curve jitters. The book smooths it by a window of 11 steps, weighted after Kaiser (β = 2):
-- w = I₀(β √(1 − r²)) / I₀(β), r from −1 to 1 over the window. I₀, a Bessel function, is the sum over k of ((x/2)ᵏ / k!)².

-- %%
local function bessel(x)
  local sum, term = 1, 1
  for k = 1, 20 do
    term = term * (x / 2 / k) ^ 2
    sum = sum + term
  end
  return sum
end

local window, total = {}, 0
for i = -5, 5 do
  window[i] = bessel(2 * math.sqrt(1 - (i / 5) ^ 2)) / bessel(2)
  total = total + window[i]
end

local function smooth(losses)
  local result = {}
  for i = 1, #losses do
    local sum = 0
    for j = -5, 5 do sum = sum + window[j] * losses[math.max(1, math.min(#losses, i + j))] end
    result[i] = sum / total
  end
  return result
end

-- %%
plot.figure{width = 820, height = 460}
local last, begin = {}, nnlua.clock()
for i, way in ipairs(ways) do
  local losses = race(way[2])
  last[i] = T.tensor(losses)[{ {-100, -1} }]:mean():item()
  print(("%-8s mean loss of the last 100 steps %.4f"):format(way[1], last[i]))
  plot.line(smooth(losses), {label = way[1], width = 1.5})
end
print(("%.1f s"):format(nnlua.clock() - begin))
plot.title("Loss on MNIST, smoothed")
plot.xlabel("step")
plot.ylim(0, 1)
plot.show()

-- %% [markdown]
-- ## What came out · 결과
-- SGD is the last by far. RMSProp at 0.01 takes steps that are too long for it; at Adam's 0.001 it would be among the first.

-- %%
local sgd, momentum, adagrad, rmsprop, adam = table.unpack(last)
if not check.quick then
  check("SGD", sgd, 0.22, 0.03)
  check("Momentum", momentum, 0.07, 0.02)
  check("AdaGrad", adagrad, 0.057, 0.02)
  check("RMSProp", rmsprop, 0.15, 0.06)
  check("Adam", adam, 0.048, 0.02)
end
check.at_least("SGD is behind Momentum by", sgd - momentum, 0.05)
check.at_least("SGD is behind AdaGrad by", sgd - adagrad, 0.05)
check.at_least("SGD is behind Adam by", sgd - adam, 0.05)
check.done()
