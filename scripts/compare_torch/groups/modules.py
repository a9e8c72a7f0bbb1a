"""Layers as modules with shared weights: the same state dict on both sides."""
import torch

from ..generate import op
from ..translate import Dim, Size, lua
from .activations import celu, hardsigmoid


def module(g, name, arguments, call, torch_arguments=None, inputs=(), training=True, options=None, torch_options=None, results="y", make=None, after="", needs=()):
    """A case of a module: nn.NAME(arguments, options) with random state, called with `call` on both sides.

    `call(m, t)` calls PyTorch's module m; Lua calls m(inputs). Parameters are inputs of the case, so their gradients are compared.
    """
    options = {k: v for k, v in (options or {}).items() if v is not None}
    torch_options = options if torch_options is None else {k: v for k, v in torch_options.items() if v is not None}
    dtype = str(inputs[0].dtype).removeprefix("torch.") if inputs and inputs[0].dtype.is_floating_point else g.float()
    values = [a for a in (arguments if torch_arguments is None else torch_arguments)]
    theirs = (make or getattr(torch.nn, name, None))(*values, **torch_options)
    names = {}
    for key, tensor in theirs.state_dict().items():
        if key.endswith("num_batches_tracked"):
            continue
        parameter = key in dict(theirs.named_parameters())
        names[key] = g.values(list(tensor.shape), dtype, "positive" if key.endswith("var") or "norm" in key.lower() and key.endswith("weight") else (-0.7, 0.7), grad=parameter, layout=False).lua_name
    mixed = g.chance(0.3) and options
    text = ", ".join(lua(a) for a in arguments)
    if mixed:
        text = f"{{{text}{', ' if text else ''}" + lua(options)[1:]
    elif options:
        text += (", " if text else "") + lua(options)
    state = "{" + ", ".join(f'["{k}"] = "{v}"' for k, v in names.items()) + "}"
    lines = [f"local m = nn.{name}({text}):to({lua(dtype)})"]
    if names:
        lines.append(f"weigh(m, {state})" if not after else f"local names = {state}\nweigh(m, names)")
    if not training:
        lines.append("m:eval()")
    lines.append(f"local {results} = m({', '.join(i.lua_name for i in inputs)})")
    lines.append(after or f"return {results}")

    def function(t):
        m = (make or getattr(torch.nn, name))(*values, **torch_options)
        m = m.to(next((t[n].dtype for n in names.values()), torch.float32)).train(training)
        state = {key: t[n] if key in dict(m.named_parameters()) else t[n].clone() for key, n in names.items()}
        return call(Called(m, state), t)
    return g.case(name, "\n".join(lines), function, [f"nn.{name}", *needs])


class Called:
    """A module whose state are the tensors of the case, so that gradients arrive there."""

    def __init__(self, m, state):
        self.m, self.state = m, state

    def __call__(self, *inputs):
        return torch.func.functional_call(self.m, self.state, inputs)


def simple(g, name, arguments, x, **rest):
    return module(g, name, arguments, lambda m, t: m(t[x.lua_name]), inputs=[x], **rest)


@op("module", "Linear")
def linear(g, name):
    i, o = g.int(1, 20), g.int(1, 20)
    return simple(g, name, [i, o], g.values([*g.shape(0, 2, empty=0), i], g.float()), options={"bias": g.maybe(False, 0.3)})


@op("module", "Bilinear")
def bilinear(g, name):
    a, b, o, dtype, n = g.int(1, 6), g.int(1, 6), g.int(1, 6), g.float(), g.int(1, 5)
    inputs = [g.values([n, a], dtype), g.values([n, b], dtype)]
    return module(g, name, [a, b, o], lambda m, t: m(*(t[i.lua_name] for i in inputs)), inputs=inputs, options={"bias": g.maybe(False, 0.3)})


@op("module", "Embedding")
def embedding(g, name):
    v, d = g.int(1, 10), g.int(1, 8)
    p = g.positions(g.shape(1, 2), v)
    return module(g, name, [v, d], lambda m, t: m(t[p.lua_name]), inputs=[p])


@op("module", "Conv1d", "Conv2d", "ConvTranspose2d")
def conv(g, name):
    groups = g.choice([1, 1, 2])
    i, o, k = groups * g.int(1, 4), groups * g.int(1, 5), g.int(1, 4)
    shape = [g.int(1, 4), i, *[g.int(5, 9) for _ in range(1 if name == "Conv1d" else 2)]]
    kernel = k if name == "Conv1d" or g.chance(0.5) else (k, g.int(1, 4))
    options = {"stride": g.maybe(g.int(1, 2)), "padding": g.maybe(g.int(0, 2)), "dilation": g.maybe(g.int(1, 2), 0.3), "groups": groups if groups > 1 else None, "bias": g.maybe(False, 0.3)}
    return simple(g, name, [i, o, kernel], g.values(shape, g.float()), options=options)


@op("module", "MaxPool1d", "AvgPool1d", "MaxPool2d", "AvgPool2d")
def pool(g, name):
    shape = [g.int(1, 3), g.int(1, 4), *[g.int(4, 9) for _ in range(1 if name.endswith("1d") else 2)]]
    return simple(g, name, [g.int(2, 3)], g.values(shape, g.float(), "distinct"), options={"stride": g.maybe(g.int(1, 3)), "padding": g.maybe(1), "ceil_mode": g.maybe(True, 0.3)})


@op("module", "AdaptiveAvgPool1d", "AdaptiveMaxPool1d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d")
def adaptive(g, name):
    if name.endswith("1d"):
        return simple(g, name, [g.int(1, 5)], g.values([g.int(1, 3), g.int(1, 4), g.int(3, 20)], g.float(), "distinct"))
    return simple(g, name, [g.choice([g.int(1, 5), (g.int(1, 5), g.int(1, 5))])], g.values([g.int(1, 3), g.int(1, 4), g.int(3, 9), g.int(3, 9)], g.float(), "distinct"))


@op("module", "GlobalAvgPool2d")
def global_average(g, name):
    class GlobalAvgPool2d(torch.nn.Module):
        def forward(self, x):
            return x.mean((-2, -1))
    return simple(g, name, [], g.values([g.int(1, 3), g.int(1, 4), g.int(3, 9), g.int(3, 9)], g.float()), make=GlobalAvgPool2d)


@op("module", "Upsample")
def upsample(g, name):
    mode = g.choice([None, "nearest", "bilinear"])
    options = {"scale_factor": g.choice([2, 3])} if g.chance(0.6) else {"size": (g.int(3, 12), g.int(3, 12))}
    return simple(g, name, [], g.values([g.int(1, 3), g.int(1, 4), g.int(2, 6), g.int(2, 6)], g.float()), options={**options, "mode": mode, "align_corners": g.maybe(True) if mode == "bilinear" else None})


@op("module", "BatchNorm1d", "BatchNorm2d")
def batch_norm(g, name):
    c = g.int(1, 6)
    shape = [g.int(4, 6), c, *([g.int(2, 5)] * g.int(0, 1) if name == "BatchNorm1d" else [g.int(2, 5), g.int(2, 5)])]
    affine, track, training = g.maybe(False, 0.3), g.maybe(False, 0.3), g.chance(0.6)
    x = g.values(shape, g.float(), "distinct")
    tracked = track is None
    after = "local s = m:state_dict()\nreturn y, s.running_mean, s.running_var, s.num_batches_tracked" if tracked else ""

    def call(m, t):
        y = m(t[x.lua_name].contiguous())
        # functional_call counts batches in the module's own buffer
        return (y, m.state["running_mean"], m.state["running_var"], m.m.num_batches_tracked) if tracked else y
    return module(g, name, [c], call, inputs=[x], training=training, after=after,
                  options={"eps": g.maybe(0.01), "momentum": g.maybe(0.3), "affine": affine, "track_running_stats": track})


@op("module", "LayerNorm", "RMSNorm")
def layer_norm(g, name):
    shape = [g.choice([4, 5, 16, 33]) for _ in range(g.int(1, 2))]
    argument = shape[0] if len(shape) == 1 and g.chance(0.5) else Size(shape)
    return simple(g, name, [argument], g.values([*g.shape(1, 2, empty=0), *shape], g.float(), "distinct"), torch_arguments=[shape], options={"eps": g.maybe(0.01)})


@op("module", "GroupNorm")
def group_norm(g, name):
    groups = g.int(1, 3)
    c = groups * g.int(1, 4)
    return simple(g, name, [groups, c], g.values([g.int(1, 4), c, g.int(2, 5), g.int(2, 5)], g.float(), "distinct"), options={"affine": g.maybe(False, 0.3)})


@op("module", "InstanceNorm1d", "InstanceNorm2d")
def instance_norm(g, name):
    c = g.int(1, 5)
    return simple(g, name, [c], g.values([g.int(1, 4), c, *[g.int(4, 6) for _ in range(1 if name == "InstanceNorm1d" else 2)]], g.float(), "distinct"), options={"affine": g.maybe(True, 0.5)})


@op("module", "Identity", "Sigmoid", "Tanh", "ReLU", "ReLU6", "SELU", "SiLU", "Softsign", "Hardsigmoid", "Hardswish", "Mish", "LogSigmoid")
def plain(g, name):
    class Hardsigmoid(torch.nn.Module):
        def forward(self, x):
            return hardsigmoid(x)
    return simple(g, name, [], g.values(g.shape(1, 4), g.float()), make=Hardsigmoid if name == "Hardsigmoid" else None)


@op("module", "Step")
def step(g, name):
    class Step(torch.nn.Module):
        def forward(self, x):
            return (x > 0).to(x.dtype)
    return simple(g, name, [], g.values(g.shape(1, 4), g.float()), make=Step)


@op("module", "LeakyReLU", "ELU", "CELU", "Softplus", "GELU", "GLU", "Hardtanh", "PReLU", "Softmax", "LogSoftmax", "Softmin", "Threshold")
def with_options(g, name):
    shape = [max(s, 2) for s in g.shape(2, 4, empty=0)]
    arguments = {
        "LeakyReLU": [g.number(0, 1)], "ELU": [g.number(0.1, 2)], "CELU": [g.number(0.1, 2)], "GLU": [Dim(g.int(-1, len(shape) - 1))], "Threshold": [g.number(), g.number()], "Softplus": [g.number(0.2, 3)], "GELU": [], "Hardtanh": [-0.5, 0.75],
        "PReLU": [g.choice([1, shape[1]])], "Softmax": [Dim(g.int(-1, len(shape) - 1))], "LogSoftmax": [Dim(g.int(-1, len(shape) - 1))],
        "Softmin": [Dim(g.int(-1, len(shape) - 1))],
    }[name]
    if name == "GLU":
        shape[arguments[0]] *= 2
    class CELU(torch.nn.Module):
        def __init__(self, alpha):
            super().__init__()
            self.alpha = alpha

        def forward(self, x):
            return celu(x, self.alpha)
    return simple(g, name, arguments, g.values(shape, g.float(), (-2.0, 2.0)), make=CELU if name == "CELU" else None, torch_arguments=[int(a) if isinstance(a, Dim) else a for a in arguments], options={"approximate": g.maybe("tanh")} if name == "GELU" else None)


@op("module", "Flatten", "Unflatten")
def reshaping(g, name):
    if name == "Flatten":
        x = g.values(g.shape(2, 4), g.float())
        arguments = g.choice([[], [Dim(0)], [Dim(0), Dim(-1)], [Dim(1), Dim(1)]])
    else:
        a, b = g.int(1, 4), g.int(1, 4)
        x = g.values([g.int(1, 4), a * b], g.float())
        arguments = [Dim(1), Size([a, b])]
    return simple(g, name, arguments, x, torch_arguments=[int(a) if isinstance(a, Dim) else tuple(a) for a in arguments])


@op("module", "Dropout", "Dropout2d")
def dropout(g, name):
    p, training = g.choice([(0.5, False), (0.0, True)])
    return simple(g, name, [p], g.values(g.shape(4, 4), g.float()), training=training)


@op("module", "GaussianNoise")
def noise(g, name):
    return simple(g, name, [0.5], g.values(g.shape(1, 4), g.float()), training=False, make=lambda s: torch.nn.Identity())


@op("module", "Sequential", "Residual", "ModuleList", "ModuleDict")
def containers(g, name):
    n, h, dtype = g.int(1, 5), g.int(1, 6), g.float()
    # small enough that tanh keeps away from ±1
    x = g.values([n, h], dtype, (-1.0, 1.0))
    w1, b1, w2, b2 = (g.values(s, dtype, (-0.7, 0.7), layout=False) for s in ([4, h], [4], [h, 4], [h]))
    inner = 'nn.Linear({0}, 4), nn.Tanh(), nn.Linear(4, {0})'.format(h)
    state = '{{["{0}0.weight"] = "x2", ["{0}0.bias"] = "x3", ["{0}2.weight"] = "x4", ["{0}2.bias"] = "x5"}}'
    # parameters of a list or a dictionary are set one by one: their names are the container's
    text = {
        "Sequential": f"local m = nn.Sequential({inner})\nweigh(m:to({lua(dtype)}), {state.format('')})\nreturn m(x1)",
        "Residual": f"local s = nn.Sequential({inner})\nweigh(s:to({lua(dtype)}), {state.format('')})\nreturn nn.Residual(s)(x1)",
        "ModuleList": f"local m = nn.ModuleList{{{inner}}}\nweigh(m:to({lua(dtype)}), {state.format('')})\nlocal y = x1\nfor i = 1, #m do y = m[i](y) end\nreturn y",
        "ModuleDict": f"local m = nn.ModuleDict{{a = nn.Linear({h}, 4), b = nn.Linear(4, {h})}}\n"
                      f'weigh(m:to({lua(dtype)}), {{["a.weight"] = "x2", ["a.bias"] = "x3", ["b.weight"] = "x4", ["b.bias"] = "x5"}})\nreturn m.b(m.a(x1):tanh())',
    }[name]

    def function(t):
        y = torch.nn.functional.linear(torch.tanh(torch.nn.functional.linear(t["x1"], t["x2"], t["x3"])), t["x4"], t["x5"])
        return y + t["x1"] if name == "Residual" else y
    return g.case(name, text, function, [f"nn.{name}"])


@op("module", "fused chain")
def chain(g, name):
    """Convolution, ReLU, max-pooling, linear: what Sequential runs as one op."""
    dtype, n, c = g.float(), g.int(1, 4), g.int(1, 3)
    h, w, o, k = g.int(8, 14), g.int(8, 14), g.choice([2, 4, 16, 30]), g.choice([3, 5])
    # no equal elements: where two sums of a window are equal but for rounding, either may win
    g.values([n, c, h, w], dtype, "distinct")
    g.values([o, c, k, k], dtype, (-0.5, 0.5), layout=False)
    g.values([o], dtype, layout=False)
    p, pad = g.int(2, 3), g.int(0, 2)
    text = (f"local m = nn.Sequential(nn.Conv2d({c}, {o}, {k}, {{padding = {pad}}}), nn.ReLU(), nn.MaxPool2d({p}))\n"
            f'weigh(m:to({lua(dtype)}), {{["0.weight"] = "x2", ["0.bias"] = "x3"}})\nreturn m(x1)')
    return g.case(name, text, lambda t: torch.nn.functional.max_pool2d(torch.relu(torch.nn.functional.conv2d(t["x1"], t["x2"], t["x3"], padding=pad)), p), ["nn.Sequential"])
