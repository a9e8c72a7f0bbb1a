-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Why a loss and not the accuracy · 왜 정확도가 아니라 손실인가
-- In the end accuracy is what we want. But it moves in jumps: a tiny change of a weight changes no answer, so its derivative is 0
-- almost everywhere and points nowhere. The loss feels every change.
--
--     nnlua examples/ch04/why_loss.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, F, data, plot = nnlua.tensor, nnlua.nn.functional, nnlua.data, nnlua.plot
T.manual_seed(1)

-- %% [markdown]
-- ## One layer on small digits · 한 층짜리 분류기
-- The 8 × 8 digits that ship with nnlua: 64 pixels → 10 scores, with random weights and 30 steps of learning.

-- %%
local set = data.digits{split = "train", flatten = true}
local x, t = set.x:double(), set.t

local W = (0.01 * T.randn({64, 10}, {dtype = "float64"})):requires_grad_()
for _ = 1, 30 do
  W.grad = nil
  F.cross_entropy(x:matmul(W), t):backward()
  T.no_grad(function() W:sub_(W.grad * 0.5) end)
end
W = W:detach()

local function loss(w) return F.cross_entropy(x:matmul(w), t):item() end
local function accuracy(w) return x:matmul(w):argmax(2):eq(t):double():mean():item() end
print(("loss %.4f, accuracy %.4f"):format(loss(W), accuracy(W)))

-- %% [markdown]
-- ## One weight, a tiny push · 가중치 하나를 조금 움직이면
-- Weight (29, 4) joins a pixel in the middle to the fourth class, the digit 3. Push it by ±10⁻⁶ and divide the change by the push.

-- %%
local function pushed(amount)
  local w = W:clone()
  w[{29, 4}] = w[{29, 4}] + amount
  return w
end
local h = 1e-6
local function slope(measure) return (measure(pushed(h)) - measure(pushed(-h))) / (2 * h) end

print(("slope of the loss: %.6f, of the accuracy: %g"):format(slope(loss), slope(accuracy)))
check("slope of the accuracy", slope(accuracy), 0)
check.at_least("slope of the loss, absolute", math.abs(slope(loss)), 1e-4)

-- %% [markdown]
-- The same weight pushed far: the loss is a smooth valley. The accuracy looks like a hill, but seen closely it is a flight of steps:
-- it moves only when one of the 1,437 images changes sides.

-- %%
local function curve(measure, farthest)
  local pushes, values = T.linspace(-farthest, farthest, 201):totable(), {}
  for i, push in ipairs(pushes) do values[i] = measure(pushed(push)) end
  plot.line(pushes, values)
  plot.xlabel("change of one weight")
end

plot.figure{width = 1200, height = 340, rows = 1, cols = 3}
plot.subplot(1, 3, 1)
curve(loss, 6)
plot.title("Loss")
plot.subplot(1, 3, 2)
curve(accuracy, 6)
plot.title("Accuracy")
plot.subplot(1, 3, 3)
curve(accuracy, 0.3)
plot.title("Accuracy, seen closely")
plot.show()

-- %% [markdown]
-- ## The step function, too · 계단 함수도 마찬가지
-- For the same reason networks use no step as activation: its slope is 0 wherever it has one. A sigmoid's is never 0.

-- %%
local z = T.range(-3.95, 3.95, 0.1, {dtype = "float64"})
local function slopes(f) return (f(z + 1e-4) - f(z - 1e-4)) / 2e-4 end
check("slopes of the step, the largest", slopes(F.step):abs():max(), 0)
check.at_least("slopes of the sigmoid, the smallest", slopes(F.sigmoid):min(), 0.01)

-- %%
check.done()
