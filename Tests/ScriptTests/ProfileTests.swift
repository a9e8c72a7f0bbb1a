import Foundation
import Testing

/// `--profile`: the tables on standard error, the trace in a file.
struct ProfileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private let training = """
    local T, nn, optim = require "nnlua.tensor", require "nnlua.nn", require "nnlua.optim"
    local net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 10))
    local criterion, optimizer = nn.CrossEntropyLoss(), optim.SGD(net, {lr = 0.1})
    local x, t = T.rand(8, 1, 8, 8), T.ones(8, {dtype = "int64"})
    for step = 1, 3 do
      optimizer:zero_grad()
      criterion(net(x), t):backward()
      optimizer:step()
    end
    print(T.rand(300, 300):matmul(T.rand(300, 300)):size(1))
    """

  /// The cells of the line that begins with `name`.
  private func cells(_ name: String, _ text: String) -> [String]? {
    text.split(separator: "\n").first { $0.hasPrefix(name + " ") }.map { $0.dropFirst(name.count).split(separator: " ").map(String.init) }
  }

  private struct Trace: Decodable {
    struct Event: Decodable {
      struct Arguments: Decodable {
        var layer: String?
        var flop: Double?
      }
      var name: String, ph: String, cat: String?, ts: Double?, dur: Double?, args: Arguments
    }
    var traceEvents: [Event]
  }

  private func trace(_ name: String) throws -> [Trace.Event] {
    let data = try Data(contentsOf: folder.url.appendingPathComponent(name))
    return try JSONDecoder().decode(Trace.self, from: data).traceEvents.filter { $0.ph == "X" }
  }

  @Test func tables() throws {
    try folder.write("train.lua", training)
    let outcome = try Command.run(["--profile", "--threads", "1", "train.lua"], folder: folder.url)
    #expect(outcome.output == "300\n" && outcome.status == 0)
    for op in ["conv2d, relu, max_pool2d", "linear"] {
      let row = try #require(cells(op, outcome.errors), "\(outcome.errors)")
      #expect(row[0] == "3", "calls of \(op)")
      #expect(try #require(Double(row[1])) >= 0 && #require(Double(row[2])) >= 0, "forward and backward of \(op)")
    }
    #expect(cells("matmul", outcome.errors)?[0] == "1")
    #expect(cells("net[1] Conv2d(1 -> 4, 3x3) + ReLU + MaxPool2d(2x2)", outcome.errors)?[0] == "3", "\(outcome.errors)")
    #expect(cells("net[5] Linear(36 -> 10)", outcome.errors)?[0] == "3", "\(outcome.errors)")
    #expect(cells("net Sequential", outcome.errors)?[0] == "3")
    #expect(outcome.errors.contains("peak: ") && outcome.errors.contains("blocks of memory taken"))
    #expect(outcome.errors.contains("trace: nnlua-trace.json"))
  }

  @Test func traceOpens() throws {
    try folder.write("train.lua", training)
    #expect(try Command.run(["--profile=t.json", "train.lua"], folder: folder.url).status == 0)
    let events = try trace("t.json")
    let backward = try #require(events.first { $0.cat == "backward" && $0.name == "linear" })
    #expect(backward.args.layer == "net[5] Linear(36 -> 10)")
    // Two products of (8, 10, 36): the input's gradient and the weight's.
    #expect(try #require(backward.args.flop) == 11520, "2 · 2 · 8 · 10 · 36")
    #expect(events.filter { $0.cat == "layer" && $0.name == "net Sequential" }.count == 3)
    for a in events {
      let (begin, end) = try (#require(a.ts), #require(a.ts) + #require(a.dur))
      #expect(end >= begin)
      for b in events {
        let (otherBegin, otherEnd) = (b.ts!, b.ts! + b.dur!)
        let apart = end <= otherBegin + 1e-6 || otherEnd <= begin + 1e-6
        let nested = begin >= otherBegin - 1e-6 && end <= otherEnd + 1e-6 || otherBegin >= begin - 1e-6 && otherEnd <= end + 1e-6
        if !apart && !nested { Issue.record("\(a.name) and \(b.name) overlap") }
      }
    }
  }

  @Test func namesAreQuoted() throws {
    let code = "local nn, T = require 'nnlua.nn', require 'nnlua.tensor' local C = nn.class('a\\\"\\\\\\n') function C:forward(x) return x + 1 end C()(T.ones(2))"
    let outcome = try Command.run(["--trace", "q.json", "-e", code], folder: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try trace("q.json").contains { $0.cat == "layer" && $0.name.hasPrefix("a\"\\\n") })
  }

  @Test func nothingUnasked() throws {
    try folder.write("train.lua", training)
    let outcome = try Command.run(["train.lua"], folder: folder.url)
    #expect(outcome.errors.isEmpty && outcome.output == "300\n")
    #expect(!FileManager.default.fileExists(atPath: folder.url.appendingPathComponent("nnlua-trace.json").path))
  }

  @Test func howeverTheScriptEnds() throws {
    let work = "local T = require 'nnlua.tensor' local x = T.rand(30, 30):matmul(T.rand(30, 30)) "
    for (end, status) in [("error 'wrong'", 1), ("os.exit(7)", 7), ("os.exit(3, true)", 3)] as [(String, Int32)] {
      let outcome = try Command.run(["--profile", "-e", work + end], folder: folder.url)
      #expect(outcome.status == status, "\(end)")
      #expect(cells("matmul", outcome.errors)?[0] == "1", "\(end): \(outcome.errors)")
      #expect(try !trace("nnlua-trace.json").isEmpty, "\(end)")
      #expect(end != "error 'wrong'" || outcome.errors.contains("wrong\nstack traceback"))
    }
    let interrupted = try Command.run(["--profile", "-e", work + "print(1) io.stdout:flush() while true do end"], folder: folder.url, interrupt: true)
    #expect(interrupted.status == 130 && cells("matmul", interrupted.errors)?[0] == "1", "\(interrupted.errors)")
  }

  @Test func unwritableTrace() throws {
    let outcome = try Command.run(["--profile=/nowhere/t.json", "-e", "print 'ran'"], folder: folder.url)
    #expect(outcome.errors.contains("cannot write /nowhere/t.json: No such file or directory"), "\(outcome.errors)")
    #expect(outcome.status == 1 && outcome.output.isEmpty)
  }

  @Test func fromAScript() throws {
    let code = """
      local nnlua = require 'nnlua' local T, nn = nnlua.tensor, nnlua.nn
      local net, x = nn.Linear(3, 2), T.rand(4, 3)
      local report = nnlua.profile(function() for i = 1, 5 do net(x):sum():backward() end end)
      local calls = {} for _, op in ipairs(report.ops) do calls[op.name] = op.calls end
      print(calls.linear, calls.sum, report.layers[1].name, report.layers[1].calls, report.seconds > report.outside)
      print(tostring(report):match '^profile of', pcall(nnlua.profile, function() error('inside', 0) end))
      net(x)  -- not measured
      print(pcall(nnlua.profile, print, {trace = '/nowhere/t.json'}))
      """
    let outcome = try Command.run(["-e", code], folder: folder.url)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.first == "5\t5\tLinear(3 -> 2)\t5\ttrue", "\(outcome.output)\(outcome.errors)")
    #expect(lines.dropFirst().first == "profile of\tfalse\tinside")
    #expect(lines.last?.contains("cannot write /nowhere/t.json") == true)
    // Inside of a measured script it is one measurement within another.
    let both = try Command.run(["--profile", "-e", code], folder: folder.url)
    #expect(both.output.split(separator: "\n").first == lines.first && cells("profile", both.errors) != nil, "\(both.errors)")
  }
}
