-- Lion beside Adam on the handwritten digits that ship with nnlua.
--   nnlua plugin build examples/plugins/lion && nnlua examples/plugins/lion/compare.lua
local T, nn, optim, data = require "nnlua.tensor", require "nnlua.nn", require "nnlua.optim", require "nnlua.data"
local train, metrics = require "nnlua.train", require "nnlua.metrics"
require "lion"  -- asks to appear in optim

local training, test = data.digits {split = "train", flatten = true}, data.digits {split = "test", flatten = true}

for _, run in ipairs {{"Adam", 0.003}, {"Lion", 0.001}} do
  local name, lr = table.unpack(run)
  T.manual_seed(1)
  local net = nn.Sequential(nn.Linear(64, 50), nn.ReLU(), nn.Linear(50, 10))
  local optimizer = optim[name](net, {lr = lr})
  for _ = 1, 20 do
    for x, t in data.DataLoader(training, {batch_size = 50, shuffle = true}):batches() do
      optimizer:zero_grad()
      nn.CrossEntropyLoss()(net(x), t):backward()
      optimizer:step()
    end
  end
  print(("%-5s test accuracy after 20 epochs: %.3f"):format(name, T.no_grad(function() return metrics.accuracy(net(test.x), test.t) end)))
end
