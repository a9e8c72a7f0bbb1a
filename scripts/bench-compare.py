"""Runs nnlua and PyTorch in turn on the same cases, group by group, and prints a table of times, rates and ratios;
then nnlua's start-up time and the memory of an epoch."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("--nnlua", required=True)
parser.add_argument("--limits", required=True, help="the program that measures the machine: nnlua-bench-kernels")
parser.add_argument("--rounds", type=int, default=3, help="the best of so many alternating runs counts")
parser.add_argument("--threads", type=int, action="append", help="1 and 2 where nothing is said; may be given several times")
parser.add_argument("--only", default="", help="cases whose name begins so: a group (matmul, tensor, conv2d, train, infer, overhead, growth) or longer")
parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
options = parser.parse_args()
scripts = pathlib.Path(__file__).parent
nnlua = str(pathlib.Path(options.nnlua).resolve())
environment = {key: value for key, value in os.environ.items() if key not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NNLUA_THREADS")}


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment)
    if done.returncode:
        sys.exit(f"bench: {' '.join(command)} ended with status {done.returncode}")
    return json.loads(done.stdout)


def add_rate(name, case):
    """What the case does in a second, and its share of what so many cores can do: multiply-adds, or copies of 4 MB as the tensor cases move."""
    threads = int(name.rsplit("/")[-1]) if name.startswith("growth/threads/") else case["threads"]
    if "gflop" in case:
        case["gflops"] = case["gflop"] / case["ms"] * 1e3
        case["share"] = case["gflops"] / (limits["gflops"] * threads)
    elif "mb" in case:
        case["gbps"] = case["mb"] / case["ms"]
        case["share"] = case["gbps"] / (limits["gbps_4mb"] * threads)


def show(name, case):
    speed = f"{case['gflops']:8.1f} GFLOP/s" if "gflops" in case else f"{case['gbps']:8.1f} GB/s   " if "gbps" in case else ""
    share = f"{case['share']:8.0%}" if "share" in case else " " * 8
    cost = f"   {case['cost']:6.2f} {case['peer_cost']:6.2f}" if "cost" in case else ""
    print(f"{name:42} {case['threads']:7} {case['ms']:10.4f} {case['peer_ms']:11.4f} {speed:>17} {share}   {case['ratio']:6.2f} x{cost}", flush=True)


def add_costs(cases):
    """For each series of growth: time for the same work, with 1 for the cheapest of the series; a core's time, where cores are what grows."""
    series = {}
    for name, case in cases.items():
        _, kind, size = name.split("/")
        work = case["gflop"] / (int(size) if kind == "threads" else 1)
        series.setdefault(kind, []).append((case, case["ms"] / work, case["peer_ms"] / work))
    for rows in series.values():
        ours, theirs = min(row[1] for row in rows), min(row[2] for row in rows)
        for case, own, peer in rows:
            case["cost"], case["peer_cost"] = own / ours, peer / theirs


def compare(prefix, threads):
    """The best time of every case whose name begins so, on both sides."""
    ours, theirs = {}, {}
    for _ in range(options.rounds):
        for name, case in run(nnlua, "--threads", str(threads), str(scripts / "bench.lua"), prefix).items():
            if name not in ours or case["ms"] < ours[name]["ms"]:
                ours[name] = case
        for name, ms in run(sys.executable, str(scripts / "bench-peer.py"), "--threads", str(threads), "--only", prefix).items():
            theirs[name] = min(ms, theirs.get(name, float("inf")))
    if ours.keys() != theirs.keys():
        sys.exit(f"bench: the two sides differ in their cases: {sorted(ours.keys() ^ theirs.keys())}")
    return {name: dict(case, threads=threads, peer_ms=theirs[name], ratio=theirs[name] / case["ms"]) for name, case in ours.items()}


# A core that was idle, or shared for a moment, shows less than its best: of three the best counts, as with the cases.
limits = run(options.limits, "limits")
for _ in range(2):
    again = run(options.limits, "limits")
    limits = {key: max(value, again[key]) for key, value in limits.items()}
groups = [group for group in ("matmul/", "tensor/", "conv2d/", "train/", "infer/", "overhead/") if group.startswith(options.only)] or [options.only]
report = {"machine": limits, "cases": []}
if not options.json:
    print(f"one core at best, {limits['level']}: {limits['gflops']:.0f} GFLOP/s; copies of 256 KB {limits['gbps_cache']:.0f} GB/s, of 4 MB"
          f" {limits['gbps_4mb']:.0f}, of 256 MB {limits['gbps_memory']:.1f} (read and written)")
    print("of peak: of that, for each thread; GB/s beside copies of 4 MB, which what only reads or only writes may exceed; work is that of the plain sums")
    growing = f"   {'cost per work, of the series least: nnlua, PyTorch'}" if groups == ["growth"] or options.only.startswith("growth") else ""
    print(f"{'case':42} {'threads':>7} {'nnlua ms':>10} {'PyTorch ms':>11} {'nnlua rate':>17} {'of peak':>8}   faster by{growing}")
for threads in options.threads or ([1] if options.only.startswith("growth") else [1, 2]):
    for group in groups:
        cases = compare(group, threads)
        for name, case in cases.items():
            add_rate(name, case)
        if group.startswith("growth"):
            add_costs(cases)
        for name, case in cases.items():
            report["cases"].append(dict(case, name=name))
            if not options.json:
                show(name, case)
if options.only:
    if options.json:
        print(json.dumps(report, indent=1))
    sys.exit()

times = []
for _ in range(30):
    begin = time.perf_counter()
    subprocess.run([nnlua, "-e", ""], env=environment, check=True)
    times.append((time.perf_counter() - begin) * 1e3)
report["startup_ms"] = {"best": min(times), "median": statistics.median(times)}

report["epoch_peak_mb"] = []
folder = tempfile.TemporaryDirectory()
for epochs in (1, 2):
    command = [nnlua, "--threads", "2", "examples/ch07/train_convnet.lua", "--epochs", str(epochs), "--save", f"{folder.name}/net.safetensors"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    errors = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        lines = errors.strip().splitlines()
        print(f"SimpleConvNet on MNIST: not measured ({lines[0] if lines else 'failed'})", file=sys.stderr)
        break
    report["epoch_peak_mb"].append(usage.ru_maxrss / 1024)

if options.json:
    print(json.dumps(report, indent=1))
else:
    print(f"nnlua -e '' from start to exit: {min(times):.1f} ms at best, {statistics.median(times):.1f} ms in the median")
    for epochs, peak in enumerate(report["epoch_peak_mb"], 1):
        print(f"SimpleConvNet on MNIST, {epochs} epoch{'s' * (epochs > 1)} with evaluation: peak memory {peak:.0f} MB")
