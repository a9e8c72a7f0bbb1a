"""The command: makes the cases, lets nnlua run them in batches, judges, and prints passes by group."""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

import safetensors.numpy
import torch

from . import groups  # noqa: F401  (declares every op)
from .compare import judge
from .generate import REGISTRY, make
from .report import Report

BATCH = 400
RUNNER = pathlib.Path(__file__).with_name("runner.lua")


def run(nnlua, cases):
    """nnlua's words and arrays for the cases. A process that dies costs the case it died of, and no other."""
    words, arrays, left = {}, {}, list(cases)
    while left:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            safetensors.numpy.save_file({name: array for case in left for name, array in case.arrays().items()}, folder / "inputs.safetensors")
            (folder / "cases.lua").write_text("return {\n" + ",\n".join(case.source() for case in left) + "\n}\n")
            done = subprocess.run([nnlua, "--threads", "1", str(RUNNER), str(folder)], capture_output=True, text=True, timeout=900)
            report = folder / "report.txt"
            found, last, ended = {}, None, False
            for line in report.read_text().splitlines() if report.exists() else []:
                word, *rest = line.split("\t")
                if word == "begin":
                    last = rest[0]
                elif word == "end":
                    ended = True
                elif word == "gradient":
                    found.setdefault(rest[0], {})["gradient"] = rest[1:]
                else:
                    found.setdefault(rest[0], {})["result"] = [word, *rest[1:]]
            if not ended:
                if last is None or all(case.id in found for case in left):
                    sys.exit(f"compare-torch: nnlua ended with status {done.returncode}: {done.stderr.strip()}")
                words[last] = {"result": ["crash", f"nnlua ended with status {done.returncode}: {done.stderr.strip()[-300:]}"]}
                left = [case for case in left if case.id != last]
                continue
            words |= found
            arrays |= safetensors.numpy.load_file(folder / "results.safetensors")
            break
    return words, arrays


def main():
    parser = argparse.ArgumentParser(prog="scripts/compare-torch", description="Compares nnlua with PyTorch on random cases.")
    parser.add_argument("--nnlua", default=".build/release/nnlua", help=argparse.SUPPRESS)
    parser.add_argument("--cases", type=int, default=6000, help="how many (6000 by default)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other cases")
    parser.add_argument("--only", default="", help="a group, or group/op")
    parser.add_argument("--case", type=int, help="one case of the group, shown in full")
    parser.add_argument("--list", action="store_true", help="print all groups and ops")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")

    group, _, name = options.only.partition("/")
    names = list(dict.fromkeys(g for g, _ in REGISTRY))
    if group and group not in names:
        parser.error(f"no group '{group}' (groups: {', '.join(names)})")
    if options.list:
        for g in names:
            print(f"{g}: {' '.join(n for h, n in REGISTRY if h == g)}")
        return
    if options.case is not None:
        if not group:
            parser.error("--case needs --only GROUP")
        numbers = [(group, options.case)]
    else:
        # every op gets as many cases as any other
        chosen = [g for g in names if not group or g == group]
        rounds = -(-options.cases // sum(h in chosen for h, _ in REGISTRY))
        numbers = [(g, k) for g in chosen for k in range(rounds * sum(h == g for h, _ in REGISTRY))]
    begin, report = time.perf_counter(), Report(options.seed)
    pending = []

    def flush():
        words, arrays = run(options.nnlua, pending)
        for case in pending:
            verdict = judge(case, words[case.id], arrays)
            verdict.ours = {name: a for name, a in arrays.items() if name.startswith(case.id + ".")} if options.case is not None else {}
            report.add(case, verdict)
        pending.clear()

    for g, number in numbers:
        ops = [n for h, n in REGISTRY if h == g]
        if name and ops[number % len(ops)] != name:
            continue
        pending.append(make(options.seed, g, number))
        if len(pending) == BATCH:
            flush()
    if pending:
        flush()
    if options.case is not None:
        report.show()
    report.summary(time.perf_counter() - begin)
    if not group:
        names = subprocess.run([options.nnlua, str(RUNNER), "--names"], capture_output=True, text=True, check=True).stdout.split()
        report.coverage(names)
    sys.exit(report.failed > 0)


main()
