-- What nnlua takes for its bench cases: nnlua [--threads N] scripts/bench.lua [PREFIX].
-- One JSON object {case: {ms = …, gflop = … | mb = …}}; bench-peer.py has the same cases in PyTorch.
local nnlua = require "nnlua"
local T, nn, F, optim = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.optim

local only = arg[1] or ""
local results = {}
T.manual_seed(0)

-- The best of five rounds of a quarter of a second each, after a warm-up. `amount` is the work of a call:
-- {gflop = …} arithmetic or {mb = …} memory read and written, in millions of bytes.
local function measure(name, amount, work)
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
  local fields = {("%q: %.6f"):format("ms", best * 1e3)}
  for unit, value in pairs(amount) do fields[#fields + 1] = ("%q: %.9g"):format(unit, value) end
  results[#results + 1] = ("%q: {%s}"):format(name, table.concat(fields, ", "))
end

-- `first` and `rest`: multiply-adds that the plain sums of the first layer and of all others take for one sample. Forward and backward are
-- three products of that size, two for the first layer, whose input wants no gradient.
local function training(name, net, x, t, make_optimizer, first, rest)
  local optimizer, loss = make_optimizer(net), nn.CrossEntropyLoss()
  measure(name, {gflop = 2e-9 * x:size(1) * (2 * first + 3 * rest)}, function()
    optimizer:zero_grad()
    loss(net(x), t):backward()
    optimizer:step()
  end)
end
local function sgd(net) return optim.SGD(net, {lr = 0.1}) end
local function adam(net) return optim.Adam(net, {lr = 1e-3}) end

-- matrix products
local function product(name, m, k, n)
  local a, b = T.randn(m, k), T.randn(k, n)
  measure(name, {gflop = 2e-9 * m * k * n}, function() local c <close> = a:matmul(b) end)
end
for _, n in ipairs{64, 128, 256, 512, 1024, 2048} do product("matmul/" .. n, n, n, n) end
product("matmul/100x784x50", 100, 784, 50)

-- elementwise, reductions, one million floats of 4 MB
local x = T.randn(1000, 1000)
for _, case in ipairs{
  {"add", 12, function() return x + x end}, {"exp", 8, function() return x:exp() end}, {"tanh", 8, function() return x:tanh() end},
  {"sigmoid", 8, function() return x:sigmoid() end}, {"relu", 8, function() return x:relu() end}, {"gelu", 8, function() return F.gelu(x) end},
  {"sum", 4, function() return x:sum() end}, {"sum_rows", 4, function() return x:sum(2) end}, {"sum_columns", 4, function() return x:sum(1) end},
  {"max_rows", 4, function() return (x:max(2)) end}, {"softmax", 8, function() return F.softmax(x, 2) end},
  {"transpose_copy", 8, function() return x:t():contiguous() end}, {"randn", 4, function() return T.randn(1000, 1000) end},
} do
  local name, mb, f = table.unpack(case)
  measure("tensor/" .. name, {mb = mb}, function() local y <close> = f() end)
end

-- convolutions: forward, and forward with backward (three products of the same size)
for _, case in ipairs{{"mnist_first", 100, 1, 28, 30, 5, 0}, {"middle", 100, 32, 14, 32, 3, 1}, {"deep", 32, 64, 32, 64, 3, 1}} do
  local name, n, c, h, o, k, p = table.unpack(case)
  local image, weight = T.randn(n, c, h, h), T.randn(o, c, k, k)
  local side = h + 2 * p - k + 1
  local gflop = 2e-9 * n * o * side * side * c * k * k
  measure("conv2d/" .. name .. "/forward", {gflop = gflop}, function() local y <close> = F.conv2d(image, weight, nil, {padding = p}) end)
  image:requires_grad_()
  weight:requires_grad_()
  measure("conv2d/" .. name .. "/both", {gflop = 3 * gflop}, function()
    image.grad, weight.grad = nil, nil
    F.conv2d(image, weight, nil, {padding = p}):sum():backward()
  end)
end

-- one training step
local t
x, t = T.randn(4, 2), T.randint(1, 2, {4})
training("train/xor 2-4-2 batch 4 SGD", nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 2)), x, t, sgd, 8, 8)
x, t = T.randn(100, 784), T.randint(1, 10, {100})
training("train/two_layer 784-50-10 batch 100 SGD", nn.Sequential(nn.Linear(784, 50), nn.Sigmoid(), nn.Linear(50, 10)), x, t, sgd, 784 * 50, 500)
local layers, width = {}, 784
for _ = 1, 6 do
  for _, layer in ipairs{nn.Linear(width, 100), nn.BatchNorm1d(100), nn.ReLU(), nn.Dropout(0.2)} do layers[#layers + 1] = layer end
  width = 100
end
layers[#layers + 1] = nn.Linear(100, 10)
training("train/mlp 6x100 batchnorm dropout batch 100 Adam", nn.Sequential(table.unpack(layers)), x, t, adam, 784 * 100, 51000)

x = T.randn(100, 1, 28, 28)
local simple = nn.Sequential(
  nn.Conv2d(1, 30, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
  nn.Linear(4320, 100), nn.ReLU(), nn.Linear(100, 10))
local simple_first, simple_rest = 30 * 24 * 24 * 25, 4320 * 100 + 1000
training("train/simple_convnet batch 100 Adam", simple, x, t, adam, simple_first, simple_rest)

local function deep_convnet()
  local list = {}
  local function conv(from, to, padding)
    list[#list + 1] = nn.Conv2d(from, to, 3, {padding = padding or 1})
    list[#list + 1] = nn.ReLU()
  end
  local function pool() list[#list + 1] = nn.MaxPool2d(2) end
  conv(1, 16); conv(16, 16); pool(); conv(16, 32); conv(32, 32, 2); pool(); conv(32, 64); conv(64, 64); pool()
  for _, layer in ipairs{nn.Flatten(), nn.Linear(64 * 4 * 4, 50), nn.ReLU(), nn.Dropout(0.5), nn.Linear(50, 10), nn.Dropout(0.5)} do
    list[#list + 1] = layer
  end
  return nn.Sequential(table.unpack(list))
end
local deep_first = 9 * 16 * 28 * 28
local deep_rest = 9 * (16 * 16 * 28 * 28 + 16 * 32 * 14 * 14 + 32 * 32 * 16 * 16 + 32 * 64 * 8 * 8 + 64 * 64 * 8 * 8) + 1024 * 50 + 500
local deep = deep_convnet()
training("train/deep_convnet batch 100 Adam", deep, x, t, adam, deep_first, deep_rest)

-- inference
T.no_grad(function()
  simple:eval()
  deep:eval()
  local one, thousand = T.randn(1, 1, 28, 28), T.randn(1000, 1, 28, 28)
  local simple_work, deep_work = 2e-9 * (simple_first + simple_rest), 2e-9 * (deep_first + deep_rest)
  measure("infer/simple_convnet batch 1", {gflop = simple_work}, function() local y <close> = simple(one) end)
  measure("infer/simple_convnet batch 1000", {gflop = 1000 * simple_work}, function() local y <close> = simple(thousand) end)
  measure("infer/deep_convnet batch 100", {gflop = 100 * deep_work}, function() local y <close> = deep(x) end)
end)

-- overheads: a thousand of each on one element, so that the milliseconds are the microseconds of one
local one, other, leaf = T.ones(1), T.ones(1), T.ones(1, {requires_grad = true})
measure("overhead/1000 getters", {}, function() for _ = 1, 1000 do local _ = one.requires_grad end end)
measure("overhead/1000 calls", {}, function() for _ = 1, 1000 do local _ = one + other end end)
local function nodes()
  local y = leaf
  for _ = 1, 1000 do y = y + other end
  return y
end
measure("overhead/1000 nodes", {}, nodes)
measure("overhead/1000 nodes and backward", {}, function()
  leaf.grad = nil
  nodes():backward()
end)
local parameters = {}
for i = 1, 1000 do
  parameters[i] = T.ones(1, {requires_grad = true})
  parameters[i].grad = T.ones(1)
end
local sgd_step = optim.SGD(parameters, {lr = 0.1})
measure("overhead/1000 parameters' step", {}, function() sgd_step:step() end)

-- growth: how the cost of the same kind of work rises with its size
if only:sub(1, 6) == "growth" then
  for power = 0, 12, 2 do
    local n = 1 << power
    local net = nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
    training("growth/batch/" .. n, net, T.randn(n, 784), T.randint(1, 10, {n}), sgd, 78400, 1000)
  end
  for power = 4, 12, 2 do
    local n = 1 << power
    training("growth/width/" .. n, nn.Linear(n, n), T.randn(64, n), T.randint(1, n, {64}), sgd, n * n, 0)
  end
  for power = 0, 6 do
    local depth, list = 1 << power, {}
    for i = 1, depth do list[2 * i - 1], list[2 * i] = nn.Linear(100, 100), nn.ReLU() end
    training("growth/depth/" .. depth, nn.Sequential(table.unpack(list)), T.randn(32, 100), T.randint(1, 100, {32}), sgd, 10000, (depth - 1) * 10000)
  end
  local threads = nnlua.threads()
  for n = 1, nnlua.info().cores do
    nnlua.threads(n)
    training("growth/threads/" .. n, deep_convnet(), T.randn(100, 1, 28, 28), T.randint(1, 10, {100}), adam, deep_first, deep_rest)
  end
  nnlua.threads(threads)
end

print("{" .. table.concat(results, ", ") .. "}")
