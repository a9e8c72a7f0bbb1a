-- %% [markdown]
-- # Sorting by attention
-- A Transformer of two layers learns to sort: it reads 3 1 4 1 5 9 2 6 and answers 1 1 2 3 4 5 6 9.
--
--     nnlua examples/beyond/transformer_sort.lua
--
-- A few seconds.
--
-- Every place of the answer depends on all digits of the question: the third smallest cannot be found by looking at one of them.
-- Attention lets each place look at all others at once; two layers of it are enough to count and compare.
-- Nobody tells the network what sorting is. It sees strings and their sorted form.

-- %% Strings
local nnlua = require "nnlua"
local T, nn, F, optim, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.optim, nnlua.plot

T.manual_seed(1)

local length, batch, steps = 8, 128, 600

-- Strings of digits and their sorted form, {count, length}; digit d is number d + 1.
local function strings(count)
  local x = T.randint(1, 10, {count, length})
  return x, (x:sort(2))
end

-- A string as one whole number, to know it again.
local weights = T.tensor({1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7}, {dtype = "int64"})
local function keys(x) return ((x - 1) * weights):sum(2):totable() end

-- %% The network
-- Digits become vectors, a pattern of waves is added that tells their place, two layers of attention work on them,
-- and for every place of the answer ten scores come out.
local Sorter = nn.class("Sorter")
function Sorter:init(width)
  self.digits = nn.Embedding(10, width)
  self.places = nn.PositionalEncoding(width, {max_len = length, dropout = 0, batch_first = true})
  self.encoder = nn.TransformerEncoder(
    nn.TransformerEncoderLayer(width, 4, {dim_feedforward = 2 * width, dropout = 0, batch_first = true, norm_first = true}), 2)
  self.out = nn.Linear(width, 10)
end
function Sorter:forward(x)
  return self.out(self.encoder(self.places(self.digits(x))))
end

local net = Sorter(64)
local optimizer = optim.Adam(net, {lr = 0.002})
print(("%d parameters"):format(net:num_parameters()))

-- %% Training
local seen, losses = {}, {}
for step = 1, steps do
  -- The rate falls in a straight line: large steps at first, small ones at the end.
  optimizer.lr = 0.002 * (1 - (step - 1) / steps)
  local x, t = strings(batch)
  for _, key in ipairs(keys(x)) do seen[key] = true end
  optimizer:zero_grad()
  local loss = F.cross_entropy(net(x):reshape(-1, 10), t:reshape(-1))
  loss:backward()
  optimizer:step()
  losses[step] = loss:item()
  if step % 100 == 0 then print(("step %4d: loss %.4f"):format(step, loss:item())) end
end

-- %% The examination
-- Strings that were in no batch; an answer counts where all its digits are right.
net:eval()
local x, t = strings(2000)
local unseen = {}
for i, key in ipairs(keys(x)) do if not seen[key] then unseen[#unseen + 1] = i end end
local places = T.tensor(unseen, {dtype = "int64"})
x, t = x:index_select(1, places), t:index_select(1, places)
local answer = T.no_grad(function() return net(x):argmax(3) end)

for i = 1, 5 do
  local function digits(row) return table.concat((row - 1):totable(), " ") end
  print(("%s  ->  %s"):format(digits(x[i]), digits(answer[i])))
end
local exact = answer:eq(t):all(2):double():mean():item()
print(("%.4f of %d unseen strings sorted without a mistake"):format(exact, #unseen))

plot.figure{width = 720, height = 400}
plot.line(losses, {width = 1.2})
plot.yscale("log")
plot.title(("Sorting digits: loss; %.1f %% of unseen strings right"):format(100 * exact))
plot.xlabel("step")
plot.show()
assert(exact >= 0.95, "sorting was not learned")
