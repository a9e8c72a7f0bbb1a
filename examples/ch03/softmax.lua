-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Softmax · 소프트맥스
-- Turns scores into probabilities: y_k = exp(a_k) / Σ exp(a_i). (The denominator sums over *all* scores of the row;
-- some notes print it with a single one.)
--
--     nnlua examples/ch03/softmax.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, F, plot = nnlua.tensor, nnlua.nn.functional, nnlua.plot
T.set_default_dtype("float64")

-- %% [markdown]
-- ## As it is defined · 정의대로
-- The probabilities add up to 1 and keep the order of the scores.

-- %%
local function naive_softmax(a)
  local e = a:exp()
  return e / e:sum()
end

local a = T{0.3, 2.9, 4.0}
local y = naive_softmax(a)
check("softmax of (.3, 2.9, 4)", y, {0.01821127, 0.24519181, 0.73659691}, 5e-9)
check("its sum", y:sum(), 1, 1e-12)
check("the order is kept", y:argsort(), a:argsort())

-- %% [markdown]
-- ## Large scores · 오버플로 대책
-- exp(1010) is infinite, and ∞ / ∞ is not a number. Subtracting the largest score from all changes nothing in the quotient
-- and leaves no exponent above 0.

-- %%
local function softmax(a)
  local e = (a - a:max()):exp()
  return e / e:sum()
end

local large = T{1010, 1000, 990}
print("as defined:      ", naive_softmax(large))
print("without overflow:", softmax(large))
check("the naive form fails: how many are not numbers", naive_softmax(large):isnan():sum(), 3)
check("softmax of (1010, 1000, 990)", softmax(large), {9.99954600e-01, 4.53978686e-05, 2.06106005e-09}, 5e-10)
check("nnlua's softmax", F.softmax(large, 1), softmax(large), 1e-15)

-- %% [markdown]
-- ## A batch: per row · 배치에서는 행마다
-- A batch holds a row of scores for each sample, and each row must sum to 1. The function above would divide by the sum over the
-- *whole batch*, a common slip. So say which dim: 2 runs along a row.

-- %%
local batch = T{{0.3, 2.9, 4.0}, {1010, 1000, 990}, {0, 0, 0}}
check("each row sums to 1", F.softmax(batch, 2):sum(2), {1, 1, 1}, 1e-12)
check("the first row", F.softmax(batch, 2)[1], y, 1e-12)
check("over the whole batch the first row vanishes", softmax(batch)[1]:sum(), 0, 1e-12)

-- %% [markdown]
-- ## Not needed to predict · 추론에서는 생략
-- exp is rising, so the largest score is the largest probability: to *predict* softmax can be left out. (To *learn* it is needed.)

-- %%
T.manual_seed(1)
local scores = T.randn(10000, 10) * 5
check.that("10,000 rows: the same predictions with and without softmax", T.equal(F.softmax(scores, 2):argmax(2), scores:argmax(2)))

-- %% [markdown]
-- The larger the scores, the surer the answer: the same three scores, times ½, 1 and 2.

-- %%
plot.figure{width = 960, height = 320, rows = 1, cols = 3}
for i, factor in ipairs{0.5, 1, 2} do
  plot.subplot(1, 3, i)
  plot.bar({"0.3", "2.9", "4.0"}, softmax(a * factor))
  plot.title(("softmax(%g a)"):format(factor))
  plot.xlabel("score a")
  plot.ylim(0, 1)
end
plot.show()

-- %%
check.done()
