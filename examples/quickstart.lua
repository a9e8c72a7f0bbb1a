-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Quick start
-- A small convolutional network learns to read handwritten digits, in seconds.
--
--     nnlua examples/quickstart.lua
--
-- The digits (8 by 8 pixels, 1,797 of them) come with nnlua.

-- %%
local nnlua = require "nnlua"
local T, nn, optim, data, plot = nnlua.tensor, nnlua.nn, nnlua.optim, nnlua.data, nnlua.plot

T.manual_seed(1)

-- Most to learn from; the rest is held out to be examined on.
local train = data.digits{split = "train"}
local test = data.digits{split = "test"}

-- %% The network
local net = nn.Sequential(
  nn.Conv2d(1, 16, 3, {padding = 1}), nn.BatchNorm2d(16), nn.ReLU(),
  nn.Conv2d(16, 32, 3, {padding = 1}), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
  nn.Flatten(), nn.Dropout(0.5),
  nn.Linear(32 * 4 * 4, 10))
local criterion = nn.CrossEntropyLoss()
local optimizer = optim.Adam(net, {lr = 0.001})

-- The share of right answers: the class with the highest score against the label.
local function accuracy(set)
  return T.no_grad(function()
    return net(set.x):argmax(2):eq(set.t):double():mean():item()
  end)
end

-- %% Training
local loader = data.DataLoader(train, {batch_size = 50, shuffle = true, seed = 1})
for epoch = 1, 20 do
  local bar <close> = nnlua.progress(#train, {title = ("epoch %2d"):format(epoch), unit = "images"})
  for x, t in loader:batches() do
    optimizer:zero_grad()
    local loss = criterion(net(x), t)
    loss:backward()
    optimizer:step()
    bar:step(#x, {loss = loss:item()})
  end
end

-- %%
net:eval()  -- from here on: no dropout, the running values of batch normalisation
print(("accuracy: %.4f on the digits it learned from, %.4f on %d it has never seen"):format(accuracy(train), accuracy(test), #test))

-- %%
-- A look at twenty of those, with what the network reads in them.
local x, t = test.x[{ {1, 20} }], test.t[{ {1, 20} }]
local guess = T.no_grad(function() return net(x):argmax(2) end)
local titles = {}
for i = 1, 20 do
  local seen, is = test.classes[guess[i]], test.classes[t[i]]
  titles[i] = seen == is and seen or ("%s (is %s)"):format(seen, is)
end
plot.imshow(x, {titles = titles, cols = 10, title = "What the network reads"})
plot.show()
