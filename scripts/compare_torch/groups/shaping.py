"""Other looks at the same elements."""
import torch

from ..generate import op
from ..translate import TYPES, Dim, Dims, Size


def some(g, low=0, high=4, **options):
    return g.values(g.shape(low, high, **options), g.choice(["float32", "float64"] * 2 + TYPES))


def refactored(g, count):
    """Another shape with so many elements."""
    sizes = []
    while count > 1 and len(sizes) < 4:
        factors = [f for f in range(2, count + 1) if count % f == 0]
        sizes.append(g.choice(factors))
        count //= sizes[-1]
    sizes.append(count)
    if g.chance(0.3):
        sizes.insert(g.int(0, len(sizes)), 1)
    return sizes


@op("shape", "reshape", "view")
def reshape(g, name):
    x = some(g, empty=0)
    count = 1
    for s in x.shape:
        count *= s
    sizes = refactored(g, count)
    if g.chance(0.3):
        sizes[g.int(0, len(sizes) - 1)] = -1
    if name == "view":
        # PyTorch refuses where memory does not allow it, and the case is drawn anew
        return g.call(name, x, Size(sizes, spread=g.chance(0.5)), torch=lambda x, s: x.view(s), method=True)
    return g.call(name, x, Size(sizes, spread=g.chance(0.5)))


@op("shape", "flatten")
def flatten(g, name):
    x = some(g)
    rank = len(x.shape)
    if not rank or g.chance(0.3):
        return g.call(name, x)
    first = g.int(0, rank - 1)
    last = g.int(first, rank - 1)
    return g.call(name, x, Dim(first), Dim(last if g.chance(0.5) else last - rank))


@op("shape", "unflatten")
def unflatten(g, name):
    x = some(g, 1, 3, empty=0)
    dim = g.dim(len(x.shape))
    sizes = refactored(g, x.shape[dim])
    if g.chance(0.3):
        sizes[g.int(0, len(sizes) - 1)] = -1
    return g.call(name, x, dim, Size(sizes))


@op("shape", "squeeze")
def squeeze(g, name):
    x = g.values([1 if g.chance(0.5) else g.int(2, 5) for _ in range(g.int(0, 5))], g.float())
    dim = g.choice([None, g.dim(len(x.shape)), g.dims(len(x.shape))]) if x.shape else None
    return g.call(name, x, dim)


@op("shape", "unsqueeze")
def unsqueeze(g, name):
    x = some(g)
    return g.call(name, x, g.dim(len(x.shape), extra=1))


@op("shape", "transpose")
def transpose(g, name):
    x = some(g, 1)
    return g.call(name, x, g.dim(len(x.shape)), g.dim(len(x.shape)))


@op("shape", "permute")
def permute(g, name):
    x = some(g, 1)
    order = [int(d) for d in g.rng.permutation(len(x.shape))]
    return g.call(name, x, Dims(order))


@op("shape", "expand", "broadcast_to")
def expand(g, name):
    shape = g.shape(0, 4)
    x = g.values(g.sub_shape(shape, 0.4), g.float())
    target = [-1 if name == "expand" and i >= len(shape) - len(x.shape) and g.chance(0.2) else s for i, s in enumerate(shape)]
    return g.call(name, x, Size(target, spread=g.chance(0.5)), torch=lambda x, s: x.expand(s))


@op("shape", "expand_as")
def expand_as(g, name):
    shape = g.shape(0, 4)
    return g.call(name, g.values(g.sub_shape(shape, 0.4), g.float()), g.values(shape, "float32", grad=False), torch=lambda x, y: x.expand_as(y))


@op("shape", "movedim")
def movedim(g, name):
    x = some(g, 1)
    rank = len(x.shape)
    if g.chance(0.5):
        return g.call(name, x, g.dim(rank), g.dim(rank))
    count = g.int(1, rank)
    source, target = (Dims(int(d) for d in g.rng.permutation(rank)[:count]) for _ in range(2))
    return g.call(name, x, source, target)


@op("shape", "tile")
def tile(g, name):
    x = some(g, 0, 3)
    return g.call(name, x, Size([g.int(1, 3) if g.chance(0.9) else 0 for _ in range(g.int(1, 4))], spread=g.chance(0.5)))


@op("shape", "contiguous", "clone", "detach")
def same(g, name):
    x = some(g)
    return g.call(name, x, torch=lambda x: getattr(x, name)(), method=True)
