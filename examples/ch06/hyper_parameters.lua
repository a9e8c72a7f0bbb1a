-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # The search for good settings · 하이퍼파라미터 찾기
-- Learning rate and weight decay are not learned; they are tried. Three rules: judge by a *validation set* (not by the test set, which
-- is for the end), draw at random instead of walking a grid, and draw the exponent, since 0.001 to 0.01 matters as much as 0.1 to 1.
--
--     nnlua examples/ch06/hyper_parameters.lua [--quick]
--
-- `--quick`: 40 trials instead of 100.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, optim, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.optim, nnlua.plot

-- %% [markdown]
-- ## 400 to learn from, 100 to judge by · 검증 데이터
-- The first 500 digits, shuffled, then divided: where data come in an order, the last fifth alone would be no sample of them.

-- %%
local few = data.mnist{split = "train", flatten = true, limit = 500}
local train, validation = few:split(0.8, 1)
local train_x, train_t, validation_x, validation_t = train.x, train.t, validation.x, validation.t
local trials, epochs = check.quick and 40 or 100, 50

local function try(lr, weight_decay)
  local layers, inputs = {}, 784
  for i = 1, 6 do
    layers[2 * i - 1], layers[2 * i] = nn.Linear(inputs, 100, {init = "he"}), nn.ReLU()
    inputs = 100
  end
  layers[13] = nn.Linear(inputs, 10, {init = "he"})
  local net = nn.Sequential(table.unpack(layers))
  local optimizer = optim.SGD(net, {lr = lr, weight_decay = weight_decay})

  local function accuracy(x, t)
    return T.no_grad(function() return net(x):argmax(2):eq(t):double():mean():item() end)
  end
  local in_training, in_validation = {}, {}
  for epoch = 1, epochs do
    for _ = 1, #train // 100 do
      local positions = T.choice(#train, 100)
      optimizer:zero_grad()
      F.cross_entropy(net(train_x[positions]), train_t[positions]):backward()
      optimizer:step()
    end
    in_training[epoch], in_validation[epoch] = accuracy(train_x, train_t), accuracy(validation_x, validation_t)
  end
  return in_training, in_validation
end

-- %% [markdown]
-- ## At random, on a logarithmic scale · 로그 스케일의 무작위 탐색
-- Learning rate 10^U(−6, −2), decay 10^U(−8, −4). A grid of 10 × 10 would try ten learning rates; a hundred random draws try a hundred.

-- %%
local function search(count, lr_from, lr_to, decay_from, decay_to)
  local results = {}
  local lr = (10 ^ T.rand(count):mul(lr_to - lr_from):add(lr_from)):totable()
  local decay = (10 ^ T.rand(count):mul(decay_to - decay_from):add(decay_from)):totable()
  for i = 1, count do
    local in_training, in_validation = try(lr[i], decay[i])
    results[i] = {lr = lr[i], decay = decay[i], training = in_training, validation = in_validation, accuracy = in_validation[epochs]}
  end
  table.sort(results, function(a, b) return a.accuracy > b.accuracy end)
  return results
end

T.manual_seed(1)
local begin = nnlua.clock()
local results = search(trials, -6, -2, -8, -4)
print(("%d trials in %.1f s"):format(trials, nnlua.clock() - begin))
for i = 1, 5 do
  print(("best %d: validation accuracy %.2f, lr %.5f, weight decay %.1e"):format(i, results[i].accuracy, results[i].lr, results[i].decay))
end

-- %%
plot.figure{width = 1140, height = 780, rows = 4, cols = 5, title = "The best twenty: accuracy by epoch, validation (line) and training (dashes)"}
for i = 1, 20 do
  plot.subplot(i)
  plot.line(results[i].validation)
  plot.line(results[i].training, {style = "--"})
  plot.title(("%d: lr %.1e"):format(i, results[i].lr))
  plot.ylim(0, 1)
end
plot.show()

-- %% [markdown]
-- ## Narrower · 범위 좁히기
-- Every trial is a dot. The learning rate decides; the decay, at these sizes, hardly matters. A second round draws the learning rate
-- from the range of the five best.

-- %%
local function column(list, name)
  local values = {}
  for i, result in ipairs(list) do values[i] = result[name] end
  return values
end

plot.figure{width = 720, height = 440}
plot.scatter(column(results, "lr"), column(results, "decay"), {color = column(results, "accuracy"), size = 1.4})
plot.colorbar("validation accuracy")
plot.xscale("log")
plot.yscale("log")
plot.xlabel("learning rate")
plot.ylabel("weight decay")
plot.title("All trials")
plot.show()

local lowest, highest = math.huge, 0
for i = 1, 5 do
  lowest, highest = math.min(lowest, results[i].lr), math.max(highest, results[i].lr)
end
local second = search(trials // 5, math.log(lowest, 10), math.log(highest, 10), -8, -4)
local function mean(list) return T.tensor(column(list, "accuracy")):mean():item() end
print(("mean accuracy: first round %.3f, second round, lr from %.4f to %.4f, %.3f; best of the second %.2f, lr %.4f"):format(
  mean(results), lowest, highest, mean(second), second[1].accuracy, second[1].lr))

-- %%
check.at_least("best validation accuracy", results[1].accuracy, 0.72)
check.at_least("learning rate of the best", results[1].lr, 0.002)
check.at_least("the second round's mean over the first's", mean(second) - mean(results), 0.2)
check.that("tiny learning rates learn nothing", results[#results].accuracy < 0.3 and results[#results].lr < 0.001)
check.done()
