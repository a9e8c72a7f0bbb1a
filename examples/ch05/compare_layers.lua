-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Our layers against nnlua's · nnlua의 계층과 비교
-- The same input through our layer and nnlua's, the same derivative back: ours by hand, nnlua's by the tape.
--
--     nnlua examples/ch05/compare_layers.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F = nnlua.tensor, nnlua.nn, nnlua.nn.functional
local layers = require "layers"
T.manual_seed(1)

-- %% [markdown]
-- ## ReLU and Sigmoid · 활성화 계층
-- The tape follows a copy of x, starts from the derivative `dout` and leaves the derivative by x in its `grad`.

-- %%
local x, dout = T.randn({6, 4}, {dtype = "float64"}), T.randn({6, 4}, {dtype = "float64"})

local function largest_difference(a, b) return (a - b):abs():max():item() end

-- Of the results and of the derivatives.
local function differences(own, theirs)
  local followed = x:clone():requires_grad_()
  local y = theirs(followed)
  y:backward(dout)
  return {largest_difference(own:forward(x), y:detach()), largest_difference(own:backward(dout), followed.grad)}
end
check("ReLU minus nn.ReLU: forward, backward", differences(layers.ReLU(), nn.ReLU()), {0, 0}, 1e-12)
check("Sigmoid minus nn.Sigmoid", differences(layers.Sigmoid(), nn.Sigmoid()), {0, 0}, 1e-12)

-- %% [markdown]
-- ## Affine and nn.Linear · 어파인 변환
-- nn.Linear keeps its weight as outputs × inputs: the transpose of the book's W.

-- %%
local linear = nn.Linear(4, 4):to("float64")
local affine = layers.Affine(linear.weight:detach():t(), linear.bias:detach())
check("Affine minus nn.Linear", differences(affine, linear), {0, 0}, 1e-12)
check("Affine, dW", largest_difference(affine.dW, linear.weight.grad:t()), 0, 1e-12)
check("Affine, db", largest_difference(affine.db, linear.bias.grad), 0, 1e-12)

-- %% [markdown]
-- ## Softmax with loss · Softmax-with-Loss
-- The book adds 1e−7 inside the logarithm, nnlua has no need to: its softmax and logarithm are one function.

-- %%
local softmax_loss = layers.SoftmaxWithLoss()
local labels = T.tensor({1, 2, 3, 4, 4, 3}, {dtype = "int64"})
local followed = x:clone():requires_grad_()
local loss = F.cross_entropy(followed, labels)
loss:backward()
check("SoftmaxWithLoss minus F.cross_entropy", softmax_loss:forward(x, labels) - loss:item(), 0, 1e-5)
check("SoftmaxWithLoss, backward", largest_difference(softmax_loss:backward(), followed.grad), 0, 1e-12)

-- %% [markdown]
-- ## A whole network · 신경망 전체
-- The same weights in both: the gradient of the loss by each of them.

-- %%
local net = layers.TwoLayerNet(4, 5, 3, 1, "float64")
local weights = {}
for name, value in pairs(net.weights) do weights[name] = value:clone():requires_grad_() end
labels = T.tensor({1, 2, 3, 3, 2, 1}, {dtype = "int64"})
local hidden = (x:matmul(weights.W1) + weights.b1):relu()
F.cross_entropy(hidden:matmul(weights.W2) + weights.b2, labels):backward()

local gradient = net:gradient(x, labels)
for _, name in ipairs{"W1", "b1", "W2", "b2"} do
  check("TwoLayerNet, d" .. name, largest_difference(gradient[name], weights[name].grad), 0, 1e-12)
end

-- %%
check.done()
