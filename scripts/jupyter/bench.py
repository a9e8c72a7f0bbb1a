"""Figures of the Jupyter kernel, each with the bound it must keep, through jupyter_client on this machine."""

import statistics
import sys
import time
from queue import Empty

import psutil
from jupyter_client.manager import KernelManager

failures = 0


def figure(name, value, bound, unit, form="{:.2f}"):
    global failures
    good = value <= bound
    failures += not good
    print(f"{'ok   ' if good else 'WRONG'} {name}: {form.format(value)} {unit} (at most {bound:g})", flush=True)


def that(name, condition):
    global failures
    failures += not condition
    print(f"{'ok   ' if condition else 'WRONG'} {name}", flush=True)


class Kernel:
    def __init__(self):
        begin = time.perf_counter()
        self.km = KernelManager(kernel_name="nnlua")
        self.km.start_kernel()
        self.kc = self.km.client()
        self.kc.start_channels()
        # The first question that is answered: without wait_for_ready, whose heartbeat sleeps.
        while True:
            self.kc.kernel_info()
            try:
                self.kc.get_shell_msg(timeout=0.02)
                break
            except Empty:
                continue
        self.ready = time.perf_counter() - begin
        self.subscribe()
        self.process = psutil.Process(self.km.provisioner.process.pid)
        self.run("local nnlua = require 'nnlua'; T, nn, optim = nnlua.tensor, nnlua.nn, nnlua.optim;")

    def subscribe(self):
        """Waits until what the kernel publishes arrives: a subscription takes its own time."""
        while True:
            self.kc.kernel_info()
            try:
                self.kc.get_iopub_msg(timeout=0.2)
                return
            except Empty:
                continue

    def reply(self, id, timeout=60):
        while True:
            message = self.kc.get_shell_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") == id:
                return message["content"]

    def idle(self, id, timeout=60):
        """What a request published."""
        found = []
        while True:
            message = self.kc.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != id:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return found
            found.append((message["msg_type"], message["content"]))

    def run(self, code, timeout=60):
        id = self.kc.execute(code)
        reply = self.reply(id, timeout)
        return reply, self.idle(id, timeout)

    def text(self, code, timeout=60):
        _, outputs = self.run(code, timeout)
        return "".join(c["text"] for kind, c in outputs if kind == "stream" and c["name"] == "stdout")

    def interrupted(self, code, after=0.5):
        """Seconds from the interrupt to the reply that tells of it."""
        id = self.kc.execute(code)
        time.sleep(after)
        begin = time.perf_counter()
        self.km.interrupt_kernel()
        reply = self.reply(id, timeout=60)
        seconds = time.perf_counter() - begin
        self.idle(id)
        that(f"  … ended by the interrupt ({reply.get('ename')}), variables intact", reply.get("ename") == "Interrupted" and self.text("print(kept)") == "7\n")
        return seconds

    def end(self):
        self.kc.stop_channels()
        self.km.shutdown_kernel()


starts = []
for _ in range(3):
    kernel = Kernel()
    starts.append(kernel.ready)
    kernel.end()
figure("ready, from the start of the process", min(starts), 0.5, "s")

kernel = Kernel()
kernel.run("kept = 7")
times = []
for _ in range(200):
    begin = time.perf_counter()
    kernel.reply(kernel.kc.execute("1 + 1"))
    times.append(time.perf_counter() - begin)
figure("round trip of a trivial cell, median of 200", statistics.median(times) * 1e3, 3, "ms")

begin = time.perf_counter()
text = kernel.text("for i = 1, 10000 do print(i) end")
figure("10,000 printed lines, one by one, to the last on the front end", time.perf_counter() - begin, 1, "s")
that("  … all of them, in order", text == "".join(f"{i}\n" for i in range(1, 10001)))
begin = time.perf_counter()
text = kernel.text("io.write(('0123456789abcde\\n'):rep(8 * 65536))")
that(f"8 MB in one piece arrive whole ({time.perf_counter() - begin:.2f} s)", text == "0123456789abcde\n" * (8 * 65536))
_, outputs = kernel.run("return ('x'):rep(8 << 20)")
that("a value of 8 MB survives", kernel.text("print(kept)") == "7\n")

time.sleep(0.5)  # what ends the cell before is not idleness
before = sum(kernel.process.cpu_times()[:2])
time.sleep(5)
figure("processor time while idle for 5 s, counted in ticks of 10 ms", round((sum(kernel.process.cpu_times()[:2]) - before) * 1e3), 10, "ms", "{:.0f}")

work = "local a = T.rand(256, 256) local t = {} for i = 1, 1000 do t[i] = {i} end print(#t, a:size(1))"


def resident():
    return kernel.process.memory_info().rss / 2**20


for _ in range(300):
    kernel.run(work)
before = resident()
for _ in range(1000):
    kernel.run(work)
figure("growth of memory over 1,000 executions", resident() - before, 8, f"MB, from {before:.0f}")

figure("interrupt of an endless loop", kernel.interrupted("while true do end"), 1, "s")
figure("interrupt of pcall nested in loops", kernel.interrupted("while true do pcall(function() while true do pcall(error, 'x') end end) end"), 1, "s")
figure("interrupt of coroutines", kernel.interrupted("while true do local c = coroutine.wrap(function() while true do coroutine.yield() end end) for _ = 1, 1000 do c() end end"), 1, "s")
figure("interrupt of a loop inside one coroutine", kernel.interrupted("coroutine.wrap(function() while true do end end)()"), 1, "s")
figure("interrupt of long matrix products", kernel.interrupted("local a = T.rand(6000, 6000) for _ = 1, 100 do a = a:mm(a) end", 1.5), 1, "s")
figure("interrupt of os.execute 'sleep 20'", kernel.interrupted("os.execute 'sleep 20'"), 1, "s")

training = """
T.manual_seed(1)
steps = 0
net = nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
local optimizer = optim.Adam(net, {lr = 0.001})
local x, t = T.rand(100, 784), T.randint(1, 10, {100})
local bar <close> = require "nnlua".progress(100000, {title = "training"})
for i = 1, 100000 do
  optimizer:zero_grad()
  local loss = nn.CrossEntropyLoss()(net(x), t)
  loss:backward()
  optimizer:step()
  steps = steps + 1
  bar:step(1, {loss = loss:item()})
end
"""
id = kernel.kc.execute(training)
time.sleep(1.5)
begin = time.perf_counter()
kernel.km.interrupt_kernel()
reply = kernel.reply(id)
figure("interrupt of training with a progress bar", time.perf_counter() - begin, 1, "s")
outputs = kernel.idle(id)
bars = [content for kind, content in outputs if kind in ("display_data", "update_display_data")]
that(f"  … it was interrupted ({reply.get('ename')}: {reply.get('evalue')})", reply.get("ename") == "Interrupted")
that(f"  … its bar was drawn and updated in place ({len(bars)} messages)", len(bars) > 3 and len({c["transient"].get("display_id") for c in bars}) == 1)
that("  … the variables are intact", int(kernel.text("print(steps)")) > 100)
that("  … the model answers", kernel.text("print(T.no_grad(function() return net(T.rand(1, 784)) end):size(2))") == "10\n")
that("  … and learns on", kernel.text("local l = nn.CrossEntropyLoss()(net(T.rand(5, 784)), T.ones(5):long()) l:backward() print(net[1].weight.grad ~= nil)") == "true\n")
kernel.end()
print(f"{failures} figures missed" if failures else "every figure is kept")
sys.exit(failures > 0)
