"""Runs nnlua and PyTorch in turn on the same cases and prints a table; then nnlua's start-up time and the memory of an epoch."""
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
parser.add_argument("--rounds", type=int, default=3, help="the best of so many alternating runs counts")
parser.add_argument("--only", default="", help="cases whose name begins so")
options = parser.parse_args()
scripts = pathlib.Path(__file__).parent
nnlua = str(pathlib.Path(options.nnlua).resolve())
environment = {key: value for key, value in os.environ.items() if key not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NNLUA_THREADS")}


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment)
    if done.returncode:
        sys.exit(f"bench: {' '.join(command)} ended with status {done.returncode}")
    return json.loads(done.stdout)


def figure(case, milliseconds):
    if case.startswith("matmul/"):
        return f"{2 * int(case.split('/')[1]) ** 3 / milliseconds / 1e6:8.0f} GFLOP/s"
    return f"{milliseconds:10.3f} ms    "


level = subprocess.run([nnlua, "-e", "print(require('nnlua').info().cpu)"], stdout=subprocess.PIPE, text=True, env=environment).stdout.strip()
print(f"{'case':24} {'threads':>7} {'nnlua (' + level + ')':>17} {'PyTorch':>16}   nnlua is faster by")
for threads in (1, 2):
    best = {"nnlua": {}, "peer": {}}
    for _ in range(options.rounds):
        for side, command in {
            "nnlua": [nnlua, "--threads", str(threads), str(scripts / "bench.lua"), options.only],
            "peer": [sys.executable, str(scripts / "bench-peer.py"), "--threads", str(threads), "--only", options.only],
        }.items():
            for case, milliseconds in run(command).items():
                best[side][case] = min(milliseconds, best[side].get(case, float("inf")))
    for case, ours in best["nnlua"].items():
        theirs = best["peer"][case]
        print(f"{case:24} {threads:7} {figure(case, ours):>17} {figure(case, theirs):>16}   {theirs / ours:.2f} x", flush=True)

if options.only:
    sys.exit()

times = []
for _ in range(30):
    begin = time.perf_counter()
    subprocess.run([nnlua, "-e", ""], env=environment, check=True)
    times.append((time.perf_counter() - begin) * 1e3)
print(f"nnlua -e '' from start to exit: {min(times):.1f} ms at best, {statistics.median(times):.1f} ms in the median")

folder = tempfile.TemporaryDirectory()
for epochs in (1, 2):
    command = [nnlua, "--threads", "2", "examples/ch07/train_convnet.lua", "--epochs", str(epochs), "--save", f"{folder.name}/net.safetensors"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    errors = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        lines = errors.strip().splitlines()
        print(f"SimpleConvNet on MNIST: not measured ({lines[0] if lines else 'failed'})")
        break
    print(f"SimpleConvNet on MNIST, {epochs} epoch{'s' * (epochs > 1)} with evaluation: peak memory {usage.ru_maxrss / 1024:.0f} MB")
