-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # MNIST with our own layers · 직접 만든 계층으로 MNIST 학습하기
-- The network of chapter 4 again, now with ReLU and with the gradient by backward, from the layers of layers.lua. No tape, no
-- optimizer: every number that moves is moved by Lua code you have read.
--
--     nnlua examples/ch05/two_layer_net.lua [--quick]
--
-- `--quick`: 1,000 steps instead of 10,000.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, data, plot = nnlua.tensor, nnlua.data, nnlua.plot
local layers = require "layers"
T.manual_seed(1)

local train = data.mnist{split = "train", flatten = true}
local test = data.mnist{split = "test", flatten = true}
local net = layers.TwoLayerNet(784, 50, 10, 0.01)

local function mini_batch(size)
  local positions = T.choice(#train, size)
  return train.x[positions], train.t[positions]
end

-- %% [markdown]
-- ## How fast? · 얼마나 빠른가
-- One gradient by backward, and the numerical one: two losses for each of 39,760 weights. The ten biases of the last layer are enough
-- to tell how long all would take.

-- %%
local x, t = mini_batch(100)
net:gradient(x, t)  -- once before the clock runs
local begin = nnlua.clock()
for _ = 1, 200 do net:gradient(x, t) end
local by_backward = (nnlua.clock() - begin) / 200

begin = nnlua.clock()
T.numerical_gradient(function() return net:loss(x, t) end, net.weights.b2)
local by_numbers = (nnlua.clock() - begin) * 39760 / 10
print(("one gradient: %.2f ms by backward, about %.0f s numerically: %.0f times as long"):format(
  1000 * by_backward, by_numbers, by_numbers / by_backward))
check.at_least("backward is faster by", by_numbers / by_backward, 100)

-- %% [markdown]
-- ## Learning · 학습
-- `sub_` changes the weights in place. (In many notes `W - lr * grad` is computed and not assigned: nothing is learned.)

-- %%
local steps, rate, size = check.quick and 1000 or 10000, 0.1, 100
local epoch = #train // size
local losses, epochs, train_accuracy, test_accuracy = {}, {}, {}, {}

begin = nnlua.clock()
for step = 1, steps do
  x, t = mini_batch(size)
  local gradient = net:gradient(x, t)
  for name, weights in pairs(net.weights) do weights:sub_(rate * gradient[name]) end
  losses[step] = net:loss(x, t):item()

  if step == 1 or step % epoch == 0 or step == steps then
    local i = #epochs + 1
    epochs[i] = step / epoch
    train_accuracy[i], test_accuracy[i] = net:accuracy(train.x, train.t), net:accuracy(test.x, test.t)
    print(("step %5d: accuracy %.4f in training, %.4f in the test"):format(step, train_accuracy[i], test_accuracy[i]))
  end
end
print(("%d steps in %.1f s"):format(steps, nnlua.clock() - begin))

-- %%
plot.figure{width = 1040, height = 360, rows = 1, cols = 2}
plot.subplot(1, 2, 1)
plot.line(losses)
plot.title("Loss of each mini-batch, after its step")
plot.xlabel("step")
plot.subplot(1, 2, 2)
plot.line(epochs, train_accuracy, {label = "training"})
plot.line(epochs, test_accuracy, {label = "test", style = "--"})
plot.title("Accuracy")
plot.xlabel("epoch")
plot.ylim(0, 1)
plot.legend()
plot.show()

-- %% [markdown]
-- ## What the hidden layer looks at · 은닉층이 보는 것
-- A column of W1 has a weight for each pixel: drawn as images, what each of the first twenty units is looking for.

-- %%
plot.imshow(net.weights.W1:t()[{ {1, 20} }]:reshape(20, 28, 28), {cols = 10})
plot.show()

-- %%
local last = #epochs
check.at_least("training accuracy", train_accuracy[last], check.quick and 0.9 or 0.975)
check.at_least("test accuracy", test_accuracy[last], check.quick and 0.9 or 0.965)
check.done()
