-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # What the filters look for · 필터가 보는 것
-- Thirty filters of 5 × 5, drawn before and after learning; what each makes of a digit; and two of them laid over a larger picture.
--
--     nnlua examples/ch07/filters.lua [--quick]
--
-- Takes the weights of fc_or_conv.lua where they are (simpleconvnet.safetensors); else, and with `--quick`, learns for one epoch first.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, optim, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.optim, nnlua.plot
T.manual_seed(1)

local net = nn.Sequential{
  {"conv", nn.Conv2d(1, 30, 5, {init = "he"})}, {"relu1", nn.ReLU()}, {"pool", nn.MaxPool2d(2)}, {"flatten", nn.Flatten()},
  {"hidden", nn.Linear(30 * 12 * 12, 100, {init = "he"})}, {"relu2", nn.ReLU()}, {"out", nn.Linear(100, 10, {init = "he"})},
}
local before = net.conv.weight:detach():clone()
local test = data.mnist{split = "test"}

-- %%
local file = not check.quick and io.open("simpleconvnet.safetensors", "rb")
if file then
  file:close()
  net:load_state_dict(T.load("simpleconvnet.safetensors"))
else
  local train = data.mnist{split = "train", limit = check.quick and 10000 or nil}
  local optimizer = optim.Adam(net, {lr = 0.001})
  for x, t in data.DataLoader(train, {batch_size = 100, shuffle = true, seed = 1}):batches() do
    optimizer:zero_grad()
    F.cross_entropy(net(x), t):backward()
    optimizer:step()
  end
end
net:eval()

-- %% [markdown]
-- ## Before and after · 학습 전과 후
-- Before: noise. After: patches of light and dark with a direction, edges and blobs, though much of the noise stays. What was learned, the
-- difference of the two, shows them best.

-- %%
local after = net.conv.weight:detach()
plot.figure{width = 760, height = 820, rows = 3, cols = 1}
for i, entry in ipairs{{"before learning", before}, {"after learning", after}, {"what was learned", after - before}} do
  plot.subplot(i)
  plot.imshow(entry[2], {cols = 10})
  plot.title(entry[1])
end
plot.show()

-- Neighbouring weights of a filter have learned to go together: the correlation of each weight with the one to its right and below it.
local function smoothness(filters)
  local w = filters - filters:mean({3, 4}, {keepdim = true})
  local right = (w[{ {}, {}, {}, {1, 4} }] * w[{ {}, {}, {}, {2, 5} }]):mean()
  local below = (w[{ {}, {}, {1, 4}, {} }] * w[{ {}, {}, {2, 5}, {} }]):mean()
  return ((right + below) / 2 / (w * w):mean()):item()
end
local learned = smoothness(after - before)
print(("correlation of neighbouring weights: %.3f before, %.3f after, %.3f in what was learned"):format(smoothness(before), smoothness(after), learned))

-- %% [markdown]
-- ## Feature maps · 특징 맵
-- What the convolution and its ReLU hand on of one digit: thirty pictures of it, each with something else lit up.

-- %%
local digit = test.x[{ {1, 1} }]
local maps = T.no_grad(function() return net.conv(digit):relu() end)
plot.figure{width = 1000, height = 440, rows = 1, cols = 2}
plot.subplot(1, 2, 1)
plot.imshow(digit[1][1])
plot.title(("the digit %d"):format(test.t[1] - 1))
plot.subplot(1, 2, 2)
plot.imshow(maps[1]:unsqueeze(2), {cols = 6})
plot.title("what thirty filters make of it")
plot.show()

-- %% [markdown]
-- ## A filter on a picture · 필터를 그림에 적용하기
-- A filter does not care what picture it is laid on. Here the classical pair: one answers to vertical edges, one to horizontal ones, on a picture
-- with both: a house. Below them two that the network has found itself: the ones whose weights agree best with those.

-- %%
local house = T.zeros(1, 1, 64, 64)
house[{1, 1, {28, 58}, {14, 50}}] = 0.7           -- the wall
for row = 8, 27 do house[{1, 1, row, {32 - (row - 8), 32 + (row - 8)}}] = 1 end  -- the roof
house[{1, 1, {40, 58}, {28, 36}}] = 0.1           -- the door
house[{1, 1, {34, 42}, {18, 25}}] = 0.2           -- a window
house[{1, 1, {34, 42}, {40, 46}}] = 0.2

local ramp = T{-2, -1, 0, 1, 2}
local vertical = ramp:reshape(1, 1, 1, 5):expand(1, 1, 5, 5) / 20
local horizontal = vertical:transpose(3, 4)

local function nearest(pattern)
  local w = after - after:mean({3, 4}, {keepdim = true})
  local likeness = (w * pattern):sum({2, 3, 4}) / (w * w):sum({2, 3, 4}):sqrt()
  local best = likeness:abs():argmax(1):item()
  return after[{ {best, best} }], best
end

local own_vertical, v = nearest(vertical)
local own_horizontal, h = nearest(horizontal)
plot.figure{width = 1100, height = 720, rows = 2, cols = 3}
local pictures = {
  {"the picture", house}, {"vertical edges", F.conv2d(house, vertical)}, {"horizontal edges", F.conv2d(house, horizontal)},
  {"", house}, {"learned filter " .. v, F.conv2d(house, own_vertical)}, {"learned filter " .. h, F.conv2d(house, own_horizontal)},
}
for i, entry in ipairs(pictures) do
  if i ~= 4 then
    plot.subplot(i)
    plot.imshow(entry[2][1][1], {colormap = i == 1 and "gray" or "coolwarm"})
    plot.title(entry[1])
  end
end
plot.show()

-- %%
local across, along = F.conv2d(house, vertical)[1][1], F.conv2d(house, horizontal)[1][1]
check.at_least("the left wall answers to the vertical filter", math.abs(across[{41, 11}]), 0.2)
check("... not to the horizontal one", along[{45, 11}], 0, 1e-6)
check("sizes of the maps", maps.shape, {1, 30, 24, 24})
check.at_most("neighbouring weights before", math.abs(smoothness(before)), 0.15)
check.at_least("neighbouring weights, in what was learned", learned, 0.2)
check.that("ReLU leaves nothing below 0", maps:min():item() >= 0)
check.done()
