-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # What the first weights do to the signals · 가중치 초깃값과 활성화값의 분포
-- A thousand random inputs of 100 numbers go through five layers of 100 units. How wide the weights are spread at the beginning decides
-- what arrives: signals of all sizes, or only 0s and 1s, or everywhere the same.
--
--     nnlua examples/ch06/activation_histograms.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, plot = nnlua.tensor, nnlua.plot
T.manual_seed(1)

local n = 100
local x = T.randn(1000, n)

-- %% [markdown]
-- ## Five layers · 다섯 층
-- `forward` returns what leaves each layer, and how large the gradient of each layer's weights is when a random signal is sent back from
-- the end: what is squeezed on the way there is squeezed on the way back.

-- %%
local function forward(activation, std)
  local z, layers, weights = x, {}, {}
  for i = 1, 5 do
    weights[i] = (T.randn(n, n) * std):requires_grad_()
    z = activation(z:matmul(weights[i]))
    layers[i] = z
  end
  z:backward(T.randn(1000, n))
  local norms = {}
  for i = 1, 5 do
    norms[i] = weights[i].grad:norm():item()
    layers[i] = layers[i]:detach()
  end
  return layers, norms
end

-- %% [markdown]
-- ## Each activation with its beginnings · 활성화 함수마다 여러 초깃값
-- Xavier: 1/√n, made for activations that are nearly straight around 0. He: √(2/n), since ReLU throws half of the signal away.

-- %%
local xavier, he = 1 / math.sqrt(n), math.sqrt(2 / n)
local runs = {
  {"sigmoid", T.sigmoid, {{"std 1", 1}, {"std 0.01", 0.01}, {"Xavier", xavier}}, {0, 1}},
  {"tanh", T.tanh, {{"std 1", 1}, {"std 0.01", 0.01}, {"Xavier", xavier}}, {-1, 1}},
  {"ReLU", T.relu, {{"std 1", 1}, {"std 0.01", 0.01}, {"Xavier", xavier}, {"He", he}}, {0, 3}},
}

local out, norms = {}, {}
for _, run in ipairs(runs) do
  local name, activation, starts, range = table.unpack(run, 1, 4)
  plot.figure{width = 1100, height = 190 * #starts + 40, rows = #starts, cols = 5, title = name}
  for row, start in ipairs(starts) do
    local key = name .. " " .. start[1]
    out[key], norms[key] = forward(activation, start[2])
    local widths, sizes = {}, {}
    for i, layer in ipairs(out[key]) do
      widths[i], sizes[i] = ("%10.3g"):format(layer:std():item()), ("%10.3g"):format(norms[key][i])
      plot.subplot(#starts, 5, 5 * (row - 1) + i)
      -- Half of ReLU's signals are 0: drawn is what lies above, up to 3 (nearly all of std 1 lies far beyond).
      plot.hist(name == "ReLU" and layer[layer:gt(0)] or layer, {bins = 30, range = range, color = row})
      plot.title(("%s, layer %d"):format(start[1], i))
      plot.xticks(range)
      plot.yticks({0})
    end
    print(("%-17s std      %s"):format(key, table.concat(widths, " ")))
    print(("%-17s gradient %s"):format("", table.concat(sizes, " ")))
  end
  plot.show()
end

-- %% [markdown]
-- ## Read it · 읽기
-- - sigmoid, std 1: most outputs are near 0 or 1, where the slope is nearly 0: such units hardly learn. (Only the large weights on the
--   way back keep the gradients here from vanishing.)
-- - sigmoid, std 0.01: all outputs are about 0.5: a hundred units that say the same, and the
--   gradient shrinks by 40 in each layer on the way back.
-- - Xavier: spread out through all layers. tanh stays symmetric about 0, which suits it better still.
-- - ReLU: with std 0.01 almost nothing arrives, with 1 far too much, with Xavier less in each layer, with He about the same in each.

-- %%
local function std(key, layer) return out[key][layer]:std() end

local last = out["sigmoid std 1"][5]
local extreme = (last:lt(0.1):double() + last:gt(0.9):double()):mean()
check.at_least("sigmoid, std 1: share near 0 or 1", extreme, 0.7)
check("sigmoid, std 0.01: mean of the last layer", out["sigmoid std 0.01"][5]:mean(), 0.5, 0.02)
check("sigmoid, std 0.01: spread of the last layer", std("sigmoid std 0.01", 5), 0.0125, 0.002)
check("sigmoid, Xavier: spread of the last layer", std("sigmoid Xavier", 5), 0.12, 0.02)
check("tanh, Xavier: mean of the last layer", out["tanh Xavier"][5]:mean(), 0, 0.03)
check("ReLU, He: spread of the first layer", std("ReLU He", 1), 0.8, 0.06)
check("ReLU, He: spread of the last layer", std("ReLU He", 5), 0.8, 0.2)
check("ReLU, Xavier: spread of the first layer", std("ReLU Xavier", 1), 0.585, 0.03)
check("ReLU, Xavier: spread of the last layer", std("ReLU Xavier", 5), 0.142, 0.04)
check.at_most("ReLU, std 0.01: spread of the last layer", std("ReLU std 0.01", 5), 1e-4)
check.at_most("sigmoid, std 0.01: first gradient over last", norms["sigmoid std 0.01"][1] / norms["sigmoid std 0.01"][5], 1e-3)
check.at_least("ReLU, He: first gradient over last", norms["ReLU He"][1] / norms["ReLU He"][5], 0.3)
check.done()
