-- Trains small networks of all kinds for some steps and prints one number for each parameter: the bits of all its values, mixed.
-- Batches are large enough for every op to be cut into several chunks.
local T, nn, F, optim = require "nnlua.tensor", require "nnlua.nn", require "nnlua.nn.functional", require "nnlua.optim"

local function bits(x)
  local h = 17
  local function mix(v)
    if type(v) == "table" then for _, e in ipairs(v) do mix(e) end
    else h = (h * 1000003) ~ string.unpack("<i8", string.pack("<d", v)) end
  end
  mix(x:totable())
  return h
end

local function train(name, steps, net, make_optimizer, batch)
  local opt, loss = make_optimizer(net)
  for _ = 1, steps do
    local x, t = batch()
    loss = F.cross_entropy(net(x), t)
    opt:zero_grad()
    loss:backward()
    opt:step()
  end
  print(name, ("%x"):format(bits(loss:reshape(1))))
  for parameter, p in net:named_parameters() do print(parameter, ("%x"):format(bits(p))) end
  for _, b in ipairs(net:buffers()) do print(("%x"):format(bits(b:double():reshape(-1)))) end
end
local function images(n, size) return function() return T.rand(n, 1, size, size), T.randint(1, 10, {n}) end end
local function adam(net) return optim.Adam(net, {lr = 0.01}) end

T.manual_seed(42)
train("cnn", 8, nn.Sequential(
  nn.Conv2d(1, 30, 5, {init = "he"}), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(30, 8, 3, {padding = 1}), nn.BatchNorm2d(8), nn.ReLU(), nn.AvgPool2d(2),
  nn.Flatten(), nn.Dropout(0.3), nn.Linear(8 * 6 * 6, 100), nn.Tanh(), nn.Linear(100, 10)), adam, images(100, 28))
-- 16 channels and more: Winograd's way in all directions.
train("deep", 3, nn.Sequential(
  nn.Conv2d(1, 16, 3, {padding = 1}), nn.ReLU(), nn.Conv2d(16, 32, 3, {padding = 1}), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 32, 3, {padding = 2}), nn.ReLU(),
  nn.MaxPool2d(2), nn.Conv2d(32, 24, 3, {stride = 2, groups = 4}), nn.ReLU(), nn.Conv2d(24, 20, 1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(20 * 9, 10)),
  function(net) return optim.SGD(net, {lr = 0.05, momentum = 0.9, nesterov = true}) end, images(32, 28))
local layers, width = {}, 784
for _ = 1, 3 do
  for _, layer in ipairs{nn.Linear(width, 200), nn.BatchNorm1d(200), nn.GELU(), nn.Dropout(0.2), nn.LayerNorm(200)} do layers[#layers + 1] = layer end
  width = 200
end
layers[#layers + 1] = nn.Linear(width, 10)
train("mlp", 4, nn.Sequential(table.unpack(layers)), function(net) return optim.AdamW(net) end, function() return T.rand(500, 784), T.randint(1, 10, {500}) end)
local Words = nn.class("Words")
function Words:init()
  self.table, self.lstm, self.out = nn.Embedding(3000, 128), nn.LSTM(128, 96, {batch_first = true}), nn.Linear(96, 10)
end
function Words:forward(x) return self.out((self.lstm(self.table(x))):mean(2)) end
train("lstm", 3, Words(), function(net) return optim.RMSprop(net, {lr = 0.01}) end, function() return T.randint(1, 3000, {70, 20}), T.randint(1, 10, {70}) end)
print(("%x"):format(bits(T.randn(1000))), ("%x"):format(bits(T.randperm(1000):double())))
