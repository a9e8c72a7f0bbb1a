-- %% [markdown]
-- # A text, letter by letter
-- A character model learns a short text by heart and writes it down again, letter by letter.
--
--     nnlua examples/beyond/lstm_text.lua
--
-- A few seconds.
--
-- The network reads one character at a time and gives a probability to every character that may come next.
-- To be sure of the next one it must remember what came before: after "th" stands "e" here, "at" there.

-- %% The text (William Blake, 1794)
local nnlua = require "nnlua"
local T, nn, F, optim, plot = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.optim, nnlua.plot

T.manual_seed(1)

local text = [[
Tyger Tyger, burning bright,
In the forests of the night;
What immortal hand or eye,
Could frame thy fearful symmetry?

In what distant deeps or skies,
Burnt the fire of thine eyes?
On what wings dare he aspire?
What the hand, dare seize the fire?
]]

-- Characters and their numbers, in the order in which they first appear.
local letters, number = {}, {}
for letter in text:gmatch(".") do
  if not number[letter] then
    letters[#letters + 1] = letter
    number[letter] = #letters
  end
end
local coded = {}
for i = 1, #text do coded[i] = number[text:sub(i, i)] end
local labels = T.tensor(coded, {dtype = "int64"})
print(("%d characters, %d different ones"):format(#text, #letters))

-- One character a step: a 1 at its number, zeros elsewhere.
local function one_hot(places) return places:one_hot(#letters):float() end

-- %% The network
local Net = nn.class("Net")
function Net:init(hidden)
  self.lstm = nn.LSTM(#letters, hidden)
  self.out = nn.Linear(hidden, #letters)
end
function Net:forward(x, state)
  local h, last = self.lstm(x, state)
  return self.out(h), last
end

local net = Net(128)
local optimizer = optim.Adam(net, {lr = 0.005})

-- %% Training
-- The whole text is one sequence: all characters but the last are read, all but the first are to be told.
local x = one_hot(labels:narrow(1, 1, #text - 1))
local t = labels:narrow(1, 2, #text - 1)
local loss
local losses = {}
for step = 1, 300 do
  optimizer:zero_grad()
  loss = F.cross_entropy(net(x), t)
  loss:backward()
  optimizer:step()
  losses[step] = loss:item()
  if step % 50 == 0 then print(("step %3d: loss %.4f"):format(step, loss:item())) end
end

-- %% Writing
-- Given the first letter, the most probable next one is written and read again.
local function write(first, count)
  return T.no_grad(function()
    local written, place, state = {first}, number[first], nil
    for i = 2, count do
      local y
      y, state = net(one_hot(T.tensor({place}, {dtype = "int64"})), state)
      place = y[1]:argmax():item()
      written[i] = letters[place]
    end
    return table.concat(written)
  end)
end

local written = write(text:sub(1, 1), #text)
print("\n" .. written)

-- %% The figures
local right = 0
for i = 1, #text do if written:byte(i) == text:byte(i) then right = right + 1 end end
print(("loss %.4f; %d of %d characters written as they stand"):format(loss:item(), right, #text))

plot.figure{width = 720, height = 400}
plot.line(losses)
plot.yscale("log")
plot.title("Learning a poem by heart: loss")
plot.xlabel("step")
plot.show()
assert(right >= 0.95 * #text, "the text was not learned")
