-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Ways downhill · 매개변수를 갱신하는 여러 방법
-- f(x, y) = x²/20 + y² is a long narrow valley. From (−7, 2) the gradient points at the near wall, not at the lowest point (0, 0):
-- plain descent zigzags. Each optimizer has its own remedy.
--
--     nnlua examples/ch06/optimizer_paths.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, optim, plot = nnlua.tensor, nnlua.optim, nnlua.plot
T.set_default_dtype("float64")

local function f(x, y) return x ^ 2 / 20 + y ^ 2 end

-- %% [markdown]
-- ## Thirty steps · 서른 걸음
-- `make` gets the list of tensors that are to be moved and returns an optimizer. The path has 31 points, the first is the start.

-- %%
local function walk(make)
  local x, y = T.tensor(-7, {requires_grad = true}), T.tensor(2, {requires_grad = true})
  local optimizer = make{x, y}
  local xs, ys = {x:item()}, {y:item()}
  for i = 2, 31 do
    optimizer:zero_grad()
    f(x, y):backward()
    optimizer:step()
    xs[i], ys[i] = x:item(), y:item()
  end
  return xs, ys
end

-- %% [markdown]
-- ## The five, and one more · 다섯 가지 방법
-- - **SGD** x ← x − η g. η = 0.95 is nearly too much for y: every step lands on the other side.
-- - **Momentum** v ← α v − η g, x ← x + v with α = 0.9: pushes along x add up, those across the valley cancel. Once with η = 0.1, once with
--   SGD's 0.95, where the ball swings far up the walls.
-- - **AdaGrad** h ← h + g², x ← x − η g/√h: a coordinate that has moved much moves less. Its steps never grow again.
-- - **RMSProp** the same with a mean that forgets, so that it goes on; near the bottom the steps stay about as long as η.
-- - **Adam** momentum and a forgetting mean together.

-- %%
local ways = {
  {"SGD 0.95", function(p) return optim.SGD(p, {lr = 0.95}) end},
  {"Momentum 0.1", function(p) return optim.Momentum(p, {lr = 0.1}) end},
  {"Momentum 0.95", function(p) return optim.Momentum(p, {lr = 0.95}) end},
  {"AdaGrad 1.5", function(p) return optim.Adagrad(p, {lr = 1.5, eps = 1e-7}) end},
  {"RMSProp 0.3", function(p) return optim.RMSprop(p, {lr = 0.3, alpha = 0.9}) end},
  {"Adam 0.3", function(p) return optim.Adam(p, {lr = 0.3}) end},
}

local gx, gy = T.linspace(-10, 10, 81), T.linspace(-5, 5, 81)
local z = f(gx:unsqueeze(1), gy:unsqueeze(2))
local heights = {0.1, 0.5, 1, 2, 4, 7, 11, 16, 22}

plot.figure{width = 1100, height = 620, rows = 2, cols = 3, title = "30 steps on x²/20 + y²"}
local last = {}
for i, way in ipairs(ways) do
  local xs, ys = walk(way[2])
  last[way[1]] = f(xs[31], ys[31])
  print(("%-14s ends at (%8.4f, %8.4f), f = %.5f"):format(way[1], xs[31], ys[31], last[way[1]]))
  plot.subplot(2, 3, i)
  plot.contour(gx, gy, z, {levels = heights, color = "#bbbbbb", width = 1})
  plot.line(xs, ys, {marker = "o", color = i})
  plot.scatter({0}, {0}, {marker = "+", color = "black", size = 1.5})
  plot.title(("%s: f = %.5f"):format(way[1], last[way[1]]))
  plot.xlim(-10, 10)
  plot.ylim(-5, 5)
end
plot.show()

-- %% [markdown]
-- ## Who is lowest · 누가 가장 낮은가
-- AdaGrad, here: this valley has one bottom and a gradient without noise. On real losses the order is another (optimizers_mnist.lua).

-- %%
check("SGD after 30 steps", last["SGD 0.95"], 0.0133, 5e-5)
check("Momentum after 30 steps", last["Momentum 0.1"], 0.0479, 5e-5)
check("AdaGrad after 30 steps", last["AdaGrad 1.5"], 0.00072, 5e-6)
check("Adam after 30 steps", last["Adam 0.3"], 0.102, 5e-4)
local lowest = math.huge
for _, height in pairs(last) do lowest = math.min(lowest, height) end
check("the lowest is AdaGrad's", lowest, last["AdaGrad 1.5"])
check.done()
