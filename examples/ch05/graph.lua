-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # The graph of a computation · 계산 그래프
-- Two apples at 100 with 10 % tax: what is to pay, and how does it change with each number? Every operation is a node. Going forward
-- a node computes its result; going backward it takes the derivative that arrives from behind and passes to each input its share:
-- the chain rule, one local step at a time.
--
--     nnlua examples/ch05/graph.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, plot = nnlua.tensor, nnlua.plot
T.set_default_dtype("float64")

-- %% [markdown]
-- ## Two kinds of node · 덧셈 노드와 곱셈 노드
-- x + y: both derivatives are 1, so what arrives goes on unchanged. x · y: the derivative by x is y and the other way round, so the
-- inputs are swapped; a multiplying node must therefore remember them.

-- %%
local function AddNode()
  local node = {}
  function node:forward(x, y) return x + y end
  function node:backward(dout) return dout, dout end
  return node
end

local function MulNode()
  local node = {}
  function node:forward(x, y)
    self.x, self.y = x, y
    return x * y
  end
  function node:backward(dout) return dout * self.y, dout * self.x end
  return node
end

-- %% [markdown]
-- ## Two apples · 사과 두 개

-- %%
local apple, apples, tax = 100, 2, 1.1

local times_apples, times_tax = MulNode(), MulNode()
local apple_price = times_apples:forward(apple, apples)
local price = times_tax:forward(apple_price, tax)

-- Backward in the opposite order. The derivative of the price by itself is 1.
local d_apple_price, d_tax = times_tax:backward(1)
local d_apple, d_apples = times_apples:backward(d_apple_price)

print(("price %g"):format(price))
print(("one more for an apple: %g more to pay; one more apple: %g; tax + 1: %g"):format(d_apple, d_apples, d_tax))
check("price of two apples", price, 220, 1e-9)
check("derivatives by apple, apples, tax", {d_apple, d_apples, d_tax}, {2.2, 110, 200}, 1e-9)

-- %% [markdown]
-- ## Apples and oranges · 사과와 귤
-- Two apples at 100, three oranges at 150, and the tax: (100 · 2 + 150 · 3) · 1.1.

-- %%
local orange, oranges = 150, 3
local mul_apple, mul_orange, add, mul_tax = MulNode(), MulNode(), AddNode(), MulNode()

local apple_sum = mul_apple:forward(apple, apples)
local orange_sum = mul_orange:forward(orange, oranges)
local sum = add:forward(apple_sum, orange_sum)
local total = mul_tax:forward(sum, tax)

local d_sum, d_tax2 = mul_tax:backward(1)
local d_apple_sum, d_orange_sum = add:backward(d_sum)
local d_orange, d_oranges = mul_orange:backward(d_orange_sum)
local d_apple2, d_apples2 = mul_apple:backward(d_apple_sum)

check("price of apples and oranges", total, 715, 1e-9)
check("by apples, apple, orange, oranges, tax", {d_apples2, d_apple2, d_orange, d_oranges, d_tax2}, {110, 2.2, 3.3, 165, 650}, 1e-9)

-- The graph as text: forward each node's value, backward the derivative of the price by it.
print("                  forward   backward")
for _, row in ipairs{
  {"apple", apple, d_apple2}, {"  apples", apples, d_apples2}, {"  apple * apples", apple_sum, d_apple_sum},
  {"orange", orange, d_orange}, {"  oranges", oranges, d_oranges}, {"  orange * oranges", orange_sum, d_orange_sum},
  {"sum", sum, d_sum}, {"  tax", tax, d_tax2}, {"price = sum * tax", total, 1},
} do
  print(("%-18s %7g %9.4g"):format(row[1], row[2], row[3]))
end

-- %% [markdown]
-- ## The tape does it for us · 테이프
-- nnlua keeps every operation on a tensor that is followed, and walks the same way back. `T.grad` asks for any derivatives,
-- those of the sums in the middle too.

-- %%
local function followed(value) return T.tensor(value, {requires_grad = true}) end
local t_apple, t_apples, t_orange, t_oranges, t_tax = followed(100), followed(2), followed(150), followed(3), followed(1.1)
local t_sum = t_apple * t_apples + t_orange * t_oranges
local t_price = t_sum * t_tax

local gradients = T.grad(t_price, {t_apples, t_apple, t_orange, t_oranges, t_tax, t_sum}, {retain_graph = true})
for i, gradient in ipairs(gradients) do gradients[i] = gradient:item() end
check("the tape's price", t_price, 715, 1e-9)
check("the tape's derivatives", gradients, {110, 2.2, 3.3, 165, 650, 1.1}, 1e-9)

-- %% [markdown]
-- The graph that the tape has kept, printed and drawn: each node with its value and the derivative of the price by it.
-- (`backward` gives the graph back to the memory, so draw before it.)

-- %%
local names = {apple = t_apple, apples = t_apples, orange = t_orange, oranges = t_oranges, tax = t_tax, sum = t_sum}
local figure = plot.graph(t_price, {names = names, gradients = true})
print(figure)
figure:show()

-- %%
check.done()
