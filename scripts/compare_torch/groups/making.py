"""Tensors made of numbers, and changes of type."""
import math

import torch

from ..generate import op
from ..translate import Code, Number, Size, lua

TYPES = ["float32", "float64", "int64", "uint8", "bool"]


def typed(dtype):
    return getattr(torch, dtype) if dtype else None


@op("make", "zeros", "ones")
def filled(g, name):
    shape, dtype = Size(g.shape(0, 4), spread=g.chance(0.5)), g.maybe(g.choice(TYPES))
    if not shape:
        shape = Size([])
    return g.call(name, shape, dtype=dtype, torch=lambda s, dtype=None: getattr(torch, name)(s, dtype=typed(dtype)))


@op("make", "full")
def full(g, name):
    value, dtype = g.choice([g.number(-9, 9), g.int(0, 9), math.inf]), g.choice(FLOATS_OR_NONE)
    return g.call(name, Size(g.shape()), value, dtype=dtype, torch=lambda s, v, dtype=None: torch.full(s, float(v), dtype=typed(dtype)))


FLOATS_OR_NONE = ["float32", "float64", None]


@op("make", "zeros_like", "ones_like", "full_like")
def like(g, name):
    x = g.values(g.shape(), g.choice(TYPES), grad=False)
    value = [g.int(0, 1)] if name == "full_like" else []
    dtype = g.maybe(g.choice(TYPES))
    return g.call(name, x, *value, dtype=dtype, torch=lambda x, *v, dtype=None: getattr(torch, name)(x, *v, dtype=typed(dtype)))


@op("make", "eye")
def eye(g, name):
    return g.call(name, g.int(0, 9), g.maybe(g.int(0, 9)), dtype=g.choice(FLOATS_OR_NONE), torch=lambda *n, dtype=None: torch.eye(*n, dtype=typed(dtype)))


@op("make", "arange")
def arange(g, name):
    # the last number is one that the step meets, or lies between two: PyTorch's open end is set half a step behind it
    step = g.choice([None, 1, 2, -1, -3, 0.5, 0.25, g.number(0.1, 2)])
    stride = 1 if step is None else step
    first, count = g.choice([g.int(-9, 9), g.number()]), g.int(1, 40)
    last = first + (count - 1) * stride
    dtype = g.choice(FLOATS_OR_NONE if isinstance(last, float) else [*FLOATS_OR_NONE, "int64"])

    def function(first, last, stride_=None, dtype=None):
        return torch.arange(first, last + stride / 2, stride, dtype=torch.float64).to(typed(dtype) or torch.float32)
    # a little room, so that rounding of the last number does not lose it
    return g.call(name, first, last if isinstance(last, int) else last + abs(stride) * 1e-3 * (1 if stride > 0 else -1), step, dtype=dtype, torch=function)


@op("make", "linspace", "logspace")
def spaced(g, name):
    first, last, n = g.number(-3, 3), g.number(-3, 3), g.int(1, 50)
    dtype = g.choice(FLOATS_OR_NONE)
    base = [g.choice([2, 10, 3.5])] if name == "logspace" and g.chance(0.5) else []
    return g.call(name, first, last, n, *base, dtype=dtype, torch=lambda *a, dtype=None: getattr(torch, name)(*a, dtype=typed(dtype)))


@op("make", "tensor")
def tensor(g, name):
    shape, dtype = g.shape(0, 3, empty=0), g.choice([*TYPES, None])
    array = g.elements(tuple(shape), dtype or "float32")
    text = lua(array.tolist())
    return g.case(name, f"return T.tensor({text}{f', {{dtype = {lua(dtype)}}}' if dtype else ''})", lambda t: torch.from_numpy(array.copy()) if array.shape else torch.tensor(array.item(), dtype=typed(dtype)), ["T.tensor"])


@op("make", "to")
def cast(g, name):
    source, target = g.choice(TYPES), g.choice(TYPES)
    # numbers that every type can hold: what lies outside is not PyTorch's to define
    x = g.values(g.shape(), source, (0.0, 200.0) if source.startswith("float") else "natural")
    short = {"float32": "float", "float64": "double", "int64": "long", "uint8": "byte", "bool": "bool"}[target]
    way = g.choice([f"x1:{short}()", f'x1:to("{target}")'])
    return g.case(name, f"return {way}", lambda t: t["x1"].to(typed(target)), ["x:to"])


@op("look", "size", "numel", "dim", "is_contiguous", "item", "len")
def look(g, name):
    x = g.values(g.shape(1 if name == "len" else 0), g.choice(TYPES), grad=False)
    if name == "is_contiguous":
        # PyTorch copies a flipped tensor in the order in which it lay
        x.layout = [step for step in x.layout if step[0] != "flip"]
    if name == "size":
        dim = g.maybe(g.dim(len(x.shape))) if x.shape else None
        if dim is not None:
            return g.call(name, x, dim, torch=lambda x, d: x.size(d), method=True)
        return g.case(name, "return T.tensor(x1:size(), {dtype = \"int64\"})", lambda t: torch.tensor(list(t["x1"].shape), dtype=torch.int64), ["x:size"])
    if name == "len":
        return g.case(name, "return #x1", lambda t: len(t["x1"]), [])
    if name == "item":
        g.restart()
        g.values([1] * g.int(0, 3), g.choice(TYPES), grad=False)
        return g.case(name, "return x1:item()", lambda t: t["x1"].item(), ["x:item"])
    return g.case(name, f"return x1:{name}()", lambda t: getattr(t["x1"], name)(), [f"x:{name}"])
