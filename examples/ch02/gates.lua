-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Logic gates · 논리 게이트
-- A perceptron adds its inputs, each times a weight, and says 1 where the sum is above a threshold, else 0.
-- One and the same formula is an AND, a NAND or an OR: only the numbers differ.
--
--     nnlua examples/ch02/gates.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, plot = nnlua.tensor, nnlua.plot

-- %% [markdown]
-- ## With a threshold · 임계값
-- y = 1 where w1 x1 + w2 x2 > θ, else 0.

-- %%
local function threshold_gate(w1, w2, theta)
  return function(x1, x2)
    if w1 * x1 + w2 * x2 > theta then return 1 else return 0 end
  end
end

local AND = threshold_gate(0.5, 0.5, 0.7)
local NAND = threshold_gate(-0.5, -0.5, -0.7)
local OR = threshold_gate(0.5, 0.5, 0.3)

-- The four possible inputs, in the order of every truth table below.
local inputs = {{0, 0}, {1, 0}, {0, 1}, {1, 1}}

local function truth_table(gate)
  local answers = {}
  for i, x in ipairs(inputs) do answers[i] = gate(x[1], x[2]) end
  return answers
end

print("x1  x2   AND  NAND  OR")
for _, x in ipairs(inputs) do
  local x1, x2 = x[1], x[2]
  print((" %d   %d     %d     %d   %d"):format(x1, x2, AND(x1, x2), NAND(x1, x2), OR(x1, x2)))
end

check("AND", truth_table(AND), {0, 0, 0, 1})
check("NAND", truth_table(NAND), {1, 1, 1, 0})
check("OR", truth_table(OR), {0, 1, 1, 1})

-- %% [markdown]
-- ## With a bias · 편향
-- The threshold moves to the other side as the bias b = −θ: y = 1 where w1 x1 + w2 x2 + b > 0.
-- With tensors all four rows are answered at once: a row of X is one input, w holds both weights.

-- %%
local X = T.tensor(inputs, {dtype = "float64"})

local function bias_gate(w1, w2, b)
  local w = T.tensor({w1, w2}, {dtype = "float64"})
  return function(x) return (x:matmul(w) + b):gt(0):long() end
end

local gates = {
  {name = "AND", f = bias_gate(0.5, 0.5, -0.7), answers = truth_table(AND)},
  {name = "NAND", f = bias_gate(-0.5, -0.5, 0.7), answers = truth_table(NAND)},
  {name = "OR", f = bias_gate(0.5, 0.5, -0.3), answers = truth_table(OR)},
}
for _, gate in ipairs(gates) do
  check(gate.name .. " with a bias", gate.f(X), gate.answers)
end

-- %% [markdown]
-- ## Strictly above · 초과와 이상
-- "Above" leaves out the threshold itself. With weights (.5, .5) and θ = .5 the inputs (1, 0) and (0, 1) lie exactly on it:
-- the strict `>` makes this an AND; with `>=` the same numbers would be an OR.

-- %%
local on_the_edge = threshold_gate(0.5, 0.5, 0.5)
check("a sum equal to the threshold gives 0", truth_table(on_the_edge), {0, 0, 0, 1})

-- %% [markdown]
-- ## A line through the plane · 직선으로 나눈 영역
-- w1 x1 + w2 x2 + b = 0 is a straight line. A perceptron answers 1 on one side of it and 0 on the other.

-- %%
plot.figure{width = 1140, height = 360, rows = 1, cols = 3}
for i, gate in ipairs(gates) do
  plot.subplot(1, 3, i)
  plot.boundary(gate.f, X, T.tensor(gate.answers))
  plot.title(gate.name)
  plot.xlabel("x1")
  plot.ylabel("x2")
  plot.legend("outside")
end
plot.show()

-- %%
check.done()
