-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Weight decay · 가중치 감소
-- What is learned by heart sits in large weights. So let every weight cost something: to the loss comes ½ λ W², to each gradient λ W,
-- and every step pulls the weights a little towards 0.
--
--     nnlua examples/ch06/weight_decay.lua [--quick]
--
-- `--quick`: the accuracies are measured every tenth epoch only.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, optim, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.optim, nnlua.plot

local train = data.mnist{split = "train", flatten = true, limit = 300}
local test = data.mnist{split = "test", flatten = true}
local train_x, train_t, test_x, test_t = train.x, train.t, test.x, test.t
local epochs, every = 201, check.quick and 10 or 1  -- how often to measure

-- %% [markdown]
-- ## The same network with λ = 0 and λ = 0.1 · 감소가 있을 때와 없을 때
-- 784 → 6 × 100 ReLU → 10 on 300 digits. Only weights decay, biases do not: two groups of parameters, one optimizer.

-- %%
local function learn(lambda)
  T.manual_seed(1)
  local layers, inputs, weights, biases = {}, 784, {}, {}
  for i = 1, 7 do
    local linear = nn.Linear(inputs, i < 7 and 100 or 10, {init = "he"})
    weights[i], biases[i] = linear.weight, linear.bias
    layers[2 * i - 1] = linear
    if i < 7 then layers[2 * i] = nn.ReLU() end
    inputs = 100
  end
  local net = nn.Sequential(table.unpack(layers))
  local optimizer = optim.SGD({{params = weights, weight_decay = lambda}, {params = biases}}, {lr = 0.01})

  local function accuracy(x, t)
    return T.no_grad(function() return net(x):argmax(2):eq(t):double():mean():item() end)
  end
  local at, in_training, in_test = {}, {}, {}
  for epoch = 1, epochs do
    for _ = 1, #train // 100 do
      local positions = T.choice(#train, 100)
      optimizer:zero_grad()
      F.cross_entropy(net(train_x[positions]), train_t[positions]):backward()
      optimizer:step()
    end
    if epoch % every == 1 % every then
      table.insert(at, epoch)
      table.insert(in_training, accuracy(train_x, train_t))
      table.insert(in_test, accuracy(test_x, test_t))
    end
  end
  local size = 0
  for _, W in ipairs(weights) do size = size + W:detach():square():sum():item() end
  return at, in_training, in_test, math.sqrt(size)
end

-- %%
plot.figure{width = 1060, height = 380, rows = 1, cols = 2}
local runs = {}
for i, lambda in ipairs{0, 0.1} do
  local at, in_training, in_test, size = learn(lambda)
  runs[i] = {training = in_training[#at], test = in_test[#at], size = size}
  print(("λ = %.1f: accuracy %.3f in training, %.3f in the test; length of all weights %.1f"):format(
    lambda, in_training[#at], in_test[#at], size))
  plot.subplot(i)
  plot.line(at, in_training, {label = "training"})
  plot.line(at, in_test, {label = "test", style = "--"})
  plot.title(("λ = %g"):format(lambda))
  plot.xlabel("epoch")
  plot.ylim(0, 1.02)
end
plot.show()

-- %% [markdown]
-- ## Read it · 읽기
-- With decay the training accuracy stays below 1 and the two curves are closer. It does not read unknown digits better, though: the gap
-- is a symptom. More data is the cure, and λ another number to be searched for (hyper_parameters.lua). Other seeds end, with decay, between
-- 0.85 and 0.92 in training and between 0.68 and 0.76 in the test.

-- %%
local plain, decayed = runs[1], runs[2]
check.at_least("training accuracy, λ = 0", plain.training, 0.99)
check("training accuracy, λ = 0.1", decayed.training, 0.88, 0.06)
check("test accuracy, λ = 0", plain.test, 0.76, 0.05)
check("test accuracy, λ = 0.1", decayed.test, 0.72, 0.06)
check.at_most("length of the weights, with decay over without", decayed.size / plain.size, 0.8)
check.that("the gap is smaller with decay", decayed.training - decayed.test < plain.training - plain.test)
check.done()
