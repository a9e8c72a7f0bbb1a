-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # The trained network · 학습된 신경망
-- What the scripts of this chapter begin with: the network of deep_net.lua with the weights of deep_convnet.lua, or, where there is no file of
-- them and with `--quick`, after once through 10,000 digits.
--
--     nnlua examples/ch08/trained.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, F, data, optim = nnlua.tensor, nnlua.nn.functional, nnlua.data, nnlua.optim
local deep_net = require "deep_net"

-- The network, ready to be asked, and whether its weights are those of the file.
local function learn()
  T.manual_seed(1)
  local net = deep_net()
  local file = not check.quick and io.open("deepconvnet.safetensors", "rb")
  if file then
    file:close()
    net:load_state_dict(T.load("deepconvnet.safetensors"))
    return net:eval(), true
  end
  if not check.quick then print "there is no deepconvnet.safetensors here: deep_convnet.lua makes it; learning for a short while instead" end
  local optimizer = optim.Adam(net, {lr = 0.001})
  local train = data.mnist{split = "train", limit = 10000}
  for x, t in nnlua.progress(data.DataLoader(train, {batch_size = 100, shuffle = true, seed = 1}), {title = "learning", unit = "batches"}) do
    optimizer:zero_grad()
    F.cross_entropy(net(x), t):backward()
    optimizer:step()
  end
  return net:eval(), false
end

-- %%
local net, is_whole = learn()
local test = data.mnist{split = "test", limit = 1000}
local accuracy = T.no_grad(function() return net(test.x):argmax(2):eq(test.t):double():mean():item() end)
check.at_least("accuracy on 1,000 test digits", accuracy, is_whole and 0.985 or 0.8)
check.done()
return {net = net, is_whole = is_whole}
