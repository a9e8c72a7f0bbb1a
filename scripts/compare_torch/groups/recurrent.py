"""Recurrent layers and attention, with PyTorch's weights."""
import math

import torch

from ..generate import op
from ..translate import Code, lua
from .modules import module


def given(g, layers, n, hidden, count, dtype):
    """The first states, or none."""
    return [g.values([layers, n, hidden], dtype, (-1.0, 1.0)) for _ in range(count)] if g.chance(0.5) else []


@op("recurrent", "RNN", "LSTM", "GRU")
def recurrent(g, name):
    length, n, i, h, layers, dtype = g.int(1, 6), g.int(1, 4), g.int(1, 6), g.choice([1, 2, 5, 17]), g.int(1, 3), g.float()
    both, first = g.maybe(True, 0.4), g.maybe(True, 0.4)
    # small enough that gates keep away from 0 and 1, where their slopes are rounding errors
    x = g.values([n, length, i] if first else [length, n, i], dtype, (-1.0, 1.0))
    states = given(g, layers * (2 if both else 1), n, h, 2 if name == "LSTM" else 1, dtype)
    options = {"num_layers": layers if layers > 1 else None, "bidirectional": both, "batch_first": first, "bias": g.maybe(False, 0.2), "nonlinearity": g.maybe("relu", 0.4) if name == "RNN" else None}

    def call(m, t):
        y, last = m(t[x.lua_name], *([tuple(t[s.lua_name] for s in states)] if name == "LSTM" and states else [t[s.lua_name] for s in states]))
        return (y, *last) if name == "LSTM" else (y, last)
    case = module(g, name, [i, h], call, inputs=[x], options=options, results="y, last")
    if states:
        names = [s.lua_name for s in states]
        case.lua = case.lua.replace("= m(x1)", f"= m(x1, {'{' + ', '.join(names) + '}' if name == 'LSTM' else names[0]})")
    return case


@op("recurrent", "RNNCell", "LSTMCell", "GRUCell")
def cell(g, name):
    n, i, h, dtype = g.int(1, 5), g.int(1, 6), g.choice([1, 2, 5, 17]), g.float()
    x = g.values([n, i], dtype, (-1.0, 1.0))
    states = [g.values([n, h], dtype, (-1.0, 1.0)) for _ in range(2 if name == "LSTMCell" else 1)] if g.chance(0.7) else []

    def call(m, t):
        return m(t[x.lua_name], *([tuple(t[s.lua_name] for s in states)] if name == "LSTMCell" and states else [t[s.lua_name] for s in states]))
    case = module(g, name, [i, h], call, inputs=[x], options={"bias": g.maybe(False, 0.2)}, results="y, c" if name == "LSTMCell" else "y")
    if states:
        names = [s.lua_name for s in states]
        case.lua = case.lua.replace("= m(x1)", f"= m(x1, {'{' + ', '.join(names) + '}' if name == 'LSTMCell' else names[0]})")
    return case


@op("attention", "MultiheadAttention")
def attention(g, name):
    heads = g.int(1, 4)
    e, l, s, n, dtype = heads * g.int(1, 5), g.int(1, 6), g.int(1, 6), g.int(1, 3), g.float()
    first = g.maybe(True, 0.5)
    # values that are all the same would leave the weights without effect
    q, k, v = (g.values([n, size, e] if first else [size, n, e], dtype, "apart") for size in (l, s, s))
    causal = g.chance(0.3) and l == s
    need = g.chance(0.7)
    mask = g.values([l, s], "bool", layout=False) if causal else None
    if mask:
        # true: not to be seen
        mask.base = torch.ones(l, s).triu(1).bool().numpy()
    options = {"attn_mask": mask, "need_weights": None if need else False}
    text = ", ".join(f"{key} = {lua(o)}" for key, o in options.items() if o is not None)

    def call(m, t):
        given = {} if mask is None else {"attn_mask": t[mask.lua_name]}
        y, w = torch.func.functional_call(m.m, m.state, (t["x1"], t["x2"], t["x3"]), {**given, "need_weights": need})
        return (y, w) if need else y
    case = module(g, name, [e, heads], call, inputs=[q, k, v], options={"batch_first": first, "bias": g.maybe(False, 0.2)}, results="y, w" if need else "y")
    case.lua = case.lua.replace("= m(x1, x2, x3)", f"= m(x1, x2, x3{', {' + text + '}' if text else ''})")
    return case


@op("attention", "TransformerEncoderLayer")
def encoder(g, name):
    heads = g.int(1, 3)
    # LayerNorm of fewer than four values leaves gradients of rounding errors
    e, s, n, dtype = heads * g.int(4, 7), g.int(1, 6), g.int(1, 3), g.float()
    first = g.maybe(True, 0.5)
    x = g.values([n, s, e] if first else [s, n, e], dtype)
    options = {"dim_feedforward": g.choice([4, 7, 16]), "dropout": 0, "activation": g.choice([None, "relu", "gelu"]), "batch_first": first, "norm_first": g.maybe(True, 0.4)}
    # in training mode, without dropout: evaluation would take PyTorch's fused path, which has no gradients
    return module(g, name, [e, heads], lambda m, t: m(t[x.lua_name]), inputs=[x], options=options)


@op("attention", "TransformerEncoder")
def stack(g, name):
    heads, layers = g.int(1, 2), g.int(1, 3)
    e, s, n, dtype = heads * g.int(4, 6), g.int(1, 5), g.int(1, 3), g.float()
    x = g.values([s, n, e], dtype)
    inner = Code(f"nn.TransformerEncoderLayer({e}, {heads}, {{dim_feedforward = 8, dropout = 0}})")
    return module(g, name, [inner, layers], lambda m, t: m(t[x.lua_name]), inputs=[x], torch_arguments=[],
                  make=lambda: torch.nn.TransformerEncoder(torch.nn.TransformerEncoderLayer(e, heads, 8, 0.0), layers))


@op("attention", "PositionalEncoding")
def positional(g, name):
    e, s, n, dtype = g.int(1, 6) * 2, g.int(1, 7), g.int(1, 3), g.float()
    first = g.maybe(True)
    x = g.values([n, s, e] if first else [s, n, e], dtype)

    class PositionalEncoding(torch.nn.Module):
        # Vaswani et al. 2017: sin and cos of position / 10000^(2i / e)
        def forward(self, x):
            place = torch.arange(s, dtype=torch.float64).unsqueeze(1)
            rate = torch.exp(torch.arange(0, e, 2, dtype=torch.float64) * (-math.log(10000) / e))
            # made in the default type, before the module is converted
            table = torch.stack([torch.sin(place * rate), torch.cos(place * rate)], -1).reshape(s, e).float()
            return x + (table if first else table.unsqueeze(1)).to(x.dtype)
    return module(g, name, [e], lambda m, t: m(t[x.lua_name]), inputs=[x], training=False, options={"batch_first": first}, make=lambda *a, **o: PositionalEncoding())
