-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Learning from rewards · 강화학습: 정책 경사
-- Nobody says what would have been right; there is only a reward. A policy π(a | s) draws actions by chance; what was followed by more reward than
-- usual is made more likely: w ← w + α ∇ log π(a | s) · R. (Williams 1992, "Simple statistical gradient-following algorithms for connectionist
-- reinforcement learning".)
--
--     nnlua examples/ch08/policy_gradient.lua [--quick]
--
-- `--quick`: 150 episodes with the pole instead of 600.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn, optim, plot = nnlua.tensor, nnlua.nn, nnlua.optim, nnlua.plot
T.manual_seed(1)

-- %% [markdown]
-- ## A bandit · 슬롯머신
-- Five machines; each pays 1 with a chance of its own, which nobody tells us. The policy is a softmax of five numbers. The rule in the plainest form:
-- ∇ log π(a) = (1 at a, else 0) − π, written out; R is the reward less the mean of all rewards so far, so that a poor machine is one that pays less
-- than usual.

-- %%
local chances = T{0.2, 0.5, 0.75, 0.4, 0.1}
local w, mean, rewards = T.zeros(5), 0, {}
for step = 1, 2000 do
  local p = w:softmax(1)
  local action = p:multinomial(1):item()
  local reward = T.rand(1):item() < chances[action] and 1 or 0
  local gradient = -p
  gradient[action] = gradient[action] + 1
  w = w + 0.1 * (reward - mean) * gradient
  mean = mean + (reward - mean) / step
  rewards[step] = reward
end
local policy = w:softmax(1)
print("policy", policy)

-- The same gradient from the tape: backward of log π(a).
local wished = T.randn(5, {requires_grad = true})
wished:log_softmax(1)[3]:backward()
local by_hand = -wished:detach():softmax(1)
by_hand[3] = by_hand[3] + 1
check("gradient of log π(a): by hand, by the tape", by_hand, wished.grad, 1e-6)

-- %% [markdown]
-- ## A pole on a cart · 카트폴
-- A pole stands on a cart, hinged at its foot; each fiftieth of a second the cart is pushed to the left or the right. The episode ends when the pole
-- leans by more than 12°, the cart leaves the track, or 200 steps have passed. The reward: 1 for each step. (Barto, Sutton & Anderson 1983, "Neuronlike
-- adaptive elements that can solve difficult learning control problems"; their numbers.)

-- %%
local gravity, cart_mass, pole_mass, half_length, force, dt = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
local longest, widest, steepest = 200, 2.4, math.rad(12)

local function push(s, direction)
  local x, v, angle, turning = table.unpack(s)
  local sine, cosine, mass = math.sin(angle), math.cos(angle), cart_mass + pole_mass
  local pressed = (direction * force + pole_mass * half_length * turning ^ 2 * sine) / mass
  local angular = (gravity * sine - cosine * pressed) / (half_length * (4 / 3 - pole_mass * cosine ^ 2 / mass))
  local acceleration = pressed - pole_mass * half_length * angular * cosine / mass
  return {x + dt * v, v + dt * acceleration, angle + dt * turning, turning + dt * angular}
end

local function has_fallen(s) return math.abs(s[1]) > widest or math.abs(s[3]) > steepest end

-- %% [markdown]
-- The policy: four numbers → 32 tanh → two. An episode is played without a graph; then one backward for all its steps. R of a step is what came
-- after it, each later reward counted 0.99 times the one before, brought to mean 0 and variance 1 within the episode.

-- %%
local net = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 2))
local optimizer = optim.Adam(net, {lr = 0.01})

local function play(choose)
  local states, actions = {}, {}
  local s = (T.rand(4) * 0.1 - 0.05):totable()
  repeat
    local action = choose(s)
    states[#states + 1], actions[#actions + 1] = s, action
    s = push(s, action == 1 and -1 or 1)
  until has_fallen(s) or #states == longest
  return states, actions
end

local function draw(s)
  return T.no_grad(function()
    local p = net(T.tensor{s}):softmax(2)[1]
    return T.rand(1):item() < p[1] and 1 or 2
  end)
end

local function learn(states, actions)
  local count, returns, sum = #states, {}, 0
  for i = count, 1, -1 do
    sum = 1 + 0.99 * sum
    returns[i] = sum
  end
  local R = T.tensor(returns)
  R = (R - R:mean()) / (R:std() + 1e-6)
  local chosen = T.tensor(actions, {dtype = "int64"}):reshape(-1, 1)
  optimizer:zero_grad()
  local log_p = net(T.tensor(states)):log_softmax(2):gather(2, chosen):reshape(-1)
  local loss = -(log_p * R):mean()
  loss:backward()
  optimizer:step()
end

local episodes, lengths, begin = check.quick and 150 or 600, {}, nnlua.clock()
for episode = 1, episodes do
  local states, actions = play(draw)
  if #states > 1 then learn(states, actions) end
  lengths[episode] = #states
  if episode % (episodes // 6) == 0 then
    local recent = T.tensor(lengths)[{ {-episodes // 6, -1} }]:mean():item()
    print(("episode %3d: the pole stood for %.0f steps in the mean of the last %d, %.1f s"):format(episode, recent, episodes // 6, nnlua.clock() - begin))
  end
end

-- %%
local function smooth(list, window)
  local result, sum = {}, 0
  for i = 1, #list do
    sum = sum + list[i] - (list[i - window] or 0)
    result[i] = sum / math.min(i, window)
  end
  return result
end

plot.figure{width = 1040, height = 400, rows = 1, cols = 2}
plot.subplot(1, 2, 1)
plot.line(smooth(rewards, 100))
plot.axhline(0.75, {style = "--", label = "the best machine"})
plot.title("Bandit: mean of the last 100 rewards")
plot.xlabel("step")
plot.ylim(0, 1)
plot.subplot(1, 2, 2)
plot.line(lengths, {alpha = 0.4, width = 1})
plot.line(smooth(lengths, 20), {width = 2})
plot.title("Cart and pole: steps until it falls")
plot.xlabel("episode")
plot.ylim(0, 210)
plot.show()

-- %% [markdown]
-- ## Without chance · 무작위 없이
-- Learned is learned: now always the likelier action.

-- %%
local function best(s) return T.no_grad(function() return net(T.tensor{s}):argmax(2):item() end) end
local stood = 0
for _ = 1, 10 do stood = stood + #play(best) / 10 end
print(("always the likelier action: %.0f steps"):format(stood))

-- %%
local function mean_of(list, from, to) return T.tensor(list)[{ {from, to} }]:mean():item() end
check.at_least("bandit: the best machine's share of the policy", policy[3], 0.7)
check.at_least("bandit: reward, last 500 less first 100", mean_of(rewards, 1501, 2000) - mean_of(rewards, 1, 100), 0.1)
local first, last = mean_of(lengths, 1, 20), mean_of(lengths, -20, -1)
print(("steps in the mean: first 20 episodes %.0f, last 20 %.0f"):format(first, last))
check.at_least("pole: last 20 episodes over first 20", last / first, check.quick and 2 or 4)
if not check.quick then check.at_least("pole: last 20 episodes", last, 120) end
check.done()
