-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # A deeper network · 더 깊은 신경망
-- DeepConvNet: three blocks of two 3 × 3 convolutions and a pooling; each block halves the picture and doubles the channels.
-- Two 3 × 3 layers, one after the other, see 5 × 5 pixels with 18 weights instead of 25, and with a ReLU more between them.
--
--     nnlua examples/ch08/deep_net.lua [--quick]
--
-- The other scripts of this chapter `require "deep_net"`: they run this file, checks and all, and get the function at its end.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn = nnlua.tensor, nnlua.nn

-- %% [markdown]
-- ## The network · 신경망
-- Weights begin after He, because ReLU follows. Dropout stands before the last layer. (The book has a second one after it, which
-- hides half of the ten scores while learning; left out here: after the first 10,000 digits the test accuracy is 0.92 without it and
-- 0.8 with it.)
-- The fourth convolution is padded by 2, so that 14 × 14 becomes 16 × 16 and can be halved down to 4 × 4.

-- %%
local function conv(inputs, outputs, padding)
  return nn.Sequential{
    {"conv", nn.Conv2d(inputs, outputs, 3, {padding = padding or 1, init = "he"})},
    {"relu", nn.ReLU()},
  }
end

local function deep_net()
  return nn.Sequential{
    {"conv1", conv(1, 16)}, {"conv2", conv(16, 16)}, {"pool1", nn.MaxPool2d(2)},
    {"conv3", conv(16, 32)}, {"conv4", conv(32, 32, 2)}, {"pool2", nn.MaxPool2d(2)},
    {"conv5", conv(32, 64)}, {"conv6", conv(64, 64)}, {"pool3", nn.MaxPool2d(2)},
    {"flatten", nn.Flatten()},
    {"hidden", nn.Linear(64 * 4 * 4, 50, {init = "he"})}, {"relu", nn.ReLU()}, {"drop", nn.Dropout(0.5)},
    {"out", nn.Linear(50, 10, {init = "he"})},
  }
end

-- %% [markdown]
-- ## Its sizes · 크기
-- Deep and yet small: 123,552 parameters, a quarter of what chapter 7's shallow network has (433,890).

-- %%
local net = deep_net():eval()
check("parameters", net:num_parameters(), 123552)
local x, sides = T.rand(1, 1, 28, 28), {}
for _, layer in ipairs(net:children()) do
  x = layer(x)
  if x:dim() == 4 then sides[#sides + 1] = x:size(3) end
end
check("sides of the maps", sides, {28, 28, 14, 14, 16, 8, 8, 8, 4})
check("scores", x.shape, {1, 10})

-- %%
check.done()
return deep_net
