-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Gradient descent · 경사 하강법
-- Take a step against the gradient, look again, take the next: x ← x − η ∂f/∂x. The learning rate η says how long the steps are.
--
--     nnlua examples/ch04/gradient_descent.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, optim, plot = nnlua.tensor, nnlua.optim, nnlua.plot
T.set_default_dtype("float64")

local function f(x) return x:square():sum() end  -- x0² + x1²

-- %% [markdown]
-- ## The method · 방법
-- `x - lr * grad` by itself only computes a value: it must be *assigned*, or nothing is learned.

-- %%
local function gradient_descent(f, start, lr, steps)
  local x = start
  for _ = 1, steps do
    x = x - lr * T.numerical_gradient(f, x)
  end
  return x
end

local start = T{-3, 4}
local x = gradient_descent(f, start, 0.1, 100)
print(("lr 0.1, 100 steps: (%.8e, %.8e)"):format(x[1], x[2]))
check("lr 0.1", x, {-6.11110793e-10, 8.14814391e-10}, 5e-18)
check("the start is as it was", start, {-3, 4})

-- %% [markdown]
-- Each step multiplies x by 1 − 2η = 0.8, for the gradient is 2x: after 100 steps −3 · 0.8¹⁰⁰ and 4 · 0.8¹⁰⁰ are left.

-- %%
check("lr 0.1, by the formula", x, {-3 * 0.8 ^ 100, 4 * 0.8 ^ 100}, 1e-15)

-- %% [markdown]
-- ## Steps too long, too short · 학습률이 너무 크거나 작으면
-- With η = 10 every step multiplies by −19 and flies away, until numbers near 10¹³ drown the numerical gradient's small step
-- in rounding; with 10⁻¹⁰ hardly anything happens. (A *forgotten* learning rate is η = 1:
-- x jumps to −x and back for ever.)

-- %%
local too_long = gradient_descent(f, start, 10, 100)
local too_short = gradient_descent(f, start, 1e-10, 100)
local forgotten = gradient_descent(f, start, 1, 100)
print("lr 10:   ", ("(%.6e, %.6e)"):format(too_long[1], too_long[2]))
print("lr 1e-10:", ("(%.8f, %.8f)"):format(too_short[1], too_short[2]))
print("lr 1:    ", ("(%.8f, %.8f)"):format(forgotten[1], forgotten[2]))
check("lr 10", too_long / 1e12, {-25.8983747, -1.29524862}, 1e-6)
check("lr 1e-10: still at the start", too_short, {-3, 4}, 1e-6)
check("lr 1: back at the start", forgotten, {-3, 4}, 1e-6)

-- %% [markdown]
-- ## The path · 이동 경로
-- `optim.gradient_descent` does the same with the tape's exact gradient, and returns the path too.

-- %%
local last, path = optim.gradient_descent(f, start, {lr = 0.1, steps = 100})
check("optim.gradient_descent", last, x, 1e-15)
check("the path's shape", path.shape, {101, 2})

-- %% [markdown]
-- The path on the contours, and the height f at every step for several learning rates: a straight line down on a logarithmic scale
-- means a constant factor a step. 0.45 is nearly best here, 0.8 overshoots to and fro, 1.02 climbs.

-- %%
local side = T.linspace(-5, 5, 61)
local x0, x1 = T.meshgrid(side, side)

plot.figure{width = 1100, height = 430, rows = 1, cols = 2}
plot.subplot(1, 2, 1)
plot.contour(x0, x1, x0:square() + x1:square())
plot.line(path:select(2, 1), path:select(2, 2), {label = "lr 0.1", marker = true, color = "red"})
plot.title("Downhill on x0^2 + x1^2")
plot.xlabel("x0")
plot.ylabel("x1")
plot.legend("bottom left")

plot.subplot(1, 2, 2)
for _, lr in ipairs{1e-10, 0.01, 0.1, 0.45, 0.8, 1.02} do
  local _, walk = optim.gradient_descent(f, start, {lr = lr, steps = 20})
  plot.line(T.range(0, 20), walk:square():sum(2), {label = ("lr %g"):format(lr)})
end
plot.yscale("log")
plot.ylim(1e-10, 1e4)
plot.title("f at every step")
plot.xlabel("step")
plot.legend("outside")
plot.show()

-- %%
check.done()
