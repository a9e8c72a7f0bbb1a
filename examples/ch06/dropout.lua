-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Dropout · 드롭아웃
-- In every step of learning a random part of each layer's units is silent. No unit can rely on a certain other one, and the network
-- becomes the mean of many thinner networks.
--
--     nnlua examples/ch06/dropout.lua [--quick]
--
-- `--quick`: the accuracies are measured every tenth epoch only.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, optim, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.optim, nnlua.plot

-- %% [markdown]
-- ## Two kinds · 두 가지 드롭아웃
-- The mean signal must be the same in use as in learning. *The book's* dropout lets a share 1 − p through while learning, and in use
-- multiplies all by 1 − p. *Inverted* dropout (`nn.Dropout`, as in PyTorch) divides by 1 − p while learning and does nothing in use.
-- They are not the same network: with the book's kind every layer's signals and gradients are smaller while learning,
-- and six layers of it learn far more slowly.

-- %%
local BookDropout = nn.class("BookDropout")

function BookDropout:init(p) self.p = p end

function BookDropout:forward(x)
  if not self.training then return x * (1 - self.p) end
  return x * T.rand_like(x):gt(self.p):float()
end

-- Both kinds on ones: what they give while learning, and in use.
T.manual_seed(1)
local ones = T.ones(100000)
local means = {}
for i, layer in ipairs{BookDropout(0.2), nn.Dropout(0.2)} do
  local learning = layer(ones):mean():item()
  layer:eval()
  means[i] = {learning, layer(ones):mean():item()}
end
check("the book's: mean of ones while learning, in use", means[1], {0.8, 0.8}, 0.005)
check("inverted: mean of ones while learning, in use", means[2], {1, 1}, 0.005)

-- %% [markdown]
-- ## 300 digits again · 다시 300개의 숫자로
-- 784 → 6 × 100 ReLU → 10, without dropout and with p = 0.2 behind each ReLU.

-- %%
local train = data.mnist{split = "train", flatten = true, limit = 300}
local test = data.mnist{split = "test", flatten = true}
local train_x, train_t, test_x, test_t = train.x, train.t, test.x, test.t
local epochs, every = 301, check.quick and 10 or 1  -- how often to measure

local function learn(dropout)
  T.manual_seed(1)
  local layers, inputs = {}, 784
  local function add(layer) layers[#layers + 1] = layer end
  for _ = 1, 6 do
    add(nn.Linear(inputs, 100, {init = "he"}))
    add(nn.ReLU())
    if dropout then add(dropout(0.2)) end
    inputs = 100
  end
  add(nn.Linear(inputs, 10, {init = "he"}))
  local net = nn.Sequential(table.unpack(layers))
  local optimizer = optim.SGD(net, {lr = 0.01})

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
      net:eval()  -- measured with all units
      table.insert(at, epoch)
      table.insert(in_training, accuracy(train_x, train_t))
      table.insert(in_test, accuracy(test_x, test_t))
      net:train()
    end
  end
  return at, in_training, in_test
end

-- %%
local runs = {{"without dropout"}, {"inverted dropout, p = 0.2", nn.Dropout}, {"the book's dropout, p = 0.2", BookDropout}}
plot.figure{width = 1140, height = 360, rows = 1, cols = 3}
for i, run in ipairs(runs) do
  local at, in_training, in_test = learn(run[2])
  run.training, run.test = in_training[#at], in_test[#at]
  print(("%-28s accuracy %.3f in training, %.3f in the test"):format(run[1], run.training, run.test))
  plot.subplot(i)
  plot.line(at, in_training, {label = "training"})
  plot.line(at, in_test, {label = "test", style = "--"})
  plot.title(run[1])
  plot.xlabel("epoch")
  plot.ylim(0, 1.02)
end
plot.show()

-- %% [markdown]
-- ## Read it · 읽기
-- Learning takes longer, and the digits are no longer learned by heart. The book's figure, with its curves close together, shows its own kind:
-- both are still rising when the 301 epochs are over. Other seeds end between 0.94 and 0.99 in training with inverted dropout (0.72 to 0.78
-- in the test), between 0.56 and 0.77 with the book's (0.46 to 0.65).

-- %%
local plain, inverted, book = runs[1], runs[2], runs[3]
check.at_least("training accuracy without", plain.training, 0.99)
check("training accuracy, inverted", inverted.training, 0.955, 0.045)
check("test accuracy, inverted", inverted.test, 0.735, 0.05)
check("training accuracy, the book's", book.training, 0.67, 0.15)
check("test accuracy, the book's", book.test, 0.55, 0.15)
check.at_most("training accuracy, inverted below plain", inverted.training - plain.training, -0.005)
check.that("the gap is smaller with the book's dropout", book.training - book.test < plain.training - plain.test)
check.done()
