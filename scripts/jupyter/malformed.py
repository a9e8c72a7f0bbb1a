"""12,000 malformed messages on all channels: half with a right signature over wrong JSON, half broken in their frames. The kernel lives, and answers."""
import json
import os
import random
import sys
import time

import zmq
from client import kernel

random.seed(7)
count = int(os.environ.get("NNLUA_MUTATIONS", 12000))
kinds = ["execute_request", "complete_request", "inspect_request", "is_complete_request", "history_request", "comm_open", "comm_info_request", "kernel_info_request", "connect_request",
         "input_reply", "debug_request", "interrupt_request", "unknown_request"]
values = [None, True, -1, 10**30, 1e308, 0.5, "", "\u0000", "x" * 1000, "\ud800", [], [[]], {}, {"a": {"b": []}}, -(2**63), 2**63 - 1]
names = ["code", "silent", "store_history", "user_expressions", "allow_stdin", "stop_on_error", "cursor_pos", "detail_level", "hist_access_type", "session", "start", "stop", "n", "pattern", "unique",
         "output", "comm_id", "target_name", "data", "value", "command", "seq"]
codes = ["1", "print('x')", "local t = {}", "end", "(", "?x", "io.read()", "error({})", "string.", "\x00", "return ...", "-- %% x", "a.b:c(", "'", "[[", "x" * 300]


def content(kind):
    made = {name: random.choice(values) for name in random.sample(names, random.randint(0, 6))}
    if random.random() < 0.6:
        made["code"] = random.choice(codes)
    if random.random() < 0.3:
        made["hist_access_type"] = random.choice(["tail", "range", "search", "x"])
    return made


def broken(data):
    data = bytearray(data)
    for _ in range(random.randint(1, 4)):
        what = random.randrange(5)
        if what == 0 and data:
            data[random.randrange(len(data))] = random.randrange(256)
        elif what == 1:
            data.insert(random.randint(0, len(data)), random.randrange(256))
        elif what == 2 and data:
            del data[random.randrange(len(data)):]
        elif what == 3:
            data = bytearray(b"[" * random.choice([10, 1000, 200000]))
        else:
            data += bytes(random.randrange(256) for _ in range(8))
    return bytes(data)


with kernel() as k:
    session = k.client.session
    info = k.manager.get_connection_info()
    context = zmq.Context()
    sockets = []
    for name in ["shell", "control", "stdin"]:
        socket = context.socket(zmq.DEALER)
        socket.connect(f"tcp://{info['ip']}:{info[name + '_port']}")
        sockets.append(socket)
    heart = context.socket(zmq.DEALER)
    heart.connect(f"tcp://{info['ip']}:{info['hb_port']}")
    iopub = context.socket(zmq.SUB)  # what a subscriber sends upwards is broken too
    iopub.connect(f"tcp://{info['ip']}:{info['iopub_port']}")
    raw = context.socket(zmq.XSUB)
    raw.connect(f"tcp://{info['ip']}:{info['iopub_port']}")
    before = k.memory()
    begin = time.perf_counter()
    for i in range(count):
        kind = random.choice(kinds)
        header = session.msg_header(kind)
        header["date"] = "2030-01-01T00:00:00Z"
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content(kind))]
        if i % 2 == 0:  # a right signature: only the JSON is wrong, or its types
            if random.random() < 0.7:
                place = random.randrange(4)
                parts[place] = broken(parts[place])
            frames = [b"<IDS|MSG>", session.sign(parts), *parts]
        else:
            frames = [b"<IDS|MSG>", session.sign(parts), *parts]
            for _ in range(random.randint(1, 3)):
                what, place = random.randrange(5), random.randrange(len(frames))
                if what == 0 and len(frames) > 1:
                    del frames[place]
                elif what == 1:
                    frames.insert(place, random.choice([b"", b"<IDS|MSG>", b"x" * 100000, frames[place]]))
                elif what == 2:
                    random.shuffle(frames)
                else:
                    frames[place] = broken(frames[place])
        socket = random.choices(sockets, [6, 2, 2])[0]
        if kind == "interrupt_request" and random.random() < 0.9:
            socket = sockets[0]
        socket.send_multipart(frames)
        if i % 50 == 0:
            heart.send_multipart([b"", broken(b"ping")])
            raw.send(random.choice([b"", b"\x01", b"\x01kernel", b"\x00", b"\x07junk"]) or b"\x02")
        if i % 1000 == 999:
            # io.read in one of them waits for a person: the interrupt of a person who has had enough.
            for _ in range(200):
                k.manager.interrupt_kernel()
                ident = k.send("x")
                try:
                    k.reply(ident, timeout=0.5)
                    break
                except Exception:
                    continue
            assert k.process.poll() is None, f"the kernel ended after {i} messages: {k.process.poll()}"
    for socket in sockets:
        while socket.poll(0):
            socket.recv_multipart()
    while True:
        try:
            k.client.get_iopub_msg(timeout=0.3)
        except Exception:
            break
    assert k.value("'alive'") == "alive"
    assert k.process.poll() is None
    print(f"ok    {count} malformed messages in {time.perf_counter() - begin:.1f} s; memory {before >> 20} -> {k.memory() >> 20} MB")
    context.destroy(linger=0)
sys.exit(0)
