import Foundation
import Testing

/// Ctrl-C: whatever runs ends at once with a traceback and the status a shell knows it by.
struct InterruptTests {
  @Test(arguments: [
    "while true do end",
    "coroutine.wrap(function() while true do end end)()",
    "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
    "local function f() while true do pcall(pcall, function() while true do end end) end end pcall(f) while true do end",
    "local T = require 'nnlua.tensor' local a = T.zeros(1000, 1000) while true do a:matmul(a) end",
    "local T = require 'nnlua.tensor' local a = T.zeros(12000, 12000) a:matmul(a) print 'too late'",
    "local T = require 'nnlua.tensor' T.no_grad(function() while true do end end)",
    "io.read() print 'too late'",
    "print(pcall(io.read)) print 'too late'",
    "table.sort(setmetatable({}, {__len = function() return 1 << 30 end, __index = function(t, k) return k end, __newindex = function() end}), function(a, b) return a < b end)",
  ])
  func ends(_ code: String) throws {
    let begin = ContinuousClock.now
    let outcome = try Command.run(["-e", "print 'begun' io.stdout:flush() " + code], interrupt: true)
    let taken = ContinuousClock.now - begin
    #expect(outcome.status == 130)
    #expect(outcome.output == "begun\n")
    #expect(outcome.errors.contains("interrupted!"))
    #expect(outcome.errors.contains("stack traceback:"))
    // Generous: the machine may be busy. What is asked is that it does not run on.
    #expect(taken < .seconds(10), "\(taken)")
  }

  @Test func whatWasPrintedIsNotLost() throws {
    let outcome = try Command.run(["-e", "print 'begun' io.stdout:flush() io.write 'buffered' while true do end"], interrupt: true)
    #expect(outcome.output == "begun\nbuffered")
  }

  @Test func finalizersRun() throws {
    let outcome = try Command.run(["-e", "setmetatable({}, {__gc = function() print 'gc' end}) print 'begun' io.stdout:flush() while true do end"], interrupt: true)
    #expect(outcome.output == "begun\ngc\n")
    #expect(outcome.status == 130)
  }
}
