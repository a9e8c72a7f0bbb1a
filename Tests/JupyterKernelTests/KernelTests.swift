import Foundation
import JupyterKernel
import Notebook
import Testing

@Suite(.serialized) struct KernelTests {
  @Test func cells() throws {
    let kernel = try RunningKernel()
    let first = try kernel.execute("print('hello')\nio.stderr:write('oh')\nlocal x = 20\nx + 1")
    #expect(first.text() == "hello\n" && first.text("stderr") == "oh" && first.result == "21")
    #expect(first.content("execute_input")?["execution_count"]?.int == 1)
    #expect(first.reply["status"]?.string == "ok" && first.reply["execution_count"]?.int == 1)
    let second = try kernel.execute("x * 2;")
    #expect(second.result == nil && second.reply["execution_count"]?.int == 2)
    #expect(try kernel.execute("x").result == "20")
    // A program's text goes where the script's goes, in its order.
    #expect(try kernel.execute("print(1) os.execute('echo 2') print(3)").text() == "1\n2\n3\n")
  }

  @Test func errors() throws {
    let kernel = try RunningKernel()
    let failed = try kernel.execute("local y = 1\nerror('no')")
    #expect(failed.reply["status"]?.string == "error" && failed.reply["ename"]?.string == "Error" && failed.reply["evalue"]?.string == "In[1]:2: no")
    #expect(failed.content("error")?["traceback"] == failed.reply["traceback"] && failed.content("error")?["status"] == nil)
    #expect(failed.reply["traceback"]?.array?.map { $0.string } == ["In[1]:2: no", "stack traceback:", "    [C]: in function 'error'", "    In[1]:2: in main chunk"])
    #expect(try kernel.execute("for").reply["ename"]?.string == "SyntaxError")
    #expect(try kernel.execute("y").result == "1")
    kernel.send(.shell, "execute_request", [:])
    #expect(kernel.receive(.shell) { $0.type == "execute_reply" }?.content["ename"]?.string == "ProtocolError")
  }

  @Test func silentAndUnstoredCells() throws {
    let kernel = try RunningKernel()
    let silent = try kernel.execute("z = 5 print(z) error('unheard')", ["silent": true])
    #expect(silent.published.isEmpty && silent.reply["status"]?.string == "error")
    let unstored = try kernel.execute("z", ["store_history": false])
    #expect(unstored.result == "5" && unstored.reply["execution_count"]?.int == 1)
    #expect(try kernel.execute("z").reply["execution_count"]?.int == 1)
    #expect(try kernel.execute("z").reply["execution_count"]?.int == 2)
  }

  @Test func userExpressions() throws {
    let kernel = try RunningKernel()
    let expressions: JSON = ["good": "w + 1", "bad": "error('x')", "none": 3]
    let reply = try kernel.execute("local w = 1", ["user_expressions": expressions]).reply["user_expressions"]
    #expect(reply?["good"]?["data"]?["text/plain"]?.string == "2")
    #expect(reply?["bad"]?["status"]?.string == "error" && reply?["none"]?["ename"]?.string == "ProtocolError")
  }

  @Test func cellsBehindAFailureAreAborted() throws {
    let kernel = try RunningKernel()
    for (code, stops) in [("error('first')", true), ("print('never')", true), ("print('neither')", true)] {
      kernel.send(.shell, "execute_request", ["code": .string(code), "stop_on_error": .bool(stops)])
    }
    let replies = (0..<3).map { _ in kernel.receive(.shell) { $0.type == "execute_reply" }?.content["status"]?.string }
    #expect(replies == ["error", "aborted", "aborted"])
    for code in ["error('first')", "return 1"] { kernel.send(.shell, "execute_request", ["code": .string(code), "stop_on_error": false]) }
    #expect((0..<2).map { _ in kernel.receive(.shell) { $0.type == "execute_reply" }?.content["status"]?.string } == ["error", "ok"])
  }

  @Test func input() throws {
    let kernel = try RunningKernel()
    kernel.send(.shell, "execute_request", ["code": "a, b = io.read('l', 'n', 'l') print(a .. b)", "allow_stdin": true])
    for line in ["häh", "42"] {
      _ = try #require(kernel.receive(.stdin) { $0.type == "input_request" && $0.content["password"]?.bool == false })
      kernel.send(.stdin, "input_reply", ["value": .string(line)])
    }
    #expect(kernel.receive(.iopub) { $0.type == "stream" }?.content["text"]?.string == "häh42\n")
    _ = try #require(kernel.receive(.shell) { $0.type == "execute_reply" })
    let refused = try kernel.execute("io.read()", ["allow_stdin": false])
    #expect(refused.reply["evalue"]?.string?.contains("takes no input") == true)
    // A question can be interrupted.
    let interrupted = try kernel.execute("io.read()", ["allow_stdin": true]) {
      _ = try #require(kernel.receive(.stdin) { $0.type == "input_request" })
      kernel.send(.control, "interrupt_request")
    }
    #expect(interrupted.reply["ename"]?.string == "Interrupted")
  }

  @Test(arguments: [
    "while true do end", "while true do pcall(function() while true do end end) end", "coroutine.wrap(function() while true do end end)()",
    "local T = require 'nnlua.tensor' local a = T.ones(3000, 3000) while true do local b = a:matmul(a) end", "os.execute('sleep 600')",
    "while true do print('text') end",
  ]) func interrupts(_ code: String) throws {
    let kernel = try RunningKernel()
    _ = try kernel.execute("kept = 7")
    let interrupted = try kernel.execute(code) {
      usleep(200_000)
      kernel.send(.control, "interrupt_request")
      _ = try #require(kernel.receive(.control) { $0.type == "interrupt_reply" })
    }
    #expect(interrupted.reply["ename"]?.string == "Interrupted")
    #expect(try kernel.execute("kept").result == "7")
  }

  @Test func anInterruptBetweenCellsIsNone() throws {
    let kernel = try RunningKernel()
    #expect(try kernel.ask("interrupt", on: .control)["status"]?.string == "ok")
    kernel.process.interrupt()  // SIGINT
    usleep(100_000)
    #expect(try kernel.execute("return 1").result == "1")
  }

  @Test func display() throws {
    let kernel = try RunningKernel()
    let shown = try kernel.execute(
      """
      local notebook = require 'nnlua.notebook'
      notebook.raw("image/png", "\\x89PNG")
      notebook.clear_output(true)
      """)
    #expect(shown.content("display_data")?["data"]?["image/png"]?.string == "iVBORw==" && shown.content("clear_output")?["wait"]?.bool == true)
  }

  @Test func muchOutput() throws {
    let kernel = try RunningKernel()
    let hasSurvived = try kernel.execute("print(('ä'):rep(4 * 2^20))").text() == String(repeating: "ä", count: 4 << 20) + "\n"
    #expect(hasSurvived)
    let lines = try kernel.execute("for i = 1, 10000 do print(i) end")
    let isWhole = lines.text() == (1...10000).map { "\($0)\n" }.joined()
    #expect(isWhole)
    #expect(lines.published.count < 1000)
    // Bytes that are no UTF-8 become what is shown for them.
    #expect(try kernel.execute("io.write('a\\xff', 'b')").text() == "a\u{FFFD}b")
    // A character in two writes is one character.
    #expect(try kernel.execute("io.write('\\xc3') io.write('\\xa4')").text() == "ä")
  }

  @Test func helpWhileTyping() throws {
    let kernel = try RunningKernel()
    _ = try kernel.execute("local size = {width = 1}")
    let completion = try kernel.ask("complete", ["code": "'ü'; size.wi", "cursor_pos": 12])
    #expect(completion["matches"] == ["width"] && completion["cursor_start"]?.int == 10 && completion["cursor_end"]?.int == 12)
    #expect(completion["metadata"]?["_jupyter_types_experimental"]?.array?.count == 1)
    let page = try kernel.ask("inspect", ["code": "require 'nnlua.nn'.Linear", "cursor_pos": 23, "detail_level": 0])
    #expect(page["found"]?.bool == true && page["data"]?["text/plain"]?.string?.contains("Linear") == true)
    #expect(try kernel.ask("inspect", ["code": "nobody", "cursor_pos": 3])["found"]?.bool == false)
    #expect(try kernel.ask("is_complete", ["code": "x = 1"])["status"]?.string == "complete")
    #expect(try kernel.ask("is_complete", ["code": "for i = 1, 2 do"]) == ["status": "incomplete", "indent": "  "])
    #expect(try kernel.ask("is_complete", ["code": "end"])["status"]?.string == "invalid")
    let asked = try kernel.execute("?size")
    #expect(asked.reply["payload"]?.array?.first?["source"]?.string == "page")
    #expect(try kernel.execute("?nobody_knows_this").reply["ename"]?.string != "SyntaxError")
  }

  @Test func otherRequests() throws {
    let kernel = try RunningKernel()
    let info = try kernel.ask("kernel_info")
    #expect(info["protocol_version"]?.string == "5.4" && info["language_info"]?["file_extension"]?.string == ".lua")
    #expect(try kernel.ask("kernel_info", on: .control) == info)
    #expect(try kernel.ask("comm_info")["comms"] == [:])
    #expect(try kernel.ask("debug", ["seq": 5, "command": "attach"], on: .control)["request_seq"]?.int == 5)
    kernel.send(.shell, "comm_open", ["comm_id": "c1", "target_name": "x", "data": [:]])
    #expect(kernel.receive(.iopub) { $0.type == "comm_close" }?.content["comm_id"]?.string == "c1")
  }

  @Test func ends() throws {
    let kernel = try RunningKernel()
    #expect(try kernel.ask("shutdown", ["restart": true], on: .control) == ["status": "ok", "restart": true])
    kernel.process.waitUntilExit()
    #expect(kernel.process.terminationStatus == 0 && kernel.process.terminationReason == .exit)

    let exiting = try RunningKernel()
    let reply = try exiting.execute("os.exit(3)").reply
    #expect(reply["status"]?.string == "ok" && reply["payload"]?.array?.first?["source"]?.string == "ask_exit")
    exiting.process.waitUntilExit()
    #expect(exiting.process.terminationStatus == 3)

    let busy = try RunningKernel()
    busy.send(.shell, "execute_request", ["code": "while true do end"])
    _ = busy.receive(.iopub) { $0.type == "execute_input" }
    busy.send(.control, "shutdown_request", ["restart": false])
    busy.process.waitUntilExit()
    #expect(busy.process.terminationStatus == 0)
  }

  @Test func aSignalEndsIt() throws {
    let kernel = try RunningKernel()
    kernel.process.terminate()
    kernel.process.waitUntilExit()
    #expect(kernel.process.terminationReason == .uncaughtSignal)
  }

  @Test func endsWithItsParent() throws {
    let parent = Process()
    parent.executableURL = URL(fileURLWithPath: "/bin/sleep")
    parent.arguments = ["600"]
    try parent.run()
    let kernel = try RunningKernel(environment: ["JPY_PARENT_PID": "\(parent.processIdentifier)"])
    #expect(try kernel.execute("return 1").result == "1")
    kill(parent.processIdentifier, SIGKILL)
    parent.waitUntilExit()
    kernel.process.waitUntilExit()
    #expect(kernel.process.terminationStatus == 0)
    // One that was gone before.
    let late = try RunningKernel(environment: ["JPY_PARENT_PID": "\(parent.processIdentifier)"], waits: false)
    late.process.waitUntilExit()
    #expect(late.process.terminationStatus == 0)
  }

  @Test func withoutAKeyNothingIsSigned() throws {
    #expect(try RunningKernel(key: "").execute("return 1").result == "1")
  }

  @Test func aWrongSignatureIsNotObeyed() throws {
    let kernel = try RunningKernel()
    let stranger = Envelope(signature: try Signature(key: "a guess"))
    kernel.send(.shell, parts: stranger.parts(Outgoing(channel: .shell, type: "execute_request", parent: [], content: ["code": "stolen = true"])))
    #expect(try kernel.execute("tostring(stolen)").result == "nil")
  }

  @Test func malformedMessages() throws {
    let kernel = try RunningKernel()
    var chance = Mutation(seed: 5), sent = 0
    for round in 0..<700 {
      for type in Mutation.requests.keys.sorted() {
        let channel: Channel = type == "input_reply" ? .stdin : ["interrupt_request", "debug_request"].contains(type) || round % 10 == 0 ? .control : .shell
        let good = kernel.envelope.parts(Outgoing(channel: channel, type: type, parent: [], content: Mutation.requests[type]!))
        let mutated = chance.mutate(good, signature: kernel.envelope.signature)
        if mutated.isEmpty { continue }
        kernel.send(channel, parts: mutated)
        sent += 1
      }
      if round % 100 == 99 { #expect(kernel.process.isRunning) }
    }
    #expect(sent >= 10_000)
    // While failing cells wait, one behind them is aborted.
    var proof: String?
    for _ in 0..<60 where proof == nil {
      kernel.send(.shell, "execute_request", ["code": "'alive'", "user_expressions": ["proof": "6 * 7"]])
      let answer = kernel.receive(.shell, seconds: 2) { $0.content["user_expressions"]?["proof"] != nil }
      proof = answer?.content["user_expressions"]?["proof"]?["data"]?["text/plain"]?.string
    }
    #expect(proof == "42")
    #expect(kernel.process.isRunning)
  }
}
