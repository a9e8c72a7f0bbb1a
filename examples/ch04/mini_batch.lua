-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Mini-batches · 미니배치
-- The loss over all 60,000 images would cost 60,000 passes for one step. A random hundred of them gives nearly the same loss.
--
--     nnlua examples/ch04/mini_batch.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.plot
T.manual_seed(1)

local train = data.mnist{split = "train", flatten = true}

-- %% [markdown]
-- ## A random choice · 무작위로 고르기
-- `T.choice(n, k)` draws k of the numbers 1…n, none twice; a tensor of positions gathers rows. The same seed draws the same rows.

-- %%
local positions = T.choice(#train, 10)
local x, t = train.x[positions], train.t[positions]
print("ten of 60,000:", positions)
check("images of the batch", x.shape, {10, 784})
check("labels of the batch", t.shape, {10})
check.that("no position twice", #positions:unique() == 10)
check.that("row 3 of the batch is the image at position 3", T.equal(x[3], train.x[positions[3]]))

T.manual_seed(1)
check("the same seed", T.choice(#train, 10), positions)

-- %% [markdown]
-- ## How good is the estimate? · 얼마나 정확한가
-- An untrained network's loss, over all images and over 300 batches of each size. A batch is off by chance;
-- ten times as many images make the error smaller by √10 ≈ 3.2.

-- %%
local net = nn.Sequential(nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 10))
local function loss(x, t) return T.no_grad(function() return F.cross_entropy(net(x), t):item() end) end

local whole = loss(train.x, train.t)
print(("all 60,000: loss %.5f"):format(whole))

local function batch_losses(size)
  local losses = {}
  for i = 1, 300 do
    local chosen = T.choice(#train, size)
    losses[i] = loss(train.x[chosen], train.t[chosen])
  end
  return T.tensor(losses)
end

local deviation = {}
plot.figure{width = 640, height = 360}
for _, size in ipairs{10, 100, 1000} do
  local losses = batch_losses(size)
  deviation[size] = losses:std():item()
  print(("batches of %4d: loss %.5f ± %.5f"):format(size, losses:mean():item(), deviation[size]))
  check(("batches of %d, mean loss"):format(size), losses:mean(), whole, 4 * deviation[size] / math.sqrt(300))
  plot.hist(losses, {bins = 80, range = {whole - 0.1, whole + 0.1}, label = ("%d images"):format(size)})
end
plot.axvline(whole)
plot.title("Loss of 300 random batches")
plot.xlabel("loss")
plot.legend()
plot.show()

check("ten times the images, deviation smaller by", deviation[10] / deviation[100], math.sqrt(10), 0.6)
check("ten times more", deviation[100] / deviation[1000], math.sqrt(10), 0.6)

-- %% [markdown]
-- ## The loader · 데이터로더
-- `data.DataLoader` deals a whole shuffled set in batches: every image once an epoch.
-- (The book draws anew for every step, so within an "epoch" an image may come twice or never.)

-- %%
local batches, images = 0, 0
for xs, ts in data.DataLoader(train, {batch_size = 100, shuffle = true, seed = 1}):batches() do
  batches, images = batches + 1, images + #xs
end
check("an epoch: batches and images", {batches, images}, {600, 60000})

-- %%
check.done()
