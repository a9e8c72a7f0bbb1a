-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Convolution and pooling as layers · 합성곱 계층과 풀링 계층
-- With windows as columns a convolution is an Affine layer in disguise, and its way back is Affine's way back, wrapped in im2col and
-- col2im. Here the two new layers are written out, a network is made of them, and both are compared with nnlua's own layers and tape.
--
--     nnlua examples/ch07/conv_layers.lua [--quick]
--
-- `require "conv_layers"` gives the table `layers`: all layers and SimpleConvNet, without the checks.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, F = nnlua.tensor, nnlua.nn, nnlua.nn.functional
local windows = require "im2col"
local dense = require "ch05.layers"
T.manual_seed(1)

local layers = {ReLU = dense.ReLU, SoftmaxWithLoss = dense.SoftmaxWithLoss}

-- %% [markdown]
-- ## Convolution · 합성곱 계층
-- Forward: Y = W · columns + b, with the filters as the rows of W. Backward, as in chapter 5: dW = dY · columnsᵀ, summed over the
-- pictures; db = the sum of dY over pictures and places; and Wᵀ · dY is the derivative by the columns, which col2im takes
-- back to the picture.

-- %%
function layers.Convolution(W, b, stride, pad)
  local layer = {W = W, b = b, stride = stride or 1, pad = pad or 0}
  local filters, _, fh, fw = table.unpack(W.shape)

  function layer:forward(x)
    local n, _, h, w = table.unpack(x.shape)
    local oh = (h + 2 * self.pad - fh) // self.stride + 1
    local ow = (w + 2 * self.pad - fw) // self.stride + 1
    self.shape = x.shape
    self.columns = windows.im2col(x, fh, fw, self.stride, self.pad)
    local y = self.W:reshape(filters, -1):matmul(self.columns) + self.b:reshape(-1, 1)
    return y:reshape(n, filters, oh, ow)
  end

  function layer:backward(dout)
    dout = dout:reshape(dout:size(1), filters, -1)
    self.dW = dout:matmul(self.columns:transpose(2, 3)):sum(1):reshape(self.W.shape)
    self.db = dout:sum({1, 3})
    local dcolumns = self.W:reshape(filters, -1):t():matmul(dout)
    return windows.col2im(dcolumns, self.shape, fh, fw, self.stride, self.pad)
  end
  return layer
end

-- %% [markdown]
-- ## Pooling · 풀링 계층
-- Forward: the largest of each window; remember which one it was. Backward: the derivative goes to that one alone, the others get 0.

-- %%
function layers.Pooling(size, stride)
  local layer = {}

  function layer:forward(x)
    local n, c, h, w = table.unpack(x.shape)
    local oh, ow = (h - size) // stride + 1, (w - size) // stride + 1
    local parts = windows.im2col(x, size, size, stride, 0):reshape(n, c, size * size, oh * ow)
    local largest, where = parts:max(3)
    self.shape, self.where = x.shape, where
    return largest:reshape(n, c, oh, ow)
  end

  function layer:backward(dout)
    local n, c = dout:size(1), dout:size(2)
    local places = dout:size(3) * dout:size(4)
    local parts = T.zeros({n, c, size * size, places}, {dtype = dout.dtype})
    parts:scatter_(3, self.where:reshape(n, c, 1, places), dout:reshape(n, c, 1, places))
    return windows.col2im(parts:reshape(n, c * size * size, places), self.shape, size, size, stride, 0)
  end
  return layer
end

-- %% [markdown]
-- ## Affine, for pictures too · 4차원 입력을 받는 어파인 계층
-- Between pictures and rows of numbers the shape changes, and on the way back it changes back.

-- %%
function layers.Affine(W, b)
  local layer = dense.Affine(W, b)
  local forward, backward = layer.forward, layer.backward
  function layer:forward(x)
    self.shape = x.shape
    return forward(self, x:reshape(#x, -1))
  end
  function layer:backward(dout) return backward(self, dout):reshape(self.shape) end
  return layer
end

-- %% [markdown]
-- ## SimpleConvNet · 단순한 합성곱 신경망
-- convolution → ReLU → max-pool 2 → Affine → ReLU → Affine → softmax with loss. The loops over the layers are chapter 5's.

-- %%
function layers.SimpleConvNet(options)
  local channels, side, filters, size, hidden, std = options.channels, options.side, options.filters, options.size, options.hidden, 0.01
  local kind = {dtype = options.dtype or "float32"}
  local pooled = (side - size + 1) // 2
  local conv = layers.Convolution(std * T.randn({filters, channels, size, size}, kind), T.zeros({filters}, kind))
  local first = layers.Affine(std * T.randn({filters * pooled * pooled, hidden}, kind), T.zeros({hidden}, kind))
  local second = layers.Affine(std * T.randn({hidden, 10}, kind), T.zeros({10}, kind))
  local net = {list = {conv, layers.ReLU(), layers.Pooling(2, 2), first, layers.ReLU(), second}, last = layers.SoftmaxWithLoss()}
  net.names = {"W1", "b1", "W2", "b2", "W3", "b3"}
  net.weights = {W1 = conv.W, b1 = conv.b, W2 = first.W, b2 = first.b, W3 = second.W, b3 = second.b}

  function net:predict(x)
    for _, layer in ipairs(self.list) do x = layer:forward(x) end
    return x
  end

  function net:loss(x, t) return self.last:forward(self:predict(x), t) end

  function net:gradient(x, t)
    self:loss(x, t)
    local dout = self.last:backward()
    for i = #self.list, 1, -1 do dout = self.list[i]:backward(dout) end
    return {W1 = conv.dW, b1 = conv.db, W2 = first.dW, b2 = first.db, W3 = second.dW, b3 = second.db}
  end

  -- In batches: columns take 25 times the room of a picture.
  function net:accuracy(x, t)
    local right = 0
    for from = 1, #x, 500 do
      local to = math.min(from + 499, #x)
      right = right + self:predict(x[{ {from, to} }]):argmax(2):eq(t[{ {from, to} }]):sum():item()
    end
    return right / #x
  end
  return net
end

-- %%
-- Required by another script, this one ends here; run by itself, it goes on to show that all this is right.
if (...) == "conv_layers" then return layers end

-- %% [markdown]
-- ## Beside nnlua's own layers · nnlua의 계층과 비교
-- The same input and weights, and the same derivative sent back; results, derivatives by the input, by weights and biases must agree.

-- %%
local x = T.randn({4, 3, 9, 8}, {dtype = "float64", requires_grad = true})
for _, case in ipairs{{1, 0}, {1, 1}, {2, 1}} do
  local stride, pad = table.unpack(case)
  local conv = nn.Conv2d(3, 5, 3, {stride = stride, padding = pad}):to("float64")
  local mine = layers.Convolution(conv.weight:detach(), conv.bias:detach(), stride, pad)
  local expected = conv(x)
  local dout = T.randn_like(expected)
  x.grad = nil
  expected:backward(dout)
  local name = ("Convolution, stride %d, padding %d: "):format(stride, pad)
  check.close(name .. "forward", mine:forward(x:detach()), expected:detach(), 1e-12)
  check.close(name .. "by the input", mine:backward(dout), x.grad, 1e-12)
  check.close(name .. "by the weights", mine.dW, conv.weight.grad, 1e-11)
  check.close(name .. "by the biases", mine.db, conv.bias.grad, 1e-11)
end

for _, case in ipairs{{2, 2}, {3, 1}} do
  local size, stride = table.unpack(case)
  local mine, expected = layers.Pooling(size, stride), F.max_pool2d(x, size, {stride = stride})
  local dout = T.randn_like(expected)
  x.grad = nil
  expected:backward(dout)
  local name = ("Pooling %d, stride %d: "):format(size, stride)
  check.close(name .. "forward", mine:forward(x:detach()), expected:detach(), 0)
  check.close(name .. "by the input", mine:backward(dout), x.grad, 1e-12)
end

-- %% [markdown]
-- ## The whole network · 신경망 전체
-- nnlua keeps a Linear layer's weight as (outputs, inputs), the book as (inputs, outputs): hence the `t()`.

-- %%
local net = layers.SimpleConvNet{channels = 1, side = 12, filters = 4, size = 5, hidden = 6, dtype = "float64"}
local own = nn.Sequential{
  {"conv", nn.Conv2d(1, 4, 5)}, {"relu1", nn.ReLU()}, {"pool", nn.MaxPool2d(2)}, {"flatten", nn.Flatten()},
  {"hidden", nn.Linear(64, 6)}, {"relu2", nn.ReLU()}, {"out", nn.Linear(6, 10)},
}:to("float64")
local w = net.weights
own:load_state_dict{
  ["conv.weight"] = w.W1, ["conv.bias"] = w.b1, ["hidden.weight"] = w.W2:t(), ["hidden.bias"] = w.b2,
  ["out.weight"] = w.W3:t(), ["out.bias"] = w.b3,
}
local images, labels = T.rand({7, 1, 12, 12}, {dtype = "float64"}), T.randint(1, 10, 7)
local loss = F.cross_entropy(own(images), labels)
loss:backward()
local gradient = net:gradient(images, labels)
check("loss", net:loss(images, labels), loss:item(), 1e-5)
check.close("dW1", gradient.W1, own.conv.weight.grad, 1e-12)
check.close("db1", gradient.b1, own.conv.bias.grad, 1e-12)
check.close("dW2", gradient.W2, own.hidden.weight.grad:t(), 1e-12)
check.close("dW3", gradient.W3, own.out.weight.grad:t(), 1e-12)
check.close("db3", gradient.b3, own.out.bias.grad, 1e-12)

-- %%
check.done()
