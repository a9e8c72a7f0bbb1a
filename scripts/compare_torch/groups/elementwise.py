"""Functions of single elements, of pairs, their forms in place, operators, comparison."""
import math

import torch

from ..generate import op
from ..translate import TYPES, floating, lua, promoted

# The domain in which gradients are tame; NaN and infinities come from "special" elements and a share of wide ones.
UNARY = {
    "abs": "normal", "neg": "normal", "sign": "normal", "exp": "normal", "expm1": "normal", "log": "positive", "log1p": (-0.9, 4.0), "log2": "positive",
    "log10": "positive", "sqrt": "positive", "rsqrt": "positive", "square": "normal", "reciprocal": "positive", "sin": "normal", "cos": "normal",
    "tan": (-1.5, 1.5), "asin": (-0.95, 0.95), "acos": (-0.95, 0.95), "atan": "normal", "sinh": "normal", "cosh": "normal", "tanh": "normal",
    "sigmoid": "normal", "relu": "normal", "erf": "normal", "floor": "normal", "ceil": "normal", "round": "normal", "trunc": "normal", "frac": "normal",
}


FAR = (-700.0, 700.0)


def kind(g, domain, dtype):
    """Elements of the domain, any elements, halves and whole numbers, or special ones."""
    if not dtype.startswith("float"):
        return "normal"
    return g.choice([domain] * 4 + ["normal", "whole", "special", FAR])


class Expm1(torch.autograd.Function):
    """expm1 with the slope exp(x): PyTorch's y + 1 loses its digits where exp(x) is small."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return torch.expm1(x)

    @staticmethod
    def backward(context, g):
        return g * context.saved_tensors[0].exp()


@op("unary", *UNARY)
def unary(g, name):
    dtype = g.choice(["float32", "float64"] * 3 + ["int64", "uint8"])
    chosen = kind(g, UNARY[name], dtype)
    x = g.values(g.shape(large=0.2), dtype, chosen)
    # no second derivatives of special values: they are 0 · ∞ in one form and not in another; far out some slopes are rounding errors
    return g.call(name, x, mode="backward" if g.special else None if chosen == FAR else "auto", torch=(lambda x: Expm1.apply(floating(x))) if name == "expm1" else None)


@op("inplace", *(f"{name}_" for name in UNARY))
def unary_in_place(g, name):
    g.values(g.shape(), g.float(), UNARY[name[:-1]])
    return g.case(name, f"local y = x1:clone(); local z = y:{name}(); return y, z", lambda t: twice(getattr(t["x1"].clone(), name)()), [f"x:{name}"])


def twice(x):
    return x, x


def pair(g, kinds=("normal",) * 4 + ("whole", "special"), types=TYPES, number=True, same_special=True):
    """Two operands that broadcast: two tensors of any types, or a tensor and a number."""
    shape = g.shape(large=0.2)
    floats = [t for t in types if t.startswith("float")]
    first = g.choice(floats * 3 + list(types))
    second = g.choice([first] * 3 + list(types))
    chosen = g.choice(kinds)
    if number and g.chance(0.3):
        x = g.values(shape, first, chosen)
        value = g.number(-3, 3) if first.startswith("float") or g.chance(0.3) else g.int(1, 5)
        return (x, value) if g.chance(0.6) else (value, x)
    whole, part = g.sub_shape(shape, 0.1), g.sub_shape(shape)
    return (g.values(whole, first, chosen), g.values(part, second, chosen)) if g.chance(0.5) else (g.values(part, second, chosen), g.values(whole, first, chosen))


def meet(function):
    """A PyTorch function of two operands, which meet in nnlua's type."""
    def met(a, b):
        a, b = promoted(a, b)
        if not isinstance(a, torch.Tensor):
            a = torch.tensor(a, dtype=number_dtype(a, b))
        if not isinstance(b, torch.Tensor):
            b = torch.tensor(b, dtype=number_dtype(b, a))
        return function(*promoted(a, b))
    return met


def number_dtype(number, tensor):
    """The type a Lua number takes beside a tensor."""
    if tensor.is_floating_point():
        return tensor.dtype
    if isinstance(number, float) and number != int(number):
        return torch.get_default_dtype()
    return torch.int64 if tensor.dtype == torch.bool else tensor.dtype


BINARY = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": lambda a, b: floating(a) / floating(b), "pow": torch.pow,
    "atan2": lambda a, b: torch.atan2(floating(a), floating(b)), "maximum": torch.maximum, "minimum": torch.minimum,
    "fmod": torch.fmod, "remainder": torch.remainder, # PyTorch has no gradient of it; nnlua's is 0
    "floor_divide": lambda a, b: torch.floor_divide(a.detach(), b.detach()),
}
OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "^": "pow", "%": "remainder", "//": "floor_divide"}


def operands(g, name):
    if name == "pow":
        return pair(g, ("positive",) * 4 + ("special", "whole"), [t for t in TYPES if t not in ("bool", "int64")])
    if name in ("fmod", "remainder", "floor_divide"):
        # a quotient near a whole number is rounded to either side by either side: whole quotients are left to whole numbers
        a, b = pair(g, ("positive", "normal", "whole"), ["float32", "float64", "int64"])
        for x in (a, b):
            if hasattr(x, "base") and x.base.dtype == "int64":
                x.base[x.base == 0] = 3
        return a, b
    return pair(g)


@op("binary", *BINARY)
def binary(g, name):
    a, b = operands(g, name)
    return g.call(name, a, b, torch=meet(BINARY[name]), mode=second(g, name, a, b))


def second(g, name, a, b):
    """Second derivatives only where both sides have the same: not of special values, not of x^0 (PyTorch takes the slope b x^(b-1) as a constant
    there; its derivative by b is 1 / x), of 0^x (PyTorch has NaN for 0 log² 0) or of the angle at 0, not of remainders by 0. No slopes of the
    angle at special values: PyTorch multiplies before it divides, and has 0 · ∞."""
    if name == "atan2" and g.special:
        return None
    zeros = [(x.base == 0).any() if hasattr(x, "base") else x == 0 for x in (a, b)]
    return "backward" if g.special or zeros[1] and name in ("fmod", "remainder") or any(zeros) and name in ("pow", "atan2") else "auto"


def bracketed(value):
    """A negative number in brackets: ^ binds stronger than its sign."""
    return f"({lua(value)})" if isinstance(value, (int, float)) and value < 0 else lua(value)


@op("operator", *OPERATORS, "unary -")
def operator(g, name):
    if name == "unary -":
        g.values(g.shape(), g.choice(["float32", "float64", "int64"]))
        return g.case(name, "return -x1", lambda t: -t["x1"], [])
    a, b = operands(g, OPERATORS[name])
    function = meet(BINARY[OPERATORS[name]])
    return g.case(name, f"return {bracketed(a)} {name} {bracketed(b)}", lambda t: function(*(t[v.lua_name] if hasattr(v, "lua_name") else v for v in (a, b))), [],
                  mode=second(g, OPERATORS[name], a, b))


@op("inplace", *(f"{name}_" for name in BINARY if name != "floor_divide"))
def binary_in_place(g, name):
    dtype = g.float()
    shape = g.shape()
    kinds = "positive" if name == "pow_" else "normal"
    a = g.values(shape, dtype, kinds)
    b = g.number(0.5, 3) if g.chance(0.3) else g.values(g.sub_shape(shape), g.choice([dtype, "float32"]), kinds)
    function = meet(BINARY[name[:-1]])
    return g.case(name, f"local y = x1:clone(); return y:{name}({lua(b)})", lambda t: function(t["x1"], t[b.lua_name] if hasattr(b, "lua_name") else b).to(t["x1"].dtype), [f"x:{name}"])


@op("inplace", "zero_", "fill_", "copy_", "clamp_")
def overwriting(g, name):
    x = g.values(g.shape(), g.float())
    if name == "zero_":
        return g.case(name, "local y = x1:clone(); return y:zero_()", lambda t: t["x1"].clone().zero_(), ["x:zero_"])
    if name == "fill_":
        v = g.number()
        return g.case(name, f"local y = x1:clone(); return y:fill_({v})", lambda t: t["x1"].clone().fill_(v), ["x:fill_"])
    if name == "clamp_":
        low, high = g.number(-2, 0), g.number(0, 2)
        return g.case(name, f"local y = x1:clone(); return y:clamp_({low}, {high})", lambda t: t["x1"].clone().clamp_(low, high), ["x:clamp_"])
    g.values(g.sub_shape(x.shape), g.choice(TYPES))
    return g.case(name, "local y = x1:clone(); return y:copy_(x2)", lambda t: t["x1"].clone().copy_(t["x2"]), ["x:copy_"])


@op("binary", "clamp")
def clamp(g, name):
    dtype = g.choice(["float32", "float64", "int64"])
    x = g.values(g.shape(large=0.2), dtype, g.choice(["normal", "whole", "special"]))
    draw = (lambda a, b: g.int(a, b)) if dtype == "int64" else (lambda a, b: g.choice([g.number(a, b), g.int(a, b)]))
    low, high = g.maybe(draw(-3, 0), 0.7), g.maybe(draw(1, 3), 0.7)
    if low is None and high is None:
        high = 1
    if low is None:
        return g.call(name, x, max=high)
    return g.call(name, x, low, high)


@op("binary", "lerp")
def lerp(g, name):
    dtype, shape = g.float(), g.shape()
    a, b = g.values(shape, dtype), g.values(g.sub_shape(shape), dtype)
    w = g.number(-1, 2) if g.chance(0.5) else g.values(g.sub_shape(shape), dtype)
    return g.call(name, a, b, w)


@op("binary", "where")
def where(g, name):
    dtype, shape = g.choice(["float32", "float64", "int64"]), g.shape()
    c = g.mask(g.sub_shape(shape))
    a = g.values(shape, dtype)
    b = g.int(-5, 5) if g.chance(0.3) else g.values(g.sub_shape(shape), g.choice([dtype, *TYPES]))
    return g.call(name, c, a, b, torch=lambda c, a, b: torch.where(c, *meet(lambda a, b: (a, b))(a, b)))


@op("compare", "eq", "ne", "lt", "le", "gt", "ge")
def compare(g, name):
    a, b = pair(g, ("whole", "whole", "special", "normal"))
    return g.call(name, a, b, torch=meet(getattr(torch, name)))


@op("compare", "isnan", "isinf", "isfinite", "logical_not")
def look_at(g, name):
    dtype = g.choice(["float32", "float64", *TYPES])
    return g.call(name, g.values(g.shape(), dtype, g.choice(["special", "whole"])))


@op("compare", "logical_and", "logical_or", "logical_xor")
def logic(g, name):
    a, b = pair(g, ("whole", "special"))
    return g.call(name, a, b, torch=lambda a, b: getattr(torch, name)(torch.as_tensor(a), torch.as_tensor(b)))


@op("compare", "isclose", "allclose", "equal")
def close(g, name):
    dtype, shape = g.float(), g.shape()
    a = g.values(shape, dtype, g.choice(["normal", "special", "whole"]), grad=False, layout=False)
    scale = g.choice([0.0, 1e-9, 1e-6, 1e-3])
    with_noise = a.base * (1 + scale * g.rng.standard_normal(a.base.shape))
    b = g.values(shape, dtype, grad=False, layout=False)
    b.base = with_noise.astype(dtype)
    if name == "equal":
        return g.call(name, a, b)
    rtol, atol = g.maybe(g.choice([1e-3, 1e-6, 0.0])), g.maybe(g.choice([1e-4, 0.0]))
    # in float64, as nnlua works it out: at the very border float32 decides by its own rounding
    return g.call(name, a, b, rtol=rtol, atol=atol, equal_nan=g.maybe(True), torch=lambda a, b, **o: getattr(torch, name)(a.double(), b.double(), **o))
