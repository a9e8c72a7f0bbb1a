-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # The digits it gets wrong · 잘못 인식한 숫자들
-- Of 10,000 test digits the network of this chapter misses some sixty. Look at them: which would you have read?
--
--     nnlua examples/ch08/misclassified.lua [--quick]
--
-- Takes the weights of deep_convnet.lua (deepconvnet.safetensors) where they are; else, and with `--quick`, learns for a short while first.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, data, metrics, plot = nnlua.tensor, nnlua.data, nnlua.metrics, nnlua.plot
local trained = require "trained"

local net, is_whole = trained.net, trained.is_whole
local test = data.mnist{split = "test"}

-- %% [markdown]
-- ## All predictions · 모든 예측
-- Kept: the largest probability too, which says how sure the network is.

-- %%
local predicted, sure = {}, {}
T.no_grad(function()
  for x in data.DataLoader(test, {batch_size = 500}):batches() do
    local p, class = net(x):softmax(2):max(2)
    predicted[#predicted + 1], sure[#sure + 1] = class, p
  end
end)
predicted, sure = T.cat(predicted, 1), T.cat(sure, 1)
local wrong = predicted:ne(test.t):nonzero():reshape(-1)
print(("%d of %d wrong: accuracy %.4f"):format(#wrong, #test, 1 - #wrong / #test))

-- %% [markdown]
-- ## Drawn · 그려 보기
-- Above each: the label → what the network says.

-- %%
local shown = math.min(#wrong, 40)
local titles = {}
for i = 1, shown do titles[i] = ("%d → %d"):format(test.t[wrong[i]] - 1, predicted[wrong[i]] - 1) end
plot.figure{width = 1100, height = 720}
plot.imshow(test.x[wrong[{ {1, shown} }]], {cols = 8, titles = titles, colormap = "binary"})
plot.show()

-- %% [markdown]
-- ## Which are mixed up · 혼동 행렬
-- Rows: labels; columns: predictions. The diagonal, what is right, is left out so that the rest can be seen.

-- %%
local matrix = metrics.confusion_matrix(predicted, test.t, 10)
local rest = matrix:double() - T.diag(matrix:double():diag())
plot.figure{width = 620, height = 560}
plot.imshow(rest, {colormap = "blues"})
for i = 1, 10 do
  for j = 1, 10 do
    if rest[{i, j}] > 0 then plot.annotate(("%d"):format(rest[{i, j}]), j, i, {align = "center"}) end
  end
end
plot.xlabel("predicted")
plot.ylabel("label")
local names = {}
for i = 1, 10 do names[i] = ("%d"):format(i - 1) end
plot.xticks(T.range(1, 10), names)
plot.yticks(T.range(1, 10), names)
plot.title("Confusions")
plot.show()

-- %% [markdown]
-- ## How sure it was · 확신의 정도
-- Where it is wrong it is mostly less sure, too: such digits can be handed to a person.

-- %%
local right_sure = sure[predicted:eq(test.t)]:mean():item()
local wrong_sure = sure[wrong]:mean():item()
print(("mean probability of its answer: %.4f where right, %.4f where wrong"):format(right_sure, wrong_sure))
check("wrong ones in the matrix", rest:sum(), #wrong)
check.at_most("share of wrong digits", #wrong / #test, is_whole and 0.0075 or 0.12)
check.at_least("surer where right by", right_sure - wrong_sure, 0.1)
check.done()
