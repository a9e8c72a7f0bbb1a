"""Activations of `nn.functional`."""
import numpy
import torch

from ..generate import mild, op
from ..translate import Dim

PLAIN = ["relu", "relu6", "selu", "silu", "softsign", "sigmoid", "tanh", "logsigmoid", "hardsigmoid", "hardswish", "mish", "step"]


def anything(g, **options):
    return g.values(g.shape(large=0.2), g.float(), g.choice(["normal"] * 4 + ["whole", "special"]), **options)


def mode(g):
    return "auto" if not g.special else "backward"


@op("activation", "far out")
def far(g, name):
    """All of them on large numbers, without gradients, which are rounding errors there for some."""
    name = g.choice(["mish", "hardswish", "sigmoid", "tanh", "logsigmoid", "selu", "silu", "softsign", "elu", "gelu", "softplus", "relu6", "hardtanh"])
    return g.call("F." + name, g.values(g.shape(large=0.2), g.float(), (-100.0, 100.0)), mode=None)


def without_nan(x):
    """PyTorch's gradient at NaN depends on the length of the tensor for these."""
    x.base[numpy.isnan(x.base)] = -0.5


@op("activation", *PLAIN)
def plain(g, name):
    x = anything(g)
    if name in ("relu6", "selu", "hardsigmoid", "hardswish"):
        without_nan(x)
    if name == "hardswish":
        # PyTorch takes x (x + 3) before it divides by 6
        x.base = numpy.clip(x.base, -1e30, 1e30) if x.base.dtype == "float64" else x.base
    if name == "softsign":
        # PyTorch's gradient at infinity is that of ∞ / ∞
        x.base[numpy.isinf(x.base)] = 7
    if name == "step":
        return g.call("F.step", x, torch=lambda x: (x > 0).to(x.dtype))
    # far out mish's gradient is 0 · ∞ in one form and not in another
    return g.call("F." + name, x, mode=None if name == "mish" and g.special else mode(g), torch=hardsigmoid if name == "hardsigmoid" else None)


@op("activation", "leaky_relu")
def leaky(g, name):
    x = anything(g)
    return g.call("F.leaky_relu", x, g.maybe(g.number(0, 1)), mode=mode(g))


def hardsigmoid(x):
    """By its formula: PyTorch's slope is 1/6 in float32, whatever the type."""
    return torch.where((x > -3) & (x < 3), x / 6 + 0.5, (x >= 3).to(x.dtype))


def celu(x, alpha=1.0):
    """By its formula: PyTorch's 1 / alpha is float32, whatever the type."""
    return torch.where(x >= 0, x, torch.expm1(x.clamp(max=0) / alpha) * alpha)


@op("activation", "elu", "celu")
def elu(g, name):
    x = anything(g)
    without_nan(x)
    return g.call("F." + name, x, torch=celu if name == "celu" else None, alpha=g.maybe(g.number(0.1, 2)), mode=mode(g))


@op("activation", "gelu")
def gelu(g, name):
    # long enough that not all of it lies in the lower tail, where
    kind, mode = mild(g, "normal", "special")
    x = g.values(g.shape(1, 4, large=1, empty=0), g.float(), kind)
    # (1 + erf) / 2 cancels in the lower tail on both sides: errors are those of the sum, not of each element
    return g.call("F.gelu", x, approximate=g.choice([None, "none", "tanh"]), mode=mode, each=False)


@op("activation", "softplus")
def softplus(g, name):
    x = anything(g)
    return g.call("F.softplus", x, beta=g.maybe(g.number(0.2, 3)), threshold=g.maybe(g.choice([5, 20])), mode=mode(g))


@op("activation", "hardtanh")
def hardtanh(g, name):
    x = anything(g)
    without_nan(x)
    return g.call("F.hardtanh", x, min_val=g.maybe(g.number(-2, -0.1)), max_val=g.maybe(g.number(0.1, 2)), mode=mode(g))


@op("activation", "prelu")
def prelu(g, name):
    shape, dtype = g.shape(1, 4, large=0.2), g.float()
    x = g.values(shape, dtype)
    return g.call("F.prelu", x, g.values([shape[1] if len(shape) > 1 and g.chance(0.5) else 1], dtype))


@op("activation", "threshold")
def threshold(g, name):
    x = anything(g)
    without_nan(x)
    return g.call("F.threshold", x, g.number(), g.number(), mode=mode(g))


@op("activation", "glu")
def glu(g, name):
    shape = g.shape(1, 4, empty=0)
    dim = g.dim(len(shape))
    shape[dim] *= 2
    return g.call("F.glu", g.values(shape, g.float()), dim if g.chance(0.6) or shape[-1] % 2 else None)


@op("activation", "softmax", "log_softmax", "softmin")
def softmax(g, name):
    kind, mode = mild(g, *["normal"] * 4, "whole", (-100.0, 100.0), (-1e4, 1e4))
    # along a dim of size 1 the gradient is 0, of terms that cancel
    x = g.values([max(s, 2) for s in g.shape(1, 4, large=0.3, empty=0)], g.float(), kind)
    dim = g.dim(len(x.shape))
    given = g.chance(0.8)
    return g.call("F." + name, x, dim if given else None, torch=lambda x, d=-1: getattr(torch.nn.functional, name)(x, d), mode=mode)
