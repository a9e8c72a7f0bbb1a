-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # A trained network reads MNIST · 학습된 신경망으로 추론하기
-- 784 pixels → 50 → 100 → 10 scores, sigmoid between. The weights come from the book; here they are only used.
--
--     nnlua examples/ch03/inference_mnist.lua [--quick]
--
-- Needs the book's sample_weight.npz (W1 b1 W2 b2 W3 b3) as $NNLUA_DATA/book/sample_weight.npz.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, F, data, plot = nnlua.tensor, nnlua.nn.functional, nnlua.data, nnlua.plot

local w = T.load((os.getenv("NNLUA_DATA") or ".") .. "/book/sample_weight.npz")
local test = data.mnist{split = "test", flatten = true}
local x, t = test.x, test.t

-- %% [markdown]
-- ## Forward · 순전파
-- Every row of x is an image; a single image works too.

-- %%
local function scores(images)
  local z1 = (images:matmul(w.W1) + w.b1):sigmoid()
  local z2 = (z1:matmul(w.W2) + w.b2):sigmoid()
  return z2:matmul(w.W3) + w.b3
end

-- %% [markdown]
-- ## One by one · 한 장씩
-- The digit with the largest score is the answer.

-- %%
local begin = nnlua.clock()
local right = 0
for i = 1, #test do
  if scores(x[i]):argmax():item() == t[i] then right = right + 1 end
end
local one_by_one = nnlua.clock() - begin
print(("one by one:      accuracy %.4f in %.3f s"):format(right / #test, one_by_one))
check("accuracy, one by one", right / #test, 0.9352)

-- %% [markdown]
-- ## In batches of 100 · 배치 처리
-- One product of large matrices instead of a hundred of small ones: the same answers, far sooner.

-- %%
begin, right = nnlua.clock(), 0
for first = 1, #test, 100 do
  local batch = { {first, first + 99} }
  right = right + scores(x[batch]):argmax(2):eq(t[batch]):sum():item()
end
local batches = nnlua.clock() - begin
print(("batches of 100:  accuracy %.4f in %.3f s, %.0f times as fast"):format(right / #test, batches, one_by_one / batches))
check("accuracy, batches", right / #test, 0.9352)

-- %% [markdown]
-- ## Softmax left out · 소프트맥스 생략
-- The book ends with softmax. It changes scores into probabilities but not which is largest, so to predict it can go.

-- %%
local y = scores(x)
local probabilities = F.softmax(y, 2)
check("predictions that softmax changes", probabilities:argmax(2):ne(y:argmax(2)):sum(), 0)

-- %% [markdown]
-- ## Where it errs · 틀린 그림들
-- The probabilities say how sure it was. These are the mistakes it was surest of.

-- %%
local sureness, answer = probabilities:max(2)
local wrong_sureness = sureness * answer:ne(t):float()
local _, worst = wrong_sureness:topk(10, 1)
local titles = {}
for i = 1, 10 do
  local at = worst[i]
  titles[i] = ("%s, is %s (%.0f%%)"):format(test.classes[answer[at]], test.classes[t[at]], 100 * sureness[at])
end
plot.imshow(x[worst]:reshape(10, 28, 28), {cols = 5, titles = titles})
plot.show()

-- %%
check.done()
