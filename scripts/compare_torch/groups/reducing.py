"""Reductions, running sums, order."""
import math

import torch

from ..generate import FLOATS, mild, op
from ..translate import TYPES, Dim, Dims, Positions, floating


def input_and_dims(g, dtype=None, kind="normal", low=0, empty=0.03, many=True):
    """An input, and no dim, one, or a list."""
    x = g.values(g.shape(low, large=0.25, empty=empty), dtype or g.float(), kind)
    rank = len(x.shape)
    ways = [None, "one"] + ["many"] * many
    way = g.choice(ways) if rank else None
    dims = None if way is None else g.dim(rank) if way == "one" else g.dims(rank)
    return x, dims


def joined(x, dims):
    """How many elements meet in one result."""
    count = 1
    for d in range(len(x.shape)) if dims is None else [dims] if isinstance(dims, int) else dims:
        count *= x.shape[d]
    return count


@op("reduce", "sum", "mean", "logsumexp", "count_nonzero", "all", "any")
def simple(g, name):
    types, kinds, mode = TYPES, ["normal"] * 6 + ["special"], "auto"
    if name in ("all", "any", "count_nonzero"):
        kinds = ["normal", "whole", "special"]
    if name == "logsumexp":
        types, (kind, mode) = FLOATS, mild(g, *kinds)
        # of -∞ alone PyTorch's gradient is NaN, nnlua's 0
        mode, kinds = None if kind == "special" else mode, [kind]
    x, dims = input_and_dims(g, g.choice(FLOATS * 3 + list(types)), g.choice(kinds))
    keepdim = g.maybe(True, 0.4)

    def function(x, dim=None, keepdim=False):
        dims = tuple(range(x.ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
        if name in ("all", "any"):
            return getattr(x != 0 if x.dtype != torch.bool else x, name)(dims, keepdim=keepdim) if dims else getattr(x, name)() != 0
        if name == "count_nonzero":
            return (x != 0).sum(dims, keepdim=keepdim) if dims else (x != 0).sum()
        if name == "mean":
            x = floating(x)
        if not dims:
            return torch.logsumexp(x.reshape(1), 0) if name == "logsumexp" else getattr(torch, name)(x)
        return getattr(torch, name)(x, dims, keepdim=keepdim)
    return g.call(name, x, dims, keepdim=keepdim, torch=function, each=False, mode=mode)


@op("reduce", "prod")
def prod(g, name):
    # zeros among the factors: the gradient of a product must not divide by them
    x, dims = input_and_dims(g, g.choice(["float32", "float64", "float64", "int64", "uint8", "bool"]), g.choice([(-1.6, 1.6), "whole", "positive"]), low=0)

    def function(x, dim=None, keepdim=False):
        if dim is None:
            y = x.prod()
            return y.reshape([1] * x.ndim) if keepdim else y
        dims = sorted((d % x.ndim for d in ([dim] if isinstance(dim, int) else dim)), reverse=True)
        for d in dims:
            x = x.prod(d, keepdim=keepdim)
        return x
    # the second derivative by one element alone is 0, of terms that cancel
    return g.call(name, x, dims, keepdim=g.maybe(True, 0.4), torch=function, mode="auto" if joined(x, dims) > 1 else "backward")


@op("reduce", "max", "min")
def extremes(g, name):
    x, dims = input_and_dims(g, g.choice(["float32", "float64"] * 2 + ["int64", "uint8"]), g.choice(["distinct", "distinct", "whole", "special"]), empty=0)

    def function(x, dim=None, keepdim=False):
        if isinstance(dim, tuple) and len(dim) == 1:
            # a list of one dim is that dim
            dim = dim[0]
        if not isinstance(dim, int):
            dims = tuple(range(x.ndim)) if dim is None else dim
            return getattr(torch, "a" + name)(x, dims, keepdim=keepdim)
        found = getattr(torch, name)(x, dim, keepdim=keepdim)
        return found.values, Positions(found.indices)
    # over several dims PyTorch shares the gradient among the elements that equal the result: NaN equals nothing
    return g.call(name, x, dims, keepdim=g.maybe(True, 0.4), torch=function, each=False, mode=None if g.special else "auto")


@op("reduce", "amax", "amin")
def extreme_values(g, name):
    x, dims = input_and_dims(g, g.choice(["float32", "float64"] * 2 + ["int64"]), g.choice(["distinct", "whole"]), empty=0)
    return g.call(name, x, dims, keepdim=g.maybe(True, 0.4), torch=lambda x, d=None, keepdim=False: getattr(torch, name)(x, tuple(range(x.ndim)) if d is None else d, keepdim=keepdim))


@op("reduce", "argmax", "argmin")
def arg(g, name):
    x, dim = input_and_dims(g, g.choice(["float32", "float64", "int64"]), g.choice(["distinct", "whole", "special"]), empty=0, many=False)
    return g.call(name, x, dim, keepdim=g.maybe(True, 0.4), torch=lambda x, d=None, keepdim=False: Positions(getattr(torch, name)(x, d, keepdim=keepdim)))


@op("reduce", "var", "std")
def spread(g, name):
    # equal numbers spread by rounding errors alone
    x, dims = input_and_dims(g, g.choice(["float32", "float64", "float64", "int64"]), "apart")
    correction = g.choice([None, 0, 1, 2])
    # without a degree of freedom PyTorch's own forms have different gradients
    mode = "auto" if joined(x, dims) > max(1, 1 if correction is None else correction) else None

    def function(x, dim=None, keepdim=False, correction=1):
        x = floating(x)
        return getattr(torch, name)(x, dim if dim is not None else tuple(range(x.ndim)), keepdim=keepdim, correction=correction)
    return g.call(name, x, dims, keepdim=g.maybe(True, 0.4), correction=correction, torch=function, mode=mode)


@op("reduce", "norm")
def norm(g, name):
    x, dims = input_and_dims(g, kind=g.choice(["normal"] * 4 + ["whole"]), empty=0)
    p = g.choice([2, 1, 3, 0.5, 2.5, math.inf, -math.inf, 0, -1])
    if p != 2 and isinstance(p, float) and not math.isinf(p) or p == -1:
        x.base[x.base == 0] = 0.25
    return g.call(name, x, p, dims, keepdim=g.maybe(True, 0.4), torch=lambda x, p, d=None, keepdim=False: torch.linalg.vector_norm(floating(x), p, d, keepdim=keepdim), mode="auto" if joined(x, dims) > 1 else "backward")


@op("reduce", "median")
def median(g, name):
    x, dim = input_and_dims(g, g.choice(["float32", "float64", "int64"]), "distinct", empty=0, many=False)
    if x.base.dtype == "int64":
        x.base = g.rng.permutation(x.base.size).reshape(x.base.shape)
        x.layout = [step for step in x.layout if step[0] != "expand"]
        x.shape = tuple(x.tensor().shape)
    if dim is None:
        return g.call(name, x, torch=lambda x: torch.median(x))

    def function(x, dim, keepdim=False):
        found = torch.median(x, dim, keepdim=keepdim)
        return found.values, Positions(found.indices)
    return g.call(name, x, dim, keepdim=g.maybe(True, 0.4), torch=function)


@op("reduce", "cumsum", "cumprod")
def running(g, name):
    x = g.values(g.shape(1, large=0.2), g.choice(["float32", "float64"] * 2 + ["int64", "uint8", "bool"]), g.choice(["normal", "positive", "whole"]) if name == "cumsum" else g.choice([(-1.5, 1.5), "whole"]))
    return g.call(name, x, g.dim(len(x.shape)))


@op("order", "sort", "argsort")
def sort(g, name):
    x = g.values(g.shape(1, large=0.2), g.choice(["float32", "float64", "int64", "uint8", "bool"]), g.choice(["normal", "whole", "special"]))
    dim, descending = g.maybe(g.dim(len(x.shape)), 0.7), g.maybe(True)

    def function(x, dim=-1, descending=False):
        found = torch.sort(x, dim=dim, descending=descending, stable=True)
        return Positions(found.indices) if name == "argsort" else (found.values, Positions(found.indices))
    return g.call(name, x, dim, descending=descending, torch=function, each=False)


@op("order", "topk")
def topk(g, name):
    # equal elements have no set order in PyTorch: there are none
    x = g.values(g.shape(1, large=0.2, empty=0), g.float(), "distinct")
    dim = g.dim(len(x.shape))
    k = g.int(1, x.shape[dim])

    def function(x, k, dim=-1, largest=True):
        found = torch.topk(x, k, dim, largest)
        return found.values, Positions(found.indices)
    return g.call(name, x, k, dim if dim not in (-1, len(x.shape) - 1) or g.chance(0.5) else None, largest=g.maybe(False), torch=function)


@op("order", "unique")
def unique(g, name):
    x = g.values(g.shape(0, 3), g.choice(["float32", "float64", "int64", "uint8", "bool"]), "whole", grad=False)
    inverse, counts = g.maybe(True), g.maybe(True)

    def function(x, return_inverse=False, return_counts=False):
        found = torch.unique(x, return_inverse=return_inverse, return_counts=return_counts)
        if not isinstance(found, tuple):
            return found
        found = list(found)
        if return_inverse:
            found[1] = Positions(found[1])
        return found
    return g.call(name, x, return_inverse=inverse, return_counts=counts, torch=function)
