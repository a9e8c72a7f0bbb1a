-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # A signal through three layers · 3층 신경망의 순전파
-- 2 inputs → 3 → 2 → 2 outputs, by hand: each layer is a matrix product, a sum and an activation function.
--
--     nnlua examples/ch03/three_layers.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, plot = nnlua.tensor, nnlua.nn, nnlua.plot
T.set_default_dtype("float64")  -- as many digits as the book prints

-- %% [markdown]
-- ## The weights · 가중치
-- A row of W for every input of the layer, a column for every output.

-- %%
local network = {
  W1 = T{{0.1, 0.3, 0.5}, {0.2, 0.4, 0.6}}, b1 = T{0.1, 0.2, 0.3},
  W2 = T{{0.1, 0.4}, {0.2, 0.5}, {0.3, 0.6}}, b2 = T{0.1, 0.2},
  W3 = T{{0.1, 0.3}, {0.2, 0.4}}, b3 = T{0.1, 0.2},
}

-- %% [markdown]
-- ## Forward · 순전파
-- a is the weighted sum, z what the activation makes of it. The last layer's activation is the identity: its sums are the answer.

-- %%
local function forward(x)
  local a1 = x:matmul(network.W1) + network.b1
  local z1 = a1:sigmoid()
  local a2 = z1:matmul(network.W2) + network.b2
  local z2 = a2:sigmoid()
  local y = z2:matmul(network.W3) + network.b3
  return y, a1, z1, z2
end

local x = T{1.0, 0.5}
local y, a1, z1, z2 = forward(x)
print("a1", a1)
print("z1", z1)
print("z2", z2)
print("y ", ("%.8f  %.8f"):format(y[1], y[2]))

check("a1", a1, {0.3, 0.7, 1.1}, 1e-12)
check("z1", z1, {0.5744, 0.6682, 0.7503}, 5e-5)
check("z2", z2, {0.6262, 0.7710}, 5e-5)
check("y", y, {0.31682708, 0.69627909}, 5e-9)

-- %% [markdown]
-- ## Many inputs at once · 배치
-- A matrix of inputs goes through the same lines: a row in, a row out. The shapes must fit: (N, 2) · (2, 3) · (3, 2) · (2, 2) → (N, 2).

-- %%
local rows = T{{1.0, 0.5}, {0.0, 0.0}, {-1.0, 2.0}}
check("a batch of three: the first row", forward(rows)[1], y, 1e-12)

-- %% [markdown]
-- ## The same as layers · 층으로 쓰기
-- `nn.Linear(inputs, outputs)` holds a weight and a bias. As in PyTorch its weight has a row for every output:
-- the transpose of the book's W.

-- %%
local net = nn.Sequential{
  {"layer1", nn.Linear(2, 3)}, {"sigmoid1", nn.Sigmoid()},
  {"layer2", nn.Linear(3, 2)}, {"sigmoid2", nn.Sigmoid()},
  {"layer3", nn.Linear(2, 2)},
}
net:load_state_dict{
  ["layer1.weight"] = network.W1:t(), ["layer1.bias"] = network.b1,
  ["layer2.weight"] = network.W2:t(), ["layer2.bias"] = network.b2,
  ["layer3.weight"] = network.W3:t(), ["layer3.bias"] = network.b3,
}
print(net)
check("nn.Sequential gives the same", net(rows), forward(rows), 1e-12)

-- %% [markdown]
-- ## The way of the numbers · 신호의 흐름
-- What was computed, drawn: orange are the weights and biases, blue the operations.

-- %%
local names = {}
for name, weights in pairs(network) do names[name] = weights:requires_grad_() end
plot.graph(forward(x), {names = names})
plot.show()

-- %%
check.done()
