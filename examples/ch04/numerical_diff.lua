-- -*- coding: utf-8 -*-
-- %% [markdown]
-- # Numerical differentiation · 수치 미분
-- A derivative is a limit, and a computer cannot take limits. It takes a small step h instead and divides the rise by it.
--
--     nnlua examples/ch04/numerical_diff.lua [--quick]

-- %%
package.path = (arg and arg[0] or ""):match("^(.-)[^/]*$") .. "../?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local T, plot = nnlua.tensor, nnlua.plot

-- %% [markdown]
-- ## To both sides · 중심 차분
-- (f(x + h) − f(x − h)) / 2h: the rise from h below to h above. Lua's numbers are float64, which is needed here.
-- (Some notes lose parentheses and an f or two: (x − h) + (x + h) / 2h is no difference quotient.)

-- %%
local function numerical_diff(f, x)
  local h = 1e-4
  return (f(x + h) - f(x - h)) / (2 * h)
end

local function f(x) return 0.01 * x ^ 2 + 0.1 * x end  -- its true derivative is 0.02 x + 0.1

for _, x in ipairs{5, 10} do
  print(("x = %2d: numerically %.16f, truly %.1f"):format(x, numerical_diff(f, x), 0.02 * x + 0.1))
end
check("at 5", numerical_diff(f, 5), 0.1999999999990898, 1e-16)
check("at 10", numerical_diff(f, 10), 0.2999999999986347, 1e-16)

-- %% [markdown]
-- The derivative is the slope of the tangent: y = f(a) + f′(a) (x − a).

-- %%
local x = T.linspace(0, 20, 101, {dtype = "float64"})
plot.figure{width = 640, height = 400}
plot.line(x, f(x), {label = "f(x) = 0.01 x^2 + 0.1 x"})
for _, a in ipairs{5, 10} do
  plot.line(x, f(a) + numerical_diff(f, a) * (x - a), {label = ("tangent at %d"):format(a), style = "--"})
end
plot.scatter({5, 10}, {f(5), f(10)}, {color = "black"})
plot.xlabel("x")
plot.ylabel("y")
plot.ylim(-1, 6)
plot.legend()
plot.show()

-- %% [markdown]
-- ## One variable of two · 편미분
-- f(x0, x1) = x0² + x1². With x1 held at 4 it is a function of x0 alone: the partial derivative at x0 = 3 is 6.

-- %%
check("∂f/∂x0 at (3, 4)", numerical_diff(function(x0) return x0 ^ 2 + 4 ^ 2 end, 3), 6.00000000000378, 5e-15)
check("∂f/∂x1 at (3, 4)", numerical_diff(function(x1) return 3 ^ 2 + x1 ^ 2 end, 4), 8, 1e-8)

-- %% [markdown]
-- ## Forward against central · 전방 차분과 중심 차분
-- (f(x + h) − f(x)) / h looks to one side only. Its error shrinks like h, the central one's like h²: with exp at 1, whose derivative
-- is e, the picture shows it. But h must not be too small either: f(x + h) and f(x − h) then agree in almost all of their
-- 16 digits, and the difference is rounding. With h = 10⁻⁵⁰ x + h *is* x, and the "derivative" 0.

-- %%
local function forward_diff(g, at, h) return (g(at + h) - g(at)) / h end
local function central_diff(g, at, h) return (g(at + h) - g(at - h)) / (2 * h) end

local steps, forward_errors, central_errors = {}, {}, {}
for tenths = -130, -5, 5 do
  local h = 10 ^ (tenths / 10)
  steps[#steps + 1] = h
  forward_errors[#steps] = math.abs(forward_diff(math.exp, 1, h) - math.exp(1))
  central_errors[#steps] = math.abs(central_diff(math.exp, 1, h) - math.exp(1))
end

check("too small: h = 1e-50", central_diff(math.exp, 1, 1e-50), 0)
local forward, central = forward_diff(math.exp, 1, 1e-4) - math.exp(1), central_diff(math.exp, 1, 1e-4) - math.exp(1)
print(("errors at h = 1e-4: forward %.2e, central %.2e"):format(forward, central))
check("forward error, h e / 2", forward, 1e-4 * math.exp(1) / 2, 1e-8)
check("central error, h² e / 6", central, 1e-8 * math.exp(1) / 6, 1e-9)

plot.figure{width = 640, height = 400}
plot.line(steps, forward_errors, {label = "forward", marker = true})
plot.line(steps, central_errors, {label = "central", marker = true})
plot.xscale("log")
plot.yscale("log")
plot.title("Error of the derivative of exp at 1")
plot.xlabel("h")
plot.ylabel("error")
plot.legend()
plot.show()

-- %%
check.done()
