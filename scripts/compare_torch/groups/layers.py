"""Dense layers, convolution, pooling, normalisation and the like, as functions."""
import torch
import torch.nn.functional as F

from ..generate import op
from ..translate import Dim, Position, Size, from_one, lua


def either(g, low, high):
    """A number, or one for each of two dims."""
    return g.int(low, high) if g.chance(0.6) else (g.int(low, high), g.int(low, high))


def pair(value):
    return (value, value) if isinstance(value, int) else value


@op("dense", "linear")
def linear(g, name):
    i, o, dtype = g.choice([1, 2, 3, 5, 16, 33, 100]), g.choice([1, 2, 4, 10, 17, 50]), g.float()
    x = g.values([*g.shape(0, 3), i], dtype)
    return g.call("F.linear", x, g.values([o, i], dtype), g.maybe(g.values([o], dtype), 0.7))


@op("dense", "bilinear")
def bilinear(g, name):
    a, b, o, dtype = g.int(1, 6), g.int(1, 6), g.int(1, 6), g.float()
    batch = g.shape(1, 2, empty=0, large=0)
    return g.call("F.bilinear", g.values([*batch, a], dtype), g.values([*batch, b], dtype), g.values([o, a, b], dtype), g.maybe(g.values([o], dtype)))


@op("dense", "embedding")
def embedding(g, name):
    v, d, dtype = g.int(1, 12), g.int(1, 9), g.float()
    padding = g.maybe(Position(g.int(0, v - 1)), 0.3)
    return g.call("F.embedding", g.positions(g.shape(0, 3), v), g.values([v, d], dtype), padding_idx=padding, torch=lambda p, w, padding_idx=None: F.embedding(p, w, padding_idx))


@op("dense", "cosine_similarity")
def cosine(g, name):
    # vectors of one element, or of equal ones, have a cosine of ±1 and gradients of rounding errors alone
    shape, dtype = [max(s, 2) for s in g.shape(1, 4, empty=0)], g.float()
    # PyTorch's default dim is 1 from 0, the second
    dim = g.dim(len(shape)) if g.chance(0.7) or len(shape) < 2 else None
    part = g.sub_shape(shape)
    if len(shape) - (1 if dim is None else dim % len(shape)) > len(part) or part[(1 if dim is None else dim % len(shape)) - len(shape)] == 1:
        part = shape
    return g.call("F.cosine_similarity", *(g.values(s, dtype, "apart") for s in (shape, part)), dim=dim, torch=lambda a, b, dim=1: F.cosine_similarity(a, b, dim))


@op("dense", "pairwise_distance")
def pairwise(g, name):
    n, d, dtype = g.int(1, 5), g.int(2, 9), g.float()
    shape = g.choice([[n, d], [n, d], [d], [2, n, d]])
    return g.call("F.pairwise_distance", g.values(shape, dtype, "apart"), g.values(shape, dtype, "apart"), p=g.maybe(g.choice([1, 2, 3])), eps=g.maybe(1e-4), keepdim=g.maybe(True))


@op("dense", "scaled_dot_product_attention")
def attention(g, name):
    batch, dtype, l, s, e, v = g.shape(0, 2, empty=0, large=0), g.float(), g.int(1, 6), g.int(1, 6), g.int(1, 8), g.int(1, 5)
    q, k, v = (g.values([*batch, *sizes], dtype, (-1.0, 1.0)) for sizes in ([l, e], [s, e], [s, v]))
    mask = None
    way = g.choice(["none", "causal", "bool", "float"])
    if way == "bool":
        mask = g.mask([l, s], layout=False)
        mask.base[:, 0] = True
    if way == "float":
        mask = g.values([l, s], dtype)
    return g.call("F.scaled_dot_product_attention", q, k, v, attn_mask=mask, is_causal=True if way == "causal" else None, scale=g.maybe(g.number(0.1, 1)))


@op("dense", "normalize")
def normalize(g, name):
    # of one number only its sign is left, and a gradient of rounding errors
    x = g.values([max(s, 2) for s in g.shape(1, 4, empty=0)], g.float(), "distinct")
    dim = g.dim(len(x.shape)) if g.chance(0.7) or len(x.shape) < 2 else None
    return g.call("F.normalize", x, p=g.maybe(g.choice([1, 2, 3])), dim=dim, eps=g.maybe(1e-6))


@op("dense", "dropout", "dropout2d")
def dropout(g, name):
    # chance itself cannot agree; evaluation, p = 0 and p = 1 can
    x = g.values(g.shape(4, 4) if name == "dropout2d" else g.shape(), g.float())
    p, training = g.choice([(0.5, False), (0.0, True), (1.0, True)])
    return g.call("F." + name, x, p, training)


def channels(g):
    """(in, out, groups) that divide."""
    groups = g.choice([1, 1, 1, 2, 3])
    i, o = groups * g.choice([1, 2, 3, 5]), groups * g.choice([1, 2, 4, 7])
    if g.chance(0.15):
        i, o = groups * 8, groups * g.choice([16, 17, 30])
    if g.chance(0.1):
        groups = o = i  # depthwise
    return i, o, groups


@op("conv", "conv1d", "conv2d")
def conv(g, name):
    flat, dtype = name == "conv1d", g.float()
    (i, o, groups), rank = channels(g), 1 if flat else 2
    kernel, size = [g.int(1, 5) for _ in range(rank)], [g.choice([g.int(4, 12), g.int(4, 12), 28]) for _ in range(rank)]
    # sums of more than 2,000 products lose more than 2e-6 in float32 on either side
    batch = [g.choice([1, 2, 3, 9] if 28 not in size or flat else [1, 2])] if g.chance(0.85) else []
    same = g.chance(0.15)
    number = (lambda a, b: g.int(a, b)) if flat else (lambda a, b: either(g, a, b))
    stride, dilation = (None, g.maybe(number(1, 2))) if same else (g.maybe(number(1, 3)), g.maybe(number(1, 2), 0.3))
    padding = "same" if same else g.maybe(number(0, 3))
    x, w, b = g.values([*batch, i, *size], dtype), g.values([o, i // groups, *kernel], dtype), g.maybe(g.values([o], dtype), 0.7)
    if b is None:
        g.inputs = [x, w]
    return g.call("F." + name, x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups if groups > 1 else g.maybe(1))


@op("conv", "conv_transpose2d")
def conv_transpose(g, name):
    (i, o, groups), dtype = channels(g), g.float()
    if o % groups:
        o = groups
    batch = [g.choice([1, 2, 9])] if g.chance(0.85) else []
    stride, dilation = g.maybe(either(g, 1, 3)), g.maybe(either(g, 1, 2), 0.3)
    output = 0
    if stride is not None and g.chance(0.4):
        output = tuple(g.int(0, s - 1) for s in pair(stride))
    x, w = g.values([*batch, i, g.int(1, 7), g.int(1, 7)], dtype), g.values([i, o // groups, g.int(1, 4), g.int(1, 4)], dtype)
    b = g.values([o], dtype) if g.chance(0.7) else None
    case = g.call("F." + name, x, w, b, stride=stride, padding=g.maybe(either(g, 0, 2)), output_padding=output or None, groups=groups, dilation=dilation)
    if 0 in case.torch({i.lua_name: i.tensor() for i in g.inputs}).shape:
        raise ValueError("nnlua refuses an image of no pixels")
    return case


def window(g):
    """(kernel, options) of a window in two dims."""
    kernel = either(g, 1, 4)
    return kernel, {"stride": g.maybe(either(g, 1, 3)), "padding": g.maybe(either(g, 0, 2))}


def image(g, low=4, dtype=None, kind="normal"):
    batch = [g.choice([1, 2, 5])] if g.chance(0.85) else []
    return g.values([*batch, g.choice([1, 2, 3, 17]), g.int(low, 11), g.choice([g.int(low, 11), 28])], dtype or g.float(), kind)


@op("conv", "unfold")
def unfold(g, name):
    kernel, options = window(g)
    return g.call("F.unfold", image(g), kernel, **options, dilation=g.maybe(either(g, 1, 2)))


@op("conv", "fold")
def fold(g, name):
    c, size, kernel = g.int(1, 3), (g.int(4, 9), g.int(4, 9)), (g.int(1, 3), g.int(1, 3))
    stride, padding, dilation = either(g, 1, 2), either(g, 0, 1), either(g, 1, 2)
    places = 1
    for s, k, st, p, d in zip(size, kernel, pair(stride), pair(padding), pair(dilation)):
        places *= (s + 2 * p - d * (k - 1) - 1) // st + 1
    x = g.values([*([g.int(1, 3)] if g.chance(0.8) else []), c * kernel[0] * kernel[1], places], g.float())
    return g.call("F.fold", x, size, kernel, stride=stride, padding=padding, dilation=dilation)


@op("pool", "max_pool2d", "avg_pool2d")
def pool2d(g, name):
    kernel, options = window(g)
    if name == "max_pool2d":
        options["dilation"] = g.maybe(either(g, 1, 2), 0.3)
    else:
        options["count_include_pad"] = g.maybe(False)
    return g.call("F." + name, image(g, kind="distinct" if name == "max_pool2d" else "normal"), kernel, **options, ceil_mode=g.maybe(True, 0.4))


@op("pool", "max_pool1d", "avg_pool1d")
def pool1d(g, name):
    batch = [g.choice([1, 2, 5])] if g.chance(0.85) else []
    x = g.values([*batch, g.choice([1, 3, 17]), g.choice([g.int(4, 12), 100])], g.float(), "distinct")
    options = {"dilation": g.maybe(g.int(1, 2), 0.3)} if name == "max_pool1d" else {"count_include_pad": g.maybe(False)}
    return g.call("F." + name, x, g.int(1, 4), stride=g.maybe(g.int(1, 3)), padding=g.maybe(g.int(0, 2)), ceil_mode=g.maybe(True, 0.4), **options)


@op("pool", "adaptive_avg_pool1d", "adaptive_max_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool2d")
def adaptive(g, name):
    if name.endswith("1d"):
        return g.call("F." + name, g.values([*([2] if g.chance(0.8) else []), g.int(1, 4), g.int(1, 30)], g.float(), "distinct"), g.int(1, 7))
    return g.call("F." + name, image(g, 1, kind="distinct"), either(g, 1, 7))


@op("pool", "interpolate", "upsample")
def interpolate(g, name):
    mode = g.choice([None, "nearest", "nearest-exact", "bilinear", "bicubic", "area", "linear"])
    flat = mode == "linear" or g.chance(0.2) and mode not in ("bilinear", "bicubic")
    x = g.values([g.int(1, 3), g.int(1, 3), *[g.int(2, 9) for _ in range(1 if flat else 2)]], g.float())
    options = {"size": g.int(1, 12) if flat else either(g, 1, 12)} if g.chance(0.5) else {"scale_factor": g.choice([2, 3, 0.5, 1.5] if flat else [2, 3, 0.5, 1.5, (2, 3)])}
    corners = g.maybe(g.chance(0.5)) if mode in ("linear", "bilinear", "bicubic") else None
    return g.call("F." + name, x, mode=mode, align_corners=corners, **options, torch=F.interpolate)


def compact(options):
    """PyTorch 2.13's batch_norm gets contiguous tensors: with an expanded weight its gradient reads memory that is not the weight's, and an x
    (N, C, H, 1) that lies channels last it takes for channels last, but not its gradient, and sums the wrong numbers."""
    return {k: v.contiguous() if isinstance(v, torch.Tensor) else v for k, v in options.items()}


def affine(g, shape, dtype):
    """weight and bias, each perhaps left out."""
    return {"weight": g.values(shape, dtype) if g.chance(0.7) else None, "bias": g.values(shape, dtype) if g.chance(0.7) else None}


@op("norm", "batch_norm")
def batch_norm(g, name):
    dtype, c = g.float(), g.choice([1, 2, 3, 17])
    # with two values for a channel only rounding errors are left of the gradient
    x = g.values([g.int(4, 9), c, *[g.int(1, 6) for _ in range(g.int(0, 2))]], dtype, "distinct")
    training = g.chance(0.6)
    running = not training or g.chance(0.5)
    mean, var = (g.values([c], dtype, grad=False, layout=False), g.values([c], dtype, "positive", grad=False, layout=False)) if running else (None, None)
    case = g.call("F.batch_norm", x, mean, var, torch=lambda x, mean=None, var=None, **o: F.batch_norm(x.contiguous(), mean, var, **compact(o)), **affine(g, [c], dtype), training=g.choice([training, training or None]), momentum=g.maybe(g.number(0.01, 0.9)), eps=g.maybe(g.number(0.001, 0.1)))
    if running and training:
        inner = case.torch
        case.lua = case.lua.replace("return ", "local y = ", 1) + f"return y, {mean.lua_name}, {var.lua_name}\n"
        case.torch = lambda t: (inner(t), t[mean.lua_name].clone(), t[var.lua_name].clone())
    return case


@op("norm", "layer_norm", "rms_norm")
def layer_norm(g, name):
    # one number, two, or equal ones have a gradient of rounding errors alone
    dtype, shape = g.float(), [g.choice([4, 5, 17, 100]) for _ in range(g.int(1, 2))]
    x = g.values([*g.shape(0, 2, empty=0), *shape], dtype, "distinct")
    options = affine(g, shape, dtype)
    if name == "rms_norm":
        if options["bias"]:
            g.inputs.remove(options["bias"])
        options.pop("bias")
    return g.call("F." + name, x, shape[0] if len(shape) == 1 and g.chance(0.5) else Size(shape), **options, eps=g.maybe(g.number(0.001, 0.1)),
                  torch=lambda x, s, **o: getattr(F, name)(x, (s,) if isinstance(s, int) else s, **o))


@op("norm", "group_norm")
def group_norm(g, name):
    dtype, groups = g.float(), g.int(1, 4)
    c = groups * g.int(1, 4)
    x = g.values([g.int(1, 5), c, *[g.int(4, 6) for _ in range(g.int(0 if c > 3 * groups else 1, 2))]], dtype, "distinct")
    return g.call("F.group_norm", x, groups, **affine(g, [c], dtype), eps=g.maybe(g.number(0.001, 0.1)))


@op("norm", "instance_norm")
def instance_norm(g, name):
    dtype, c = g.float(), g.int(1, 5)
    x = g.values([g.int(1, 5), c, *[g.int(4, 6) for _ in range(g.int(1, 2))]], dtype, "distinct")
    return g.call("F.instance_norm", x, **affine(g, [c], dtype), eps=g.maybe(g.number(0.001, 0.1)), torch=lambda x, **o: F.instance_norm(x.contiguous(), **compact(o)))
