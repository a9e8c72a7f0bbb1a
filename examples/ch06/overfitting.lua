-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Overfitting, and stopping in time · 오버피팅과 조기 종료
-- Few examples and many weights: the network learns its 300 digits by heart and reads others no better for it. Some pictures that it
-- does not learn from, the *validation set*, show when to stop.
--
--     nnlua examples/ch06/overfitting.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, optim, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.optim, nnlua.plot

local all = data.mnist{split = "train", flatten = true, limit = 1300}
local test = data.mnist{split = "test", flatten = true}
-- Images and labels, made once: a set makes its tensors anew each time it is asked.
local function both(set) return {x = set.x, t = set.t} end
local train, validation = both(all:subset(1, 300)), both(all:subset(301, 1300))
test = both(test)

-- %% [markdown]
-- ## Learning by heart · 300개만으로 학습
-- 784 → 6 × 100 ReLU → 10, plain descent, 201 times through three batches of 100. After each time: loss and accuracy on all three sets.

-- %%
local function network()
  local layers, inputs = {}, 784
  for i = 1, 6 do
    layers[2 * i - 1], layers[2 * i] = nn.Linear(inputs, 100, {init = "he"}), nn.ReLU()
    inputs = 100
  end
  layers[13] = nn.Linear(inputs, 10, {init = "he"})
  return nn.Sequential(table.unpack(layers))
end

local function measure(net, set)
  return T.no_grad(function()
    local y = net(set.x)
    return F.cross_entropy(y, set.t):item(), y:argmax(2):eq(set.t):double():mean():item()
  end)
end

-- Goes through `train` up to `epochs` times; `watch(epoch, net)` may end it by returning true.
local function learn(epochs, watch)
  T.manual_seed(1)
  local net = network()
  local optimizer = optim.SGD(net, {lr = 0.01})
  for epoch = 1, epochs do
    for _ = 1, #train.t // 100 do
      local positions = T.choice(#train.t, 100)
      optimizer:zero_grad()
      F.cross_entropy(net(train.x[positions]), train.t[positions]):backward()
      optimizer:step()
    end
    if watch(epoch, net) then break end
  end
  return net
end

local epochs = 201
local sets = {train, validation, test}
local losses, accuracies = {{}, {}, {}}, {{}, {}, {}}
learn(epochs, function(epoch, net)
  for i, set in ipairs(sets) do losses[i][epoch], accuracies[i][epoch] = measure(net, set) end
end)
print(("after %d epochs: accuracy %.3f on what it learned from, %.3f in the test"):format(epochs, accuracies[1][epochs], accuracies[3][epochs]))

-- %% [markdown]
-- ## Stopping in time · 조기 종료
-- The loss in training goes to 0. That of the validation set turns around: the network grows surer, of its mistakes too.
-- So keep the weights of the best epoch so far, and stop where 20 more have not beaten them. (`train.fit` does the stopping with
-- `early_stop = 20`.) The test set stays out of this decision, or it would no longer be a test.

-- %%
local patience = 20
local best = {loss = math.huge}
local stopped
local net = learn(epochs, function(epoch, net)
  local loss = measure(net, validation)
  if loss < best.loss then
    best = {loss = loss, epoch = epoch, state = {}}
    for name, weights in pairs(net:state_dict()) do best.state[name] = weights:clone() end
  end
  stopped = epoch
  return epoch - best.epoch >= patience
end)
net:load_state_dict(best.state)
local loss, accuracy = measure(net, test)
print(("stopped after epoch %d, weights of epoch %d: test loss %.3f and accuracy %.3f; to the end %.3f and %.3f"):format(
  stopped, best.epoch, loss, accuracy, losses[3][epochs], accuracies[3][epochs]))

-- %%
plot.figure{width = 1060, height = 380, rows = 1, cols = 2, title = "300 digits to learn from"}
local names, styles = {"training", "validation", "test"}, {"-", "--", ":"}
for panel, curves in ipairs{losses, accuracies} do
  plot.subplot(panel)
  for i, curve in ipairs(curves) do plot.line(curve, {label = names[i], style = styles[i]}) end
  plot.axvline(best.epoch, {color = "gray"})
  plot.title(panel == 1 and "Loss (line: best on the validation set)" or "Accuracy")
  plot.xlabel("epoch")
  plot.ylim(0, panel == 1 and 2.5 or 1.02)
end
plot.show()

-- %%
check.at_least("training accuracy at the end", accuracies[1][epochs], 0.99)
check("test accuracy at the end", accuracies[3][epochs], 0.76, 0.05)
check.that("it stops before the end", stopped < epochs)
check.at_most("test loss, stopped in time", loss, losses[3][epochs] - 0.01)
check("test accuracy, stopped in time", accuracy, accuracies[3][epochs], 0.03)
check.done()
