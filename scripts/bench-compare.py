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


def rate(case, threads):
    """What the case does in a second, and its share of what the machine can do."""
    if "gflop" in case:
        value = case["gflop"] / case["ms"] * 1e3
        return f"{value:8.0f} GFLOP/s", value / (limits["gflops"] * threads)
    if "mb" in case:
        return f"{case['mb'] / case['ms']:8.1f} GB/s   ", None
    return "", None


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


limits = run(options.limits, "limits")
groups = [group for group in ("matmul/", "tensor/", "conv2d/", "train/", "infer/", "overhead/") if group.startswith(options.only)] or [options.only]
report = {"machine": limits, "cases": []}
if not options.json:
    print(f"one core at best, {limits['level']}: {limits['gflops']:.0f} GFLOP/s; copies {limits['gbps_cache']:.0f} GB/s in cache, {limits['gbps_memory']:.1f} GB/s in memory")
    print(f"{'case':42} {'threads':>7} {'nnlua ms':>10} {'PyTorch ms':>11} {'nnlua rate':>17} {'of peak':>8}   nnlua is faster by")
for threads in options.threads or ([1] if groups == ["growth"] else [1, 2]):
    for group in groups:
        for name, case in compare(group, threads).items():
            report["cases"].append(dict(case, name=name))
            if not options.json:
                speed, share = rate(case, threads)
                share = f"{share:8.0%}" if share is not None else " " * 8
                print(f"{name:42} {threads:7} {case['ms']:10.4f} {case['peer_ms']:11.4f} {speed:>17} {share}   {case['ratio']:.2f} x", flush=True)
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
