-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Layers that know the way back · 순전파와 역전파를 하는 계층
-- ReLU, Sigmoid, Affine and SoftmaxWithLoss, as in the book: `forward` computes and keeps what the way back needs, `backward` takes
-- the derivative of the loss by the layer's result and returns the one by its input. No tape here: everything is written out.
--
--     nnlua examples/ch05/layers.lua [--quick]
--
-- The other scripts of this chapter use these layers: `require "layers"` runs this file, checks and all, and gives them the table
-- at its end.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T = nnlua.tensor

local layers = {}

-- %% [markdown]
-- ## ReLU
-- y = x where x > 0, else 0. So the derivative passes where x was above 0 and is stopped elsewhere, at 0 itself too.

-- %%
function layers.ReLU()
  local layer = {}
  function layer:forward(x)
    self.stopped = x:le(0)
    return x:masked_fill(self.stopped, 0)
  end
  function layer:backward(dout)
    return dout:masked_fill(self.stopped, 0)
  end
  return layer
end

-- %% [markdown]
-- ## Sigmoid · 시그모이드
-- y = 1 / (1 + exp(−x)). Its derivative needs only the result: y (1 − y).

-- %%
function layers.Sigmoid()
  local layer = {}
  function layer:forward(x)
    self.y = 1 / (1 + (-x):exp())
    return self.y
  end
  function layer:backward(dout)
    return dout * self.y * (1 - self.y)
  end
  return layer
end

-- %% [markdown]
-- ## Affine · 어파인 변환
-- Y = X W + b, a row for each sample. Backward: dX = dY Wᵀ, dW = Xᵀ dY, db = the sum of dY over the samples (b was added to every row).
-- The shapes show which way to transpose: dX has X's shape, dW has W's.

-- %%
function layers.Affine(W, b)
  local layer = {W = W, b = b}
  function layer:forward(x)
    self.x = x
    return x:matmul(self.W) + self.b
  end
  function layer:backward(dout)
    self.dW = self.x:t():matmul(dout)
    self.db = dout:sum(1)
    return dout:matmul(self.W:t())
  end
  return layer
end

-- %% [markdown]
-- ## Softmax with loss · Softmax-with-Loss
-- The two together have a derivative of rare beauty: (y − t) / N, what was said minus what is true, divided by the number of samples.
-- Labels count from 1; `one_hot` makes the rows t of them.

-- %%
function layers.SoftmaxWithLoss()
  local layer = {}
  function layer:forward(x, labels)
    local e = (x - x:max(2, {keepdim = true})):exp()
    self.y = e / e:sum(2, {keepdim = true})
    self.t = labels:one_hot(x:size(2)):to(x.dtype)
    return -((self.y + 1e-7):log() * self.t):sum() / #x
  end
  function layer:backward()
    return (self.y - self.t) / #self.y
  end
  return layer
end

-- %% [markdown]
-- ## A network of them · 계층으로 만든 신경망
-- Affine → ReLU → Affine → SoftmaxWithLoss. Forward goes through the list, backward through the list from its end:
-- with layers that know the way back, the gradient of any network is this one loop.

-- %%
function layers.TwoLayerNet(inputs, hidden, outputs, std, dtype)
  local options = {dtype = dtype or "float32"}
  local first = layers.Affine(std * T.randn({inputs, hidden}, options), T.zeros({hidden}, options))
  local second = layers.Affine(std * T.randn({hidden, outputs}, options), T.zeros({outputs}, options))
  local net = {list = {first, layers.ReLU(), second}, last = layers.SoftmaxWithLoss()}
  net.weights = {W1 = first.W, b1 = first.b, W2 = second.W, b2 = second.b}

  function net:predict(x)
    for _, layer in ipairs(self.list) do x = layer:forward(x) end
    return x
  end

  function net:loss(x, t) return self.last:forward(self:predict(x), t) end

  function net:gradient(x, t)
    self:loss(x, t)
    local dout = self.last:backward()
    for i = #self.list, 1, -1 do dout = self.list[i]:backward(dout) end
    return {W1 = first.dW, b1 = first.db, W2 = second.dW, b2 = second.db}
  end

  function net:accuracy(x, t) return self:predict(x):argmax(2):eq(t):double():mean():item() end
  return net
end

-- %% [markdown]
-- ## Small figures · 손으로 확인
-- y = (0.2, 0.1, 0.7) for the third class gives back (0.2, 0.1, −0.3), a small error; had the second class been true,
-- it would be (0.2, −0.9, 0.7).

-- %%
local softmax_loss = layers.SoftmaxWithLoss()
softmax_loss:forward(T{{0.2, 0.1, 0.7}}:log(), T.tensor{3})
check("SoftmaxWithLoss backward, third class", softmax_loss:backward(), {{0.2, 0.1, -0.3}}, 1e-6)
softmax_loss:forward(T{{0.2, 0.1, 0.7}}:log(), T.tensor{2})
check("SoftmaxWithLoss backward, second class", softmax_loss:backward(), {{0.2, -0.9, 0.7}}, 1e-6)

local relu = layers.ReLU()
check("ReLU forward", relu:forward(T{{1, -0.5}, {-2, 3}, {0, 0}}), {{1, 0}, {0, 3}, {0, 0}})
check("ReLU backward, 0 at 0", relu:backward(T.ones(3, 2)), {{1, 0}, {0, 1}, {0, 0}})

-- %%
check.done()
return layers
