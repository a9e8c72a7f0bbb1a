-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # More from the same digits · 데이터 확장
-- A digit that is moved by two pixels, or turned a little, is still the same digit: each is a new sample for nothing. With 1,000 digits to learn
-- from it matters much.
--
--     nnlua examples/ch08/augmentation.lua [--quick]
--
-- `--quick`: 15 epochs instead of 60, and 2,000 test digits.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F, data, optim, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.data, nnlua.optim, nnlua.plot
local transforms = data.transforms

local train = data.mnist{split = "train", limit = 1000}
local test = data.mnist{split = "test", limit = check.quick and 2000 or nil}
local epochs = check.quick and 15 or 60

-- %% [markdown]
-- ## Turned and moved · 회전과 이동
-- Transforms take a batch and draw an angle and a shift for each picture of it. Mirroring is left out: a mirrored 2 is no 2.

-- %%
local augment = transforms.compose(transforms.rotate(12), transforms.random_shift(2))
T.manual_seed(1)
local rows = {}
for i = 1, 4 do
  local digit = train.x[{ {i, i} }]
  rows[i] = T.cat({digit, augment(digit:expand(7, 1, 28, 28):clone())}, 1)
end
plot.figure{width = 1000, height = 520}
plot.imshow(T.cat(rows, 1), {cols = 8, colormap = "binary"})
plot.title("Left: as it is. Then: seven of its many forms.")
plot.show()

-- %% [markdown]
-- ## Learning with and without · 확장 유무 비교
-- The loader applies the transform to each batch, so that no two epochs see the same pictures.

-- %%
local function learn(transform)
  T.manual_seed(1)
  local net = nn.Sequential(
    nn.Conv2d(1, 30, 5, {init = "he"}), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(30 * 12 * 12, 100, {init = "he"}), nn.ReLU(), nn.Linear(100, 10, {init = "he"}))
  local optimizer = optim.Adam(net, {lr = 0.001})
  local loader = data.DataLoader(train, {batch_size = 100, shuffle = true, seed = 1, transform = transform})
  local scores = {}
  for epoch = 1, epochs do
    net:train()
    for x, t in loader:batches() do
      optimizer:zero_grad()
      F.cross_entropy(net(x), t):backward()
      optimizer:step()
    end
    net:eval()
    local right = 0
    T.no_grad(function()
      for x, t in data.DataLoader(test, {batch_size = 500}):batches() do right = right + net(x):argmax(2):eq(t):sum():item() end
    end)
    scores[epoch] = right / #test
  end
  return scores
end

local plain, augmented = learn(nil), learn(augment)
print(("test accuracy after %d epochs: %.4f as they are, %.4f turned and moved"):format(epochs, plain[epochs], augmented[epochs]))
plot.figure{width = 720, height = 420}
plot.line(plain, {label = "as they are"})
plot.line(augmented, {label = "turned and moved"})
plot.title("Test accuracy, learned from 1,000 digits")
plot.xlabel("epoch")
plot.ylim(0.8, 1)
plot.show()

-- %%
local shifted = transforms.random_shift(2)(train.x[{ {1, 100} }])
check("a shifted picture keeps its shape", shifted.shape, {100, 1, 28, 28})
check.at_least("as they are", plain[epochs], check.quick and 0.85 or 0.9)
check.at_least("turned and moved", augmented[epochs], check.quick and 0.87 or 0.955)
check.at_least("gained", augmented[epochs] - plain[epochs], check.quick and 0 or 0.01)
check.done()
