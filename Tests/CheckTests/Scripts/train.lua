-- Trains a small CNN for some steps and prints one number for each parameter: the bits of all its values, mixed.
local T, nn, F, optim = require "nnlua.tensor", require "nnlua.nn", require "nnlua.nn.functional", require "nnlua.optim"
T.manual_seed(42)
local net = nn.Sequential(
  nn.Conv2d(1, 30, 5, {init = "he"}), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(30, 8, 3, {padding = 1}), nn.BatchNorm2d(8), nn.ReLU(), nn.AvgPool2d(2),
  nn.Flatten(), nn.Dropout(0.3), nn.Linear(8 * 6 * 6, 100), nn.Tanh(), nn.Linear(100, 10))
local opt = optim.Adam(net, {lr = 0.01})
local loss
for step = 1, 8 do
  local x, t = T.rand(100, 1, 28, 28), T.randint(1, 10, {100})
  loss = F.cross_entropy(net(x), t)
  opt:zero_grad()
  loss:backward()
  opt:step()
end
local function bits(x)
  local h = 17
  local function mix(v)
    if type(v) == "table" then for _, e in ipairs(v) do mix(e) end
    else h = (h * 1000003) ~ string.unpack("<i8", string.pack("<d", v)) end
  end
  mix(x:totable())
  return h
end
print(("%x"):format(bits(loss:reshape(1))))
for name, p in net:named_parameters() do print(name, ("%x"):format(bits(p))) end
for _, b in ipairs(net:buffers()) do print(("%x"):format(bits(b:double():reshape(-1)))) end
print(("%x"):format(bits(T.randn(1000))), ("%x"):format(bits(T.randperm(1000):double())))
