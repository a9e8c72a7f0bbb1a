-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Why an activation function must bend · 활성화 함수는 왜 비선형인가
-- Layers without a bend in between collapse: however many there are, they do what one layer does.
--
--     nnlua examples/ch03/linear_layers.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, plot = nnlua.tensor, nnlua.plot
T.manual_seed(1)

-- %% [markdown]
-- ## c x, three times · 세 번 곱하기
-- With h(x) = c x as the activation, three layers give h(h(h(x))) = c³ x: one layer with c³ does the same.

-- %%
local c = 2.5
local function h(x) return c * x end
check("h(h(h(3)))", h(h(h(3))), c ^ 3 * 3, 1e-12)

-- %% [markdown]
-- ## Matrices · 행렬도 마찬가지
-- The same with weights and biases: (x W1 + b1) W2 + b2 = x (W1 W2) + (b1 W2 + b2). Here three layers become one matrix and one bias.

-- %%
local function random(shape) return T.randn(shape, {dtype = "float64"}) end
local W1, b1 = random({2, 5}), random({5})
local W2, b2 = random({5, 4}), random({4})
local W3, b3 = random({4, 3}), random({3})

local function three_layers(x, activation)
  local z1 = activation(x:matmul(W1) + b1)
  local z2 = activation(z1:matmul(W2) + b2)
  return z2:matmul(W3) + b3
end

local W = W1:matmul(W2):matmul(W3)
local b = (b1:matmul(W2) + b2):matmul(W3) + b3

local function identity(x) return x end
local x = random({100, 2})
local difference = three_layers(x, identity) - (x:matmul(W) + b)
check("three linear layers minus one, the largest difference", difference:abs():max(), 0, 1e-12)

-- %% [markdown]
-- ## With a bend · 꺾이는 함수가 있으면
-- A linear function has f(p) + f(q) = f(p + q) + f(0) for all p and q. With ReLU in between this is false, so no matrix can replace the layers.

-- %%
local function gap(activation)
  local function f(v) return three_layers(v, activation) end
  local p, q = random({100, 2}), random({100, 2})
  return (f(p) + f(q) - f(p + q) - f(p * 0)):abs():max()
end
check("departure from linear, identity", gap(identity), 0, 1e-12)
check.at_least("departure from linear, ReLU", gap(T.relu), 0.1)

-- %% [markdown]
-- Along a line through the inputs the first net stays straight; the second bends wherever a unit switches on or off.

-- %%
local s = T.linspace(-3, 3, 200, {dtype = "float64"})
local points = T.stack({s, s * 0 + 0.5}, 2)  -- x1 from −3 to 3, x2 = 0.5
plot.figure{width = 640, height = 380}
plot.line(s, three_layers(points, identity):select(2, 1), {label = "identity between the layers"})
plot.line(s, three_layers(points, T.relu):select(2, 1), {label = "ReLU between the layers"})
plot.title("Three layers with the same weights")
plot.xlabel("x1 (x2 = 0.5)")
plot.ylabel("y1")
plot.legend()
plot.show()

-- %%
check.done()
