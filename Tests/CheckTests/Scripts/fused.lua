-- Chains that Sequential runs as one op against their layers called one by one: results and gradients.
local nnlua = require "nnlua"
local T, nn = nnlua.tensor, nnlua.nn
T.manual_seed(7)

-- Within 1e-6 of the largest. Parameters' gradients are sums of thousands of terms, which the two ways add in different orders: in float32 that
-- alone is 1.3e-6 here. In float64 all agree to 1e-13.
local function near(name, a, b, is_sum)
  local worst, size = (a - b):abs():max():item(), math.max(1, b:abs():max():item())
  local limit = a.dtype == "float64" and 1e-13 or is_sum and 4e-6 or 1e-6
  assert(worst <= limit * size, ("%s: %g apart, the largest is %g"):format(name, worst, size))
end

local chains = 0
local function compare(name, fused, x, layers)
  for _, dtype in ipairs{"float32", "float64"} do
    local net = nn.Sequential(table.unpack(layers)):to(dtype)
    local function run(f)
      local input = x:to(dtype):detach():requires_grad_()
      for _, p in ipairs(net:parameters()) do p.grad = nil end
      local y = f(input)
      local weights = T.linspace(-1, 1, y:numel(), {dtype = dtype}):reshape(y.shape)
      y:mul(weights):sum():backward()
      local results = {y, input.grad}
      for _, p in ipairs(net:parameters()) do results[#results + 1] = p.grad end
      return results
    end
    local one
    local report = nnlua.profile(function() one = run(net) end)
    local seen = false
    for _, op in ipairs(report.ops) do seen = seen or op.name == fused end
    assert(seen, name .. ": not run as " .. fused)
    local each = run(function(y) for _, layer in ipairs(layers) do y = layer(y) end return y end)
    for i, result in ipairs(one) do
      local part = i == 1 and "result" or i == 2 and "gradient of the input" or "gradient of parameter " .. i - 2
      near(("%s, %s, %s"):format(name, dtype, part), result, each[i], i > 2)
    end
    T.no_grad(function() net:eval() near(name .. ", " .. dtype .. ", inference", net(x:to(dtype)), each[1]) net:train() end)
    chains = chains + 1
  end
end

for _, case in ipairs{
  -- batch, channels, height, width, filters, kernel, padding, stride, groups
  {3, 1, 28, 28, 30, 5, 0, 1, 1}, {2, 16, 14, 14, 32, 3, 1, 1, 1}, {2, 17, 13, 11, 19, 3, 2, 1, 1}, {2, 3, 15, 17, 7, 3, 1, 2, 1}, {2, 8, 10, 9, 12, 3, 1, 1, 4},
  {2, 24, 9, 9, 33, 1, 0, 1, 1},
} do
  local n, c, h, w, o, k, p, s, g = table.unpack(case)
  local x, options = T.randn(n, c, h, w), {padding = p, stride = s, groups = g}
  local name = table.concat(case, " ")
  compare(name .. " relu", "conv2d, relu", x, {nn.Conv2d(c, o, k, options), nn.ReLU()})
  for _, pool in ipairs{2, 3} do compare(name .. " relu pool " .. pool, "conv2d, relu, max_pool2d", x, {nn.Conv2d(c, o, k, options), nn.ReLU(), nn.MaxPool2d(pool)}) end
end
for _, case in ipairs{{1, 1, 1}, {7, 33, 18}, {100, 784, 50}} do
  local n, inputs, outputs = table.unpack(case)
  compare("linear " .. table.concat(case, " "), "linear, relu", T.randn(n, inputs), {nn.Linear(inputs, outputs), nn.ReLU()})
end
print(chains)
