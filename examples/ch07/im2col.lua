-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Windows as columns · im2col: 창을 열로 펼치기
-- Convolution looks at a picture through a small window. Here it is computed three times: by loops that do just what the definition
-- says, by writing all windows side by side (im2col) and multiplying once, and by nnlua's own `F.conv2d`. All three agree; their times
-- do not.
--
--     nnlua examples/ch07/im2col.lua [--quick]
--
-- conv_layers.lua uses these functions: `require "im2col"` gives the table `windows`, without the checks.

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, F, plot = nnlua.tensor, nnlua.nn.functional, nnlua.plot
T.manual_seed(1)

local windows = {}

-- %% [markdown]
-- ## The definition · 합성곱의 정의
-- Lay the filter on the picture, multiply what lies over each other, add up, move on. One number for each place of the window.
-- Pictures are (N, C, H, W): so many pictures, channels, rows, columns; filters (FN, C, FH, FW): a filter has as many channels as the
-- picture and adds them all into one number. Seven loops inside each other.

-- %%
-- How many places a window has on a side: the side, padded on both ends, the window, its step.
local function places(side, window, stride, pad)
  return (side + 2 * pad - window) // stride + 1
end

local function naive_conv(x, w, b, stride, pad)
  x = x:pad({pad, pad, pad, pad})
  local n, channels = x:size(1), x:size(2)
  local filters, fh, fw = w:size(1), w:size(3), w:size(4)
  local oh, ow = places(x:size(3), fh, stride, 0), places(x:size(4), fw, stride, 0)
  local pixels, weights, y = x:totable(), w:totable(), {}
  for i = 1, n do
    y[i] = {}
    for f = 1, filters do
      y[i][f] = {}
      for row = 1, oh do
        y[i][f][row] = {}
        for column = 1, ow do
          local sum = b and b[f] or 0
          for c = 1, channels do
            for u = 1, fh do
              for v = 1, fw do
                sum = sum + pixels[i][c][(row - 1) * stride + u][(column - 1) * stride + v] * weights[f][c][u][v]
              end
            end
          end
          y[i][f][row][column] = sum
        end
      end
    end
  end
  return T.tensor(y, {dtype = x.dtype})
end

-- %% [markdown]
-- ## im2col · 이미지에서 열로
-- Each window becomes one column of numbers. The trick of doing it fast: not window by window, but place by place *inside* the window.
-- What lies under the filter's corner (u, v), for all windows at once, is a part of the picture in steps of the stride: one slice.
-- `x[{ {}, {}, {from, to, step}, … }]` takes it.
--
-- The result is (N, C·FH·FW, windows). The book lays the same numbers in rows, (N·windows, C·FH·FW): 90 × 75 for ten pictures
-- of 3 × 7 × 7 and a window of 5.

-- %%
function windows.im2col(x, fh, fw, stride, pad)
  local n, c = x:size(1), x:size(2)
  local oh, ow = places(x:size(3), fh, stride, pad), places(x:size(4), fw, stride, pad)
  x = x:pad({pad, pad, pad, pad})
  local slices = {}
  for u = 1, fh do
    for v = 1, fw do
      slices[#slices + 1] = x[{ {}, {}, {u, u + stride * (oh - 1), stride}, {v, v + stride * (ow - 1), stride} }]
    end
  end
  return T.stack(slices, 3):reshape(n, c * fh * fw, oh * ow)
end

-- %% [markdown]
-- ## col2im · 열에서 이미지로
-- The way back adds each column's numbers where they came from. Not the inverse: a pixel that nine windows saw gets nine numbers.
-- That is what the gradient needs, for a pixel that was used nine times is to blame nine times.

-- %%
function windows.col2im(columns, shape, fh, fw, stride, pad)
  local n, c, h, w = table.unpack(shape)
  local oh, ow = places(h, fh, stride, pad), places(w, fw, stride, pad)
  columns = columns:reshape(n, c, fh, fw, oh, ow)
  local x = T.zeros({n, c, h + 2 * pad, w + 2 * pad}, {dtype = columns.dtype})
  for u = 1, fh do
    for v = 1, fw do
      local slice = x[{ {}, {}, {u, u + stride * (oh - 1), stride}, {v, v + stride * (ow - 1), stride} }]
      slice:add_(columns[{ {}, {}, u, v }])  -- a slice is a view: this adds into x
    end
  end
  return x[{ {}, {}, {pad + 1, pad + h}, {pad + 1, pad + w} }]
end

-- %%
-- Required by another script, this one ends here; run by itself, it goes on to show that all this is right.
if (...) == "im2col" then return windows end

-- %% [markdown]
-- ## Small figures · 손으로 확인
-- The book's picture of 4 × 4 and its filter; put a finger on them and add up.

-- %%
local picture = T{{{{1, 2, 3, 0}, {0, 1, 2, 3}, {3, 0, 1, 2}, {2, 3, 0, 1}}}}
local filter = T{{{{2, 0, 1}, {0, 1, 2}, {1, 0, 2}}}}
check("4 × 4 picture, 3 × 3 filter", naive_conv(picture, filter, nil, 1, 0), {{{{15, 16}, {6, 15}}}})
check("bias 3 is added everywhere", naive_conv(picture, filter, T{3}, 1, 0), {{{{18, 19}, {9, 18}}}})
check("F.conv2d says the same", F.conv2d(picture, filter, T{3}), {{{{18, 19}, {9, 18}}}})

-- %% [markdown]
-- ## Padding and stride · 패딩과 스트라이드
-- Zeros around the picture (padding P) keep it from shrinking; a longer step (stride S) makes the result smaller.
-- Side of the result: (H + 2P − F) / S + 1, rounded down where the last window would stick out.

-- %%
for _, case in ipairs{{{4, 4}, 3, 1, 0}, {{4, 4}, 3, 1, 1}, {{7, 7}, 3, 2, 0}, {{28, 31}, 5, 3, 2}, {{28, 28}, 5, 1, 0}} do
  local sides, f, stride, pad = table.unpack(case)
  local oh, ow = places(sides[1], f, stride, pad), places(sides[2], f, stride, pad)
  print(("%2d × %2d, filter %d × %d, stride %d, padding %d -> %2d × %2d"):format(sides[1], sides[2], f, f, stride, pad, oh, ow))
  local y = F.conv2d(T.rand(1, 1, sides[1], sides[2]), T.rand(1, 1, f, f), {stride = stride, padding = pad})
  check("its shape", y.shape, {1, 1, oh, ow})
end

-- %% [markdown]
-- ## Columns, looked at · 열 살펴보기

-- %%
local one, ten = T.rand(1, 3, 7, 7), T.rand(10, 3, 7, 7)
check("one picture: its columns", windows.im2col(one, 5, 5, 1, 0).shape, {1, 75, 9})
check("ten pictures", windows.im2col(ten, 5, 5, 1, 0).shape, {10, 75, 9})
check("in the book's rows", windows.im2col(ten, 5, 5, 1, 0):transpose(2, 3):reshape(-1, 75).shape, {90, 75})
local columns = windows.im2col(picture, 3, 3, 1, 0)
check("the first window of the small picture", columns[{1, {}, 1}], {1, 2, 3, 0, 1, 2, 3, 0, 1})
check("the last one", columns[{1, {}, 4}], {1, 2, 3, 0, 1, 2, 3, 0, 1})
check("the second one", columns[{1, {}, 2}], {2, 3, 0, 1, 2, 3, 0, 1, 2})
check.close("as F.im2col, with stride and padding", windows.im2col(ten, 3, 2, 2, 1), F.im2col(ten, {3, 2}, {stride = 2, padding = 1}), 0)

-- %% [markdown]
-- ## And back · 다시 이미지로

-- %%
local ones = T.ones(1, 1, 7, 7)
local seen = windows.col2im(windows.im2col(ones, 3, 3, 1, 0), ones.shape, 3, 3, 1, 0)
check("how many windows see a pixel, first row", seen[{1, 1, 1}], {1, 2, 3, 3, 3, 2, 1})
check("in the middle", seen[{1, 1, 4, 4}], 9)
local some = T.randn(10, 18, 12)
check.close("as F.col2im, with stride and padding", windows.col2im(some, {10, 3, 7, 5}, 3, 2, 2, 1),
  F.col2im(some, {7, 5}, {3, 2}, {stride = 2, padding = 1}), 1e-5)
local a, b = T.randn({2, 3, 6, 6}, {dtype = "float64"}), T.randn({2, 27, 16}, {dtype = "float64"})
check("im2col(a) · b = a · col2im(b): each is the other's way back", (windows.im2col(a, 3, 3, 1, 0) * b):sum(),
  (a * windows.col2im(b, a.shape, 3, 3, 1, 0)):sum():item(), 1e-10)

-- %%
plot.figure{width = 1080, height = 380, rows = 1, cols = 3}
plot.subplot(1, 3, 1)
plot.imshow(picture[1][1], {colormap = "blues"})
plot.xticks({1, 2, 3, 4})
plot.yticks({1, 2, 3, 4})
for i = 1, 4 do
  for j = 1, 4 do plot.annotate(("%d"):format(picture[{1, 1, i, j}]), j, i, {align = "center", size = 14}) end
end
plot.title("A picture of 4 x 4")
plot.subplot(1, 3, 2)
plot.imshow(columns[1], {colormap = "blues"})
plot.xticks({1, 2, 3, 4})
for i = 1, 9 do
  for j = 1, 4 do plot.annotate(("%d"):format(columns[{1, i, j}]), j, i, {align = "center", size = 12}) end
end
plot.title("Its four windows as columns")
plot.subplot(1, 3, 3)
plot.imshow(seen[1][1], {colormap = "viridis"})
for i = 1, 7 do
  for j = 1, 7 do plot.annotate(("%d"):format(seen[{1, 1, i, j}]), j, i, {align = "center", size = 12}) end
end
plot.title("Windows that see each pixel")
plot.show()

-- %% [markdown]
-- ## Convolution is a product · 합성곱은 행렬 곱
-- The filters as rows, the windows as columns: one matrix product, made of the same numbers as the seven loops.

-- %%
function windows.conv(x, w, b, stride, pad)
  local filters, _, fh, fw = table.unpack(w.shape)
  local y = w:reshape(filters, -1):matmul(windows.im2col(x, fh, fw, stride, pad)) + b:reshape(-1, 1)
  return y:reshape(x:size(1), filters, places(x:size(3), fh, stride, pad), places(x:size(4), fw, stride, pad))
end

local x, w, bias = T.randn(2, 3, 9, 8), T.randn(4, 3, 3, 3), T.randn(4)
for _, case in ipairs{{1, 0}, {1, 1}, {2, 0}, {3, 2}} do
  local stride, pad = table.unpack(case)
  local by_loops = naive_conv(x, w, bias, stride, pad)
  local name = ("stride %d, padding %d"):format(stride, pad)
  check.close(name .. ": loops and im2col", windows.conv(x, w, bias, stride, pad), by_loops, 1e-4)
  check.close(name .. ": loops and F.conv2d", F.conv2d(x, w, bias, {stride = stride, padding = pad}), by_loops, 1e-4)
end

-- %% [markdown]
-- ## Pooling · 풀링
-- Max-pooling keeps the largest number of each window, average pooling their mean. No weights; every channel by itself; a picture that
-- moves by a pixel changes little. With windows as columns it is a `max` along a dim.

-- %%
function windows.pool(x, size, stride, reduce)
  local n, c, h, w = table.unpack(x.shape)
  local oh, ow = places(h, size, stride, 0), places(w, size, stride, 0)
  return reduce(windows.im2col(x, size, size, stride, 0):reshape(n, c, size * size, oh * ow), 3):reshape(n, c, oh, ow)
end

local squares = T{{{{1, 2, 1, 0}, {0, 1, 2, 3}, {3, 0, 1, 2}, {2, 4, 0, 1}}}}
check("max-pooling, 2 × 2", windows.pool(squares, 2, 2, T.amax), {{{{2, 3}, {4, 2}}}})
check("average pooling, 2 × 2", windows.pool(squares, 2, 2, T.mean), {{{{1, 1.5}, {2.25, 1}}}})
check.close("as F.max_pool2d, windows that overlap", windows.pool(x, 3, 2, T.amax), F.max_pool2d(x, 3, {stride = 2}), 0)
check.close("as F.avg_pool2d", windows.pool(x, 3, 2, T.mean), F.avg_pool2d(x, 3, {stride = 2}), 1e-6)

-- %% [markdown]
-- ## How long it takes · 걸리는 시간
-- The first layer of this chapter's network: 30 filters of 5 × 5 on digits of 28 × 28. Loops on one picture, the others on a hundred.

-- %%
local function seconds(times, f)
  f()
  local begin = nnlua.clock()
  for _ = 1, times do f() end
  return (nnlua.clock() - begin) / times
end

local images, filters, zeros = T.rand(100, 1, 28, 28), T.randn(30, 1, 5, 5), T.zeros(30)
local loops = seconds(1, function() naive_conv(images[{ {1, 1} }], filters, zeros, 1, 0) end) * 100
local product = seconds(5, function() windows.conv(images, filters, zeros, 1, 0) end)
local own = seconds(5, function() F.conv2d(images, filters, zeros) end)
print(("100 pictures: loops %.0f ms, im2col in Lua %.1f ms, F.conv2d %.2f ms"):format(loops * 1e3, product * 1e3, own * 1e3))
check.at_least("im2col against loops, times as fast", loops / product, 20)
check.at_least("F.conv2d against loops", loops / own, 100)

-- %%
check.done()
