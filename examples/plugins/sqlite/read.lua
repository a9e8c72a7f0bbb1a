-- A data set out of a database: here one in memory, made by the query itself.
--   nnlua plugin build examples/plugins/sqlite && nnlua examples/plugins/sqlite/read.lua
local T, nn, optim, data = require "nnlua.tensor", require "nnlua.nn", require "nnlua.optim", require "nnlua.data"
require "sqlite"  -- asks to appear in data

local set = data.sqlite(":memory:", [[
  WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
  SELECT i % 10 / 10.0 AS a, i / 10 / 10.0 AS b, CASE WHEN i % 10 > i / 10 THEN 2 ELSE 1 END AS class FROM n
]])
print(set)

T.manual_seed(1)
local net = nn.Linear(2, 2)
local optimizer = optim.Adam(net, {lr = 0.1})
for _ = 1, 100 do
  optimizer:zero_grad()
  nn.CrossEntropyLoss()(net(set.x), set.t):backward()
  optimizer:step()
end
print(("accuracy %.2f"):format((net(set.x):argmax(2):eq(set.t)):double():mean():item()))
