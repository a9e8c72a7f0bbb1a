"""A kernel for a test, and the messages of one execution."""
import contextlib
import queue
import time

from jupyter_client import KernelManager


class Kernel:
    def __init__(self, **options):
        self.manager = KernelManager(kernel_name="nnlua", **options)
        self.begin = time.perf_counter()
        self.manager.start_kernel()
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=30)
        self.ready = time.perf_counter() - self.begin

    @property
    def process(self):
        return self.manager.provisioner.process

    def send(self, code, **options):
        return self.client.execute(code, **options)

    def reply(self, ident, timeout=30):
        """The shell's answer to a request."""
        end = time.perf_counter() + timeout
        while True:
            message = self.client.get_shell_msg(timeout=max(0.01, end - time.perf_counter()))
            if message["parent_header"].get("msg_id") == ident:
                return message

    def outputs(self, ident, timeout=30):
        """What is published for a request, from busy to idle."""
        end, found = time.perf_counter() + timeout, []
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.01, end - time.perf_counter()))
            if message["parent_header"].get("msg_id") != ident:
                continue
            found.append(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return found

    def run(self, code, timeout=30, **options):
        ident = self.send(code, **options)
        return self.reply(ident, timeout), self.outputs(ident, timeout)

    def text(self, code, name="stdout", **options):
        return printed(self.run(code, **options)[1], name)

    def value(self, code):
        for message in self.run(code)[1]:
            if message["msg_type"] == "execute_result":
                return message["content"]["data"]["text/plain"]
        return None

    def nothing_else(self, idents, seconds=0.3):
        """Reads what is published until all of the requests are idle, in whatever order; false where something else comes."""
        waiting = set(idents)
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=10 if waiting else seconds)
            except queue.Empty:
                return not waiting
            ident = message["parent_header"].get("msg_id")
            if ident not in idents:
                return False
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                waiting.discard(ident)

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * 4096

    def seconds(self):
        """Processor time so far."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def end(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel()


def printed(outputs, name="stdout"):
    return "".join(m["content"]["text"] for m in outputs if m["msg_type"] == "stream" and m["content"]["name"] == name)


@contextlib.contextmanager
def kernel(**options):
    it = Kernel(**options)
    try:
        yield it
    finally:
        it.end()
