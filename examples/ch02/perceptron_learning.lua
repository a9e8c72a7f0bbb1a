-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # A perceptron that learns its weights · 스스로 배우는 퍼셉트론
-- In the book the gates' numbers are chosen by hand. Rosenblatt's rule finds them: look at one row at a time and,
-- where the answer y is not the wanted t, move the weights by the row itself: w ← w + η (t − y) x, b ← b + η (t − y).
--
--     nnlua examples/ch02/perceptron_learning.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, data, plot = nnlua.tensor, nnlua.data, nnlua.plot

-- %% [markdown]
-- ## The rule · 학습 규칙
-- Starts at zero; returns the weights, the bias and how many rows went wrong in each epoch (one pass through all rows).
-- An epoch without a mistake ends the learning: from then on nothing changes any more.

-- %%
local function learn(inputs, answers, epochs, rate)
  local w, b, mistakes = {0, 0}, 0, {}
  for epoch = 1, epochs do
    mistakes[epoch] = 0
    for i, x in ipairs(inputs) do
      local y = w[1] * x[1] + w[2] * x[2] + b > 0 and 1 or 0
      if y ~= answers[i] then
        local move = rate * (answers[i] - y)
        w[1], w[2], b = w[1] + move * x[1], w[2] + move * x[2], b + move
        mistakes[epoch] = mistakes[epoch] + 1
      end
    end
    if mistakes[epoch] == 0 then break end
  end
  return w, b, mistakes
end

-- %% [markdown]
-- ## Gates · 게이트
-- AND, NAND and OR are learned in a few epochs. XOR never is: the rule goes round in circles, since there is nothing to find.

-- %%
local inputs = {{0, 0}, {1, 0}, {0, 1}, {1, 1}}
local gates = {
  {name = "AND", answers = {0, 0, 0, 1}, style = "-"}, {name = "NAND", answers = {1, 1, 1, 0}, style = "--"},
  {name = "OR", answers = {0, 1, 1, 1}, style = "-"}, {name = "XOR", answers = {0, 1, 1, 0}, style = "-"},
}
plot.figure{width = 640, height = 360}
for _, gate in ipairs(gates) do
  local w, b, mistakes = learn(inputs, gate.answers, 20, 0.5)
  print(("%-4s after %2d epochs: w = (%g, %g), b = %g, %d mistakes"):format(gate.name, #mistakes, w[1], w[2], b, mistakes[#mistakes]))
  if gate.name == "XOR" then
    check.at_least("XOR, mistakes in every epoch", math.min(table.unpack(mistakes)), 1)
  else
    check(gate.name .. ", mistakes in the last epoch", mistakes[#mistakes], 0)
  end
  plot.line(mistakes, {label = gate.name, style = gate.style, marker = true})
end
plot.title("Wrong rows in each epoch")
plot.xlabel("epoch")
plot.ylabel("mistakes")
plot.ylim(-0.2, 4.2)
plot.legend()
plot.show()

-- %% [markdown]
-- ## Two clouds · 두 무리의 점
-- The same rule on a hundred points. Where a line can part the two classes, the rule always arrives at one
-- (the perceptron convergence theorem, Novikoff 1962) — at *a* line, not at the one in the middle.

-- %%
local set = data.blobs{classes = 2, points = 50, seed = 5}
local answers = {}
for i = 1, #set do answers[i] = set.t[i] - 1 end  -- labels count from 1, the perceptron says 0 or 1
local w, b, mistakes = learn(set.x:totable(), answers, 100, 0.1)
print(("two clouds: %d epochs, w = (%.3f, %.3f), b = %.3f"):format(#mistakes, w[1], w[2], b))
check("two clouds, mistakes in the last epoch", mistakes[#mistakes], 0)

local weights = T.tensor(w)
plot.figure{width = 480, height = 420}
plot.boundary(function(x) return (x:matmul(weights) + b):gt(0):long() + 1 end, set.x, set.t)
plot.title("The line it found")
plot.show()

-- %%
check.done()
