-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Gradient check · 기울기 확인
-- Backward is fast but easy to get wrong; the numerical gradient is slow but simple. Where both agree, backward is right.
--
--     nnlua examples/ch05/gradient_check.lua [--quick]
--
-- `--quick`: digits of 8 × 8 pixels instead of MNIST's 28 × 28, so that there are fewer weights to push.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.plot
local layers = require "layers"
T.manual_seed(1)

-- %% [markdown]
-- ## Backward against numbers · 역전파와 수치 미분
-- The network of layers.lua on three images, in float64 (with float32 the small pushes of 10⁻⁴ would drown in rounding).
-- For each weight tensor the mean of the differences: the book sees 10⁻¹⁰ to 10⁻⁷; anything like 0.01 is a mistake in backward.
-- (b2's 10⁻⁷ is the 1e−7 inside the loss's logarithm, which the beautiful (y − t) / N leaves out.)

-- %%
local set = check.quick and data.digits{flatten = true} or data.mnist{flatten = true}
local x, t = set.x[{ {1, 3} }]:double(), set.t[{ {1, 3} }]
local net = layers.TwoLayerNet(x:size(2), 50, 10, 0.01, "float64")

local by_backward = net:gradient(x, t)
local bars, heights = {}, {}
for _, name in ipairs{"W1", "b1", "W2", "b2"} do
  local numerical = T.numerical_gradient(function() return net:loss(x, t) end, net.weights[name])
  local difference = (numerical - by_backward[name]):abs():mean():item()
  bars[#bars + 1], heights[#heights + 1] = name, difference
  print(("%s: mean difference %.3e  %s"):format(name, difference, difference < 1e-6 and "pass" or "FAIL"))
  check.at_most(name .. ", mean difference", difference, 1e-6)
end

-- %% [markdown]
-- ## A mistake is seen · 실수는 드러난다
-- What if Affine forgot to sum db over the samples and took the first row's? The check tells at once.

-- %%
local forgetful = net.list[3]
local dout = net.last:backward()
local numerical = T.numerical_gradient(function() return net:loss(x, t) end, forgetful.b)
local difference = (numerical - dout[1]):abs():mean():item()
print(("db of one sample only: mean difference %.3e  %s"):format(difference, difference < 1e-6 and "pass" or "FAIL"))
check.at_least("the mistake's difference", difference, 1e-3)

bars[5], heights[5] = "b2, wrong", difference
plot.figure{width = 640, height = 400}
plot.bar(bars, heights)
plot.axhline(1e-6, {color = "gray"})
plot.yscale("log")
plot.ylim(1e-13, 1)
plot.title("Backward and central differences: mean difference")
plot.show()

-- %% [markdown]
-- ## nnlua's own check · nnlua의 gradcheck
-- `T.gradcheck` does this for any function that the tape follows: true, or false and a report.

-- %%
local own = nn.Sequential(nn.Linear(x:size(2), 5), nn.Sigmoid(), nn.Linear(5, 10)):to("float64")
local good, report = T.gradcheck(function() return F.cross_entropy(own(x), t) end, own:parameters())
print(good, report or "")
check.that("T.gradcheck", good)

-- A function with a wrong backward: the derivative of x² is not x.
local wrong_square = T.custom{
  name = "wrong square",
  forward = function(ctx, v) ctx:save(v); return v * v end,
  backward = function(ctx, g) return g * ctx.saved[1] end,
}
good, report = T.gradcheck(wrong_square, T.tensor({1, 2, 3}, {dtype = "float64", requires_grad = true}))
print(good, report)
check("T.gradcheck of a wrong backward", good, false)

-- %%
check.done()
