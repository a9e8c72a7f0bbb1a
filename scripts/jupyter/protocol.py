"""The corners of the protocol that jupyter_kernel_test leaves alone."""
import os
import queue
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from client import Kernel, printed


def types(messages):
    return [m["msg_type"] for m in messages]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return " Z " not in file.read()
    except OSError:
        return False


class ProtocolTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.k = Kernel()

    @classmethod
    def tearDownClass(cls):
        cls.k.end()

    def test_order_and_parents(self):
        ident = self.k.send("print('a') io.stderr:write('b') io.write('c') 7")
        reply, outputs = self.k.reply(ident), self.k.outputs(ident)
        self.assertEqual(types(outputs), ["status", "execute_input", "stream", "stream", "stream", "execute_result", "status"])
        self.assertEqual([m["content"]["text"] for m in outputs if m["msg_type"] == "stream"], ["a\n", "b", "c"])
        self.assertTrue(all(m["parent_header"]["msg_id"] == ident for m in outputs))
        count = reply["content"]["execution_count"]
        self.assertEqual(outputs[1]["content"]["execution_count"], count)
        self.assertEqual(outputs[5]["content"]["execution_count"], count)

    def test_streams_live(self):
        ident = self.k.send("print('early') local t = require('nnlua').clock() while require('nnlua').clock() - t < 1 do end print('late')")
        begin = time.perf_counter()
        while self.k.client.get_iopub_msg(timeout=5)["msg_type"] != "stream":
            pass
        self.assertLess(time.perf_counter() - begin, 0.9)
        self.k.outputs(ident)
        self.k.reply(ident)

    def test_silent_and_history(self):
        count = self.k.run("1")[0]["content"]["execution_count"]
        reply, outputs = self.k.run("print('x') hidden = 5 6", silent=True)
        self.assertEqual(types(outputs), ["status", "status"])
        self.assertEqual(reply["content"]["status"], "ok")
        self.k.run("hidden", store_history=False)
        reply, _ = self.k.run("hidden")
        self.assertEqual(reply["content"]["execution_count"], count + 1)
        self.assertEqual(self.k.value("hidden"), "5")
        self.k.client.history(hist_access_type="tail", n=3, output=True, raw=True)
        history = self.k.client.get_shell_msg(timeout=5)["content"]["history"]
        self.assertEqual([h[2] for h in history], [["1", "1"], ["hidden", "5"], ["hidden", "5"]])

    def test_silent_error(self):
        reply, outputs = self.k.run("error('quiet')", silent=True)
        self.assertEqual(reply["content"]["status"], "error")
        self.assertEqual(types(outputs), ["status", "status"])

    def test_user_expressions(self):
        reply, _ = self.k.run("local u = 20", user_expressions={"twice": "u * 2", "wrong": "nothing.x", "bad": "end", "none": "nil"})
        answers = reply["content"]["user_expressions"]
        self.assertEqual(answers["twice"]["data"]["text/plain"], "40")
        self.assertEqual(answers["wrong"]["status"], "error")
        self.assertEqual(answers["bad"]["ename"], "SyntaxError")
        self.assertEqual(answers["none"]["data"]["text/plain"], "nil")

    def test_error(self):
        reply, outputs = self.k.run("local function f()\n  error('deep')\nend\nf()")
        content = reply["content"]
        number = content["execution_count"]
        self.assertEqual((content["status"], content["ename"], content["evalue"]), ("error", "Error", f"In[{number}]:2: deep"))
        self.assertEqual(content["traceback"][0], f"In[{number}]:2: deep")
        self.assertIn(f"In[{number}]:4:", "\n".join(content["traceback"]))
        error = [m for m in outputs if m["msg_type"] == "error"][0]["content"]
        self.assertEqual(error["traceback"], content["traceback"])
        self.assertIn("hint:", "\n".join(self.k.run("pirnt(1)")[0]["content"]["traceback"]))

    def test_stop_on_error(self):
        idents = [self.k.send(code) for code in ["error('first')", "ran = 1", "ran = 2"]]
        statuses = [self.k.reply(i)["content"]["status"] for i in idents]
        self.assertEqual(statuses, ["error", "aborted", "aborted"])
        self.assertTrue(self.k.nothing_else(set(idents)))
        self.assertIsNone(self.k.value("ran"))
        idents = [self.k.send("error('first')", stop_on_error=False), self.k.send("ran = 3")]
        self.assertEqual([self.k.reply(i)["content"]["status"] for i in idents], ["error", "ok"])
        for i in idents:
            self.k.outputs(i)
        self.assertEqual(self.k.value("ran"), "3")

    def test_input(self):
        ident = self.k.send("io.write('name? ') local n = io.read() local x = io.read('n') print('hello ' .. n, x)", allow_stdin=True)
        for answer in ["wörld", "12"]:
            request = self.k.client.get_stdin_msg(timeout=10)
            self.assertEqual(request["msg_type"], "input_request")
            self.assertEqual(request["parent_header"]["msg_id"], ident)
            self.k.client.input(answer)
        self.assertEqual(self.k.reply(ident)["content"]["status"], "ok")
        self.assertEqual(printed(self.k.outputs(ident)), "name? hello wörld\t12\n")

    def test_no_input(self):
        # The end of a line that io.read("n") left behind is not the next cell's.
        reply, _ = self.k.run("io.read()", allow_stdin=False)
        self.assertEqual(reply["content"]["status"], "error")
        self.assertIn("takes no input", reply["content"]["evalue"])
        self.assertEqual(self.k.value("1 + 1"), "2")

    def test_display_updates(self):
        _, outputs = self.k.run("local d = require('nnlua').display('one', {id = true}) d:update('two') require('nnlua.notebook').clear_output(true)")
        shown, update, clear = (m for m in outputs if m["msg_type"] not in ("status", "execute_input"))
        self.assertEqual((shown["msg_type"], update["msg_type"], clear["msg_type"]), ("display_data", "update_display_data", "clear_output"))
        ident = shown["content"]["transient"]["display_id"]
        self.assertTrue(ident)
        self.assertEqual(update["content"]["transient"]["display_id"], ident)
        self.assertEqual(clear["content"], {"wait": True})
        # A later cell updates what an earlier one shows.
        _, outputs = self.k.run("d:update('three')")
        later = [m for m in outputs if m["msg_type"] == "update_display_data"][0]
        self.assertEqual(later["content"]["transient"]["display_id"], ident)
        self.assertIn("three", later["content"]["data"]["text/plain"])

    def test_pictures(self):
        _, outputs = self.k.run("require('nnlua.plot').line({1, 3, 2}):show()")
        data = [m for m in outputs if m["msg_type"] == "display_data"][0]["content"]["data"]
        self.assertIn("<svg", data["image/svg+xml"])

    def test_locals_live_and_cells_again(self):
        self.k.run("local n = 0 local function count() n = n + 1 return n end")
        self.assertEqual([self.k.value("count()"), self.k.value("count()")], ["1", "2"])
        self.assertEqual(self.k.value("n"), "2")

        def cell(code, ident):
            message = self.k.client.session.msg("execute_request", {"code": code, "silent": False}, metadata={"cellId": ident})
            self.k.client.shell_channel.send(message)
            self.k.reply(message["header"]["msg_id"])
            return self.k.outputs(message["header"]["msg_id"])

        cell("local rate = 1", "a")
        cell("local function show_rate() return rate end", "b")
        cell("local rate = 2", "a")
        self.assertEqual(self.k.value("show_rate()"), "2")

    def test_programs_print_into_the_cell(self):
        _, outputs = self.k.run("os.execute('echo from a program; echo wrong >&2') print('after')")
        text = [(m["content"]["name"], m["content"]["text"]) for m in outputs if m["msg_type"] == "stream"]
        self.assertIn(("stderr", "wrong\n"), text)
        out = "".join(t for n, t in text if n == "stdout")
        self.assertEqual(out, "from a program\nafter\n")

    def test_output_that_is_no_text(self):
        self.assertEqual(self.k.text("io.write('a\\xff\\xe2\\x82b\\0c')"), "a\ufffd\ufffdb\0c")
        # A character whose bytes are written one by one, with time in between.
        code = "local c = require('nnlua').clock for _, b in ipairs{0xf0, 0x9f, 0x98, 0x80} do io.write(string.char(b)) local t = c() while c() - t < 0.05 do end end"
        self.assertEqual(self.k.text(code), "😀")

    def test_complete_counts_code_points(self):
        code = "local größe = '😀' string.form"
        message = self.k.client.complete(code, len(code))
        reply = self.k.reply(message)["content"]
        self.assertEqual((reply["matches"], reply["cursor_start"], reply["cursor_end"]), (["format"], len(code) - 4, len(code)))
        for position in (-5, 10**9, 0, 3):
            self.assertEqual(self.k.reply(self.k.client.complete(code, position))["content"]["status"], "ok")
            self.assertEqual(self.k.reply(self.k.client.inspect(code, position))["content"]["status"], "ok")

    def test_methods_of_live_values(self):
        self.k.run("local weights = require('nnlua.tensor').zeros(3, 4)")
        self.assertIn("matmul", self.k.reply(self.k.client.complete("weights:mat"))["content"]["matches"])
        found = self.k.reply(self.k.client.inspect("weights"))["content"]
        self.assertTrue(found["found"])
        self.assertIn("3", found["data"]["text/plain"])
        self.assertFalse(self.k.reply(self.k.client.inspect("no_such_thing"))["content"]["found"])

    def test_comms(self):
        client = self.k.client
        ident = client.comm_info()
        self.assertEqual(self.k.reply(ident)["content"]["comms"], {})
        for kind, content in [("comm_open", {"comm_id": "c1", "target_name": "nothing", "data": {}}), ("comm_msg", {"comm_id": "c1", "data": {}}), ("comm_close", {"comm_id": "c1", "data": {}})]:
            message = client.session.msg(kind, content)
            client.shell_channel.send(message)
            outputs = self.k.outputs(message["header"]["msg_id"])
            expected = ["status", "comm_close", "status"] if kind == "comm_open" else ["status", "status"]
            self.assertEqual(types(outputs), expected)

    def control(self, kind, content):
        client = self.k.client
        message = client.session.msg(kind, content)
        client.control_channel.send(message)
        while True:
            reply = client.get_control_msg(timeout=5)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return reply

    def test_control(self):
        reply = self.control("debug_request", {"type": "request", "seq": 3, "command": "initialize", "arguments": {}})
        self.assertEqual((reply["msg_type"], reply["content"]["success"], reply["content"]["request_seq"]), ("debug_reply", False, 3))
        self.assertEqual(self.control("kernel_info_request", {})["content"]["protocol_version"], "5.4")
        self.assertEqual(self.control("interrupt_request", {})["content"]["status"], "ok")
        self.assertEqual(self.k.value("'idle interrupts do nothing'"), "idle interrupts do nothing")
        # Control is answered while a cell runs.
        ident = self.k.send("local c = require('nnlua').clock local t = c() while c() - t < 1 do end")
        begin = time.perf_counter()
        self.control("kernel_info_request", {})
        self.assertLess(time.perf_counter() - begin, 0.8)
        self.k.reply(ident)
        self.k.outputs(ident)

    def test_unknown_and_incomplete_requests(self):
        client = self.k.client
        for kind, content in [("no_such_request", {}), ("execute_request", {}), ("execute_request", {"code": 5}), ("complete_request", {}), ("inspect_request", {"code": []}),
                              ("is_complete_request", {"code": None}), ("history_request", {"n": "x"}), ("execute_request", {"code": "1", "user_expressions": [1]})]:
            message = client.session.msg(kind, content)
            client.shell_channel.send(message)
            outputs = self.k.outputs(message["header"]["msg_id"])
            self.assertEqual(outputs[-1]["content"]["execution_state"], "idle")
        client.get_shell_msg(timeout=1)
        while True:
            try:
                client.get_shell_msg(timeout=0.2)
            except queue.Empty:
                break
        self.assertEqual(self.k.value("2"), "2")

    def test_long_cells_and_deep_values(self):
        self.assertEqual(self.k.run("x = 1 " * 100000)[0]["content"]["status"], "ok")
        self.assertEqual(self.k.run("(" * 5000)[0]["content"]["status"], "error")
        self.assertEqual(self.k.run("local t = {} for i = 1, 10000 do t = {t} end return t")[0]["content"]["status"], "ok")
        self.assertEqual(self.k.run("local function f() return f() + 1 end f()")[0]["content"]["status"], "error")
        self.assertEqual(self.k.value("1"), "1")


class LifeTests(unittest.TestCase):
    def test_restart(self):
        k = Kernel()
        k.run("a = 1")
        first = k.process.pid
        begin = time.perf_counter()
        k.manager.restart_kernel()
        k.client.wait_for_ready(timeout=10)
        self.assertLess(time.perf_counter() - begin, 5)
        self.assertNotEqual(k.process.pid, first)
        self.assertIsNone(k.value("a"))
        k.end()

    def test_shutdown_while_running(self):
        for code in ["while true do end", "while true do pcall(function() while true do end end) end", "os.execute('sleep 30')"]:
            k = Kernel()
            process = k.process
            k.send(code)
            time.sleep(0.3)
            begin = time.perf_counter()
            k.client.shutdown()
            process.wait(timeout=10)
            self.assertLess(time.perf_counter() - begin, 4, code)
            k.end()

    def test_exit(self):
        k = Kernel()
        process = k.process
        reply, _ = k.run("os.exit(3)")
        self.assertEqual(reply["content"]["payload"][0]["source"], "ask_exit")
        self.assertEqual(process.wait(timeout=5), 3)
        k.end()

    def test_closes_files_and_collects(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "written")
            k = Kernel()
            k.run(f"file = io.open('{path}', 'w') file:write('whole')")
            k.end()
            with open(path) as file:
                self.assertEqual(file.read(), "whole")

    def test_ipc(self):
        with tempfile.TemporaryDirectory() as folder:
            k = Kernel(transport="ipc", connection_file=os.path.join(folder, "k.json"))
            self.assertEqual(k.value("6 * 7"), "42")
            self.assertTrue(k.client.hb_channel.is_beating())
            k.end()

    def test_no_key(self):
        k = Kernel()
        k.end()
        from jupyter_client.session import Session

        k = Kernel(session=Session(key=b""))
        self.assertEqual(k.value("1"), "1")
        k.end()

    def test_ends_with_its_parent(self):
        # The middle process starts a kernel and is killed.
        code = """
import sys, time
from client import Kernel
k = Kernel()
k.send("while true do end" if sys.argv[1] == "busy" else "1")
print(k.process.pid, flush=True)
time.sleep(60)
"""
        for kind in ["idle", "busy"]:
            middle = subprocess.Popen([sys.executable, "-c", code, kind], stdout=subprocess.PIPE, text=True, cwd=os.path.dirname(os.path.abspath(__file__)))
            pid = int(middle.stdout.readline())
            time.sleep(0.3)
            middle.send_signal(signal.SIGKILL)
            middle.wait()
            middle.stdout.close()
            end = time.time() + 6
            while time.time() < end and alive(pid):
                time.sleep(0.05)
            self.assertFalse(alive(pid), kind)

    def test_sigint_interrupts(self):
        k = Kernel()
        ident = k.send("while true do end")
        time.sleep(0.3)
        os.kill(k.process.pid, signal.SIGINT)
        self.assertEqual(k.reply(ident, timeout=5)["content"]["ename"], "Interrupted")
        os.kill(k.process.pid, signal.SIGINT)
        time.sleep(0.1)
        os.kill(k.process.pid, signal.SIGINT)
        self.assertEqual(k.value("1"), "1")
        k.end()

    def test_wrong_connection_files(self):
        for text in ["", "{}", "[" * 100000, '{"shell_port": 1}']:
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                file.write(text)
                file.flush()
                done = subprocess.run([os.environ["NNLUA"], "notebook", "kernel", file.name], capture_output=True, text=True, timeout=10)
                self.assertEqual(done.returncode, 1)
                self.assertIn("connection file", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=["protocol", "-v"])
