-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Keeping what was learned · 매개변수 저장과 불러오기
-- A trained network is its numbers. They are saved under their names and read back into a network of the same form.
--
--     nnlua examples/ch03/save_load.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, nn = nnlua.tensor, nnlua.nn
T.manual_seed(1)

local function new_net()
  return nn.Sequential{{"hidden", nn.Linear(784, 50)}, {"sigmoid", nn.Sigmoid()}, {"out", nn.Linear(50, 10)}}
end

-- %% [markdown]
-- ## Names and tensors · 이름과 텐서
-- `state_dict` lists every parameter by its name.

-- %%
local net = new_net()
local state = net:state_dict()
local names = {}
for name, value in pairs(state) do names[#names + 1] = ("%s {%s}"):format(name, table.concat(value.shape, ", ")) end
table.sort(names)
print(table.concat(names, "\n"))
check("parameters", net:num_parameters(), 784 * 50 + 50 + 50 * 10 + 10)

-- %% [markdown]
-- ## Two formats · 두 가지 형식
-- The ending of the path chooses: `.safetensors` for PyTorch and others, `.npz` for NumPy (the book's weights came as one).
-- Both hold numbers only, no code, and so are safe to open. (The book uses pickle, which can run code when it is read.)

-- %%
local x = T.rand(5, 784)
local folder = os.getenv("TMPDIR") or "/tmp"
for _, ending in ipairs{".safetensors", ".npz"} do
  local path = folder .. "/nnlua-save-load" .. ending
  T.save(path, state)

  local other = new_net()  -- other random weights, other answers
  check.at_least("before loading, difference of the answers", (other(x) - net(x)):abs():max():detach(), 1e-3)
  other:load_state_dict(T.load(path))
  check.that("after loading " .. ending .. " the answers are equal", T.equal(other(x), net(x)))
  os.remove(path)
end

-- %% [markdown]
-- ## A network of another form · 맞지 않는 신경망
-- is an error that says what does not fit, rather than wrong answers.

-- %%
local loaded, message = pcall(function() nn.Sequential{{"hidden", nn.Linear(784, 60)}}:load_state_dict(state) end)
print(message)
check("loading into another form fails", loaded, false)

-- %%
check.done()
