"""Activations of `nn.functional`."""
import numpy
import torch

from ..generate import mild, op
from ..translate import Dim

PLAIN = ["relu", "relu6", "selu", "silu", "softsign", "sigmoid", "tanh", "logsigmoid", "step"]


def anything(g, **options):
    return g.values(g.shape(large=0.2), g.float(), g.choice(["normal"] * 4 + ["whole", "special"]), **options)


def mode(g):
    return "auto" if not g.special else "backward"


@op("activation", "far out")
def far(g, name):
    """All of them on large numbers, without gradients, which are rounding errors there for some."""
    name = g.choice(["sigmoid", "tanh", "logsigmoid", "selu", "silu", "softsign", "elu", "gelu", "softplus", "relu6", "hardtanh"])
    return g.call("F." + name, g.values(g.shape(large=0.2), g.float(), (-100.0, 100.0)), mode=None)


def without_nan(x):
    """PyTorch's gradient at NaN depends on the length of the tensor for these."""
    x.base[numpy.isnan(x.base)] = -0.5


@op("activation", *PLAIN)
def plain(g, name):
    x = anything(g)
    if name in ("relu6", "selu"):
        without_nan(x)
    if name == "softsign":
        # PyTorch's gradient at infinity is that of ∞ / ∞
        x.base[numpy.isinf(x.base)] = 7
    if name == "step":
        return g.call("F.step", x, torch=lambda x: (x > 0).to(x.dtype))
    return g.call("F." + name, x, mode=mode(g))


@op("activation", "leaky_relu")
def leaky(g, name):
    x = anything(g)
    return g.call("F.leaky_relu", x, g.maybe(g.number(0, 1)), mode=mode(g))


@op("activation", "elu")
def elu(g, name):
    x = anything(g)
    without_nan(x)
    return g.call("F.elu", x, alpha=g.maybe(g.number(0.1, 2)), mode=mode(g))


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


@op("activation", "softmax", "log_softmax")
def softmax(g, name):
    kind, mode = mild(g, *["normal"] * 4, "whole", (-100.0, 100.0), (-1e4, 1e4))
    # along a dim of size 1 the gradient is 0, of terms that cancel
    x = g.values([max(s, 2) for s in g.shape(1, 4, large=0.3, empty=0)], g.float(), kind)
    dim = g.dim(len(x.shape))
    given = g.chance(0.8)
    return g.call("F." + name, x, dim if given else None, torch=lambda x, d=-1: getattr(torch, name)(x, d), mode=mode)
