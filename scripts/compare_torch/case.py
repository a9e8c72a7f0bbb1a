"""A case: inputs, the same call in Lua and in PyTorch, and what is followed through it."""
import dataclasses
import typing

import numpy
import torch

from .translate import Number, Positions, from_one, lua


class Input:
    """One tensor of a case: its elements in memory, how it looks at them, and whether gradients are followed.

    `layout` is a list of (step, …) that turn the elements as they lie into the tensor as the call sees it.
    """

    def __init__(self, name, base, layout=(), grad=False, positions=False):
        self.lua_name, self.base, self.layout, self.grad, self.positions = name, base, list(layout), grad, positions
        seen = self.tensor()
        self.shape, self.dtype = tuple(seen.shape), seen.dtype

    def stored(self):
        """The elements as nnlua reads them."""
        return numpy.where(self.base >= 0, self.base + 1, self.base) if self.positions else self.base

    def tensor(self, double=False):
        base = self.base.astype(numpy.float64) if double and self.base.dtype == numpy.float32 else self.base
        # a copy: PyTorch writes into NumPy's memory otherwise
        x = torch.from_numpy(numpy.array(base, copy=True))
        for step, *values in self.layout:
            if step == "transpose":
                x = x.transpose(*values)
            elif step == "slice":
                dim, first, last, stride = values
                x = x[(slice(None),) * dim + (slice(first, last + 1, stride),)]
            elif step == "expand":
                x = x.expand(*values[0])
            elif step == "flip":
                x = x.flip(values[0])
            elif step == "select":
                x = x.select(*values)
            else:
                raise ValueError(step)
        x = x.detach()
        return x.requires_grad_() if self.grad else x

    def lua(self, data):
        """Lua text that makes the tensor of the elements `data`."""
        text = data
        for step, *values in self.layout:
            if step == "transpose":
                text += f":transpose({from_one(values[0])}, {from_one(values[1])})"
            elif step == "slice":
                dim, first, last, stride = values
                last -= (last - first) % stride
                text += "[{" + "{}, " * dim + f"{{{first + 1}, {last + 1}, {stride}}}" + "}]"
            elif step == "expand":
                text += f":expand({lua(list(values[0]))})"
            elif step == "flip":
                text += f":flip({lua([from_one(d) for d in values[0]])})"
            elif step == "select":
                text += f":select({from_one(values[0])}, {from_one(values[1])})"
        return text + (":detach():requires_grad_()" if self.grad else "")


@dataclasses.dataclass
class Case:
    op: str
    inputs: list
    # The body of a Lua function that sees the inputs by their names and returns the results.
    lua: str
    # Takes the inputs by name, returns a result or a tuple of results.
    torch: typing.Callable
    # Lua paths that must exist; a case without them is missing, not failed.
    needs: set
    # "backward", "grad" or "second": how gradients are followed; None: not at all.
    mode: str = "backward"
    # Errors are measured against each element, not the largest.
    each: bool = False
    group: str = ""
    number: int = 0
    # Filled in by `evaluate`: PyTorch's results alone, and with gradients by name.
    expected: list = None
    theirs: dict = None
    seeds: dict = None
    follow: list = None
    followed: list = None

    @property
    def id(self):
        return f"{self.group}/{self.number}"

    @property
    def width(self):
        """The float type it is reported under; None for whole numbers alone."""
        types = [e.dtype for e in self.expected if isinstance(e, torch.Tensor) and e.is_floating_point()]
        types += [i.dtype for i in self.inputs if i.dtype.is_floating_point] if any(isinstance(e, float) for e in self.expected) else []
        return None if not types else "float64" if all(t == torch.float64 for t in types) else "float32"

    def results(self, double=False, rounding=None):
        """PyTorch's results and gradients by name: y1, y2, …, then dx1 (first) and ddx1 (second derivatives).

        With `double`, of the same numbers in float64; with `rounding` (a generator), of numbers that are rounded anew: each goes up or down
        by a last digit of its type.
        """
        tensors = {i.lua_name: i.tensor(double) for i in self.inputs}
        if rounding:
            tensors = {i.lua_name: rounded(tensors[i.lua_name], i.dtype, rounding) for i in self.inputs}
        outputs = flat(self.torch(tensors))
        named = {f"y{i + 1}": o for i, o in enumerate(outputs)}
        if not self.follow:
            return named
        leaves = [tensors[name] for name in self.followed]
        given = {name: rounded(seed.to(torch.float64 if double else seed.dtype), seed.dtype, rounding) if rounding else seed for name, seed in self.seeds.items()}
        seeds = [given[f"g{i}"].to(outputs[i - 1].dtype) for i in self.follow]
        first = torch.autograd.grad([outputs[i - 1] for i in self.follow], leaves, seeds, create_graph=self.mode == "second", allow_unused=True)
        if self.mode != "second":
            named |= {f"d{name}": g for name, g in zip(self.followed, first)}
            return named
        total = [(g * given[f"h{name}"].to(g.dtype)).sum() for name, g in zip(self.followed, first) if g is not None and g.requires_grad]
        second = torch.autograd.grad(sum(total), leaves, allow_unused=True) if total else [None] * len(leaves)
        named |= {f"d{name}": None if g is None else g.detach() for name, g in zip(self.followed, first)}
        named |= {f"dd{name}": g for name, g in zip(self.followed, second)}
        return named

    def evaluate(self, rng):
        """Runs PyTorch once: learns which results are followed, draws the gradients to start from, keeps what is expected."""
        tensors = {i.lua_name: i.tensor() for i in self.inputs}
        outputs = flat(self.torch(tensors))
        followed = [i.lua_name for i in self.inputs if i.grad]
        self.follow, self.followed, self.seeds = [], followed, {}
        if self.mode and followed:
            self.follow = [i + 1 for i, o in enumerate(outputs) if isinstance(o, torch.Tensor) and o.requires_grad]
        for i in self.follow:
            self.seeds[f"g{i}"] = draw(rng, outputs[i - 1])
        if self.mode == "second":
            self.seeds |= {f"h{name}": draw(rng, tensors[name]) for name in followed}
        if self.mode != "backward" and self.follow:
            # as in PyTorch, asking for the gradient of what was not used is an error
            first = torch.autograd.grad([outputs[i - 1] for i in self.follow], [tensors[n] for n in followed], [self.seeds[f"g{i}"] for i in self.follow], allow_unused=True)
            self.followed = [name for name, g in zip(followed, first) if g is not None]
        self.expected = [o.detach() if isinstance(o, torch.Tensor) else o for o in outputs]
        self.theirs = self.results()

    def source(self):
        """The case as a Lua table for runner.lua."""
        def text(s):
            return f"[==[\n{s}]==]"
        setup = "\n".join(f"{i.lua_name} = {i.lua(f'data.{i.lua_name}')}" for i in self.inputs)
        fields = {
            "id": lua(self.id), "needs": lua(sorted(self.needs)), "setup": text(setup), "run": text(self.lua), "inputs": lua([i.lua_name for i in self.inputs]),
            "leaves": lua(self.followed), "follow": lua(self.follow), "mode": lua(self.mode),
        }
        return "{" + ", ".join(f"{k} = {v}" for k, v in fields.items()) + "}"

    def arrays(self):
        """What runner.lua reads, by name."""
        found = {i.lua_name: i.stored() for i in self.inputs} | {name: t.numpy() for name, t in self.seeds.items()}
        return {f"{self.id}.{name}": numpy.array(array, order="C") for name, array in found.items()}


def flat(results):
    """Results as a flat list; positions as nnlua counts them."""
    if isinstance(results, (list, tuple)):
        return [r for result in results for r in flat(result)]
    if isinstance(results, Positions):
        return [torch.where(results.tensor >= 0, results.tensor + 1, results.tensor)]
    return [results.value if isinstance(results, Number) else results]


def rounded(x, dtype, rng):
    if not x.is_floating_point():
        return x
    steps = torch.from_numpy(numpy.array(rng.choice([-1.0, 1.0], tuple(x.shape)))) * torch.finfo(dtype).eps
    return (x.detach() * (1 + steps.to(x.dtype))).requires_grad_(x.requires_grad)


def draw(rng, like):
    array = rng.standard_normal(tuple(like.shape))
    return torch.from_numpy(numpy.array(array)).to(like.dtype)
