-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # The last layer fits the task · 출력층은 문제에 맞게
-- A number to be predicted: identity. One of several classes: softmax. Yes or no: sigmoid.
-- Three small networks, the same but for the last layer and the loss that goes with it.
--
--     nnlua examples/ch03/output_by_task.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, optim, data, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.optim, nnlua.data, nnlua.plot
T.manual_seed(1)

-- How training works is told in chapter 4; here it is only needed to have networks that answer.
local function train(net, loss, x, t, steps)
  local optimizer = optim.Adam(net, {lr = 0.02})
  for _ = 1, steps do
    optimizer:zero_grad()
    loss(net(x), t):backward()
    optimizer:step()
  end
  return function(input) return T.no_grad(function() return net(input) end) end
end

-- %% [markdown]
-- ## Regression: identity · 회귀: 항등 함수
-- The answer is a number of any size, so the last sum is left as it is. Loss: the mean squared error.

-- %%
local x = T.linspace(-3, 3, 60):unsqueeze(2)
local t = x:sin() + 0.1 * T.randn(60, 1)
local regression = train(nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1), nn.Identity()), nn.MSELoss(), x, t, 400)
local error = (regression(x) - x:sin()):abs():mean():item()
print(("regression: mean distance from the sine %.3f (the noise was 0.1)"):format(error))
check.at_most("regression, mean distance from the sine", error, 0.1)

-- %% [markdown]
-- ## Several classes: softmax · 다중 클래스 분류: 소프트맥스
-- One output a class, all positive, with the sum 1. `nn.CrossEntropyLoss` takes the scores *before* softmax and does both in one,
-- which is exact and stable; so softmax is put on only to read the answer. (The book's cross entropy takes the probabilities.)

-- %%
local clouds = data.blobs{classes = 3, points = 40, std = 1.5, seed = 2}
local scores = train(nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 3)), nn.CrossEntropyLoss(), clouds.x, clouds.t, 200)
local function classes(input) return F.softmax(scores(input), 2) end
local p = classes(clouds.x)
print("three classes: the first point has the probabilities", p[1])
check("classes: each row sums to 1", p:sum(2), T.ones(120), 1e-5)
check.at_least("classes: right answers", p:argmax(2):eq(clouds.t):double():mean(), 0.9)

-- %% [markdown]
-- ## Yes or no: sigmoid · 이진 분류: 시그모이드
-- One output between 0 and 1, the probability of "yes". Loss: binary cross entropy.
-- The labels count from 1 (classes "0" and "1"), so the target is label − 1.

-- %%
local moons = data.moons{points = 80, noise = 0.12, seed = 3}
local target = (moons.t - 1):float():unsqueeze(2)
local binary = train(nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1), nn.Sigmoid()), nn.BCELoss(), moons.x, target, 400)
local answer = binary(moons.x)
check.that("binary: between 0 and 1", answer:min():item() >= 0 and answer:max():item() <= 1)
check.at_least("binary: right answers", answer:gt(0.5):eq(target:gt(0.5)):double():mean(), 0.95)

-- %% [markdown]
-- ## The three answers · 세 가지 답

-- %%
plot.figure{width = 1200, height = 380, rows = 1, cols = 3}
plot.subplot(1, 3, 1)
plot.scatter(x:flatten(), t:flatten(), {label = "data"})
plot.line(x:flatten(), regression(x):flatten(), {label = "identity"})
plot.title("Regression")
plot.legend()
plot.subplot(1, 3, 2)
plot.boundary(function(input) return classes(input):argmax(2) end, clouds.x, clouds.t)
plot.title("Classes: softmax")
plot.subplot(1, 3, 3)
plot.boundary(function(input) return binary(input):squeeze(2):gt(0.5):long() + 1 end, moons.x, moons.t)
plot.title("Yes or no: sigmoid")
plot.show()

-- %%
check.done()
