-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # XOR takes two layers · XOR는 두 층으로
-- "One or the other, but not both" is out of reach for a single perceptron, whatever its numbers. Two layers do it.
--
--     nnlua examples/ch02/xor.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, plot = nnlua.tensor, nnlua.plot

local X = T.tensor({{0, 0}, {1, 0}, {0, 1}, {1, 1}}, {dtype = "float64"})
local wanted = {AND = {0, 0, 0, 1}, NAND = {1, 1, 1, 0}, OR = {0, 1, 1, 1}, XOR = {0, 1, 1, 0}}

-- %% [markdown]
-- ## Every perceptron on a grid · 격자 탐색
-- Both weights and the bias go through −2, −1.9, …, 2: 68,921 perceptrons. How many of the four rows does the best one get right?
-- (The loops count tenths, so the numbers are exact.)

-- %%
local function search(answers)
  local best, solutions = 0, 0
  for w1 = -20, 20 do
    for w2 = -20, 20 do
      for b = -20, 20 do
        local right = 0
        if (b > 0) == (answers[1] == 1) then right = right + 1 end
        if (w1 + b > 0) == (answers[2] == 1) then right = right + 1 end
        if (w2 + b > 0) == (answers[3] == 1) then right = right + 1 end
        if (w1 + w2 + b > 0) == (answers[4] == 1) then right = right + 1 end
        best = math.max(best, right)
        if right == 4 then solutions = solutions + 1 end
      end
    end
  end
  return best, solutions
end

for _, name in ipairs{"AND", "NAND", "OR", "XOR"} do
  local best, solutions = search(wanted[name])
  print(("%-4s: the best perceptron gets %d of 4 rows; %d of 68921 get all"):format(name, best, solutions))
  check(name .. ", the best of one layer", best, name == "XOR" and 3 or 4)
end

-- %% [markdown]
-- A finer grid would not help. XOR asks for b ≤ 0, w1 + b > 0, w2 + b > 0 and w1 + w2 + b ≤ 0.
-- The two in the middle add up to w1 + w2 + 2b > 0, the first and the last to w1 + w2 + 2b ≤ 0: both cannot be.

-- %% [markdown]
-- ## Two layers · 다층 퍼셉트론
-- XOR is AND of NAND and OR. As matrices: the first layer's weights have a column for NAND and a column for OR.

-- %%
local function step(x) return x:gt(0):double() end

local W1 = T.tensor({{-0.5, 0.5}, {-0.5, 0.5}}, {dtype = "float64"})
local b1 = T.tensor({0.7, -0.3}, {dtype = "float64"})
local w2 = T.tensor({0.5, 0.5}, {dtype = "float64"})
local b2 = -0.7

local function XOR(x)
  local s = step(x:matmul(W1) + b1)         -- NAND and OR of the inputs
  return step(s:matmul(w2) + b2):long()     -- AND of those two
end

check("NAND and OR, the hidden layer", step(X:matmul(W1) + b1), {{1, 0}, {1, 1}, {1, 1}, {0, 1}})
check("XOR", XOR(X), wanted.XOR)

-- %% [markdown]
-- The region of ones is now the band between two lines, which no single line can cut out.

-- %%
plot.figure{width = 480, height = 420}
plot.boundary(XOR, X, T.tensor(wanted.XOR))
plot.title("XOR = AND(NAND, OR)")
plot.xlabel("x1")
plot.ylabel("x2")
plot.legend("outside")
plot.show()

-- %%
check.done()
