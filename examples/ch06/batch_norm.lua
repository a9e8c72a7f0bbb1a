-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Batch normalisation · 배치 정규화
-- Instead of choosing the first weights well, bring every unit's values of a batch to mean 0 and variance 1, then let the network
-- scale (γ) and shift (β) them. Sixteen spreads of the first weights, from 1 to 0.0001: with and without.
--
--     nnlua examples/ch06/batch_norm.lua [--quick]
--
-- `--quick`: every third spread.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, optim, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.optim, nnlua.plot

local train = data.mnist{split = "train", flatten = true, limit = 1000}
local images, labels = train.x, train.t
local epochs, size = 20, 100

-- %% [markdown]
-- ## Where it stands · 어디에 두는가
-- "before" puts it between the weights and the ReLU, as its inventors did; "after" behind the ReLU; "plain" has none.
-- 784 → 5 × 100 → 10.

-- %%
local function network(std, place)
  local layers, inputs = {}, 784
  local function add(layer) layers[#layers + 1] = layer end
  for _ = 1, 5 do
    add(nn.Linear(inputs, 100, {init = std}))
    if place == "before" then add(nn.BatchNorm1d(100)) end
    add(nn.ReLU())
    if place == "after" then add(nn.BatchNorm1d(100)) end
    inputs = 100
  end
  add(nn.Linear(inputs, 10, {init = std}))
  return nn.Sequential(table.unpack(layers))
end

local function learn(std, place)
  T.manual_seed(1)
  local net = network(std, place)
  local optimizer, accuracies = optim.SGD(net, {lr = 0.01}), {}
  for epoch = 1, epochs do
    for _ = 1, #images // size do
      local positions = T.choice(#images, size)
      optimizer:zero_grad()
      F.cross_entropy(net(images[positions]), labels[positions]):backward()
      optimizer:step()
    end
    net:eval()  -- means and variances of all batches so far, not of this one
    accuracies[epoch] = T.no_grad(function() return net(images):argmax(2):eq(labels):double():mean():item() end)
    net:train()
  end
  return accuracies
end

-- %%
local spreads = T.logspace(0, -4, 16):totable()
local places = {"plain", "before", "after"}
local final = {plain = {}, before = {}, after = {}}
local rows, cols = check.quick and 2 or 4, check.quick and 3 or 4
plot.figure{width = 1100, height = 225 * rows + 60, rows = rows, cols = cols, title = "Accuracy on the thousand samples by epoch, for each spread of the first weights"}
local begin, panel = nnlua.clock(), 0
for i = 1, 16, check.quick and 3 or 1 do
  panel = panel + 1
  plot.subplot(panel)
  for _, place in ipairs(places) do
    local accuracies = learn(spreads[i], place)
    plot.line(accuracies, {label = panel == 1 and place or nil, style = place == "plain" and "--" or "-"})
    table.insert(final[place], accuracies[epochs])
  end
  plot.title(("std %.5f"):format(spreads[i]))
  plot.ylim(0, 1.02)
  if panel == 1 then plot.legend("top left") end
  if panel > (rows - 1) * cols then plot.xlabel("epoch") end
  print(("std %.5f: plain %.3f, before the ReLU %.3f, after it %.3f"):format(
    spreads[i], final.plain[panel], final.before[panel], final.after[panel]))
end
print(("%.1f s"):format(nnlua.clock() - begin))
plot.show()

-- %% [markdown]
-- ## Read it · 읽기
-- Without it only a narrow band of spreads learns; near 0.3 it may even be ahead. With it nearly all learn. At the smallest spreads ε, the
-- 10⁻⁵ that guards the root, is larger than the variance itself, and the network slows down.

-- %%
local function best(list) return math.max(table.unpack(list)) end
local function learners(list)
  local count = 0
  for _, accuracy in ipairs(list) do count = count + (accuracy > 0.5 and 1 or 0) end
  return count
end
print(("spreads that pass 0.5: plain %d, before %d, after %d of %d"):format(
  learners(final.plain), learners(final.before), learners(final.after), #final.plain))
check.at_least("best, before", best(final.before), 0.97)
check.at_least("best, after", best(final.after), 0.97)
check.at_most("plain, smallest spread", final.plain[#final.plain], 0.2)
check.at_least("more spreads learn, before", learners(final.before) - learners(final.plain), check.quick and 2 or 8)
check.at_least("more spreads learn, after", learners(final.after) - learners(final.plain), check.quick and 2 or 8)
check.done()
