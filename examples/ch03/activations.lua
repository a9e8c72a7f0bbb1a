-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Activation functions · 활성화 함수
-- Between two layers every number passes through an activation function. Without it layers would be worth nothing
-- (see linear_layers.lua); which one it is decides how well a network learns.
--
--     nnlua examples/ch03/activations.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, F, plot = nnlua.tensor, nnlua.nn.functional, nnlua.plot

-- %% [markdown]
-- ## Five functions · 다섯 가지 함수
-- Each is a line of tensor operations and takes a tensor of any shape: every element by itself.

-- %%
local function step(x) return x:gt(0):to(x.dtype) end          -- 0 at 0, as the perceptron's strict >
local function sigmoid(x) return 1 / (1 + (-x):exp()) end
local function tanh(x) return 2 * sigmoid(2 * x) - 1 end       -- a sigmoid from −1 to 1
local function relu(x) return x:maximum(0) end
local function identity(x) return x end

local x = T.tensor({-1, 1, 2}, {dtype = "float64"})
check("step(0)", step(T.tensor{-1, 0, 1}), {0, 0, 1})
check("sigmoid", sigmoid(x), {0.26894142, 0.73105858, 0.88079708}, 1e-8)
check("tanh", tanh(x), {-0.76159416, 0.76159416, 0.96402758}, 1e-8)
check("relu", relu(x), {0, 1, 2})

-- %% [markdown]
-- nnlua has them all: as functions (`F.relu`), as methods (`x:relu()`) and as layers (`nn.ReLU()`).

-- %%
local grid = T.range(-5, 5, 0.01, {dtype = "float64"})
check("nnlua's step", F.step(grid), step(grid))
check("nnlua's sigmoid", F.sigmoid(grid), sigmoid(grid), 1e-12)
check("nnlua's tanh", F.tanh(grid), tanh(grid), 1e-12)
check("nnlua's ReLU", F.relu(grid), relu(grid))

-- %% [markdown]
-- ## Their shapes · 그래프
-- Sigmoid is symmetric about the point (0, 0.5): sigmoid(−x) = 1 − sigmoid(x). Tanh is symmetric about the origin: tanh(−x) = −tanh(x).

-- %%
check("sigmoid is symmetric about (0, .5)", sigmoid(-grid), 1 - sigmoid(grid), 1e-12)
check("tanh is symmetric about (0, 0)", tanh(-grid), -tanh(grid), 1e-12)

plot.figure{width = 960, height = 380, rows = 1, cols = 2}
plot.subplot(1, 2, 1)
plot.line(grid, step(grid), {label = "step", style = "--"})
plot.line(grid, sigmoid(grid), {label = "sigmoid"})
plot.line(grid, tanh(grid), {label = "tanh"})
plot.title("Bounded")
plot.xlabel("x")
plot.ylim(-1.1, 1.1)
plot.legend()
plot.subplot(1, 2, 2)
plot.line(grid, relu(grid), {label = "ReLU"})
plot.line(grid, identity(grid), {label = "identity", style = "--"})
plot.title("Unbounded")
plot.xlabel("x")
plot.legend()
plot.show()

-- %% [markdown]
-- ## Large inputs · 큰 입력
-- exp(800) is more than a float can hold, so it becomes infinite. 1 / (1 + ∞) is still 0. But tanh written as
-- (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), as in many notes, is ∞ / ∞ there: not a number. nnlua's own functions stay finite everywhere.

-- %%
local large = T.tensor({-800, 0, 800}, {dtype = "float64"})
check("sigmoid at ±800", F.sigmoid(large), {0, 0.5, 1})
check("tanh at ±800", F.tanh(large), {-1, 0, 1})
check("relu at ±800", F.relu(large), {0, 0, 800})
check("step at ±800", F.step(large), {0, 0, 1})
local naive = (large:exp() - (-large):exp()) / (large:exp() + (-large):exp())
check("the naive tanh: where it is not a number", naive:isnan():long(), {1, 0, 1})

-- %%
check.done()
