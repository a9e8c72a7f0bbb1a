-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Weights that begin equal stay equal · 가중치가 모두 같으면
-- Why not begin with zeros, or with one number everywhere? Because then all units of a layer compute the same, get the same gradient
-- and change alike: a hundred units do the work of one.
--
--     nnlua examples/ch06/equal_weights.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, optim, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.optim, nnlua.plot
T.manual_seed(1)

local set = data.digits{split = "train", flatten = true}

-- %% [markdown]
-- ## Two beginnings · 두 가지 시작
-- 64 pixels → 20 sigmoids → 10 scores, on the small digits that ship with nnlua. `spread` tells how far the units of the hidden layer
-- are apart: the largest distance of a weight from the same weight of the first unit.

-- %%
local function learn(start)
  local net = nn.Sequential(nn.Linear(64, 20), nn.Sigmoid(), nn.Linear(20, 10))
  for _, weights in ipairs(net:parameters()) do start(weights) end
  local optimizer = optim.SGD(net, {lr = 1})
  for _ = 1, 300 do
    optimizer:zero_grad()
    F.cross_entropy(net(set.x), set.t):backward()
    optimizer:step()
  end
  local W = net[1].weight:detach()
  local spread = (W - W[1]):abs():max():item()
  local accuracy = net(set.x):argmax(2):eq(set.t):double():mean():item()
  return W, spread, accuracy
end

local equal, equal_spread, equal_accuracy = learn(function(w) nn.init.constant_(w, 0.05) end)
local random, random_spread, random_accuracy = learn(function(w) nn.init.normal_(w, 0, 0.1) end)
print(("all 0.05: units differ by %g, accuracy %.3f"):format(equal_spread, equal_accuracy))
print(("random:   units differ by %.3f, accuracy %.3f"):format(random_spread, random_accuracy))

-- %% [markdown]
-- The weights of all units after learning, as 8 × 8 pictures: the same picture twenty times, and twenty pictures.

-- %%
plot.imshow(T.cat({equal, random}, 1):reshape(40, 8, 8), {cols = 10, title = "20 units that began equal, 20 that began at random"})
plot.show()

-- %%
check.at_most("units that began equal differ by", equal_spread, 1e-6)
check.at_least("units that began at random differ by", random_spread, 0.3)
check.at_most("accuracy, equal", equal_accuracy, 0.5)
check.at_least("accuracy, random", random_accuracy, 0.9)
check.done()
