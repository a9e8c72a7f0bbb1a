"""Products, parts of matrices, einsum, linear algebra."""
import math

import numpy
import torch

from ..generate import op
from ..translate import Dim, Dims, promoted


def sizes(g, count):
    """Sizes of products: small ones, ones around the kernels' tiles, some of 1 or 0."""
    return [g.choice([g.int(1, 6), g.int(1, 6), g.int(1, 6), 1, g.choice([15, 16, 17, 31, 33, 64, 70, 130]), 0 if g.chance(0.2) else 2]) for _ in range(count)]


def types(g):
    """Mostly one float type for both; sometimes two that promote."""
    first = g.float()
    return (first, first) if g.chance(0.85) else (first, g.float())


@op("matrix", "mm", "mv", "bmm", "dot", "outer")
def product(g, name):
    (m, k, n), (a, b) = sizes(g, 3), types(g)
    batch = g.int(1, 4)
    shapes = {"mm": ([m, k], [k, n]), "mv": ([m, k], [k]), "bmm": ([batch, m, k], [batch, k, n]), "dot": ([k], [k]), "outer": ([m], [n])}[name]
    return g.call(name, g.values(shapes[0], a), g.values(shapes[1], b), torch=lambda x, y: getattr(torch, name)(*promoted(x, y)))


@op("matrix", "matmul", "matmul batched", "matmul wide")
def matmul(g, name):
    (m, k, n), (a, b) = sizes(g, 3), types(g)
    if name == "matmul wide":
        (m, k, n), a, b = [g.choice([1, 14, 15, 33, 100, 256, 500]) for _ in range(3)], "float32", "float32"
    left, right = [m, k], [k, n]
    if name == "matmul":
        left, right = g.choice([[k], [m, k]]), g.choice([[k], [k, n]])
    if name == "matmul batched":
        batch = [g.int(1, 3) for _ in range(g.int(1, 3))]
        left = [*g.sub_shape(batch), m, k] if g.chance(0.8) else g.choice([[k], [m, k]])
        right = [*g.sub_shape(batch), k, n] if g.chance(0.8) else g.choice([[k], [k, n]])
    return g.call("matmul", g.values(left, a), g.values(right, b), torch=lambda x, y: torch.matmul(*promoted(x, y)))


@op("matrix", "addmm")
def addmm(g, name):
    m, k, n = sizes(g, 3)
    dtype = g.float()
    return g.call(name, g.values(g.sub_shape([m, n]), dtype), g.values([m, k], dtype), g.values([k, n], dtype), beta=g.maybe(g.number()), alpha=g.maybe(g.number()))


@op("matrix", "baddbmm")
def baddbmm(g, name):
    (m, k, n), batch, dtype = sizes(g, 3), g.int(1, 3), g.float()
    return g.call(name, g.values(g.sub_shape([batch, m, n]), dtype), g.values([batch, m, k], dtype), g.values([batch, k, n], dtype), beta=g.maybe(g.number()), alpha=g.maybe(g.number()))


@op("matrix", "cross")
def cross(g, name):
    shape, dtype = g.shape(1, 3, empty=0), g.float()
    dim = g.dim(len(shape)) if g.chance(0.6) else None
    shape[-1 if dim is None else dim] = 3
    return g.call(name, g.values(shape, dtype), g.values(shape, dtype), dim, torch=lambda a, b, d=-1: torch.linalg.cross(a, b, dim=d))


@op("matrix", "kron")
def kron(g, name):
    dtype, rank = g.float(), g.int(1, 3)
    return g.call(name, g.values([g.int(1, 4) for _ in range(rank)], dtype), g.values([g.int(1, 4) for _ in range(rank)], dtype))


@op("matrix", "tensordot")
def tensordot(g, name):
    dtype = g.float()
    a = [g.int(1, 5) for _ in range(g.int(1, 4))]
    n = g.int(0, len(a))
    b = a[len(a) - n:] + [g.int(1, 5) for _ in range(g.int(0, 2))]
    if g.chance(0.5):
        return g.call(name, g.values(a, dtype), g.values(b, dtype), n)
    places = [int(p) for p in g.rng.permutation(n)]
    return g.call(name, g.values(a, dtype), g.values(b, dtype), [Dims(len(a) - n + p for p in places), Dims(places)])


@op("matrix", "diag_embed")
def diag_embed(g, name):
    return g.call(name, g.values(g.shape(1, 3, large=0), g.float()), g.maybe(g.int(-3, 3)))


@op("matrix", "diagonal")
def diagonal(g, name):
    x = g.values(g.shape(2, 4), g.float())
    a, b = (Dim(int(d)) for d in g.rng.permutation(len(x.shape))[:2])
    return g.call(name, x, *([g.int(-3, 3), a, b][: g.choice([0, 1, 3])]))


@op("matrix", "t", "trace", "diag", "tril", "triu")
def part(g, name):
    dtype = g.choice(["float32", "float64", "int64"])
    shape = {"t": g.shape(0, 2), "trace": g.shape(2, 2), "diag": g.shape(1, 2)}.get(name) or g.shape(2, 4)
    offset = g.maybe(g.int(-4, 4)) if name in ("diag", "tril", "triu") else None
    return g.call(name, g.values(shape, dtype), offset)


EQUATIONS = [
    "ij,jk->ik", "bij,bjk->bik", "ij->ji", "ij->", "ii->i", "ii", "i,j->ij", "i,i->", "bij,bkj->bik", "bhid,bhjd->bhij", "ij,j->i", "ijk->kij", "ijk,jl,kl->il",
    "b i j, b j k -> b i k", "ij,kj", "ijk->ik", "...ij,...jk->...ik", "...i->...", "ij,ij->i", "bi,io,bo->b", "abc,cd,bd->a", "iij->ij",
]


@op("matrix", "einsum")
def einsum(g, name):
    equation, dtype = g.choice(EQUATIONS), g.float()
    letters = {c: g.choice([1, 2, 3, 4, 5, 17]) for c in equation if c.isalpha()}
    batch = [g.int(1, 3) for _ in range(g.int(0, 2))]
    inputs = []
    for part in equation.split("->")[0].split(","):
        part = part.strip()
        dots = batch if part.startswith("...") else []
        inputs.append(g.values([*dots, *(letters[c] for c in part if c.isalpha())], dtype))
    return g.call(name, equation, *inputs, method=False)


def once(x):
    """Second derivatives of decompositions in float64 only: they divide by the squares of gaps."""
    return "auto" if x.dtype == torch.float64 else "backward"


def square(g, n=None, batch=None, dtype=None):
    """Matrices that are far from singular: their errors are those of the method, not of the question."""
    n, dtype = n or g.int(1, 6), dtype or g.float()
    batch = [g.int(1, 3) for _ in range(g.int(0, 2))] if batch is None else batch
    x = g.values([*batch, n, n], dtype, layout=False)
    flat = x.base.reshape(-1, n, n)
    for i, a in enumerate(flat):
        q1, q2 = numpy.linalg.qr(g.rng.standard_normal((n, n)))[0], numpy.linalg.qr(g.rng.standard_normal((n, n)))[0]
        flat[i] = q1 @ numpy.diag(g.rng.permutation(n) * 1.2 + g.rng.uniform(0.8, 1.1, n)) @ q2
    x.base = flat.reshape(x.base.shape).astype(dtype)
    return x


@op("linalg", "linalg.inv", "linalg.det")
def of_square(g, name):
    return g.call(name, square(g))


@op("linalg", "linalg.matrix_power")
def power(g, name):
    n = g.int(-3, 4)
    return g.call(name, square(g, g.int(1, 4)), n, mode="auto" if n else None)


@op("linalg", "linalg.slogdet")
def slogdet(g, name):
    def function(x):
        sign, log = torch.linalg.slogdet(x)
        return sign.detach(), log
    return g.call(name, square(g), torch=function)


def rectangle(g, x):
    """The first columns or rows of the matrices, perhaps."""
    if g.chance(0.5):
        cut = g.int(1, x.shape[-1])
        x.base = (x.base[..., :cut] if g.chance(0.5) else x.base[..., :cut, :]).copy()
        x.shape = x.base.shape
    return x


@op("linalg", "linalg.pinv", "linalg.matrix_rank", "linalg.svdvals")
def of_rectangle(g, name):
    x = rectangle(g, square(g, g.int(1, 4)))
    # in the gradient of pinv, I - A A⁺ of a square matrix is a rounding error: too much of one in float32
    return g.call(name, x, mode=None if name == "linalg.pinv" and x.dtype == torch.float32 else once(x))


@op("linalg", "linalg.eigvalsh")
def eigvalsh(g, name):
    symmetric(g, False)
    return g.case(name, HALF + "return T.linalg.eigvalsh(a)", lambda t: torch.linalg.eigvalsh(half(t["x1"])), ["T.linalg.eigvalsh"], mode=once(g.inputs[0]))


@op("linalg", "linalg.lstsq")
def lstsq(g, name):
    # more rows than columns, of full rank: there both answers are the same
    x = square(g, g.int(2, 4))
    x.base = x.base[..., : g.int(1, x.shape[-1] - 1)].copy()
    x.shape = x.base.shape
    b = g.values([*x.shape[:-2], x.shape[-2], g.int(1, 3)], str(x.base.dtype))

    def function(a, b):
        found = torch.linalg.lstsq(a, b).solution
        return found, (a @ found - b).square().sum(-2)
    return g.call(name, x, b, torch=function)


@op("linalg", "linalg.solve_triangular")
def solve_triangular(g, name):
    a = square(g)
    n = a.shape[-1]
    a.base += (2 * numpy.sign(numpy.diagonal(a.base, axis1=-2, axis2=-1))[..., None] * numpy.eye(n)).astype(a.base.dtype)
    left, upper = g.maybe(False), g.maybe(True)
    k = g.int(1, 3)
    b = g.values([*a.shape[:-2], *([n, k] if left is None else [k, n])], str(a.base.dtype))
    return g.call(name, a, b, upper=upper, left=left, unitriangular=g.maybe(True, 0.2), torch=lambda a, b, upper=False, **o: torch.linalg.solve_triangular(a, b, upper=upper, **o))


@op("linalg", "linalg.norm")
def norm(g, name):
    x = rectangle(g, square(g))
    if g.chance(0.3):
        return g.call(name, x, torch=lambda x, **o: torch.linalg.norm(x, **o))
    order = g.choice(["fro", "nuc", 2, -2, 1, -1, math.inf, -math.inf])
    return g.call(name, x, order, Dims([-2, -1]), keepdim=g.maybe(True), mode=once(x))


@op("linalg", "linalg.solve")
def solve(g, name):
    a = square(g)
    n, batch = a.shape[-1], list(a.shape[:-2])
    columns = g.maybe(g.int(1, 4), 0.7)
    # a vector as right side only without batches, where both readings of b agree
    if columns is None and batch:
        columns = 2
    b = g.values([*batch, n] if columns is None else [*batch, n, columns], str(a.base.dtype))
    return g.call(name, a, b)


def symmetric(g, positive):
    """A followed input whose symmetric part is what the function sees; eigenvalues lie apart."""
    x = square(g)
    flat = x.base.reshape(-1, x.shape[-1], x.shape[-1])
    n = x.shape[-1]
    for i in range(len(flat)):
        q = numpy.linalg.qr(g.rng.standard_normal((n, n)))[0]
        values = g.rng.permutation(n) * 1.2 + g.rng.uniform(0.8, 1.1, n)
        flat[i] = q @ numpy.diag(values if positive else values - n * 0.6) @ q.T
    x.base = flat.reshape(x.base.shape).astype(x.base.dtype)
    return x


HALF = "local a = (x1 + x1:transpose(-2, -1)) / 2\n"


def half(x):
    return (x + x.transpose(-2, -1)) / 2


@op("linalg", "linalg.cholesky")
def cholesky(g, name):
    symmetric(g, True)
    return g.case(name, HALF + "return T.linalg.cholesky(a)", lambda t: torch.linalg.cholesky(half(t["x1"])), ["T.linalg.cholesky"])


@op("linalg", "linalg.eigh")
def eigh(g, name):
    # eigenvectors have no set sign: what does not depend on it is compared
    symmetric(g, False)

    def function(t):
        w, v = torch.linalg.eigh(half(t["x1"]))
        return w, (v * w.sin().unsqueeze(-2)) @ v.transpose(-2, -1), v.abs().detach()
    return g.case(name, HALF + "local w, v = T.linalg.eigh(a)\nreturn w, (v * w:sin():unsqueeze(-2)):matmul(v:transpose(-2, -1)), v:abs():detach()", function, ["T.linalg.eigh"], mode=once(g.inputs[0]))


@op("linalg", "linalg.qr")
def qr(g, name):
    x = square(g)
    if g.chance(0.5):
        # more rows than columns
        x.base = x.base[..., : g.int(1, x.shape[-1])].copy()
        x.shape = x.base.shape

    def function(t):
        q, r = torch.linalg.qr(t["x1"])
        return q, r
    return g.case(name, "return T.linalg.qr(x1)", function, ["T.linalg.qr"])


@op("linalg", "linalg.svd")
def svd(g, name):
    rectangle(g, square(g))

    def function(t):
        u, s, v = torch.linalg.svd(t["x1"], full_matrices=False)
        return s, ((u * s.unsqueeze(-2)) @ v).detach()
    return g.case(name, "local u, s, v = T.linalg.svd(x1)\nlocal k = s.shape[#s.shape]\n"
                  "return s, (u:narrow(-1, 1, k) * s:unsqueeze(-2)):matmul(v:narrow(-2, 1, k)):detach()", function, ["T.linalg.svd"], mode=once(g.inputs[0]))
