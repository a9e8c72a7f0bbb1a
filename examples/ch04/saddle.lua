-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # A gradient of zero is not always a minimum · 기울기가 0이어도 최솟값은 아니다
-- Where the gradient is zero, learning stands still. That may be the lowest place, or a saddle, or a plain so flat that it hardly matters.
--
--     nnlua examples/ch04/saddle.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, optim, plot = nnlua.tensor, nnlua.optim, nnlua.plot
T.set_default_dtype("float64")

-- %% [markdown]
-- ## A saddle · 안장점
-- x0² − x1² at (0, 0): the gradient is zero, but it is the lowest point along x0 and the *highest* along x1.

-- %%
local function saddle(x) return x[1] ^ 2 - x[2] ^ 2 end

check("the gradient at (0, 0)", T.numerical_gradient(saddle, T{0, 0}), {0, 0}, 1e-12)
check.that("higher along x0", saddle(T{0.1, 0}) > saddle(T{0, 0}))
check.that("lower along x1", saddle(T{0, 0.1}) < saddle(T{0, 0}))

-- %% [markdown]
-- From (1, 0) the walk downhill ends on the saddle. From (1, 0.000001), a hair beside, it comes close, lingers, and escapes.

-- %%
local stuck, stuck_path = optim.gradient_descent(saddle, T{1, 0}, {lr = 0.1, steps = 80})
local free, free_path = optim.gradient_descent(saddle, T{1, 1e-6}, {lr = 0.1, steps = 80})
print("from (1, 0):       ", stuck)
print("from (1, 0.000001):", free)
check("from (1, 0): on the saddle", stuck, {0, 0}, 1e-6)
check.at_least("from a hair beside: x1 at the end", free[2], 1)

local side = T.linspace(-2, 2, 41)
local x0, x1 = T.meshgrid(side, side)

plot.figure{width = 1040, height = 420, rows = 1, cols = 2}
plot.subplot(1, 2, 1)
plot.surface(x0, x1, x0:square() - x1:square())
plot.title("x0^2 - x1^2")
plot.xlabel("x0")
plot.ylabel("x1")
plot.subplot(1, 2, 2)
plot.contour(x0, x1, x0:square() - x1:square())
plot.line(free_path:select(2, 1), free_path:select(2, 2), {label = "from (1, 0.000001)", marker = true})
plot.line(stuck_path:select(2, 1), stuck_path:select(2, 2), {label = "from (1, 0)", marker = true})
plot.xlim(-2, 2)
plot.ylim(-2, 2)
plot.title("Two walks")
plot.xlabel("x0")
plot.ylabel("x1")
plot.legend("bottom left")
plot.show()

-- %% [markdown]
-- ## A plateau · 고원
-- tanh(x)² is lowest at 0. From 0.5 the walk gets there; from 8, where the curve is nearly level, it does not move.

-- %%
local function valley(x) return x:tanh():square():sum() end
local near = optim.gradient_descent(valley, T{0.5}, {lr = 0.1, steps = 100})
local far = optim.gradient_descent(valley, T{8}, {lr = 0.1, steps = 100})
check("from 0.5 to", near, {0}, 1e-3)
check("from 8 to", far, {8}, 1e-3)

local x = T.linspace(-10, 10, 201)
plot.figure{width = 560, height = 320}
plot.line(x, x:tanh():square())
plot.scatter({0.5, 8}, {valley(T{0.5}):item(), valley(T{8}):item()}, {label = "starts"})
plot.title("tanh(x)^2")
plot.xlabel("x")
plot.legend()
plot.show()

-- %%
check.done()
