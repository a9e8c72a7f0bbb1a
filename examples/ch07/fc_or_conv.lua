-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # With and without convolution · 완전연결 대 합성곱
-- To a fully connected layer a picture is a row of 784 numbers; that two pixels are neighbours it does not know. A convolution sees
-- neighbours together, and uses the same few weights everywhere. Both learn MNIST here: chapter 5's TwoLayerNet and this chapter's SimpleConvNet.
--
--     nnlua examples/ch07/fc_or_conv.lua [--quick]
--
-- The weights go to simpleconvnet.safetensors, where filters.lua finds them. `--quick`: once through 10,000 digits, and no file.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, optim, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.optim, nnlua.plot

local train = data.mnist{split = "train", limit = check.quick and 10000 or nil}
local test = data.mnist{split = "test"}

local function accuracy(net, set)
  net:eval()
  local right = 0
  T.no_grad(function()
    for x, t in data.DataLoader(set, {batch_size = 500}):batches() do right = right + net(x):argmax(2):eq(t):sum():item() end
  end)
  net:train()
  return right / #set
end

-- In the last quarter the learning rate falls to a tenth, which the book does not do: at the full rate the accuracy wanders by 0.001.
local function learn(net, optimizer, epochs)
  local loader = data.DataLoader(train, {batch_size = 100, shuffle = true, seed = 1})
  local scores, begin, rate = {}, nnlua.clock(), optimizer.lr
  for epoch = 1, epochs do
    if epoch > 1 and epoch > 0.75 * epochs then optimizer.lr = rate / 10 end
    for x, t in loader:batches() do
      optimizer:zero_grad()
      F.cross_entropy(net(x), t):backward()
      optimizer:step()
    end
    scores[epoch] = accuracy(net, test)
  end
  print(("%7d parameters, %2d epochs: test accuracy %.4f after %.0f s"):format(net:num_parameters(), epochs, scores[epochs], nnlua.clock() - begin))
  return scores
end

-- %% [markdown]
-- ## Fully connected · 완전연결
-- 784 → 50 ReLU → 10, weights of std 0.01, plain descent with learning rate 0.1: about 10,000 steps, as in chapter 5.

-- %%
T.manual_seed(1)
local flat = nn.Sequential(nn.Flatten(), nn.Linear(784, 50, {init = 0.01}), nn.ReLU(), nn.Linear(50, 10, {init = 0.01}))
local flat_scores = learn(flat, optim.SGD(flat, {lr = 0.1}), check.quick and 3 or 17)

-- %% [markdown]
-- ## With convolution · 합성곱 신경망
-- convolution 30@5×5 → ReLU → max-pool 2 → 100 ReLU → 10, Adam with learning rate 0.001.

-- %%
T.manual_seed(1)
local convnet = nn.Sequential{
  {"conv", nn.Conv2d(1, 30, 5, {init = "he"})}, {"relu1", nn.ReLU()}, {"pool", nn.MaxPool2d(2)}, {"flatten", nn.Flatten()},
  {"hidden", nn.Linear(30 * 12 * 12, 100, {init = "he"})}, {"relu2", nn.ReLU()}, {"out", nn.Linear(100, 10, {init = "he"})},
}
print(convnet:summary(1, 1, 28, 28))
local scores = learn(convnet, optim.Adam(convnet, {lr = 0.001}), check.quick and 1 or 20)
if not check.quick then T.save("simpleconvnet.safetensors", convnet:state_dict()) end

-- %%
plot.figure{width = 720, height = 420}
plot.line(flat_scores, {label = "fully connected", marker = "s"})
plot.line(scores, {label = "with convolution", marker = "o"})
plot.title("Test accuracy on MNIST")
plot.xlabel("epoch")
plot.ylim(check.quick and 0.5 or 0.9, 1)
plot.show()

-- %%
if check.quick then
  check.at_least("fully connected", flat_scores[#flat_scores], 0.8)
  check.at_least("with convolution", scores[#scores], 0.92)
else
  check("fully connected", flat_scores[#flat_scores], 0.969, 0.006)
  check.at_least("with convolution", scores[#scores], 0.989)
end
check.at_least("how much better", scores[#scores] - flat_scores[#flat_scores], 0.01)
check.done()
