-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Half the bits · 반정밀도
-- A weight is kept in 32 bits: sign, 8 of exponent, 23 of fraction. Half precision has 16: sign, 5, 10. A trained network hardly notices; its file
-- is half as long.
--
--     nnlua examples/ch08/half_precision.lua [--quick]
--
-- Takes the weights of deep_convnet.lua (deepconvnet.safetensors) where they are; else, and with `--quick`, learns for a short while first.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, data = nnlua.tensor, nnlua.data
local trained = require "trained"

-- %% [markdown]
-- ## From 32 bits to 16 · 32비트에서 16비트로
-- Cut off 13 bits of the fraction, rounding to the nearest and, half-way, to the even one; take 112 from the exponent. Too small a number
-- loses bits from the front of its fraction and then becomes 0; too large a one becomes infinite.

-- %%
local function half(number)
  local bits = ("<I4"):unpack(("<f"):pack(number))
  local sign, exponent, fraction = bits >> 31 << 15, (bits >> 23 & 0xFF) - 112, bits & 0x7FFFFF
  if exponent >= 31 then
    local is_nan = exponent == 143 and fraction ~= 0
    return sign | 0x7C00 | (is_nan and 0x200 or 0)
  end
  local drop = 13
  if exponent <= 0 then  -- below 2^-14: no hidden bit in front
    if exponent < -10 then return sign end
    fraction, drop, exponent = fraction | 0x800000, 14 - exponent, 0
  end
  local kept, rest, middle = fraction >> drop, fraction & (1 << drop) - 1, 1 << drop - 1
  if rest > middle or rest == middle and kept & 1 == 1 then kept = kept + 1 end
  return sign | (exponent << 10) + kept  -- a fraction that runs over raises the exponent, as it should
end

check("1", half(1), 0x3C00)
check("-2", half(-2), 0xC000)
check("65504, the largest", half(65504), 0x7BFF)
check("65520 is too large", half(65520), 0x7C00)
check("1/3", half(1 / 3), 0x3555)
check("2^-24, the smallest", half(2.0 ^ -24), 0x0001)
check("2^-25 is half-way to 0, which is even", half(2.0 ^ -25), 0)
check("not a number", half(0 / 0) & 0x7E00, 0x7E00)

-- %% [markdown]
-- ## Two files · 두 파일
-- A .npy file is a line of text about the numbers, then the numbers: `<f2` are halves, which `T.load` reads back as 32 bits. All weights go into
-- one long row.

-- %%
local net = trained.net
local flat = {}
for _, weights in ipairs(net:parameters()) do flat[#flat + 1] = weights:detach():reshape(-1) end
flat = T.cat(flat, 1)

local folder = os.tmpname()
os.remove(folder)
local whole_path, half_path = folder .. "-float32.npy", folder .. "-float16.npy"
T.save(whole_path, flat)

local begin = nnlua.clock()
local words = {}
for i, number in ipairs(flat:totable()) do words[i] = ("<I2"):pack(half(number)) end
local header = ("{'descr': '<f2', 'fortran_order': False, 'shape': (%d,), }"):format(#words)
header = header .. (" "):rep(63 - (10 + #header) % 64) .. "\n"
local file <close> = assert(io.open(half_path, "wb"))
file:write("\x93NUMPY\1\0", ("<I2"):pack(#header), header, table.concat(words))
file:close()
print(("%d weights rounded in %.2f s"):format(#words, nnlua.clock() - begin))

local function size(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:seek("end")
end
print(("float32: %d bytes, float16: %d"):format(size(whole_path), size(half_path)))

-- %% [markdown]
-- ## Is it still as good? · 정확도는 그대로인가
-- Half precision is for keeping and sending here; nnlua computes with 32 bits.

-- %%
local test = data.mnist{split = "test"}
local function scores()
  local parts = {}
  T.no_grad(function()
    for x in data.DataLoader(test, {batch_size = 500}):batches() do parts[#parts + 1] = net(x) end
  end)
  return T.cat(parts, 1)
end

local before = scores()
local rounded = T.load(half_path)
local from = 1
for _, weights in ipairs(net:parameters()) do
  local count = weights:numel()
  T.no_grad(function() weights:copy_(rounded[{ {from, from + count - 1} }]:reshape(weights.shape)) end)
  from = from + count
end
local after = scores()
local function accuracy(y) return y:argmax(2):eq(test.t):double():mean():item() end
local changed = before:argmax(2):ne(after:argmax(2)):sum():item()
print(("accuracy %.4f with 32 bits, %.4f with 16; %d of %d predictions changed"):format(accuracy(before), accuracy(after), changed, #test))
os.remove(whole_path)
os.remove(half_path)

-- %%
check("bytes a weight", (#words * 2 + 10 + #header) / #words, 2, 0.01)
check.at_most("largest relative error of a weight", ((rounded - flat) / flat:abs():clamp(2.0 ^ -14, nil)):abs():max(), 2.0 ^ -11)
check("accuracy", accuracy(after), accuracy(before), 0.001)
check.at_most("predictions changed", changed, 20)
check.done()
