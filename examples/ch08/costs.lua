-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Where time and weights are · 계층별 시간과 매개변수
-- The deep network, layer by layer: how many weights, how many multiplications, how long. Most weights are in the last layers, nearly all the time
-- goes into the convolutions. And: what a batch is good for.
--
--     nnlua examples/ch08/costs.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, F, plot = nnlua.tensor, nnlua.nn.functional, nnlua.plot
local deep_net = require "deep_net"
T.manual_seed(1)

local net = deep_net():eval()

local function seconds(f)
  f()  -- once for the caches
  local best, times = math.huge, check.quick and 5 or 20
  for _ = 1, times do
    local begin = nnlua.clock()
    f()
    best = math.min(best, nnlua.clock() - begin)
  end
  return best
end

-- %% [markdown]
-- ## Layer by layer · 계층별로
-- A batch of 100 goes through; each layer gets what the one before it left. A convolution multiplies once for each weight and each place of its
-- result; a fully connected layer once for each weight.

-- %%
local x, layers = T.rand(100, 1, 28, 28), {}
T.no_grad(function()
  for i, layer in ipairs(net:children()) do
    local y = layer(x)
    local entry = {name = tostring(layer):match("^[%w]+"), shape = y.shape, parameters = layer:num_parameters(), products = 0}
    for _, weights in ipairs(layer:parameters()) do
      if weights:dim() > 1 then entry.products = entry.products + weights:numel() * (y:dim() == 4 and y:size(3) * y:size(4) or 1) end
    end
    local input = x
    entry.seconds = seconds(function() layer(input) end)
    layers[i], x = entry, y
  end
end)

local names = {"conv1", "conv2", "pool1", "conv3", "conv4", "pool2", "conv5", "conv6", "pool3", "flatten", "hidden", "relu", "drop", "out"}
local total = {parameters = 0, products = 0, seconds = 0}
for _, layer in ipairs(layers) do
  for key, sum in pairs(total) do total[key] = sum + layer[key] end
end
print("layer     output            weights  multiplications     time of 100")
for i, layer in ipairs(layers) do
  print(("%-9s %-15s %9d %12.2f million %10.3f ms  %4.1f %%"):format(names[i], table.concat(layer.shape, "×", 2), layer.parameters, layer.products / 1e6,
    layer.seconds * 1e3, 100 * layer.seconds / total.seconds))
end
print(("%-25s %9d %12.2f million %10.3f ms"):format("all", total.parameters, total.products / 1e6, total.seconds * 1e3))

local bars = {{}, {}, {}}
for i, layer in ipairs(layers) do
  bars[1][i] = layer.parameters / total.parameters
  bars[2][i] = layer.products / total.products
  bars[3][i] = layer.seconds / total.seconds
end
plot.figure{width = 900, height = 420}
plot.bar(names, T.tensor(bars) * 100, {label = {"weights", "multiplications", "time"}})
plot.ylabel("% of the whole")
plot.title("DeepConvNet, layer by layer")
plot.show()

-- %% [markdown]
-- ## Batches · 배치 크기
-- One picture at a time, each call's own costs weigh most; in batches they are shared, until the caches are full.

-- %%
local sizes, rates = {1, 4, 16, 64, 256}, {}
T.no_grad(function()
  for i, size in ipairs(sizes) do
    local batch = T.rand(size, 1, 28, 28)
    rates[i] = size / seconds(function() net(batch) end)
    print(("batches of %3d: %7.0f pictures a second"):format(size, rates[i]))
  end
end)
plot.figure{width = 640, height = 400}
plot.line(sizes, rates, {marker = "o"})
plot.xscale("log")
plot.xlabel("batch")
plot.ylabel("pictures a second")
plot.title("Inference")
plot.ylim(0, 1.1 * math.max(table.unpack(rates)))
plot.show()

-- %% [markdown]
-- ## Learning · 학습할 때
-- The profiler tells forward from backward; `nnlua --profile SCRIPT` does the same for a whole script.

-- %%
net:train()
local pictures, labels = T.rand(100, 1, 28, 28), T.randint(1, 10, 100)
local function step() F.cross_entropy(net(pictures), labels):backward() end
step()
local report = nnlua.profile(function() for _ = 1, check.quick and 3 or 10 do step() end end)
print(report)

-- %%
local convolutions = 0
for i, layer in ipairs(layers) do
  if names[i]:match("conv") then convolutions = convolutions + layer.products end
end
check("weights", total.parameters, 123552)
check("multiplications of a picture, million", total.products / 1e6, 8.77, 0.01)
check.at_least("share of the convolutions in them", convolutions / total.products, 0.99)
check.at_least("share of the fully connected layers in the weights", (layers[11].parameters + layers[14].parameters) / total.parameters, 0.4)
print(("%.1f times as many pictures a second in batches as one by one"):format(math.max(table.unpack(rates)) / rates[1]))
check.done()
