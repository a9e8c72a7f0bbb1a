"""The figures that the kernel is held to; what is measured while the machine is busy is measured again, up to three times."""
import statistics
import sys
import time

from client import Kernel, kernel, printed

failed = False


def figure(name, unit, most, measure):
    """The best of three, or the first that is good."""
    global failed
    best = min_so_far = None
    for _ in range(3):
        value = measure()
        min_so_far = value if min_so_far is None else min(min_so_far, value)
        best = min_so_far
        if best <= most:
            break
    good = best <= most
    failed = failed or not good
    print(f"{'ok   ' if good else 'WRONG'} {name}: {best:.4g} {unit} (at most {most:g})", flush=True)


def ready():
    k = Kernel()
    k.end()
    return k.ready


figure("ready", "s", 0.5, ready)

with kernel() as k:

    def round_trip():
        times = []
        for _ in range(200):
            begin = time.perf_counter()
            k.reply(k.send("x = 1"))
            times.append(time.perf_counter() - begin)
        return statistics.median(times) * 1000

    k.run("x = 1")
    figure("round trip of a trivial cell, median of 200", "ms", 3, round_trip)
    while True:
        try:
            k.client.get_iopub_msg(timeout=0.2)
        except Exception:
            break

    def lines():
        begin = time.perf_counter()
        text = k.text("for i = 1, 10000 do print('line ' .. i) end")
        seconds = time.perf_counter() - begin
        assert text == "".join(f"line {i}\n" for i in range(1, 10001))
        return seconds

    figure("10,000 printed lines", "s", 1, lines)

    def megabytes():
        begin = time.perf_counter()
        text = k.text("for i = 1, 8 do io.write(('%07d ü'):format(i) .. ('x'):rep(1024 * 1024 - 10)) end io.write('end')")
        assert len(text.encode()) == 8 * (1 << 20) + 3, len(text.encode())
        assert text.endswith("xend")
        text = k.text("io.write(('äöü€😀'):rep(600000))")
        assert text == "äöü€😀" * 600000
        return time.perf_counter() - begin

    figure("8 MB in eight writes and 8 MB in one, whole", "s", 5, megabytes)

    def idle():
        begin = k.seconds()
        time.sleep(5)
        return (k.seconds() - begin) * 1000

    figure("processor time of 5 idle seconds", "ms", 0, idle)

    def grown():
        for _ in range(200):
            k.run("local x = require('nnlua.tensor').rand(100, 100) x:matmul(x):sum():item()")
        before = k.memory()
        for i in range(1000):
            k.run(f"local x = require('nnlua.tensor').rand(100, 100) print({i}) x:matmul(x):sum():item()")
        return (k.memory() - before) / (1 << 20)

    figure("memory grown over 1,000 executions", "MB", 4, grown)


def interrupt(code, wait=0.5):
    def measure():
        with kernel() as k:
            k.run("kept = 41")
            ident = k.send(code)
            time.sleep(wait)
            begin = time.perf_counter()
            k.manager.interrupt_kernel()
            reply = k.reply(ident, timeout=20)
            seconds = time.perf_counter() - begin
            assert reply["content"]["status"] == "error" and reply["content"]["ename"] == "Interrupted", reply["content"]
            assert k.value("kept + 1") == "42"
            return seconds

    return measure


for name, code in {
    "an endless loop": "while true do end",
    "pcall nested in loops": "while true do pcall(function() while true do pcall(function() while true do end end) end end) end",
    "coroutines": "local co = coroutine.wrap(function() local inner = coroutine.wrap(function() while true do end end) while true do pcall(inner) end end) while true do co() end",
    "a long matrix product": "local T = require 'nnlua.tensor' local a = T.rand(12000, 12000) for i = 1, 100 do a:matmul(a) end",
    "io.read": "io.read()",
    "an endless print": "while true do print('line') end",
}.items():
    figure(f"interrupt of {name}", "s", 1, interrupt(code, 2 if "matrix" in name else 0.5))


def training():
    """A training cell streams its progress and is interrupted with its model intact."""
    with kernel() as k:
        k.run("""
local nn, data, optim, train = require 'nnlua.nn', require 'nnlua.data', require 'nnlua.optim', require 'nnlua.train'
net = nn.Sequential(nn.Linear(64, 200), nn.ReLU(), nn.Linear(200, 10))
set = data.digits{split = 'train', flatten = true}""")
        ident = k.send("""
local loader = require('nnlua.data').DataLoader(set, {batch_size = 20, shuffle = true})
require('nnlua.train').fit(net, {train = loader, loss = require('nnlua.nn').CrossEntropyLoss(), optimizer = require('nnlua.optim').SGD(net, {lr = 0.1}), epochs = 100000})""")
        time.sleep(1.5)
        begin = time.perf_counter()
        k.manager.interrupt_kernel()
        reply = k.reply(ident, timeout=20)
        seconds = time.perf_counter() - begin
        outputs = k.outputs(ident)
        types = [m["msg_type"] for m in outputs]
        assert "update_display_data" in types or "stream" in types, types
        assert k.value("net(set.x):argmax(2):eq(set.t):to('float32'):mean():item() > 0.5") == "true"
        print("      training answers", reply["content"]["status"], "with", types.count("update_display_data"), "updates")
        return seconds


figure("interrupt of training", "s", 1, training)
sys.exit(failed)
