"""Random cases: shapes, elements, layouts in memory, and the list of all ops with the functions that make their cases."""
import math
import re
import zlib

import numpy
import torch

from .case import Case, Input
from .translate import Dim, Dims, Size, lua, lua_function, torch_function, torch_value

FLOATS = ["float32", "float64"]
SPECIAL = {
    # NaN, infinities, zeros, the least denormal, a large denormal, the least normal number, the largest, halves
    "float32": [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e-45, -1e-39, 1.1754944e-38, 3.4028235e38, -3.4028235e38, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, 88.8, -104.0, 1e5],
    "float64": [math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, -1e-310, 2.2250738585072014e-308, 1.7e308, -1.7e308, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, 709.7, 720.0, -745.2, 1e5],
}

# (group, op) -> maker, in the order in which they were declared.
REGISTRY = {}


def op(group, *names):
    """Declares the maker of cases of some ops: a function of a `Generator` and the op's name that returns a Case."""
    def declare(maker):
        for name in names:
            assert (group, name) not in REGISTRY, (group, name)
            REGISTRY[group, name] = maker
        return maker
    return declare


def mild(g, *kinds):
    """A kind of elements and how gradients are followed: those of distributions only where no probability is nearly 1, for nothing is left
    then of 1 - p; beyond, for elements of `kinds`, the results alone."""
    ways = [((-2.0, 2.0), "auto"), ((-4.0, 4.0), g.choice(["backward", "grad"])), (g.choice(kinds), None)]
    return g.choice(ways)


class Generator:
    """One case's chance, and what cases are made of. The same seed, group and number give the same case."""

    def __init__(self, seed, group, number):
        self.rng = numpy.random.default_rng([seed, zlib.crc32(group.encode()), number])
        self.restart()

    def restart(self):
        self.inputs = []
        self.special = False

    # Chance

    def chance(self, p):
        return self.rng.random() < p

    def int(self, low, high):
        """Both ends included."""
        return int(self.rng.integers(low, high + 1))

    def choice(self, values):
        return values[self.int(0, len(values) - 1)]

    def maybe(self, value, p=0.5):
        """The value or None: an option that is given or left out."""
        return value if self.chance(p) else None

    def number(self, low=-2.0, high=2.0):
        """A number with a fraction, short enough to read."""
        while True:
            value = round(float(self.rng.uniform(low, high)), 3)
            if value != int(value):
                return value

    def float(self):
        return self.choice(FLOATS)

    # Shapes

    def shape(self, low=0, high=4, empty=0.03, large=0.06):
        """Sizes of `low` … `high` dims: mostly small, some 1, sometimes none, sometimes long enough for whole registers."""
        rank = self.int(low, high)
        sizes = [1 if self.chance(0.15) else self.int(2, 6) for _ in range(rank)]
        if rank and self.chance(large):
            sizes[self.int(0, rank - 1)] = self.choice([17, 33, 64, 100, 131, 300])
        if rank and self.chance(empty):
            sizes[self.int(0, rank - 1)] = 0
        return sizes

    def sub_shape(self, shape, p=0.3):
        """A shape that broadcasts to `shape`."""
        sizes = [1 if self.chance(p) else s for s in shape]
        return sizes[self.int(0, len(sizes)):] if self.chance(p) else sizes

    def dim(self, rank, extra=0):
        """A dim, from either end."""
        rank += extra
        d = self.int(0, max(rank, 1) - 1)
        return Dim(d if self.chance(0.6) else d - max(rank, 1))

    def dims(self, rank, low=1):
        chosen = self.rng.permutation(rank)[: self.int(min(low, rank), rank)]
        return Dims(int(d) if self.chance(0.7) else int(d) - rank for d in chosen)

    # Elements

    def elements(self, shape, dtype, kind="normal"):
        rng = self.rng
        if dtype == "bool":
            return rng.random(shape) < 0.5
        if dtype == "uint8":
            return rng.integers(0, 256 if kind == "wide" else 12, shape).astype(numpy.uint8)
        if dtype == "int64":
            low, high = {"positive": (1, 9), "natural": (0, 9), "wide": (-(2 ** 40), 2 ** 40)}.get(kind if isinstance(kind, str) else "", (-9, 9))
            return rng.integers(low, high + 1, shape)
        if isinstance(kind, tuple):
            x = rng.uniform(*kind, shape)
        elif kind == "positive":
            x = rng.uniform(0.1, 3, shape)
        elif kind == "whole":
            x = rng.integers(-3, 4, shape).astype(float)
        elif kind == "distinct":
            count = int(numpy.prod(shape))
            x = (rng.permutation(count) - count / 2 + rng.uniform(0.1, 0.4)).reshape(shape) / 4
        else:
            x = rng.standard_normal(shape) * self.choice([1, 1, 1, 0.1, 5])
        x = numpy.asarray(x, dtype=dtype)
        if kind == "special":
            mask = rng.random(shape) < 0.5
            x = numpy.where(mask, rng.choice(numpy.array(SPECIAL[dtype], dtype=dtype), shape), x)
        return numpy.asarray(x, dtype=dtype)

    def values(self, shape, dtype=None, kind="normal", grad=None, layout=True, positions=False, name=None):
        """An input of that shape. `kind`: normal (apart: without repeated dims), positive, whole, distinct, special, wide or (low, high)."""
        dtype = dtype or self.float()
        shape, steps = list(shape), []
        # distinct elements must stay so: nothing is repeated
        if layout and self.chance(0.4):
            ways = ["slice", "flip", "select"] * bool(shape) + ["transpose"] * 2 * (len(shape) > 1)
            if kind not in ("distinct", "apart"):
                ways += ["expand"] * bool(shape)
            for way in dict.fromkeys(self.choice(ways) for _ in range(self.int(1, 2))) if ways else []:
                shape, step = self.laid(shape, way)
                steps.insert(0, step)
        if grad is None:
            grad = dtype in FLOATS
        base = numpy.asarray(self.elements(tuple(shape), dtype, kind))
        found = Input(name or f"x{len(self.inputs) + 1}", base, steps, grad and dtype in FLOATS, positions)
        self.inputs.append(found)
        self.special |= isinstance(kind, str) and kind == "special" and dtype in FLOATS
        return found

    def laid(self, shape, way):
        """A larger or turned shape, and the step that makes `shape` of it."""
        shape = list(shape)
        dim = self.int(0, len(shape) - 1)
        if way == "transpose":
            other = self.choice([d for d in range(len(shape)) if d != dim])
            shape[dim], shape[other] = shape[other], shape[dim]
            return shape, ("transpose", dim, other)
        if way == "slice" and shape[dim] > 0:
            first, stride = self.int(0, 2), self.int(1, 3)
            last = first + (shape[dim] - 1) * stride
            shape[dim] = last + 1 + self.int(0, 2)
            return shape, ("slice", dim, first, last, stride)
        if way == "expand":
            target = tuple(shape)
            shape[dim] = 1
            return shape, ("expand", target)
        if way == "select":
            size = self.int(1, 3)
            shape.insert(dim, size)
            return shape, ("select", dim, self.int(0, size - 1))
        return shape, ("flip", [dim])

    def positions(self, shape, size, layout=True):
        """Places along a dim of that size: int64, from 1 in Lua."""
        dtype = "int64"
        found = self.values(shape, dtype, layout=layout, positions=True)
        found.base = self.rng.integers(0, max(size, 1), found.base.shape)
        return found

    def mask(self, shape, layout=True):
        return self.values(shape, "bool", layout=layout)

    # Cases

    def case(self, name, lua_text, function, needs, mode="auto", each=None):
        """A case of Lua text and a Python function of the inputs by name."""
        if mode == "auto":
            mode = "second" if self.chance(0.15) else "grad" if self.chance(0.15) else "backward"
        lua_text = lua_text.strip() + "\n"
        needs = set(needs) | set(re.findall(r"\b(?:T|F|nn|optim)\.[A-Za-z_][\w.]*", lua_text))
        return Case(name, list(self.inputs), lua_text, function, needs, mode, self.special if each is None else each)

    def call(self, name, *arguments, torch=None, method=None, mode="auto", each=None, path=None, result="return {}", **options):
        """One call, the same in both languages: `name` is PyTorch's, options go by name.

        `torch`: what stands for the function where PyTorch has another; `method`: x:name(…), by chance where left open;
        `result`: Lua text around the call.
        """
        options = {k: v for k, v in options.items() if v is not None}
        arguments = list(arguments)
        while arguments and arguments[-1] is None:
            arguments.pop()
        theirs = torch or torch_function(name)
        ours = path or lua_function(name)
        if method is None:
            method = ours.startswith("T.") and ours.count(".") == 1 and isinstance(arguments[0], Input) and self.chance(0.5)
        texts = [lua(a) for a in arguments] + ([lua(options)] if options else [])
        short = ours.split(".")[-1]
        text = f"{texts[0]}:{short}({', '.join(texts[1:])})" if method else f"{ours}({', '.join(texts)})"

        def function(tensors):
            return theirs(*(torch_value(a, tensors) for a in arguments), **{k: torch_value(v, tensors) for k, v in options.items()})
        needs = [f"x:{short}"] if method else [ours]
        return self.case(name, result.format(text), function, needs, mode, each)


def make(seed, group, number):
    """The case with that number of a group. Inputs that PyTorch refuses are drawn anew."""
    ops = [name for g, name in REGISTRY if g == group]
    name = ops[number % len(ops)]
    generator = Generator(seed, group, number)
    refused = None
    for _ in range(60):
        generator.restart()
        try:
            case = REGISTRY[group, name](generator, name)
            case.op, case.group, case.number = name, group, number
            case.evaluate(generator.rng)
            return case
        except (RuntimeError, IndexError, ValueError, NotImplementedError, torch.linalg.LinAlgError) as error:
            refused = error
    raise RuntimeError(f"{group}/{number}: PyTorch refuses every case of {name}: {refused}")
