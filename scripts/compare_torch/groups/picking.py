"""Parts picked out, joined, scattered."""
import torch

from ..generate import op
from ..translate import TYPES, Code, Dim, Dims, Position, Positions, Size, lua, promoted


def some(g, low=0, high=4, types=None, **options):
    return g.values(g.shape(low, high, **options), g.choice(types or ["float32", "float64"] * 2 + TYPES))


@op("pick", "cat", "stack")
def join(g, name):
    shape = g.shape(1 if name == "cat" else 0, 4)
    dim = g.dim(len(shape), extra=int(name == "stack"))
    first, inputs = g.choice(["float32", "float64", "int64"]), []
    for _ in range(g.int(1, 4)):
        sizes = list(shape)
        if name == "cat":
            sizes[dim] = g.int(0, 5)
        inputs.append(g.values(sizes, first if g.chance(0.85) else g.choice(TYPES)))
    return g.call(name, inputs, dim if g.chance(0.8) or int(dim) != 0 else None, torch=lambda xs, d=0: getattr(torch, name)(promoted(*xs), d), method=False)


@op("pick", "split", "chunk")
def split(g, name):
    x = some(g, 1, empty=0)
    dim = g.dim(len(x.shape))
    n = x.shape[dim]
    if name == "chunk":
        return g.call(name, x, g.int(1, 5), dim)
    if g.chance(0.5):
        return g.call(name, x, g.int(1, 4), dim)
    sizes = []
    while sum(sizes) < n:
        sizes.append(g.int(0, n - sum(sizes)))
    return g.call(name, x, Size(sizes), dim, torch=lambda x, s, d: torch.split(x, list(s), d))


@op("pick", "narrow")
def narrow(g, name):
    x = some(g, 1, empty=0)
    dim = g.dim(len(x.shape))
    start = g.int(0, x.shape[dim] - 1)
    return g.call(name, x, dim, Position(start), g.int(0, x.shape[dim] - start))


@op("pick", "select")
def select(g, name):
    x = some(g, 1, empty=0)
    dim = g.dim(len(x.shape))
    return g.call(name, x, dim, Position(g.int(-x.shape[dim], x.shape[dim] - 1)))


@op("pick", "index_select")
def index_select(g, name):
    x = some(g, 1, empty=0)
    dim = g.dim(len(x.shape))
    return g.call(name, x, dim, g.positions([g.int(0, 6)], x.shape[dim]))


def smaller(g, shape, dim, free):
    """A shape of positions: at most `shape` in every dim, any size along `dim`."""
    return [free if i == dim % len(shape) else g.int(1, s) if g.chance(0.3) else s for i, s in enumerate(shape)]


@op("pick", "gather")
def gather(g, name):
    x = some(g, 1, empty=0)
    dim = g.dim(len(x.shape))
    return g.call(name, x, dim, g.positions(smaller(g, x.shape, dim, g.int(1, 6)), x.shape[dim]))


@op("pick", "unbind")
def unbind(g, name):
    x = some(g, 1, empty=0, large=0)
    return g.call(name, x, g.dim(len(x.shape)))


@op("pick", "scatter", "scatter_add", "scatter_", "scatter_add_")
def scatter(g, name):
    x = some(g, 1, empty=0, types=["float32", "float64", "int64"])
    dim = g.dim(len(x.shape))
    shape = smaller(g, x.shape, dim, g.int(1, x.shape[dim]))
    p = g.positions(shape, x.shape[dim], layout=False)
    copy = "" if name[-1] != "_" else ":clone()"
    if name in ("scatter", "scatter_"):
        # a place written twice holds either value: every position comes once
        p.base = g.rng.random((*shape[:dim % len(shape)], x.shape[dim], *shape[dim % len(shape) + 1:])).argsort(dim)
        p.base = p.base.take(range(shape[dim]), axis=dim).astype("int64")
    if name in ("scatter", "scatter_") and g.chance(0.3):
        v = g.number() if str(x.dtype) != "torch.int64" else g.int(-5, 5)
        return g.case(name, f"return x1{copy}:{name}({lua(dim)}, x2, {v})", lambda t: t["x1"].scatter(dim, t["x2"], v), [f"x:{name}"])
    g.values([s + g.int(0, 1) if g.chance(0.2) else s for s in shape], str(x.dtype).removeprefix("torch."))
    return g.case(name, f"return x1{copy}:{name}({lua(dim)}, x2, x3)", lambda t: getattr(t["x1"].clone(), name)(dim, t["x2"], t["x3"]), [f"x:{name}"])


@op("pick", "index_add", "index_add_")
def index_add(g, name):
    x = some(g, 1, empty=0, types=["float32", "float64", "int64"])
    dim, n = g.dim(len(x.shape)), g.int(1, 6)
    g.positions([n], x.shape[dim])
    shape = list(x.shape)
    shape[dim] = n
    g.values(shape, str(x.dtype).removeprefix("torch."))
    alpha = g.maybe(g.int(2, 4), 0.3)
    option = f", {{alpha = {alpha}}}" if alpha else ""
    copy = "" if name[-1] != "_" else ":clone()"
    return g.case(name, f"return x1{copy}:{name}({lua(dim)}, x2, x3{option})", lambda t: t["x1"].index_add(dim, t["x2"], t["x3"], alpha=alpha or 1), [f"x:{name}"])


@op("pick", "masked_select", "masked_fill", "masked_fill_")
def masked(g, name):
    x = some(g, 0, types=["float32", "float64", "int64"])
    g.mask(g.sub_shape(x.shape))
    if name == "masked_select":
        return g.case(name, f"return {g.choice(['x1:masked_select(x2)', 'T.masked_select(x1, x2)'])}", lambda t: torch.masked_select(t["x1"], t["x2"]), [f"x:{name}"])
    value = g.int(-5, 5) if g.chance(0.5) or not x.dtype.is_floating_point else g.number()
    if x.dtype.is_floating_point and g.chance(0.3):
        value = g.values([], str(x.dtype).removeprefix("torch."))
    in_place = name.endswith("_")
    return g.case(name, f"return x1{':clone()' * in_place}:{name}(x2, {lua(value)})",
                  lambda t: getattr(t["x1"].clone(), name)(t["x2"], t[value.lua_name] if hasattr(value, "lua_name") else value), [f"x:{name}"])


@op("pick", "take")
def take(g, name):
    x = some(g, 0, empty=0)
    count = 1
    for s in x.shape:
        count *= s
    return g.call(name, x, g.positions(g.shape(0, 3), count))


@op("pick", "flip")
def flip(g, name):
    x = some(g, 0)
    dims = g.choice([None, g.dim(len(x.shape)), g.dims(len(x.shape))]) if x.shape else None
    return g.call(name, x, dims, torch=lambda x, d=None: x.flip(tuple(range(x.ndim)) if d is None else d))


@op("pick", "roll")
def roll(g, name):
    x = some(g, 1)
    if g.chance(0.3):
        return g.call(name, x, g.int(-7, 7))
    if g.chance(0.5):
        return g.call(name, x, g.int(-7, 7), g.dim(len(x.shape)))
    dims = g.dims(len(x.shape))
    return g.call(name, x, Size([g.int(-7, 7) for _ in dims]), dims)


@op("pick", "pad")
def pad(g, name):
    mode = g.choice(["constant"] * 3 + ["reflect", "replicate", "circular"])
    if mode == "constant":
        x = some(g, 1, types=["float32", "float64", "int64"])
        widths = [g.int(-1, 3) for _ in range(2 * g.int(1, len(x.shape)))]
        value = g.maybe(g.int(-3, 3))
    else:
        x = g.values([g.int(1, 3) for _ in range(g.int(1, 2))] + [g.int(2, 6) for _ in range(g.int(1, 2))], g.float())
        spatial = g.int(1, min(2, len(x.shape) - 1))
        widths, value = [g.int(0, 2) for _ in range(2 * spatial)], None
    home = g.choice(["T.pad", "F.pad"])
    return g.call("F.pad", x, Size(widths), mode=mode if mode != "constant" else g.maybe(mode), value=value, path=home)


@op("pick", "nonzero")
def nonzero(g, name):
    x = some(g, 0, types=["float32", "int64", "bool", "uint8"])
    x.base[g.rng.random(x.base.shape) < 0.5] = 0
    return g.call(name, x, torch=lambda x: Positions(torch.nonzero(x)))


@op("pick", "one_hot")
def one_hot(g, name):
    n = g.int(1, 7)
    x = g.positions(g.shape(0, 3, empty=0), n)
    classes = g.maybe(n, 0.7)
    return g.call("F.one_hot", x, classes, path=g.choice(["T.one_hot", "F.one_hot"]), torch=lambda x, n=-1: torch.nn.functional.one_hot(x, n))


@op("pick", "meshgrid")
def meshgrid(g, name):
    dtype = g.float()
    inputs = [g.values([g.int(1, 5)], dtype) for _ in range(g.int(1, 4))]
    indexing = g.choice([None, "ij", "xy"])
    spread = g.chance(0.5)
    names = ", ".join(x.lua_name for x in inputs)
    option = f", {{indexing = {lua(indexing)}}}" if indexing else ""
    return g.case(name, f"return T.meshgrid({names if spread else '{' + names + '}'}{option})", lambda t: list(torch.meshgrid(*(t[x.lua_name] for x in inputs), indexing=indexing or "ij")), ["T.meshgrid"])
