"""What PyTorch takes for the cases of bench.lua: the same names, the same rule of timing. Prints one JSON object {case: milliseconds}."""
import argparse
import json
import time
import warnings

warnings.filterwarnings("ignore")  # torch misses NumPy, which nothing here needs
import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--only", default="")
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)
results = {}


def measure(name, work, seconds=0.25):
    """The best of five rounds of a quarter of a second each, after a warm-up."""
    if not name.startswith(options.only):
        return
    for _ in range(3):
        work()
    begin = time.perf_counter()
    work()
    count = max(1, int(seconds / max(time.perf_counter() - begin, 1e-7)))
    best = float("inf")
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(count):
            work()
        best = min(best, (time.perf_counter() - begin) / count)
    results[name] = best * 1e3


def training(name, net, x, t, make_optimizer):
    optimizer, loss = make_optimizer(net.parameters()), nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(net(x), t).backward()
        optimizer.step()

    measure(name, step)


for n in (512, 1024, 2048):
    a, b = torch.randn(n, n), torch.randn(n, n)
    measure(f"matmul/{n}", lambda: torch.mm(a, b))

x, t = torch.randn(4, 2), torch.randint(0, 2, (4,))
training("train/xor 2-4-2", nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 2)), x, t, lambda p: torch.optim.SGD(p, 0.1))

x, t = torch.randn(100, 784), torch.randint(0, 10, (100,))
training("train/two_layer", nn.Sequential(nn.Linear(784, 50), nn.Sigmoid(), nn.Linear(50, 10)), x, t, lambda p: torch.optim.SGD(p, 0.1))

x = torch.randn(100, 1, 28, 28)
net = nn.Sequential(nn.Conv2d(1, 30, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4320, 100), nn.ReLU(), nn.Linear(100, 10))
training("train/simple_convnet", net, x, t, lambda p: torch.optim.Adam(p, 1e-3))

print(json.dumps(results))
