"""x[key] and x[key] = value. A key is drawn as a list of entries, one for each dim (a mask may span several)."""
import torch

from ..generate import op
from ..translate import TYPES, Number, from_one


def entries(g, x, picks):
    """(Lua text, PyTorch index) for the first dims of x. `picks`: how many tensors may be among them."""
    texts, index, dim, rank = [], [], 0, len(x.shape)
    for _ in range(g.int(1, rank)):
        size = x.shape[dim]
        ways = ["range", "range", "all", "at"] + ["pick", "mask"] * (picks > 0)
        way = g.choice(ways) if size else "all"
        if way == "at":
            i = g.int(-size, size - 1)
            texts.append(str(from_one(i)))
            index.append(i)
        elif way == "range":
            first, last = sorted((g.int(0, size - 1), g.int(0, size - 1)))
            step = g.choice([None, None, 1, 2, 3, -1, -2])
            texts.append(f"{{{last + 1 if step and step < 0 else first + 1 if g.chance(0.8) else first - size}, "
                         f"{first + 1 if step and step < 0 else last + 1 if g.chance(0.8) else last - size}{f', {step}' if step else ''}}}")
            # PyTorch has no negative steps: a list of places says the same
            index.append(slice(first, last + 1, step) if not step or step > 0 else ("turned", last, first, step))
        elif way == "pick":
            p = g.positions(g.shape(1, 2, empty=0, large=0), size)
            texts.append(p.lua_name)
            index.append(p)
            picks -= 1
        elif way == "mask":
            span = g.int(1, min(2, rank - dim))
            m = g.mask(x.shape[dim: dim + span])
            texts.append(m.lua_name)
            index.append(m)
            picks -= 1
            dim += span - 1
        else:
            texts.append("{}")
            index.append(slice(None))
        dim += 1
        if dim == rank:
            break
    return texts, index


def read(t, x, index):
    """x[index] one entry after another, from the last dim to the first: so no entry depends on another."""
    y = t[x.lua_name]
    dims, d = [], 0
    for i in index:
        dims.append(d)
        d += len(i.shape) if hasattr(i, "lua_name") and i.dtype == torch.bool else 1
    for d, i in reversed(list(zip(dims, index))):
        front = (slice(None),) * d
        if isinstance(i, tuple):
            y = y.index_select(d, torch.arange(i[1], i[2] - 1, i[3]))
        elif hasattr(i, "lua_name"):
            y = y[(*front, t[i.lua_name])]
        else:
            y = y[(*front, i)]
    return y


@op("index", "get", "get picks")
def get(g, name):
    x = g.values(g.shape(1, 4, empty=0.02), g.choice(["float32", "float64"] * 2 + TYPES))
    texts, index = entries(g, x, 1 if name == "get picks" else 0)
    key = texts[0] if len(texts) == 1 and texts[0][0] != "{" and g.chance(0.7) else "{" + ", ".join(texts) + "}"
    number = all(isinstance(i, int) for i in index) and len(index) == len(x.shape) and not x.grad
    return g.case(name, f"return x1[{key}]", lambda t: Number(read(t, x, index)) if number else read(t, x, index), [])


@op("index", "chain")
def chain(g, name):
    x = g.values(g.shape(2, 4, empty=0), g.float())
    i, j = g.int(-x.shape[0], x.shape[0] - 1), g.int(0, x.shape[1] - 1)
    return g.case(name, f"return x1[{from_one(i)}][{from_one(j)}]", lambda t: t["x1"][i][j], [])


@op("index", "set", "set picks")
def assign(g, name):
    dtype = g.choice(["float32", "float64"] * 2 + ["int64", "uint8"])
    x = g.values(g.shape(1, 4, empty=0), dtype)
    texts, index = entries(g, x, 1 if name == "set picks" else 0)
    for i in index:
        # a place written twice holds either value
        if hasattr(i, "lua_name") and i.positions:
            i.layout, size = [], x.shape[index.index(i)]
            i.base = g.rng.permutation(size)[: g.int(1, size)].astype("int64")
            i.shape = i.base.shape
    key = texts[0] if len(texts) == 1 and texts[0][0] != "{" and g.chance(0.7) else "{" + ", ".join(texts) + "}"
    # the shape of the part, by reading it
    part = read({i.lua_name: i.tensor() for i in g.inputs}, x, index).shape
    if g.chance(0.4):
        value = g.int(0, 9) if not dtype.startswith("float") or g.chance(0.5) else g.number()
        text = str(value)
    else:
        value = g.values(g.sub_shape(list(part)), dtype if g.chance(0.8) or not dtype.startswith("float") else g.float())
        text = value.lua_name

    def function(t):
        y = t["x1"].clone()
        # which elements the key names, as places of the flat tensor
        places = read(t | {"x1": torch.arange(y.numel()).reshape(y.shape)}, x, index)
        values = (t[value.lua_name] if hasattr(value, "lua_name") else torch.tensor(value, dtype=torch.float64)).to(y.dtype).expand(places.shape)
        return y.reshape(-1).index_put((places.reshape(-1),), values.reshape(-1)).reshape(y.shape)
    return g.case(name, f"local y = x1:clone(); y[{key}] = {text}; return y", function, [])
