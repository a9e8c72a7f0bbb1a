-- Chapter 3: the book's trained network reads MNIST's test set: 784 → 50 → 100 → 10, sigmoid between.
--
--     nnlua examples/ch03/inference_mnist.lua [sample_weight.npz]
--
-- Whether the images come one by one or in batches of 100, 9,352 of 10,000 are read rightly; the batches are faster by far.
-- The weights are the book's (W1 b1 W2 b2 W3 b3): given as the first argument, or found as $NNLUA_DATA/book/sample_weight.npz.
local nnlua = require "nnlua"
local T, data = nnlua.tensor, nnlua.data

local path = arg[1] or (os.getenv("NNLUA_DATA") or ".") .. "/book/sample_weight.npz"
local found, w = pcall(T.load, path)
if not found then
  io.stderr:write(w, "\nGive the path of the book's sample_weight.npz: nnlua ", arg[0], " PATH\n")
  os.exit(1)
end

local function predict(x)
  local z1 = (x:matmul(w.W1) + w.b1):sigmoid()
  local z2 = (z1:matmul(w.W2) + w.b2):sigmoid()
  -- The book ends with softmax; the largest score is the same without it.
  return z2:matmul(w.W3) + w.b3
end

local test = data.mnist{split = "test", flatten = true}
local x, t = test.x, test.t

local function report(name, right, seconds)
  print(("%-18s accuracy %.4f in %.3f s"):format(name, right / #test, seconds))
end

local begin, right = nnlua.clock(), 0
for i = 1, #test do
  if predict(x[i]):argmax():item() == t[i] then right = right + 1 end
end
report("one by one:", right, nnlua.clock() - begin)

begin, right = nnlua.clock(), 0
for first = 1, #test, 100 do
  local batch = { {first, first + 99} }
  right = right + predict(x[batch]):argmax(2):eq(t[batch]):sum():item()
end
report("batches of 100:", right, nnlua.clock() - begin)
