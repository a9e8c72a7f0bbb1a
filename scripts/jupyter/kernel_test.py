"""All of jupyter_kernel_test on nnlua's kernel, none left out, and what it does not ask: input, silence, abortion, restart, broken messages."""

import json
import os
import random
import sys
import time
import unittest
from queue import Empty

import jupyter_kernel_test
from jupyter_client.manager import start_new_kernel
from jupyter_kernel_test.msgspec_v5 import validate_message

TIMEOUT = 15


class ProtocolTests(jupyter_kernel_test.KernelTests):
    kernel_name = "nnlua"
    language_name = "lua"
    file_extension = ".lua"
    code_hello_world = "print 'hello, world'"
    code_stderr = "io.stderr:write 'a warning'"
    code_clear_output = "require('nnlua').notebook.clear_output()"
    completion_samples = [
        {"text": "string.up", "matches": {"upper"}},
        {"text": "local 한국, 👋 = 1\nprint(math.flo", "matches": {"floor"}},
        {"text": "require 'nnlua.tens", "matches": {"nnlua.tensor", "nnlua.tensor.linalg"}},
        {"text": "no_such_name_anywhere", "matches": set()},
    ]
    complete_code_samples = ["x = 1", "return 1", "1 + 1", "for i = 1, 3 do print(i) end", "local function f() end", "s = [[a\nb]]", "-- only a comment", ""]
    incomplete_code_samples = ["for i = 1, 3 do", "f(", "local t = {", "s = [[a", "if a then\n  b()\nelse", "x ="]
    invalid_code_samples = ["x = = 1", "end", "local 1 = 2", "for do"]
    code_page_something = "?string.format"
    code_generate_error = "error 'out of luck'"
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "'a' .. 'b'"},
        {"code": "1 + 1", "result": "2"},
        {"code": "x = 3; x / 2", "result": "1.5"},
        {"code": "require('nnlua').tensor.ones(2, 2)", "mime": "text/html"},
    ]
    code_display_data = [
        {"code": "local nnlua = require 'nnlua' nnlua.display(nnlua.notebook.html '<b>bold</b>')", "mime": "text/html"},
        {"code": "local nnlua = require 'nnlua' nnlua.display(nnlua.notebook.markdown '# Title')", "mime": "text/markdown"},
        {"code": "local nnlua = require 'nnlua' nnlua.display(nnlua.notebook.latex '$x^2$')", "mime": "text/latex"},
        {"code": "local plot = require('nnlua').plot; plot.line{1, 4, 9}; plot.show()", "mime": "image/svg+xml"},
    ]
    code_history_pattern = "6 * 7*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "string.format"


class WelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "nnlua"
    support_iopub_welcome = True


class BeyondTests(unittest.TestCase):
    """What the protocol also says."""

    @classmethod
    def setUpClass(cls):
        cls.km, cls.kc = start_new_kernel(kernel_name="nnlua")

    @classmethod
    def tearDownClass(cls):
        cls.kc.stop_channels()
        cls.km.shutdown_kernel()

    def setUp(self):
        try:
            self.reply_to(self.kc.execute("", silent=True), timeout=3)
        except Empty:  # the test before has left it in a bad way: only that one fails
            self.kc.stop_channels()
            self.km.shutdown_kernel(now=True)
            self.setUpClass()

    def reply_to(self, msg_id, timeout=TIMEOUT):
        while True:
            reply = self.kc.get_shell_msg(timeout=timeout)
            if reply["parent_header"].get("msg_id") == msg_id:
                if reply["content"].get("status") != "aborted":  # which the protocol's text has, but not its checker
                    validate_message(reply)
                return reply["content"]

    def outputs(self, msg_id, timeout=TIMEOUT):
        """Everything that was published for a request, until it is idle."""
        found = []
        while True:
            message = self.kc.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            validate_message(message)
            if message["msg_type"] == "status":
                if message["content"]["execution_state"] == "idle":
                    return found
            else:
                found.append((message["msg_type"], message["content"]))

    def run_cell(self, code, timeout=TIMEOUT, **options):
        msg_id = self.kc.execute(code, **options)
        reply = self.reply_to(msg_id, timeout)
        return reply, self.outputs(msg_id)

    def text(self, outputs, stream="stdout"):
        return "".join(content["text"] for kind, content in outputs if kind == "stream" and content["name"] == stream)

    def wait_for(self, kind, name=None):
        while True:
            message = self.kc.get_iopub_msg(timeout=TIMEOUT)
            if message["msg_type"] == kind and (name is None or message["content"].get("name") == name):
                return message["content"]

    def test_locals_live_on(self):
        self.run_cell("local a <const> = 5\nlocal function twice(x) return 2 * x end")
        _, outputs = self.run_cell("print(twice(a))")
        self.assertEqual(self.text(outputs), "10\n")

    def test_streams_keep_their_order(self):
        reply, outputs = self.run_cell("for i = 1, 5 do print(i) io.stderr:write(i, '!') end os.execute 'echo program'")
        self.assertEqual(reply["status"], "ok")
        self.assertEqual(self.text(outputs), "1\n2\n3\n4\n5\nprogram\n")
        self.assertEqual(self.text(outputs, "stderr"), "1!2!3!4!5!")

    def test_text_streams_while_the_cell_runs(self):
        msg_id = self.kc.execute("print 'now' local t = os.clock() while os.clock() - t < 1 do end print 'then'")
        begin = time.monotonic()
        self.assertEqual(self.wait_for("stream")["text"], "now\n")
        self.assertLess(time.monotonic() - begin, 0.8)
        self.reply_to(msg_id)

    def test_any_bytes(self):
        _, outputs = self.run_cell(r"io.write('\xff\0한', '국\n')")
        self.assertIn("한국", self.text(outputs))

    def test_input(self):
        msg_id = self.kc.execute("io.write 'name? ' local name = io.read() local n = io.read 'n' io.read() print(name, n)", allow_stdin=True)
        for answer in ("한국", "12"):
            request = self.kc.get_stdin_msg(timeout=TIMEOUT)
            self.assertEqual(request["msg_type"], "input_request")  # the checker wants a number where the protocol has password=False
            self.assertEqual(request["parent_header"]["msg_id"], msg_id)
            self.kc.input(answer)
        self.assertEqual(self.reply_to(msg_id)["status"], "ok")
        self.assertTrue(self.text(self.outputs(msg_id)).endswith("한국\t12\n"))

    def test_input_refused(self):
        reply, _ = self.run_cell("io.read()", allow_stdin=False)
        self.assertEqual(reply["status"], "error")
        self.assertIn("input", reply["evalue"])

    def test_input_interrupted(self):
        msg_id = self.kc.execute("io.read()", allow_stdin=True)
        self.kc.get_stdin_msg(timeout=TIMEOUT)
        self.km.interrupt_kernel()
        self.assertEqual(self.reply_to(msg_id)["status"], "error")

    def test_silent(self):
        before = self.run_cell("1")[0]["execution_count"]
        reply, outputs = self.run_cell("print 'unheard' x_silent = 7", silent=True)
        self.assertEqual(reply["status"], "ok")
        self.assertEqual(outputs, [])
        reply, outputs = self.run_cell("x_silent")
        self.assertEqual(outputs[-1][1]["data"]["text/plain"], "7")
        self.assertEqual(reply["execution_count"], before + 1)

    def test_store_history(self):
        before = self.run_cell("1")[0]["execution_count"]
        self.run_cell("'not kept'", store_history=False)
        self.assertEqual(self.run_cell("1")[0]["execution_count"], before + 1)
        history = self.reply_to(self.kc.history(hist_access_type="tail", n=3, raw=True, output=False))["history"]
        self.assertNotIn("'not kept'", [entry[2] for entry in history])

    def test_user_expressions(self):
        reply, _ = self.run_cell("local v = 20", user_expressions={"good": "v + 1", "bad": "v.w.x"})
        self.assertEqual(reply["user_expressions"]["good"]["data"]["text/plain"], "21")
        self.assertEqual(reply["user_expressions"]["bad"]["status"], "error")

    def test_error_stops_what_waits(self):
        ids = [self.kc.execute(code) for code in ("local t = os.clock() while os.clock() - t < 0.2 do end error 'first'", "ran = true", "ran = true")]
        replies = [self.reply_to(msg_id)["status"] for msg_id in ids]
        self.assertEqual(replies, ["error", "aborted", "aborted"])
        _, outputs = self.run_cell("print(ran)")
        self.assertEqual(self.text(outputs), "nil\n")
        ids = [self.kc.execute("error 'first'", stop_on_error=False), self.kc.execute("ran = 'yes'")]
        self.assertEqual([self.reply_to(msg_id)["status"] for msg_id in ids], ["error", "ok"])

    def test_error_names_cell_and_line(self):
        reply, outputs = self.run_cell("local a = {}\n\nlocal b = a.x.y")
        self.assertEqual(reply["status"], "error")
        text = "\n".join(reply["traceback"])
        self.assertIn("In[%d]:3" % reply["execution_count"], text)
        self.assertIn("attempt to index a nil value", text)
        self.assertEqual(outputs[-1][0], "error")

    def test_display_is_updated(self):
        _, outputs = self.run_cell("local nb = require('nnlua').notebook local bar <close> = require('nnlua').progress(3) for _ = 1, 3 do bar:step() end")
        shown = [content["transient"].get("display_id") for kind, content in outputs if kind == "display_data"]
        updated = {content["transient"].get("display_id") for kind, content in outputs if kind == "update_display_data"}
        self.assertEqual(len(shown), 1)
        self.assertTrue(updated <= set(shown))

    def test_inspect_live_value(self):
        self.run_cell("local net = require('nnlua').nn.Linear(784, 10) local x = require('nnlua').tensor.zeros(3, 5)")
        self.assertIn("784", self.reply_to(self.kc.inspect("net"))["data"]["text/plain"])
        self.assertIn("3", self.reply_to(self.kc.inspect("x"))["data"]["text/plain"])
        self.assertFalse(self.reply_to(self.kc.inspect("nothing_of_that_name"))["found"])

    def test_complete_counts_code_points(self):
        code = "local s = '👋🏽' math.flo + 1"
        end = code.index(" + 1")
        reply = self.reply_to(self.kc.complete(code, cursor_pos=end))
        self.assertEqual((reply["cursor_start"], reply["cursor_end"]), (end - 3, end))
        self.assertEqual(reply["matches"], ["floor"])

    def test_methods_of_live_values_complete(self):
        self.run_cell("local live = require('nnlua').tensor.zeros(3)")
        self.assertIn("reshape", self.reply_to(self.kc.complete("live:resh"))["matches"])

    def test_os_exit_ends_the_kernel(self):
        km, kc = start_new_kernel(kernel_name="nnlua")
        kc.execute("os.exit(0)")
        deadline = time.monotonic() + 10
        while km.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertFalse(km.is_alive())
        kc.stop_channels()
        km.cleanup_resources()

    def test_restart(self):
        km, kc = start_new_kernel(kernel_name="nnlua")
        kc.execute_interactive("gone = 1", timeout=TIMEOUT)
        km.restart_kernel(now=False)
        kc.wait_for_ready(timeout=TIMEOUT)
        seen = []
        kc.execute_interactive("print(gone)", timeout=TIMEOUT, output_hook=lambda m: seen.append(m["content"].get("text", "")))
        self.assertEqual("".join(seen), "nil\n")
        kc.stop_channels()
        km.shutdown_kernel()

    def test_shutdown_during_a_loop(self):
        km, kc = start_new_kernel(kernel_name="nnlua")
        kc.execute("while true do end")
        time.sleep(0.3)
        begin = time.monotonic()
        km.shutdown_kernel()
        self.assertLess(time.monotonic() - begin, 4)
        kc.stop_channels()

    def test_other_requests(self):
        self.assertEqual(self.reply_to(self.kc.comm_info())["comms"], {})
        message = self.kc.session.msg("no_such_request", {})
        self.kc.shell_channel.send(message)
        message = self.kc.session.msg("comm_open", {"comm_id": "1", "target_name": "none", "data": {}})
        self.kc.shell_channel.send(message)
        self.assertEqual(self.run_cell("1")[0]["status"], "ok")

    def test_deep_json(self):
        deep = json.loads("[" * 400 + "]" * 400)
        self.kc.shell_channel.send(self.kc.session.msg("execute_request", {"code": "1", "user_expressions": {"a": deep}}))
        session = self.kc.session
        for depth in (10_000, 2_000_000):
            header = session.msg_header("execute_request")
            parts = [json.dumps(header, default=str).encode(), b"{}", b"{}", b'{"code": ' + b"[" * depth + b"]" * depth + b"}"]
            self.kc.shell_channel.socket.send_multipart([b"<IDS|MSG>", session.sign(parts), *parts])
        self.assertEqual(self.run_cell("1")[0]["status"], "ok")

    def test_mutated_messages(self):
        """12,000 broken messages, most of them with a right signature: the kernel lives and answers."""
        session, rng, count = self.kc.session, random.Random(1), 12_000
        requests = [
            ("execute_request", {"code": "1 + 1", "silent": False, "store_history": True, "user_expressions": {"a": "1"}, "allow_stdin": False, "stop_on_error": True}),
            ("complete_request", {"code": "string.f", "cursor_pos": 8}),
            ("inspect_request", {"code": "string.format", "cursor_pos": 13, "detail_level": 0}),
            ("is_complete_request", {"code": "for i = 1, 2 do"}),
            ("history_request", {"output": True, "raw": True, "hist_access_type": "tail", "n": 3, "session": 0, "start": 1, "stop": 2, "pattern": "*", "unique": False}),
            ("comm_info_request", {"target_name": "x"}),
            ("kernel_info_request", {}),
            ("debug_request", {"seq": 1, "type": "request", "command": "debugInfo"}),
            ("comm_open", {"comm_id": "a", "target_name": "b", "data": {}}),
        ]
        values = [None, True, -1, 0, 2**63, -(2**63), 1e308, "", "\0", "👋" * 3, [], {}, [[]], {"a": {}}, "x" * 5000]

        def mutate(parts):
            kind = rng.randrange(6)
            i = rng.randrange(len(parts))
            part = bytearray(parts[i])
            if kind == 0 and part:
                for _ in range(rng.randrange(1, 4)):
                    part[rng.randrange(len(part))] = rng.randrange(256)
            elif kind == 1:
                part = part[: rng.randrange(len(part) + 1)]
            elif kind == 2:
                place = rng.randrange(len(part) + 1)
                part[place:place] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9)))
            elif kind == 3:
                try:
                    value = json.loads(bytes(part))
                    key = rng.choice(list(value) or ["code"])
                    if rng.random() < 0.3:
                        value.pop(key, None)
                    else:
                        value[key] = rng.choice(values)
                    part = bytearray(json.dumps(value).encode())
                except (ValueError, TypeError):
                    pass
            elif kind == 4:
                part = bytearray(json.dumps(rng.choice(values)).encode())
            else:
                part *= 2
            parts[i] = bytes(part)
            return parts

        for n in range(count):
            name, content = rng.choice(requests)
            parts = [json.dumps(session.msg_header(name), default=str).encode(), b"{}", b"{}", json.dumps(content).encode()]
            parts = mutate(parts)
            frames = [b"<IDS|MSG>", session.sign(parts) if rng.random() < 0.7 else b"0" * 64, *parts]
            if rng.random() < 0.1:
                frames = frames[: rng.randrange(1, len(frames))]
            elif rng.random() < 0.1:
                frames += [os.urandom(8)]
            channel = self.kc.control_channel if rng.random() < 0.2 else self.kc.shell_channel
            channel.socket.send_multipart(frames)
            if n % 500 == 499:
                reply = self.reply_to(self.kc.execute("1 + 1", silent=True), timeout=60)
                self.assertIn(reply["status"], ("ok", "aborted"))  # where a broken cell before it failed
                self.drain()
        self.assertTrue(self.km.is_alive())
        self.assertEqual(self.run_cell("print 'alive'")[0]["status"], "ok")

    def drain(self):
        for channel in (self.kc.iopub_channel, self.kc.shell_channel, self.kc.control_channel):
            while True:
                try:
                    channel.get_msg(timeout=0)
                except Empty:
                    break
                except Exception:  # an answer to a header that Python cannot read
                    continue


if __name__ == "__main__":
    program = unittest.main(verbosity=2, exit=False)
    result = program.result
    if result.skipped and len(sys.argv) == 1:
        print("left out:", result.skipped)
    sys.exit(not result.wasSuccessful() or bool(result.skipped))
