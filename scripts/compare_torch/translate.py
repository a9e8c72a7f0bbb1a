"""PyTorch's words in nnlua's: names, positions, types. Every deliberate difference between the two stands here, and only here.

Deliberate differences (api.md):

- Positions, dims and labels count from 1: `Dim`, `Dims` and `Position` arguments, inputs marked `positions`, and results wrapped in
  `Positions` are shifted by one on their way to or from Lua; negative ones stay.
- Ranges include both ends: `arange(a, b)` has the numbers that `range(a, last)` has, see `groups/making.py`.
- Types promote by their order alone, bool < uint8 < int64 < float32 < float64: a tensor without dims is a tensor like any other
  (PyTorch lets tensors with dims outvote it). `promoted` casts PyTorch's inputs first.
- The mean, the variance and the norm of whole numbers are those of the default float type; PyTorch refuses them.
- An index that fixes every dim gives a Lua number (`Number`), a tensor without dims only while gradients are followed.
- Where PyTorch 2.13 is less exact than its formula, the case says so and takes the formula: slopes with constants in float32 whatever the type
  (hardsigmoid, celu, bce at 0 and 1), expm1's y + 1, batch_norm's gradient with tensors that are not contiguous.
- Where a function has no derivative both agree, but for NaN and infinities in the input, where PyTorch's own slopes differ from one length
  of tensor to the next: those cases compare results alone.
- Names: `NAMES`. Losses without a namesake in PyTorch (sse_loss, hinge_loss for ±1) and `step` are compared with their formula.
"""
import math

import numpy
import torch

# PyTorch's name -> nnlua's, where they differ. Functions without an entry have the same name.
NAMES = {
    "arange": "range",
    "true_divide": "div",
    "F.binary_cross_entropy": "F.bce",
    "F.binary_cross_entropy_with_logits": "F.bce_with_logits",
    "F.unfold": "F.im2col",
    "F.fold": "F.col2im",
    "optim.lr_scheduler": "optim.schedule",
}

# What no case compares, and why.
NOT_COMPARED = {
    "chance, which no two libraries draw alike": "T.rand T.rand_like T.randint T.randn T.randn_like T.randperm T.bernoulli T.choice T.multinomial T.manual_seed "
    "T.get_rng_state T.set_rng_state nn.init.kaiming_normal_ nn.init.kaiming_uniform_ nn.init.normal_ nn.init.orthogonal_ nn.init.trunc_normal_ "
    "nn.init.uniform_ nn.init.xavier_normal_ nn.init.xavier_uniform_",
    "the tape, which all other cases use": "T.grad T.no_grad T.scope T.custom T.gradcheck T.numerical_gradient",
    "files and settings": "T.empty T.is_tensor T.load T.save T.get_default_dtype T.set_default_dtype",
    "classes and functions given": "nn.Lambda nn.Module nn.Parameter nn.class nn.functional optim.Optimizer optim.schedule.Scheduler optim.gradient_descent",
    "other names of what is compared": "F.binary_cross_entropy F.binary_cross_entropy_with_logits F.unfold F.fold",
}

# The order in which types promote.
TYPES = ["bool", "uint8", "int64", "float32", "float64"]


def type_name(dtype):
    return str(dtype).removeprefix("torch.")


def promoted(*tensors):
    """The tensors in the type in which nnlua lets them meet."""
    widest = max((type_name(t.dtype) for t in tensors if isinstance(t, torch.Tensor)), key=TYPES.index)
    return [t.to(getattr(torch, widest)) if isinstance(t, torch.Tensor) else t for t in tensors]


def floating(x):
    """The tensor, whole numbers as the default float type."""
    return x if x.is_floating_point() else x.to(torch.get_default_dtype())


class Dim(int):
    """A dim, from 0 (or from the end by -1)."""


class Dims(list):
    """A list of dims."""


class Position(int):
    """A place along a dim."""


class Size(list):
    """A shape: nnlua takes sizes as numbers too, so a spread one is written without braces."""

    def __init__(self, sizes, spread=False):
        super().__init__(sizes)
        self.spread = spread and len(self) > 0


class Code(str):
    """Lua text that stands as it is."""


class Positions:
    """A result of PyTorch's that holds places along a dim."""

    def __init__(self, tensor):
        self.tensor = tensor


class Number:
    """A result of PyTorch's that nnlua gives as a Lua number or boolean."""

    def __init__(self, value):
        self.value = value.item() if isinstance(value, torch.Tensor) else value


def from_one(position):
    return position + 1 if position >= 0 else position


def lua(value):
    """A value as Lua writes it."""
    if isinstance(value, Code):
        return str(value)
    if hasattr(value, "lua_name"):
        return value.lua_name
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Dim, Position)):
        return str(from_one(int(value)))
    if isinstance(value, Dims):
        return "{" + ", ".join(str(from_one(d)) for d in value) + "}"
    if isinstance(value, Size):
        inner = ", ".join(str(int(s)) for s in value)
        return inner if value.spread else "{" + inner + "}"
    if isinstance(value, (int, numpy.integer)):
        return str(int(value))
    if isinstance(value, (float, numpy.floating)):
        value = float(value)
        if math.isnan(value):
            return "(0/0)"
        if math.isinf(value):
            return "math.huge" if value > 0 else "-math.huge"
        return repr(value)
    if isinstance(value, str):
        return '"' + value + '"'
    if isinstance(value, torch.dtype):
        return '"' + type_name(value) + '"'
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(lua(v) for v in value) + "}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {lua(v)}" for k, v in value.items() if v is not None) + "}"
    raise TypeError(f"no Lua form of {value!r}")


def torch_value(value, tensors):
    """A value as PyTorch takes it; `tensors` holds the inputs by name."""
    if hasattr(value, "lua_name"):
        return tensors[value.lua_name]
    if isinstance(value, (Dims, Size)):
        return tuple(int(v) for v in value)
    if isinstance(value, (Dim, Position)):
        return int(value)
    if isinstance(value, (list, tuple)):
        return type(value)(torch_value(v, tensors) for v in value)
    return value


def lua_function(name):
    """The Lua path of a PyTorch function: "sum" -> "T.sum", "F.unfold" -> "F.im2col"."""
    for theirs, ours in NAMES.items():
        if name == theirs or name.startswith(theirs + "."):
            name = ours + name[len(theirs):]
    return name if name.split(".")[0] in ("F", "nn", "optim") else "T." + name


def torch_function(name):
    """The function itself."""
    home = {"F": torch.nn.functional, "nn": torch.nn, "optim": torch.optim}
    first, *rest = name.split(".")
    found = home.get(first)
    if found is None:
        found, rest = torch, [first, *rest]
    for part in rest:
        found = getattr(found, part)
    return found
