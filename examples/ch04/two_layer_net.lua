-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Learning MNIST with two layers · 2층 신경망으로 MNIST 학습하기
-- 784 pixels → 50 sigmoids → 10 scores. Draw a mini-batch, find the gradient, take a step; ten thousand times.
--
--     nnlua examples/ch04/two_layer_net.lua [--quick]
--
-- `--quick`: 1,000 steps, and only a part of the slow gradient.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.plot
T.manual_seed(1)

-- %% [markdown]
-- ## The network · 신경망
-- Weights begin as small random numbers (standard deviation 0.01), biases as 0. `requires_grad_` asks nnlua to follow what is computed
-- from a tensor; `backward` then knows the way back. How it does that is chapter 5.

-- %%
local TwoLayerNet = nn.class("TwoLayerNet")

function TwoLayerNet:init(inputs, hidden, outputs, std)
  self.W1 = (std * T.randn(inputs, hidden)):requires_grad_()
  self.b1 = T.zeros(hidden):requires_grad_()
  self.W2 = (std * T.randn(hidden, outputs)):requires_grad_()
  self.b2 = T.zeros(outputs):requires_grad_()
end

function TwoLayerNet:forward(x)
  local z1 = (x:matmul(self.W1) + self.b1):sigmoid()
  return z1:matmul(self.W2) + self.b2
end

function TwoLayerNet:loss(x, t) return F.cross_entropy(self(x), t) end

function TwoLayerNet:accuracy(x, t)
  return T.no_grad(function() return self(x):argmax(2):eq(t):double():mean():item() end)
end

local train = data.mnist{split = "train", flatten = true}
local test = data.mnist{split = "test", flatten = true}

-- A random mini-batch, drawn anew for every step as in the book.
local function mini_batch(size)
  local positions = T.choice(#train, size)
  return train.x[positions], train.t[positions]
end

-- %% [markdown]
-- ## Two ways to the gradient · 기울기를 구하는 두 방법
-- The numerical gradient asks for the loss twice for each of the 39,760 weights; backward takes as long as a few losses *in all*.
-- Numbers of 64 bits here: the small step of 10⁻⁴ would drown in float32.

-- %%
local net64 = TwoLayerNet(784, 50, 10, 0.01):to("float64")
local x64, t64 = mini_batch(100)
x64 = x64:double()

local begin = nnlua.clock()
net64:loss(x64, t64):backward()
local by_backward = nnlua.clock() - begin

local names = check.quick and {"b1", "b2"} or {"W1", "b1", "W2", "b2"}
local asked, largest = 0, 0
begin = nnlua.clock()
for _, name in ipairs(names) do
  local weights = net64[name]:detach()  -- the same numbers, not followed: changing them changes the network
  local numerical = T.no_grad(function()
    return T.numerical_gradient(function() return net64:loss(x64, t64) end, weights)
  end)
  asked = asked + weights:numel()
  largest = math.max(largest, (numerical - net64[name].grad):abs():max():item())
end
local by_numbers = (nnlua.clock() - begin) * net64:num_parameters() / asked  -- for all of them
print(("one gradient: %.1f s numerically, %.5f s by backward: %.0f times as fast"):format(by_numbers, by_backward, by_numbers / by_backward))
print(("10,000 steps would take %.1f hours numerically"):format(by_numbers * 10000 / 3600))
check.at_most("the two gradients, largest difference", largest, 1e-8)
check.at_least("backward is faster by", by_numbers / by_backward, 100)

-- %% [markdown]
-- ## Learning · 학습
-- W ← W − η ∂L/∂W with η = 0.1. Without the learning rate (η = 1) this net does learn, faster even; many others fly apart.
-- The training accuracy is measured once an epoch (600 batches of 100), the test accuracy beside it: as long as both rise together,
-- the network learns digits, not just its examples.

-- %%
local steps, rate, size = check.quick and 1000 or 10000, 0.1, 100
local epoch = #train // size
local net = TwoLayerNet(784, 50, 10, 0.01)
local losses, epochs, train_accuracy, test_accuracy = {}, {}, {}, {}

local function examine(step)
  epochs[#epochs + 1] = step / epoch
  train_accuracy[#epochs] = net:accuracy(train.x, train.t)
  test_accuracy[#epochs] = net:accuracy(test.x, test.t)
  print(("step %5d: accuracy %.4f in training, %.4f in the test"):format(step, train_accuracy[#epochs], test_accuracy[#epochs]))
end

begin = nnlua.clock()
examine(0)
for step = 1, steps do
  local x, t = mini_batch(size)
  net:zero_grad()
  local loss = net:loss(x, t)
  loss:backward()
  T.no_grad(function()
    for _, weights in ipairs(net:parameters()) do weights:sub_(rate * weights.grad) end
  end)
  losses[step] = loss:item()
  if step % epoch == 0 or step == steps then examine(step) end
end
print(("%d steps in %.1f s"):format(steps, nnlua.clock() - begin))

-- %%
plot.figure{width = 1040, height = 360, rows = 1, cols = 2}
plot.subplot(1, 2, 1)
plot.line(losses)
plot.title("Loss of each mini-batch")
plot.xlabel("step")
plot.subplot(1, 2, 2)
plot.line(epochs, train_accuracy, {label = "training"})
plot.line(epochs, test_accuracy, {label = "test", style = "--"})
plot.title("Accuracy")
plot.xlabel("epoch")
plot.ylim(0, 1)
plot.legend()
plot.show()

-- %%
local last = #epochs
check.at_least("training accuracy", train_accuracy[last], check.quick and 0.84 or 0.945)
check.at_least("test accuracy", test_accuracy[last], check.quick and 0.84 or 0.942)
check.at_most("the two differ by", math.abs(train_accuracy[last] - test_accuracy[last]), 0.02)
check.done()
