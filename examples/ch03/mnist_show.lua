-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # MNIST: handwritten digits · MNIST 손글씨 숫자
-- 60,000 images to learn from and 10,000 to be examined on, 28 × 28 grey pixels each, with the digit that was meant.
--
--     nnlua examples/ch03/mnist_show.lua [--quick]
--
-- `data.mnist` looks in $NNLUA_DATA/mnist and in the cache, and downloads the files where they are in neither.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, data, plot = nnlua.tensor, nnlua.data, nnlua.plot

-- %% [markdown]
-- ## Loading · 데이터 읽기
-- The options are the book's: `flatten` makes a row of 784 pixels of every image, `normalize` (on by default) brings
-- pixels from 0…255 to 0…1, `one_hot` turns a label into a row of zeros with a single one.

-- %%
local train = data.mnist{split = "train"}
local test = data.mnist{split = "test"}
check("training images", train.x.shape, {60000, 1, 28, 28})
check("test images", test.x.shape, {10000, 1, 28, 28})
check("pixels, smallest and largest", {train.x:min():item(), train.x:max():item()}, {0, 1})

local flat = data.mnist{split = "test", flatten = true, normalize = false, one_hot = true}
check("flattened", flat.x.shape, {10000, 784})
check("not normalized, the largest pixel", flat.x:max(), 255)
check("one-hot labels", flat.t.shape, {10000, 10})

-- %% [markdown]
-- ## Labels count from 1 · 레이블은 1부터
-- Lua counts from 1, and so do labels: digit 0 has label 1, digit 9 has label 10. `classes` gives the digit back.

-- %%
local label = train.t[1]
print(("the first image has label %d: a %s"):format(label, train.classes[label]))
check("the first image is a 5", train.classes[label], "5")
check("as one-hot the one stands at the label", flat.t[1]:argmax(), test.t[1])

-- %% [markdown]
-- ## A look · 그림으로 보기

-- %%
local titles = {}
for i = 1, 40 do titles[i] = train.classes[train.t[i]] end
plot.imshow(train.x[{ {1, 40} }], {cols = 10, titles = titles})
plot.show()

-- %% [markdown]
-- Every digit has its share, though not exactly a tenth: there are more ones than fives.

-- %%
local counts = {}
for class = 1, 10 do counts[class] = train.t:eq(class):sum():item() end
check("how often 0, 1, … 9", counts, {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949})

plot.figure{width = 560, height = 320}
plot.bar(train.classes, counts)
plot.title("Digits in the training set")
plot.xlabel("digit")
plot.ylabel("images")
plot.show()

-- %%
check.done()
