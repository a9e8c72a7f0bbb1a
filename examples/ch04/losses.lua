-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Loss functions · 손실 함수
-- One number that says how bad an answer is. Learning is nothing but making it smaller.
--
--     nnlua examples/ch04/losses.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, F, plot = nnlua.tensor, nnlua.nn.functional, nnlua.plot
T.set_default_dtype("float64")

-- The book's two answers to an image of a "2", the third class: the first believes it, the second thinks it is a "7".
local good = T{0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0}
local bad = T{0.1, 0.05, 0.1, 0.0, 0.05, 0.1, 0.0, 0.6, 0.0, 0.0}
local label = 3                            -- counted from 1; the book counts from 0 and says 2
local t = T{0, 0, 1, 0, 0, 0, 0, 0, 0, 0}  -- the same as one-hot

-- %% [markdown]
-- ## Squares · 오차제곱합과 평균제곱오차
-- SSE = ½ Σ (y − t)², with the book's ½ that its derivative y − t gets rid of. Without the ½ it is twice that;
-- the mean of the squares is the MSE.

-- %%
local function sum_squared_error(y, t) return 0.5 * (y - t):square():sum() end
local function mean_squared_error(y, t) return (y - t):square():mean() end

check("SSE, good answer", sum_squared_error(good, t), 0.0975, 1e-12)
check("SSE, bad answer", sum_squared_error(bad, t), 0.5975, 1e-12)
check("Σ (y − t)², without ½", (good - t):square():sum(), 0.195, 1e-12)
check("MSE, good answer", mean_squared_error(good, t), 0.0195, 1e-12)
check("nnlua's SSE", F.sse_loss(good, t), 0.0975, 1e-12)
check("nnlua's MSE", F.mse_loss(good, t), 0.0195, 1e-12)

-- %% [markdown]
-- ## Cross entropy · 교차 엔트로피 오차
-- CEE = −Σ t log y. Only the true class counts, since t is 0 elsewhere. The tiny 1e−7 keeps log away from 0, where it is −∞.

-- %%
local function cross_entropy_error(y, t) return -(t * (y + 1e-7):log()):sum() end

check("CEE, good answer", cross_entropy_error(good, t), 0.510825, 1e-6)
check("CEE, bad answer", cross_entropy_error(bad, t), 2.302584, 1e-6)
check("with the label instead of one-hot", -math.log(good[label] + 1e-7), cross_entropy_error(good, t), 1e-15)
check("a true class with y = 0 stays finite", cross_entropy_error(T{1, 0}, T{0, 1}), 16.118096, 1e-6)

-- %% [markdown]
-- ## For a batch · 배치용
-- The mean over the rows, so that the loss does not depend on the number of samples.
-- `gather` picks in each row the probability at its label. (Whoever hands one-hot rows to a function that expects labels gets a
-- wrong number without an error: see simple_net.lua.)

-- %%
local function batch_cross_entropy_error(y, labels)
  local picked = y:gather(2, labels:unsqueeze(2))
  return -(picked + 1e-7):log():mean()
end

local y = T.stack({good, bad}, 1)
local labels = T.tensor{3, 3}
check("labels: mean of the two", batch_cross_entropy_error(y, labels), (0.510825 + 2.302584) / 2, 1e-6)
check("one-hot: the same", cross_entropy_error(y, F.one_hot(labels, 10):double()) / 2, batch_cross_entropy_error(y, labels), 1e-15)

-- %% [markdown]
-- nnlua's `F.cross_entropy` (as PyTorch's) takes *scores*, before softmax, not probabilities. Scores log y have the softmax y.

-- %%
check("nnlua's cross entropy", F.cross_entropy((y + 1e-7):log(), labels), batch_cross_entropy_error(y, labels), 1e-6)

-- %% [markdown]
-- ## Yes or no · 이진 교차 엔트로피
-- BCE = −(t log y + (1 − t) log(1 − y)), for one probability y. With a sigmoid before it, `bce_with_logits` takes the score itself.

-- %%
local function binary_cross_entropy(y, t) return -(t * y:log() + (1 - t) * (1 - y):log()):mean() end

local p, yes = T{0.9, 0.2, 0.6}, T{1, 0, 1}
check("BCE", binary_cross_entropy(p, yes), -(math.log(0.9) + math.log(0.8) + math.log(0.6)) / 3, 1e-12)
check("nnlua's BCE", F.bce(p, yes), binary_cross_entropy(p, yes), 1e-12)
check("BCE with logits", F.bce_with_logits((p / (1 - p)):log(), yes), binary_cross_entropy(p, yes), 1e-12)
check.that("BCE of a sure and wrong answer is finite", F.bce(T{0.0}, T{1.0}):isfinite():all():item())

-- %% [markdown]
-- ## What they punish · 무엇을 벌하는가
-- The squared error never exceeds ½ here; the cross entropy grows without bound as the true class is ruled out.

-- %%
local probability = T.linspace(0.005, 1, 200)
plot.figure{width = 560, height = 360}
plot.line(probability, -probability:log(), {label = "cross entropy, -log y"})
plot.line(probability, 0.5 * (1 - probability):square(), {label = "squared error, (1 - y)^2 / 2"})
plot.title("The loss of one true class")
plot.xlabel("probability y given to the true class")
plot.ylabel("loss")
plot.legend()
plot.show()

-- %%
check.done()
