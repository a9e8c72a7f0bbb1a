-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Gradient check of the convolutional network · 합성곱 신경망의 기울기 확인
-- The way back through a convolution has many places to go wrong in: a transpose, a sum over the wrong dim, a window a pixel off.
-- So before anything is learned, backward is compared with the numerical gradient.
--
--     nnlua examples/ch07/gradient_check.lua [--quick]
--
-- `--quick`: 3 filters instead of 10.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.plot
local layers = require "conv_layers"
T.manual_seed(1)

-- %% [markdown]
-- ## The layers of this chapter · 직접 만든 계층
-- As in the book: one picture of 10 × 10 random numbers, 10 filters of 3 × 3, 10 units; float64. The step is 10⁻⁶ and not 10⁻⁴:
-- ReLU and max-pooling have kinks, and with weights this small (0.01) the longer step now and then pushes a unit over one, where
-- slopes on both sides differ. Then the check would complain about a backward that is right.
-- (b3's 10⁻⁷ is the 1e−7 inside the loss's logarithm, as in chapter 5.)

-- %%
local function compare(net, x, t)
  local by_backward, differences = net:gradient(x, t), {}
  for i, name in ipairs(net.names) do
    local numerical = T.numerical_gradient(function() return net:loss(x, t) end, net.weights[name], 1e-6)
    differences[i] = (numerical - by_backward[name]):abs():mean():item()
    print(("%s %-14s mean difference %.3e  %s"):format(name, table.concat(net.weights[name].shape, "×"), differences[i],
      differences[i] < 1e-6 and "pass" or "FAIL"))
  end
  return differences
end

local net = layers.SimpleConvNet{channels = 1, side = 10, filters = check.quick and 3 or 10, size = 3, hidden = 10, dtype = "float64"}
local x, t = T.rand({1, 1, 10, 10}, {dtype = "float64"}), T.tensor{2}
local right = compare(net, x, t)
for i, difference in ipairs(right) do
  check.at_most(net.names[i] .. ", mean difference", difference, 1e-6)
end

-- %% [markdown]
-- ## A mistake is seen · 실수는 드러난다
-- A ReLU that forgets to stop what it stopped: only the convolution before it is wrong, and only there the check says FAIL.

-- %%
local relu = net.list[2]
local right_backward = relu.backward
relu.backward = function(_, dout) return dout end
local wrong = compare(net, x, t)
relu.backward = right_backward

plot.figure{width = 820, height = 400}
plot.line(right, {label = "right", style = "none", marker = "o"})
plot.line(wrong, {label = "ReLU lets all pass", style = "none", marker = "x"})
plot.axhline(1e-6, {color = "gray"})
plot.yscale("log")
plot.xticks({1, 2, 3, 4, 5, 6}, net.names)
plot.xlim(0.5, 6.5)
plot.title("Backward and central differences: mean difference")
plot.show()
check.at_least("the convolution's difference", wrong[1], 1e-6)
check.at_most("the other layers'", math.max(wrong[3], wrong[4], wrong[5], wrong[6]), 1e-6)

-- %% [markdown]
-- ## nnlua's own layers · nnlua의 계층
-- `T.gradcheck` pushes every single number; two pictures, stride and padding too.

-- %%
local own = nn.Sequential(nn.Conv2d(1, 3, 3, {stride = 2, padding = 1}), nn.Tanh(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 10)):to("float64")
local pictures, labels = T.rand({2, 1, 8, 8}, {dtype = "float64"}), T.tensor{3, 10}
local good, report = T.gradcheck(function() return F.cross_entropy(own(pictures), labels) end, own:parameters())
print(good, report or "")
check.that("T.gradcheck", good)

-- %%
check.done()
