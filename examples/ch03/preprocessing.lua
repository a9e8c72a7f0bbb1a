-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Preparing data · 데이터 전처리
-- Networks learn best from numbers of like size, around 0. Normalising brings every feature there by itself;
-- whitening also removes what the features have in common.
--
--     nnlua examples/ch03/preprocessing.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, plot = nnlua.tensor, nnlua.plot
T.manual_seed(1)
T.set_default_dtype("float64")

-- %% [markdown]
-- ## A toy set · 예제 데이터
-- 500 people: height in cm and weight in kg. Tall people tend to be heavier, so the two are correlated.

-- %%
local n = 500
local height = 170 + 8 * T.randn(n)
local weight = 65 + 0.9 * (height - 170) + 6 * T.randn(n)
local x = T.stack({height, weight}, 2)

-- The covariance matrix: variances on the diagonal, what two features share beside it.
local function covariance(v)
  local centred = v - v:mean(1)
  return centred:t():matmul(centred) / #v
end
print("covariance of the raw data", covariance(x))

-- %% [markdown]
-- ## To 0 … 1 · 최소-최대 정규화
-- What is done to pixels: subtract the smallest value, divide by the range. For MNIST that is pixel / 255.

-- %%
local smallest, largest = x:min(1), x:max(1)
local scaled = (x - smallest) / (largest - smallest)
check("scaled, smallest", scaled:min(1), {0, 0})
check("scaled, largest", scaled:max(1), {1, 1})

-- %% [markdown]
-- ## Mean 0, deviation 1 · 표준화
-- Both numbers are taken from the *training* data and used unchanged on the test data: the test set must not be looked at.

-- %%
local standard = (x - x:mean(1)) / x:std(1, {correction = 0})
check("standardised, mean", standard:mean(1), {0, 0}, 1e-12)
check("standardised, deviation", standard:std(1, {correction = 0}), {1, 1}, 1e-12)
print("covariance, standardised", covariance(standard))

-- %% [markdown]
-- ## Whitening · 백색화
-- The eigenvectors of the covariance matrix are the axes of the cloud, the eigenvalues the variances along them.
-- Turn the cloud onto its axes, then divide by the deviations: covariance 1 with itself, 0 with the other.

-- %%
local centred = x - x:mean(1)
local variances, axes = T.linalg.eigh(covariance(x))
local white = centred:matmul(axes) / variances:sqrt()
check("whitened, mean", white:mean(1), {0, 0}, 1e-12)
check("whitened, covariance", covariance(white), {{1, 0}, {0, 1}}, 1e-10)

-- %%
plot.figure{width = 1050, height = 360, rows = 1, cols = 3}
for i, picture in ipairs{{"Raw: cm and kg", x}, {"Mean 0, deviation 1", standard}, {"Whitened", white}} do
  plot.subplot(1, 3, i)
  plot.scatter(picture[2]:select(2, 1), picture[2]:select(2, 2))
  plot.title(picture[1])
end
plot.show()

-- %%
check.done()
