-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Learning by heart · 오버피팅
-- Three hundred digits, seven layers: far more weights than samples. The network learns them all by heart and is right about three
-- test digits of four. Four ways to live with it: nothing, weight decay, dropout in two forms, and stopping early.
--
--     nnlua examples/ch06/overfitting.lua [--quick]
--
-- `--quick`: 60 epochs instead of 201 (301 with dropout), and 2,000 test digits.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, optim, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.optim, nnlua.plot

local train = data.mnist{split = "train", flatten = true, limit = 300}
local test = data.mnist{split = "test", flatten = true, limit = check.quick and 2000 or nil}
local images, labels = train.x, train.t
local test_images, test_labels = test.x, test.t
local epochs, size = check.quick and 60 or 201, 100

-- %% [markdown]
-- ## Two kinds of dropout · 두 가지 드롭아웃
-- Dropout hides each unit with probability p while learning. The book's form then multiplies by 1 − p when it counts: a layer of its own,
-- written here. PyTorch's and nnlua's `nn.Dropout` is the inverted form: it divides by 1 − p while learning and leaves the rest alone. The
-- network sees the same ratios, but the book's form makes the signals of six layers smaller while learning, and so learns more slowly.

-- %%
local BookDropout = nn.class("BookDropout")
function BookDropout:init(p) self.p = p end
function BookDropout:forward(x)
  if not self.training then return x * (1 - self.p) end
  return x * T.rand(x.shape):gt(self.p):float()
end

-- 784 → 6 × 100 ReLU → 10, the weights after He.
local function network(dropout)
  local layers, inputs = {}, 784
  local function add(layer) layers[#layers + 1] = layer end
  for _ = 1, 6 do
    add(nn.Linear(inputs, 100, {init = "he"}))
    add(nn.ReLU())
    if dropout then add(dropout(0.2)) end
    inputs = 100
  end
  add(nn.Linear(inputs, 10, {init = "he"}))
  return nn.Sequential(table.unpack(layers))
end

-- %% [markdown]
-- ## Learning · 학습
-- Weight decay adds ½ λ W² to the loss for every weight, so that large ones cost something. The biases go without: they are another group
-- of the optimizer.

-- %%
local function accuracy(net, x, t)
  net:eval()
  local share = T.no_grad(function() return net(x):argmax(2):eq(t):double():mean():item() end)
  net:train()
  return share
end

local function learn(options)
  T.manual_seed(2)
  local net = network(options.dropout)
  local weights, biases = {}, {}
  for name, tensor in net:named_parameters() do table.insert(name:match("bias") and biases or weights, tensor) end
  for _, bias in ipairs(biases) do nn.init.zeros_(bias) end
  local optimizer = optim.SGD({{params = weights, weight_decay = options.decay or 0}, {params = biases}}, {lr = 0.01})
  local result = {train = {}, test = {}}
  for epoch = 1, options.epochs or epochs do
    for _ = 1, #images // size do
      local positions = T.choice(#images, size)
      optimizer:zero_grad()
      F.cross_entropy(net(images[positions]), labels[positions]):backward()
      optimizer:step()
    end
    result.train[epoch], result.test[epoch] = accuracy(net, images, labels), accuracy(net, test_images, test_labels)
    if options.watch and options.watch(net, epoch) then break end
  end
  return result
end

-- %% [markdown]
-- ## Stopping early · 조기 종료
-- The simplest cure: keep 300 other digits aside, look at their loss after each epoch, keep the weights of the best one, and stop when it has
-- not become better for ten epochs. It stops the loss from rising, and saves most of the time.

-- %%
local aside = data.mnist{split = "train", flatten = true}
local aside_images, aside_labels = aside.x[{ {301, 600} }], aside.t[{ {301, 600} }]
local best = {loss = math.huge}
local function watch(net, epoch)
  net:eval()
  local loss = T.no_grad(function() return F.cross_entropy(net(aside_images), aside_labels):item() end)
  net:train()
  if loss < best.loss then best.loss, best.epoch = loss, epoch end
  best.stopped = epoch
  return epoch - best.epoch >= 10
end

-- %%
local longer = check.quick and epochs or 301
local ways = {
  {"plain", learn{}},
  {"weight decay 0.1", learn{decay = 0.1}},
  {"dropout 0.2 (inverted)", learn{dropout = nn.Dropout, epochs = longer}},
  {"dropout 0.2 (the book's)", learn{dropout = BookDropout, epochs = longer}},
  {"early stopping", learn{watch = watch}},
}
plot.figure{width = 1200, height = 640, rows = 2, cols = 3}
for i, way in ipairs(ways) do
  local name, result = table.unpack(way)
  print(("%-25s %3d epochs: training %.3f, test %.3f"):format(name, #result.train, result.train[#result.train], result.test[#result.test]))
  plot.subplot(i)
  plot.line(result.train, {label = i == 1 and "training" or nil})
  plot.line(result.test, {label = i == 1 and "test" or nil, style = "--"})
  plot.title(name)
  plot.xlabel("epoch")
  plot.ylim(0, 1.05)
end
print(("early stopping: best at epoch %d, stopped at %d"):format(best.epoch, best.stopped))
plot.show()

-- %% [markdown]
-- ## Read it · 읽기
-- - Plain: everything learned by heart, a gap of a quarter.
-- - Weight decay: training stays below 1, and the gap shrinks; the test accuracy does not rise by it here. (Other seeds: training 0.85 to
--   0.92, test 0.68 to 0.76.)
-- - Dropout: learning by heart takes longer. With the book's form 301 epochs are far from enough.
-- - Stopped early, the test accuracy is nearly that of the end: what followed was learning by heart.

-- %%
local function last(i, set) return ways[i][2][set][#ways[i][2][set]] end
if check.quick then
  check.at_least("plain, training", last(1, "train"), 0.8)
  check.at_least("plain, test", last(1, "test"), 0.5)
else
  check.at_least("plain, training", last(1, "train"), 0.995)
  check("plain, test", last(1, "test"), 0.76, 0.04)
  check("weight decay, training", last(2, "train"), 0.92, 0.04)
  check("weight decay, test", last(2, "test"), 0.735, 0.04)
  check("inverted dropout, training", last(3, "train"), 0.955, 0.035)
  check("inverted dropout, test", last(3, "test"), 0.735, 0.035)
  check("the book's dropout, training", last(4, "train"), 0.67, 0.12)
  check("the book's dropout, test", last(4, "test"), 0.55, 0.1)
  check.at_most("early stopping, epochs", best.stopped, 150)
  check.at_least("early stopping, test", last(5, "test"), 0.7)
end
local function gap(i) return last(i, "train") - last(i, "test") end
check.that("weight decay: a smaller gap", gap(2) < gap(1))
check.that("the book's dropout: a smaller gap", gap(4) < gap(1))
check.that("dropout learns more slowly, the book's form the most", last(4, "train") < last(3, "train") and last(3, "train") < last(1, "train"))
check.done()
