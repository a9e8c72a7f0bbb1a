-- What nnlua takes for its bench cases: nnlua [--threads N] scripts/bench.lua [PREFIX]. One JSON object {case: milliseconds}.
-- bench-peer.py has the same cases in PyTorch.
local nnlua = require "nnlua"
local T, nn, optim = nnlua.tensor, nnlua.nn, nnlua.optim

local only = arg[1] or ""
local results = {}
T.manual_seed(0)

-- The best of five rounds of a quarter of a second each, after a warm-up.
local function measure(name, work)
  if name:sub(1, #only) ~= only then return end
  for _ = 1, 3 do work() end
  local begin = nnlua.clock()
  work()
  local count = math.max(1, 0.25 / math.max(nnlua.clock() - begin, 1e-7) // 1)
  local best = math.huge
  for _ = 1, 5 do
    begin = nnlua.clock()
    for _ = 1, count do work() end
    best = math.min(best, (nnlua.clock() - begin) / count)
  end
  results[#results + 1] = ("%q: %.6f"):format(name, best * 1e3)
end

local function training(name, net, x, t, optimizer)
  local loss = nn.CrossEntropyLoss()
  measure(name, function()
    optimizer:zero_grad()
    loss(net(x), t):backward()
    optimizer:step()
  end)
end

for _, n in ipairs{512, 1024, 2048} do
  local a, b = T.randn(n, n), T.randn(n, n)
  measure("matmul/" .. n, function() local product <close> = a:matmul(b) end)
end

local x, t = T.randn(4, 2), T.randint(1, 2, {4})
local net = nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 2))
training("train/xor 2-4-2", net, x, t, optim.SGD(net, {lr = 0.1}))

x, t = T.randn(100, 784), T.randint(1, 10, {100})
net = nn.Sequential(nn.Linear(784, 50), nn.Sigmoid(), nn.Linear(50, 10))
training("train/two_layer", net, x, t, optim.SGD(net, {lr = 0.1}))

x = T.randn(100, 1, 28, 28)
net = nn.Sequential(
  nn.Conv2d(1, 30, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
  nn.Linear(30 * 12 * 12, 100), nn.ReLU(), nn.Linear(100, 10))
training("train/simple_convnet", net, x, t, optim.Adam(net, {lr = 0.001}))

print("{" .. table.concat(results, ", ") .. "}")
