"""Losses, as functions and as layers."""
import torch
import torch.nn.functional as F

from ..generate import mild, op
from ..translate import lua, lua_function

LAYERS = {
    "mse_loss": "MSELoss", "sse_loss": "SSELoss", "l1_loss": "L1Loss", "smooth_l1_loss": "SmoothL1Loss", "huber_loss": "HuberLoss", "cross_entropy": "CrossEntropyLoss",
    "nll_loss": "NLLLoss", "binary_cross_entropy": "BCELoss", "binary_cross_entropy_with_logits": "BCEWithLogitsLoss", "kl_div": "KLDivLoss",
    "hinge_loss": "HingeLoss", "cosine_embedding_loss": "CosineEmbeddingLoss", "triplet_margin_loss": "TripletMarginLoss",
}


def reduction(g, *more):
    return g.choice([None, "mean", "sum", "none", *more])


def loss(g, name, *inputs, torch_loss=None, mode="auto", **options):
    """The function, or the layer: nn.MSELoss{reduction = "sum"}(x, t)."""
    function = torch_loss or getattr(F, name)
    options = {k: v for k, v in options.items() if v is not None}

    def run(t):
        return function(*(t[i.lua_name] for i in inputs), **{k: t[v.lua_name] if hasattr(v, "lua_name") else v for k, v in options.items()})
    names = ", ".join(i.lua_name for i in inputs)
    if g.chance(0.4):
        layer = LAYERS[name]
        return g.case(name, f"return nn.{layer}({lua(options) if options else ''})({names})", run, [], mode)
    ours = lua_function("F." + name)
    return g.case(name, f"return {ours}({names}{', ' + lua(options) if options else ''})", run, [], mode)


@op("loss", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "sse_loss")
def between(g, name):
    shape, dtype = g.shape(empty=0), g.float()
    x, t = g.values(shape, dtype), g.values(shape, dtype)
    options = {"smooth_l1_loss": {"beta": g.maybe(g.number(0.2, 2))}, "huber_loss": {"delta": g.maybe(g.number(0.2, 2))}}.get(name, {})

    def sse(x, t, reduction="sum"):
        each = (x - t) ** 2 / 2
        return {"none": each, "sum": each.sum(), "mean": each.mean()}[reduction]
    return loss(g, name, x, t, torch_loss=sse if name == "sse_loss" else None, reduction=reduction(g), **options)


def class_shape(g):
    """(logits, labels): N rows of C, one row, or maps of classes."""
    n, c = g.int(1, 9), g.choice([2, 3, 5, 10, 17])
    return g.choice([([n, c], [n]), ([n, c], [n]), ([c], []), ([n, c, g.int(1, 4)], None), ([n, c, g.int(1, 3), g.int(1, 3)], None)])


@op("loss", "cross_entropy", "nll_loss")
def labels(g, name):
    (shape, rows), dtype = class_shape(g), g.float()
    rows = [shape[0], *shape[2:]] if rows is None else rows
    c = shape[0] if len(shape) == 1 else shape[1]
    # in float64 no loss much below 1e-5: it is log(1 + what is small), of which PyTorch loses the digits too
    kind, mode = mild(g, *[(-60.0, 60.0), "normal"] if dtype == "float32" else [(-5.0, 5.0)])
    x = g.values(shape, dtype, kind)
    t = g.positions(rows, c)
    options = {"weight": g.values([c], dtype, "positive", grad=False) if g.chance(0.4) else None, "reduction": reduction(g)}
    shown = dict(options)
    ignored = None
    if g.chance(0.3) and rows and t.base.size > 1:
        # the same label from 0 and from 1
        ignored = g.choice([-100, g.int(0, c - 1)])
        t.base.reshape(-1)[0] = ignored
        if ignored >= 0:
            t.base.reshape(-1)[-1] = (ignored + 1) % c
        shown["ignore_index"], options["ignore_index"] = (ignored + 1 if ignored >= 0 else ignored), ignored
    if name == "cross_entropy" and g.chance(0.4):
        shown["label_smoothing"] = options["label_smoothing"] = g.number(0.01, 0.5)
    case = loss(g, name, x, t, mode=mode, **shown)
    function = getattr(F, name)
    given = {k: v for k, v in options.items() if v is not None}
    case.torch = lambda v: function(v["x1"], v["x2"], **{k: v[o.lua_name] if hasattr(o, "lua_name") else o for k, o in given.items()})
    return case


@op("loss", "cross_entropy probabilities")
def probabilities(g, name):
    (shape, _), dtype = class_shape(g), g.float()
    dim = 0 if len(shape) == 1 else 1
    kind, mode = mild(g, "normal")
    x, t = g.values(shape, dtype, kind), g.values(shape, dtype, (0.01, 1.0), grad=g.chance(0.5), layout=False)
    t.base = (t.base / t.base.sum(dim, keepdims=True)).astype(dtype)
    c = shape[dim]
    weight = g.values([c], dtype, "positive", grad=False) if g.chance(0.3) else None
    return loss(g, "cross_entropy", x, t, weight=weight, label_smoothing=g.maybe(g.number(0.01, 0.5), 0.4), reduction=reduction(g), mode=mode)


@op("loss", "binary_cross_entropy", "binary_cross_entropy_with_logits")
def binary(g, name):
    shape, dtype = g.shape(empty=0), g.float()
    logits = name.endswith("logits")
    # PyTorch adds 1e-12 to p and 1 - p in the second derivative: in float64 both stay well above that
    x = g.values(shape, dtype, g.choice(["normal", (-12.0, 12.0)]) if logits else (0.1, 0.9) if dtype == "float64" else (0.01, 0.99))
    # at 0 and 1 PyTorch's gradient ends at 1e-12 in float32, whatever the type
    mode = "auto"
    if not logits and dtype == "float32" and g.chance(0.4):
        x.base[g.rng.random(x.base.shape) < 0.2] = g.choice([0, 1])
        mode = "backward"
    if logits and g.chance(0.2):
        # the loss alone: PyTorch's gradient is σ(x) - t, where nothing is left of a small 1 - σ(x)
        x.base *= 40
        mode = None
    t = g.values(shape, dtype, (0.0, 1.0), grad=False)
    if g.chance(0.5):
        t.base = t.base.round()
    weight = g.values(g.sub_shape(shape), dtype, "positive", grad=False) if g.chance(0.3) else None
    options = {"pos_weight": g.values(g.sub_shape(shape), dtype, "positive", grad=False) if logits and g.chance(0.3) else None}
    return loss(g, name, x, t, weight=weight, reduction=reduction(g), mode=mode, **options)


@op("loss", "kl_div")
def kl(g, name):
    shape, dtype = g.shape(1, empty=0), g.float()
    logarithms = g.maybe(True, 0.4)
    x, t = g.values(shape, dtype, (-4.0, -0.1)), g.values(shape, dtype, (-4.0, -0.1) if logarithms else (0.0, 1.0), grad=False)
    case = loss(g, name, x, t, log_target=logarithms, reduction=reduction(g, "batchmean"))
    return case


@op("loss", "hinge_loss")
def hinge(g, name):
    shape, dtype = g.shape(empty=0), g.float()
    x, t = g.values(shape, dtype), g.values(shape, dtype, grad=False)
    t.base = ((t.base > 0) * 2 - 1).astype(dtype)

    def function(x, t, margin=1, reduction="mean"):
        each = (margin - t * x).clamp(min=0)
        return {"none": each, "sum": each.sum(), "mean": each.mean()}[reduction]
    return loss(g, name, x, t, torch_loss=function, margin=g.maybe(g.number(0.1, 2)), reduction=reduction(g))


@op("loss", "cosine_embedding_loss")
def cosine_embedding(g, name):
    # in one dim every cosine is ±1, and the gradients are rounding errors
    n, d, dtype = g.int(1, 6), g.int(2, 20), g.float()
    a, b, t = g.values([n, d], dtype, "apart"), g.values([n, d], dtype, "apart"), g.values([n], dtype, grad=False)
    t.base = ((t.base > 0) * 2 - 1).astype(dtype)
    return loss(g, name, a, b, t, margin=g.maybe(g.number(-0.5, 0.5)), reduction=reduction(g))


@op("loss", "triplet_margin_loss")
def triplet(g, name):
    n, d, dtype = g.int(1, 6), g.int(1, 20), g.float()
    return loss(g, name, *(g.values([n, d], dtype) for _ in range(3)), margin=g.maybe(g.number(0.1, 4)), p=g.maybe(g.choice([1, 2, 3])),
                swap=g.maybe(True, 0.4), reduction=reduction(g))
