-- %% [markdown]
-- # A sine that goes on by itself
-- An LSTM learns to continue a sine: it sees waves and says, step by step, what comes next.
--
--     nnlua examples/beyond/lstm_sine.lua
--
-- A few seconds. At the end it goes on alone for 100 steps, each read from its own last answer.
--
-- A recurrent network reads a series one value at a time and keeps in its state what it needs of the past.
-- Here that is where in its swing the wave is.

-- %% Waves
local nnlua = require "nnlua"
local T, nn, optim, plot = nnlua.tensor, nnlua.nn, nnlua.optim, nnlua.plot

T.manual_seed(1)

local period = 25  -- steps
-- `count` waves of `steps` steps that begin anywhere in their swing: (steps, count, 1).
local function waves(steps, count)
  local places = T.range(1, steps):unsqueeze(2) + T.rand(1, count) * period
  return (places * (2 * math.pi / period)):sin():unsqueeze(3)
end

-- %% The network
local Net = nn.class("Net")
function Net:init(hidden)
  self.lstm = nn.LSTM(1, hidden)
  self.out = nn.Linear(hidden, 1)
end
-- The next value for every step of x, and the state after the last one.
function Net:forward(x, state)
  local h, last = self.lstm(x, state)
  return self.out(h), last
end

local net = Net(32)
local criterion = nn.MSELoss()
local optimizer = optim.Adam(net, {lr = 0.01})

-- %% Training
-- A wave without its last value is the question, without its first the answer. After one value nobody can know
-- whether the wave rises or falls, so the loss does not reach 0.
local steps, losses = 1500, {}
for step = 1, steps do
  local wave = waves(61, 32)
  optimizer:zero_grad()
  local loss = criterion(net(wave:narrow(1, 1, 60)), wave:narrow(1, 2, 60))
  loss:backward()
  optimizer:step()
  losses[step] = loss:item()
  optimizer.lr = 0.01 * (1 - (step - 1) / steps)  -- large steps at first, small ones at the end
  if step % 250 == 0 then print(("step %4d: loss %.6f"):format(step, losses[step])) end
end

-- %% Going on alone
-- 50 steps to find the swing, then 100 steps in which every answer is the next question.
local known, ahead = 50, 100
local truth = waves(known + ahead, 1)
local drawn = T.no_grad(function()
  local list = {}
  local y, state = net(truth:narrow(1, 1, known))
  local value = y:narrow(1, known, 1)
  for i = 1, ahead do
    list[i] = value
    value, state = net(value, state)
  end
  return T.cat(list, 1):flatten()
end)

local wanted = truth:narrow(1, known + 1, ahead):flatten()
plot.figure{title = "An LSTM continues a sine", width = 800, height = 320}
plot.line(truth:flatten(), {label = "the wave", color = "gray", style = "--"})
plot.line(T.range(known + 1, known + ahead), drawn, {label = "the network alone", color = "red"})
plot.xlabel("step")
plot.show()

-- %% The figures
local worst = (drawn - wanted):abs():max():item()
print(("loss %.6f; farthest from the wave in %d steps alone: %.3f"):format(losses[steps], ahead, worst))
assert(worst < 0.1, "the wave was lost")
