-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # The gradient of a network · 신경망의 기울기
-- A network's loss is a function of its weights, so it has a gradient too: one number for each weight, of the weights' own shape.
--
--     nnlua examples/ch04/simple_net.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, F, plot = nnlua.tensor, nnlua.nn.functional, nnlua.plot
T.set_default_dtype("float64")

-- %% [markdown]
-- ## The smallest network · 가장 작은 신경망
-- Two inputs, three scores, one matrix W of 2 × 3 weights. The book draws it at random; these are the numbers it prints.

-- %%
local W = T{{0.25343684, 0.35021319, 0.00181282}, {-0.73577111, -1.14089259, 1.23751323}}
local x = T{0.6, 0.9}
local t = T{0, 0, 1}  -- the third class, as one-hot

local function predict() return x:matmul(W) end

-- Cross entropy as defined. (The 1e−7 that guards the logarithm of 0 would change the seventh digit.)
local function loss()
  local y = F.softmax(predict(), 1)
  return -(t * y:log()):sum():item()
end

local p = predict()
print("scores p", p, "predicted class", p:argmax():item())
print(("loss %.8f"):format(loss()))
check("scores p", p, {-0.5101319, -0.81667542, 1.1148496}, 1e-7)
check("the largest is the third", p:argmax(), 3)
check("loss", loss(), 0.29404355, 5e-9)

-- %% [markdown]
-- ## Its gradient · 기울기
-- `T.numerical_gradient` changes W element by element; `loss` reads W, so its own argument is not needed.

-- %%
local dW = T.numerical_gradient(function() return loss() end, W)
print("dW", dW)
check("dW, numerically", dW, {{0.0880, 0.0648, -0.1529}, {0.1321, 0.0972, -0.2293}}, 5e-5)

-- %% [markdown]
-- Read it so: if W[1][1] grows by h, the loss grows by 0.088 h; if W[2][3] grows by h, it falls by 0.23 h. So the first goes down, the
-- last goes up. The formula of chapter 5 says xᵀ (y − t), and the tape finds the same.

-- %%
local y = F.softmax(p, 1)
check("dW by the formula", x:outer(y - t), dW, 1e-6)

local followed = W:clone():requires_grad_()
local batch = x:unsqueeze(1)  -- a batch of one: cross_entropy wants a row for every sample, and a label for every row
F.cross_entropy(batch:matmul(followed), T.tensor({3}, {dtype = "int64"})):backward()
check("dW by the tape", followed.grad, dW, 1e-6)

-- %% [markdown]
-- ## One step downhill · 한 걸음 내려가기

-- %%
local before = loss()
W = W - 0.5 * dW
print(("loss %.6f, after a step against the gradient %.6f"):format(before, loss()))
check.at_most("loss after a step", loss(), before - 0.03)

-- %% [markdown]
-- ## A loss of 6.063616 in study notes · 노트에 나오는 6.063616
-- Some notes print 6.063616 for this network. There a cross entropy that expects *labels* is handed the one-hot vector (0, 0, 1) and
-- takes it for three labels, 0, 0 and 1: it adds up the first class twice and the second once, never the right one.
-- nnlua's labels count from 1, and a label of 0 is an error.

-- %%
local tiny = 1e-7  -- the book's, in those notes' logarithms
local wrong = -(math.log(y[1] + tiny) + math.log(y[1] + tiny) + math.log(y[2] + tiny))
print(("the slip gives %.6f"):format(wrong))
check("the slip's loss", wrong, 6.063616, 2e-6)
local accepted, message = pcall(F.cross_entropy, T.stack({p, p, p}, 1), T.tensor({0, 0, 1}, {dtype = "int64"}))
print(message)
check("labels of 0 are accepted", accepted, false)

-- %% [markdown]
-- ## The gradient as a picture · 그림으로 보는 기울기
-- Blue weights are to grow, red ones to shrink: those that lead to the third class grow.

-- %%
plot.figure{width = 560, height = 360}
plot.imshow(dW, {colormap = "coolwarm", range = {-0.25, 0.25}})
for i = 1, 2 do
  for j = 1, 3 do plot.annotate(("%.4f"):format(dW[i][j]), j, i, {align = "center"}) end
end
plot.colorbar()
plot.xticks({1, 2, 3}, {"class 1", "class 2", "class 3"})
plot.yticks({1, 2}, {"x1", "x2"})
plot.title("dW: derivative of the loss by each weight")
plot.show()

-- %%
check.done()
