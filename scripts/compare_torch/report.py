"""Prints failures as they are found and the table of groups at the end."""
import collections

import numpy
import torch

from .translate import NOT_COMPARED


class Report:
    def __init__(self, seed):
        self.seed, self.groups, self.missing, self.last = seed, {}, collections.Counter(), None
        self.beyond = {"by truth": [], "by rounding": []}
        self.failed, self.used = 0, set()

    def add(self, case, verdict):
        counts = self.groups.setdefault(case.group, {"cases": 0, "ops": set(), "follow": 0, "second": 0, "worst": {}, **dict.fromkeys(STATES, 0)})
        counts["cases"] += 1
        self.used |= {path.replace("x:", "T.") for path in case.needs}
        counts["ops"].add(case.op)
        counts[verdict.state] += 1
        counts["follow"] += bool(case.follow)
        counts["second"] += bool(case.follow) and case.mode == "second"
        if verdict.state != "missing":
            for width, worst in verdict.worst.items():
                counts["worst"][width] = max(worst, counts["worst"].get(width, (0, 0)))
        if verdict.state == "missing":
            self.missing[verdict.message] += 1
        if verdict.state in self.beyond:
            self.beyond[verdict.state].append((f"{case.group} {case.op}", (*verdict.beyond, case.number)))
        if verdict.state == "fail":
            self.failed += 1
            call = " ".join(case.lua.split())
            print(f"FAIL {case.id} {case.op}: {verdict.message}\n     {call[:300]}\n     scripts/compare-torch --seed {self.seed} --only {case.group} --case {case.number}", flush=True)
        self.last = case, verdict

    def show(self):
        """One case in full."""
        case, verdict = self.last
        numpy.set_printoptions(threshold=60, precision=9)
        for i in case.inputs:
            print(f"data.{i.lua_name} = {i.stored().dtype} {list(i.stored().shape)} {numpy.array2string(i.stored(), separator=', ')}")
        print("\n".join(f"{i.lua_name} = {i.lua(f'data.{i.lua_name}')}" for i in case.inputs))
        print(case.lua)
        for name, seed in case.seeds.items():
            print(f"{name} = {seed}")
        for name, value in case.theirs.items():
            print(f"PyTorch's {name} = {value.detach() if isinstance(value, torch.Tensor) else value}")
            print(f"nnlua's {name} = {verdict.ours.get(f'{case.id}.{name}')}")
        print(f"{verdict.state} {verdict.message}")

    def summary(self, seconds):
        def worst(counts, width):
            return "{0:9.2g} {1:9.1e}".format(*counts["worst"][width]) if width in counts["worst"] else " " * 19
        head = f"{'group':12} {'ops':>4} {'cases':>6} {'pass':>6} {'truth':>6} {'round':>6} {'fail':>5} {'missing':>7} {'grad':>6} {'second':>6}   {'float64: x tol, abs':>19} {'float32: x tol, abs':>19}"
        print(head)
        total = collections.Counter()
        for name, c in self.groups.items():
            total.update({k: c[k] for k in ("cases", "follow", "second", *STATES)} | {"ops": len(c["ops"])})
            print(f"{name:12} {len(c['ops']):4} {c['cases']:6} {c['pass']:6} {c['by truth']:6} {c['by rounding']:6} {c['fail']:5} {c['missing']:7} {c['follow']:6} {c['second']:6}   {worst(c, 'float64')} {worst(c, 'float32')}")
        print(f"{'all':12} {total['ops']:4} {total['cases']:6} {total['pass']:6} {total['by truth']:6} {total['by rounding']:6} {total['fail']:5} {total['missing']:7} {total['follow']:6} {total['second']:6}   in {seconds:.0f} s")
        for state, meaning in BEYOND.items():
            found = collections.defaultdict(list)
            for op, beyond in self.beyond[state]:
                found[op].append(beyond)
            if found:
                print(meaning)
            for op, list_ in sorted(found.items()):
                print(f"  {op}: {len(list_)} (our largest error {max(list_)[0]:.2g} x tolerance, {max(list_)[1]:.1e} absolute, case {max(list_)[2]})")
        if self.missing:
            print("missing in nnlua: " + ", ".join(f"{name} ({count})" for name, count in sorted(self.missing.items())))


    def coverage(self, names):
        """The functions that no case called."""
        for reason, excused in NOT_COMPARED.items():
            print(f"not compared ({reason}): {' '.join(n for n in excused.split() if n in names)}")
        rest = sorted(set(names) - self.used - {n for excused in NOT_COMPARED.values() for n in excused.split()})
        print(f"not compared (no case yet): {' '.join(rest) or 'nothing'}")


STATES = ("pass", "by truth", "by rounding", "fail", "missing")

BEYOND = {
    "by truth": "truth: beyond the tolerance from PyTorch in float32, but no further from the float64 result than PyTorch itself (in 33 roundings of the inputs), or within the tolerance of it:",
    "by rounding": "round: beyond the tolerance where terms cancel, but no further from the float64 result than twice what the last digit of the inputs changes:",
}
