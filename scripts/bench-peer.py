"""What PyTorch takes for the cases of bench.lua: the same names, the same rule of timing. Prints one JSON object {case: milliseconds}."""
import argparse
import json
import os
import time
import warnings

warnings.filterwarnings("ignore")  # torch misses NumPy, which nothing here needs
import torch
import torch.nn.functional as F
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


def sgd(parameters):
    return torch.optim.SGD(parameters, 0.1)


def adam(parameters):
    return torch.optim.Adam(parameters, 1e-3)


# matrix products
for n in (64, 128, 256, 512, 1024, 2048):
    a, b = torch.randn(n, n), torch.randn(n, n)
    measure(f"matmul/{n}", lambda: torch.mm(a, b))
a, b = torch.randn(100, 784), torch.randn(784, 50)
measure("matmul/100x784x50", lambda: torch.mm(a, b))

# elementwise, reductions, one million floats
x = torch.randn(1000, 1000)
with torch.no_grad():
    for name, f in {
        "add": lambda: x + x, "exp": lambda: x.exp(), "tanh": lambda: x.tanh(), "sigmoid": lambda: x.sigmoid(), "relu": lambda: x.relu(),
        "gelu": lambda: F.gelu(x), "sum": lambda: x.sum(), "sum_rows": lambda: x.sum(1), "sum_columns": lambda: x.sum(0), "max_rows": lambda: x.max(1),
        "softmax": lambda: x.softmax(1), "transpose_copy": lambda: x.t().contiguous(), "randn": lambda: torch.randn(1000, 1000),
    }.items():
        measure(f"tensor/{name}", f)

# convolutions: forward, and forward with backward
for name, (n, c, h, o, k, p) in {"mnist_first": (100, 1, 28, 30, 5, 0), "middle": (100, 32, 14, 32, 3, 1), "deep": (32, 64, 32, 64, 3, 1)}.items():
    image, weight = torch.randn(n, c, h, h, requires_grad=True), torch.randn(o, c, k, k, requires_grad=True)
    with torch.no_grad():
        measure(f"conv2d/{name}/forward", lambda: F.conv2d(image, weight, padding=p))

    def both():
        image.grad = weight.grad = None
        F.conv2d(image, weight, padding=p).sum().backward()

    measure(f"conv2d/{name}/both", both)

# one training step
x, t = torch.randn(4, 2), torch.randint(0, 2, (4,))
training("train/xor 2-4-2 batch 4 SGD", nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 2)), x, t, sgd)
x, t = torch.randn(100, 784), torch.randint(0, 10, (100,))
training("train/two_layer 784-50-10 batch 100 SGD", nn.Sequential(nn.Linear(784, 50), nn.Sigmoid(), nn.Linear(50, 10)), x, t, sgd)
layers, width = [], 784
for _ in range(6):
    layers += [nn.Linear(width, 100), nn.BatchNorm1d(100), nn.ReLU(), nn.Dropout(0.2)]
    width = 100
training("train/mlp 6x100 batchnorm dropout batch 100 Adam", nn.Sequential(*layers, nn.Linear(100, 10)), x, t, adam)
x = torch.randn(100, 1, 28, 28)
simple = nn.Sequential(nn.Conv2d(1, 30, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4320, 100), nn.ReLU(), nn.Linear(100, 10))
training("train/simple_convnet batch 100 Adam", simple, x, t, adam)


def deep_convnet():
    def conv(i, o, p=1):
        return [nn.Conv2d(i, o, 3, padding=p), nn.ReLU()]

    return nn.Sequential(
        *conv(1, 16), *conv(16, 16), nn.MaxPool2d(2), *conv(16, 32), *conv(32, 32, 2), nn.MaxPool2d(2), *conv(32, 64), *conv(64, 64), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 4 * 4, 50), nn.ReLU(), nn.Dropout(0.5), nn.Linear(50, 10), nn.Dropout(0.5))


deep = deep_convnet()
training("train/deep_convnet batch 100 Adam", deep, x, t, adam)

# inference
with torch.no_grad():
    simple.eval()
    deep.eval()
    one = torch.randn(1, 1, 28, 28)
    measure("infer/simple_convnet batch 1", lambda: simple(one))
    measure("infer/simple_convnet batch 1000", lambda y=torch.randn(1000, 1, 28, 28): simple(y))
    measure("infer/deep_convnet batch 100", lambda: deep(x))

# overheads: a thousand of each on one element, so that the milliseconds are the microseconds of one
one, other, leaf = torch.ones(1), torch.ones(1), torch.ones(1, requires_grad=True)


def getters():
    for _ in range(1000):
        _ = one.requires_grad


def calls():
    for _ in range(1000):
        _ = one + other


def nodes():
    y = leaf
    for _ in range(1000):
        y = y + other
    return y


def nodes_and_backward():
    leaf.grad = None
    nodes().backward()


parameters = [torch.ones(1, requires_grad=True) for _ in range(1000)]
for parameter in parameters:
    parameter.grad = torch.ones(1)
measure("overhead/1000 getters", getters)
measure("overhead/1000 calls", calls)
measure("overhead/1000 nodes", nodes)
measure("overhead/1000 nodes and backward", nodes_and_backward)
measure("overhead/1000 parameters' step", torch.optim.SGD(parameters, 0.1).step)

# growth: how the cost of the same kind of work rises with its size
if options.only.startswith("growth"):
    for n in (4**p for p in range(7)):
        net = nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
        training(f"growth/batch/{n}", net, torch.randn(n, 784), torch.randint(0, 10, (n,)), sgd)
    for n in (16 * 4**p for p in range(5)):
        training(f"growth/width/{n}", nn.Linear(n, n), torch.randn(64, n), torch.randint(0, n, (64,)), sgd)
    for depth in (2**p for p in range(7)):
        net = nn.Sequential(*(layer for _ in range(depth) for layer in (nn.Linear(100, 100), nn.ReLU())))
        training(f"growth/depth/{depth}", net, torch.randn(32, 100), torch.randint(0, 100, (32,)), sgd)
    for n in range(1, os.cpu_count() + 1):
        torch.set_num_threads(n)
        training(f"growth/threads/{n}", deep_convnet(), torch.randn(100, 1, 28, 28), torch.randint(0, 10, (100,)), adam)

print(json.dumps(results))
