-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # The gradient · 기울기
-- All partial derivatives of a function together are a vector at every point: the gradient. It points to where the function
-- *rises* fastest. (Notes that say "to the fastest decrease" have the sign wrong; learning walks against it.)
--
--     nnlua examples/ch04/gradient_field.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, plot = nnlua.tensor, nnlua.plot
T.set_default_dtype("float64")

local function f(x) return x:square():sum():item() end  -- x0² + x1² + …

-- %% [markdown]
-- ## One element at a time · 한 원소씩
-- Push an element by h, then by −h, divide, and put it back as it was. `x` may have any shape: a vector here, a weight matrix in a
-- network. (Divide by 2h in parentheses, and restore the element: two common slips.)

-- %%
local function numerical_gradient(f, x)
  local h = 1e-4
  local grad = T.zeros_like(x)
  local elements, slopes = x:view(-1), grad:view(-1)  -- the same numbers in a row
  for i = 1, #elements do
    local value = elements[i]
    elements[i] = value + h
    local above = f(x)
    elements[i] = value - h
    local below = f(x)
    elements[i] = value
    slopes[i] = (above - below) / (2 * h)
  end
  return grad
end

check("at (3, 4)", numerical_gradient(f, T{3, 4}), {6, 8}, 1e-8)
check("at (0, 2)", numerical_gradient(f, T{0, 2}), {0, 4}, 1e-8)
check("at (3, 0)", numerical_gradient(f, T{3, 0}), {6, 0}, 1e-8)

local matrix = T{{1, 2, 3}, {4, 5, 6}}
check("of a matrix", numerical_gradient(f, matrix), {{2, 4, 6}, {8, 10, 12}}, 1e-8)
check("the matrix afterwards", matrix, {{1, 2, 3}, {4, 5, 6}})

-- %% [markdown]
-- nnlua has the same as `T.numerical_gradient`, and the exact way of chapter 5: the tape, with `backward`.

-- %%
local x = T.tensor({3, 4}, {requires_grad = true})
x:square():sum():backward()
check("T.numerical_gradient", T.numerical_gradient(f, T{3, 4}), {6, 8}, 1e-8)
check("the tape", x.grad, {6, 8})

-- %% [markdown]
-- ## Which way is up? · 어느 쪽이 오르막인가
-- A small step of the same length in 360 directions: the function rises most along the gradient, falls most against it.

-- %%
local start = T{3, 4}
local highest, up = -math.huge, nil
for degree = 1, 360 do
  local direction = T{math.cos(math.rad(degree)), math.sin(math.rad(degree))}
  local value = f(start + 0.01 * direction)
  if value > highest then highest, up = value, direction end
end
local gradient = numerical_gradient(f, start)
print("steepest direction", up, "gradient, to length 1", gradient / gradient:norm())
check("steepest direction", up, gradient / gradient:norm(), 0.01)

-- %% [markdown]
-- ## The field · 기울기 벡터장
-- As in the book, *minus* the gradient is drawn: every arrow points downhill, to the lowest place, and is the longer the farther away.

-- %%
local side = T.linspace(-2, 2, 17)
local x0, x1 = T.meshgrid(side, side)
local u, v = x0:clone(), x1:clone()
for i = 1, #side do
  for j = 1, #side do
    local slope = numerical_gradient(f, T{x0[i][j], x1[i][j]})
    u[{i, j}], v[{i, j}] = -slope[1], -slope[2]
  end
end

plot.figure{width = 520, height = 500}
plot.quiver(x0, x1, u, v)
plot.title("Minus the gradient of x0^2 + x1^2")
plot.xlabel("x0")
plot.ylabel("x1")
plot.grid()
plot.show()

-- %%
check.done()
