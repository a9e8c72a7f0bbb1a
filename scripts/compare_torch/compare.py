"""Judges a case: the same kind, shape and type, and errors within the tolerance."""
import dataclasses

import numpy
import torch

TOLERANCE = {"float64": 1e-10, "float32": 2e-6}


@dataclasses.dataclass
class Verdict:
    # "pass", "by truth", "by rounding", "missing" or "fail"
    state: str
    # The largest error of a result of each float type: as a multiple of the tolerance, and absolute.
    worst: dict = dataclasses.field(default_factory=dict)
    # The largest error beyond the tolerance that was accepted: as a multiple, and absolute.
    beyond: tuple = (0, 0)
    message: str = ""
    # nnlua's arrays of this case, by name.
    ours: dict = dataclasses.field(default_factory=dict)


def judge(case, status, results):
    """`status`: the runner's word on the case; `results`: nnlua's arrays by name."""
    word, *rest = status["result"]
    if word == "missing":
        return Verdict("missing", message=rest[0])
    if word != "done":
        return Verdict("fail", message=f"{word}: {' '.join(rest)}")
    if len(rest) != len(case.expected):
        return Verdict("fail", message=f"{len(rest)} results, PyTorch has {len(case.expected)}")
    theirs, truth, verdict = case.theirs, None, Verdict("pass")
    for name, expected in theirs.items():
        if name.startswith("y"):
            kind = rest[int(name[1:]) - 1]
            if not isinstance(expected, torch.Tensor):
                problem = lua_value(kind, expected)
                if problem:
                    return Verdict("fail", message=f"{name}: {problem}")
                continue
            if kind != "tensor":
                return Verdict("fail", message=f"{name}: a tensor expected, got {kind}")
        elif "gradient" in status:
            return Verdict("fail", message=f"gradient: {' '.join(status['gradient'])}")
        ours = results.get(f"{case.id}.{name}")
        if not name.startswith("y") and (expected is None or ours is None):
            # what is not followed has a gradient of 0; terms that cancel leave 0 up to rounding
            left = [x if ours is None else ours for x in (None if expected is None else expected.numpy(force=True), ours) if x is not None]
            size = max((float(seed.abs().max()) for seed in case.seeds.values() if seed.numel()), default=0)
            if left and left[0].size and not numpy.abs(left[0]).max() <= TOLERANCE[str(left[0].dtype)] * size:
                return Verdict("fail", message=f"{name}: {'nnlua' if ours is None else 'PyTorch'} has no gradient, the other one has")
            continue
        expected = expected.numpy(force=True)
        if ours.shape != expected.shape or ours.dtype != expected.dtype:
            return Verdict("fail", message=f"{name}: {ours.dtype} {list(ours.shape)}, PyTorch has {expected.dtype} {list(expected.shape)}")
        if expected.dtype.kind != "f":
            if not numpy.array_equal(ours, expected):
                return Verdict("fail", message=f"{name}: {first_difference(ours, expected, ours != expected)}")
            continue
        width = str(expected.dtype)
        # second derivatives are sums of terms as large as the first: the larger of both is their measure
        least = float(theirs[name[1:]].abs().max()) if name.startswith("dd") and theirs[name[1:]] is not None and theirs[name[1:]].numel() else 0
        multiple, absolute, where = error(ours, expected, TOLERANCE[width], case.each, least=least)
        if multiple > 1:
            # float32: both are held against float64, and PyTorch's own error counts
            truth = truth or case.results(double=True)
            exact = truth[name].numpy(force=True)
            own, own_absolute, _ = error(ours, exact.astype(width), TOLERANCE[width], case.each, exact, least)
            if width == "float32" and (own <= 1 or own <= peers(case, name, exact, least) < numpy.inf):
                state = "by truth"
            elif own_absolute <= 2 * conditioned(case, name, exact, float(numpy.finfo(width).eps)):
                state = "by rounding"
            else:
                verdict.worst[width] = (multiple, absolute)
                return Verdict("fail", verdict.worst, message=f"{name}: {multiple:.3g} times the tolerance, {first_difference(ours, expected, where)}")
            verdict.state = max(verdict.state, state, key=["pass", "by truth", "by rounding"].index)
            verdict.beyond = max(verdict.beyond, (own, own_absolute))
            continue
        if multiple > verdict.worst.get(width, (-1, 0))[0]:
            verdict.worst[width] = (multiple, absolute)
    return verdict


def peers(case, name, exact, least):
    """PyTorch's own error: the largest of float32 itself and of 32 draws in which the inputs are rounded anew, so that luck does not count."""
    found = [error(case.theirs[name].numpy(force=True), exact.astype(numpy.float32), TOLERANCE["float32"], case.each, exact, least)[0]]
    for seed in range(32):
        try:
            draw = [case.results(double, numpy.random.default_rng(seed))[name].numpy(force=True) for double in (False, True)]
        except RuntimeError:
            # a probability rounded to more than 1
            continue
        found.append(error(draw[0], draw[1].astype(numpy.float32), TOLERANCE["float32"], case.each, draw[1], least)[0])
    return max(f for f in found if f < numpy.inf or f is found[0])


def conditioned(case, name, exact, eps):
    """The most that rounding the inputs to their type changes a result, of 32 draws: no method that reads rounded inputs can promise less.

    0 where that is more than half of the digits of all numbers in sight: such a question has no answer to compare.
    """
    rng = numpy.random.default_rng(0)
    changed = 0
    seen = [i.base for i in case.inputs if i.base.dtype.kind == "f"] + [seed.numpy() for seed in case.seeds.values()] + [exact]
    size = max((float(numpy.abs(a[numpy.isfinite(a)]).max(initial=0)) for a in seen), default=0)
    for _ in range(32):
        try:
            other = case.results(double=True, rounding=rng)[name].numpy(force=True)
        except RuntimeError:
            # a probability rounded to more than 1
            continue
        both = numpy.isfinite(other) & numpy.isfinite(exact)
        changed = max(changed, numpy.abs(numpy.where(both, other, 0) - numpy.where(both, exact, 0)).max(initial=0))
    return changed if changed <= eps ** 0.5 * size else 0


def error(ours, theirs, tolerance, each, exact=None, least=0):
    """The largest |ours - theirs| as a multiple of tolerance · max |theirs| (of |theirs| itself with `each`), and absolute; and where.

    `least`: the least that counts as the largest value.

    NaN and infinities must stand in the same places: else the multiple is infinite.
    """
    if ours.size == 0:
        return 0.0, 0.0, numpy.zeros(ours.shape, bool)
    finite = numpy.isfinite(theirs)
    wrong = ~finite & ~((ours == theirs) | (numpy.isnan(ours) & numpy.isnan(theirs))) | (finite & ~numpy.isfinite(ours))
    if wrong.any():
        return numpy.inf, numpy.inf, wrong
    exact = theirs if exact is None else exact
    difference = numpy.where(finite, numpy.abs(numpy.where(finite, ours, 0).astype(numpy.float64) - numpy.where(finite, exact, 0)), 0)
    size = numpy.where(finite, numpy.abs(numpy.where(finite, exact, 0).astype(numpy.float64)), 0)
    # the least step of the type is always allowed
    scale = numpy.maximum((size if each else max(size.max(), least if least < numpy.inf else 0)) * tolerance, float(numpy.finfo(theirs.dtype).smallest_subnormal))
    multiple = difference / scale
    return float(multiple.max()), float(difference.max()), multiple == multiple.max()


def first_difference(ours, theirs, where):
    place = tuple(int(i) for i in numpy.argwhere(where)[0])
    return f"nnlua {ours[place]!r}, PyTorch {theirs[place]!r} at {list(place)} (from 0) of {list(ours.shape)}, {int(where.sum())} places"


def lua_value(kind, expected):
    """What is wrong with a Lua value; None where nothing is."""
    word, _, text = kind.partition(":")
    if isinstance(expected, bool):
        return None if (word, text) == ("boolean", str(expected).lower()) else f"{expected} expected, got {kind}"
    if isinstance(expected, int):
        return None if (word, text) == ("integer", str(expected)) else f"{expected} expected, got {kind}"
    if expected is None:
        return None if word == "nil" else f"nil expected, got {kind}"
    if isinstance(expected, str):
        return None if (word, text) == ("string", expected) else f"{expected!r} expected, got {kind}"
    if word != "float":
        return f"{expected!r} expected, got {kind}"
    ours = float(text.replace("-nan", "nan"))
    same = ours == expected or (ours != ours and expected != expected) or abs(ours - expected) <= 2e-6 * abs(expected)
    return None if same else f"{expected!r} expected, got {ours!r}"
