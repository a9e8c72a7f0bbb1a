-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Choosing what is not learned · 하이퍼파라미터 찾기
-- Learning rate and weight decay are not learned: they are tried. Not on the test digits, which must stay unseen to the end, but on some of
-- the training digits that are kept aside: the validation set.
--
--     nnlua examples/ch06/hyper_parameters.lua [--quick]
--
-- `--quick`: 40 trials of 30 epochs instead of 100 of 50.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, optim, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.optim, nnlua.plot
T.manual_seed(1)

-- %% [markdown]
-- ## 400 to learn from, 100 to judge by · 훈련 데이터와 검증 데이터
-- Shuffled first: files are often sorted by class.

-- %%
local set = data.mnist{split = "train", flatten = true, limit = 500}
local order = T.randperm(#set)
local images, labels = set.x[order], set.t[order]
local train_images, train_labels = images[{ {101, 500} }], labels[{ {101, 500} }]
local validation_images, validation_labels = images[{ {1, 100} }], labels[{ {1, 100} }]
local trials, epochs = check.quick and 40 or 100, check.quick and 30 or 50

local function network()
  local layers, inputs = {}, 784
  for i = 1, 6 do
    layers[2 * i - 1], layers[2 * i] = nn.Linear(inputs, 100, {init = "he"}), nn.ReLU()
    inputs = 100
  end
  layers[13] = nn.Linear(inputs, 10, {init = "he"})
  return nn.Sequential(table.unpack(layers))
end

local function accuracy(net, x, t)
  return T.no_grad(function() return net(x):argmax(2):eq(t):double():mean():item() end)
end

local function try(lr, decay)
  local net = network()
  local weights, biases = {}, {}
  for name, tensor in net:named_parameters() do table.insert(name:match("bias") and biases or weights, tensor) end
  local optimizer = optim.SGD({{params = weights, weight_decay = decay}, {params = biases}}, {lr = lr})
  local result = {lr = lr, decay = decay, train = {}, validation = {}}
  for epoch = 1, epochs do
    for _ = 1, 4 do
      local positions = T.choice(400, 100)
      optimizer:zero_grad()
      F.cross_entropy(net(train_images[positions]), train_labels[positions]):backward()
      optimizer:step()
    end
    result.train[epoch] = accuracy(net, train_images, train_labels)
    result.validation[epoch] = accuracy(net, validation_images, validation_labels)
  end
  result.score = result.validation[epochs]
  return result
end

-- %% [markdown]
-- ## Random search · 무작위 탐색
-- The exponents are drawn evenly, not the numbers: between 10⁻⁶ and 10⁻² nine tenths of all numbers lie above 10⁻³. Random beats a grid, for
-- what matters little then costs no trials.

-- %%
local function draw(low, high) return 10 ^ (low + (high - low) * T.rand(1):item()) end

local results = {}
for i in nnlua.progress(trials, {title = "search", unit = "trials"}) do results[i] = try(draw(-6, -2), draw(-8, -4)) end
table.sort(results, function(a, b) return a.score > b.score end)

print "validation   learning rate   weight decay"
for i = 1, 5 do print(("%10.2f %15.6f %14.3g"):format(results[i].score, results[i].lr, results[i].decay)) end

-- %%
plot.figure{width = 1200, height = 800, rows = 4, cols = 5, title = "Accuracy by epoch: validation (solid), training (dashed)"}
for i = 1, 20 do
  local result = results[i]
  plot.subplot(i)
  plot.line(result.validation)
  plot.line(result.train, {style = "--"})
  plot.title(("lr %.1e: %.2f"):format(result.lr, result.score))
  plot.ylim(0, 1)
  plot.xticks({1, epochs})
  plot.yticks({0, 0.5, 1})
end
plot.show()

-- %% [markdown]
-- ## Read it · 읽기
-- The good ones have learning rates near the upper end, from 0.001 on; the weight decay hardly matters in this range. Now one would look
-- again, closer: from 10⁻³ to 10⁻¹.

-- %%
local rates = {}
for i = 1, 5 do rates[i] = results[i].lr end
table.sort(rates)
check.at_least("best validation accuracy", results[1].score, check.quick and 0.45 or 0.72)
check.at_least("the smallest rate of the best five", rates[1], check.quick and 5e-4 or 1e-3)
check.at_most("the last trial learned nothing", results[trials].score, 0.3)
check.done()
