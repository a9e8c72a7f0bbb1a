import LuaBridge
import Notebook
import Runtime
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Cells that share their locals.
@Suite(.serialized)
struct SessionTests {
  let notes: Notes
  init() throws { notes = try Notes() }

  // MARK: locals live on

  @Test func localsLiveOn() {
    #expect(notes.run("local x = 1", "x = x + 1", "x") == "=> 2")
    #expect(notes.run("x") == "=> 2")
    #expect(notes.run("local x, y, z = 10, 20", "print(x, y, z)") == "10\t20\tnil\n")
    #expect(notes.session.locals == ["x", "y", "z"])
  }

  @Test func closuresShareVariables() {
    notes.run("local count = 0\nlocal function inc() count = count + 1 return count end\nlocal function get() return count end")
    #expect(notes.run("inc() inc()", "count = count + 10", "print(inc(), get(), count)") == "13\t13\t13\n")
    // a closure made by a later cell shares it too
    #expect(notes.run("local set = function(v) count = v end", "set(5) print(get(), count)") == "5\t5\n")
  }

  @Test func recursionAndMutualRecursion() {
    notes.run("local function fact(n) if n == 0 then return 1 end return n * fact(n - 1) end")
    #expect(notes.run("fact(10)") == "=> 3628800")
    notes.run("local odd", "local function even(n) if n == 0 then return true end return odd(n - 1) end")
    #expect(notes.run("function odd(n) if n == 0 then return false end return even(n - 1) end", "print(even(10), odd(7))") == "true\ttrue\n")
  }

  @Test func shadowing() {
    notes.run("local a = 1\nlocal function first() return a end\nlocal a = 2\nlocal function second() return a end")
    #expect(notes.run("print(first(), second(), a)") == "1\t2\t2\n")
    #expect(notes.run("a = 3 print(first(), second())") == "1\t3\n")
    #expect(notes.run("local a = 4", "print(first(), second(), a)") == "1\t3\t4\n")
    #expect(notes.run("local a, a = 5, 6", "a") == "=> 6")
  }

  @Test func innerLocalsStayInside() {
    notes.run("do local inner = 1 end for i = 1, 2 do local inner = i end if true then local inner = 3 end local function f() local inner = 4 end")
    #expect(notes.run("print(inner, i)") == "nil\tnil\n")
    #expect(notes.session.locals == ["f"])
  }

  @Test func constants() {
    notes.run("local n <const> = 5 local s <const> = 'text' local t <const> = {1} local a <const>, b = 7, 8")
    #expect(notes.run("print(n, s, t[1], a, b)") == "5\ttext\t1\t7\t8\n")
    #expect(notes.run("local function f() return n + a end", "f()") == "=> 12")
    #expect(notes.run("n = 6").hasPrefix("SyntaxError: In[5]:1: attempt to assign to const variable 'n'"))
    #expect(notes.run("t = 6").contains("attempt to assign to const variable 't'"))
    #expect(notes.run("b = 9 b") == "=> 9")
    #expect(notes.run("local n = 1", "n = n + 1 n") == "=> 2")
    #expect(notes.run("local v <constant> = 1").hasPrefix("SyntaxError: In[10]:1: unknown attribute 'constant'"))
  }

  @Test func environments() {
    notes.run("local print = print\nlocal _ENV = {x = 1}")
    #expect(notes.run("y = x + 1 print(y)", "print(_ENV.y, string)") == "2\tnil\n")
  }

  @Test func moreThanTwoHundred() {
    for i in 1...240 { notes.run("local v\(i) = \(i)") }
    let sum = (1...240).map { "v\($0)" }.joined(separator: " + ")
    #expect(notes.run(sum) == "=> \(240 * 241 / 2)")
    #expect(notes.run("v1 = 1000 v240 = 0", "print(v1, v2, v240)") == "1000\t2\t0\n")
    #expect(notes.run("return (function() v7 = 70 return v7 end)()", "v7") == "=> 70")
    for i in 241...600 { notes.run("local v\(i) = \(i)") }
    #expect(notes.run("v599 + v300") == "=> 899")
    #expect(notes.session.locals.count == 600)
    // names of fields and methods are no variables
    let fields = (1...300).map { "v\($0) = \($0)" }.joined(separator: ", ")
    #expect(notes.run("local t = {\(fields)}", "t.v300 + t.v1").contains("many upvalues") == false)
  }

  @Test func twoHundredInOneCell() {
    let names = (1...195).map { "a\($0)" }
    notes.run(names.map { "local \($0) = 1" }.joined(separator: "\n"))
    #expect(notes.run("local sum = 0", "sum = \(names.joined(separator: " + "))", "sum") == "=> 195")
    let many = (1...201).map { "local b\($0) = 1" }.joined(separator: "\n")
    #expect(notes.run(many).contains("too many local variables"))
  }

  // MARK: cells run again

  @Test func aCellThatRunsAgainReplacesItsLocals() {
    func cell(_ name: String, _ text: String) -> String {
      notes.recorder.all = ""
      let outcome = notes.recording { notes.session.run(text, name: "=In[1]", cell: name) }
      return notes.recorder.all + (outcome.result.map { "=> \($0.text)" } ?? "") + (outcome.failure.map(\.message) ?? "")
    }
    _ = cell("a", "local rate = 1\nlocal function helper(x) return x + rate end")
    _ = cell(
      "b", "local Net = {}\nNet.__index = Net\nfunction Net.step(x) return helper(x) * rate end\nlocal net = setmetatable({}, Net)\nfunction global() return rate end")
    #expect(cell("c", "net.step(10), global()") == "=> 11\t1")
    _ = cell("a", "local rate = 2\nlocal function helper(x) return x * 100 + rate end")
    #expect(cell("c", "net.step(10), global()") == "=> 2004\t2")
    _ = cell("c", "rate = 3")
    #expect(cell("c", "net.step(10), global(), helper(0)") == "=> 3009\t3\t3")
    // another cell's local of that name shadows
    _ = cell("d", "local rate = 50")
    #expect(cell("c", "net.step(10), global(), rate") == "=> 3009\t3\t50")
    _ = cell("d", "local rate <const> = 60")
    #expect(cell("c", "global(), rate") == "=> 3\t60")
    // a variable that changes in the cell that declares it anew
    _ = cell("e", "local n = 0 local function inc() n = n + 1 return n end")
    _ = cell("f", "local twice = function() inc() return inc() end")
    #expect(cell("f", "twice()") == "=> 2")
    _ = cell("e", "local n = 10 local function inc() n = n + 1 return n end n = n + 5")
    #expect(cell("f", "twice(), n") == "=> 17\t17")
    _ = cell("f", "local t = {} for i = 1, 1e5 do t[i] = {i} end t.self = t")
    _ = cell("e", "local n = 0 local function inc() return -1 end")
    #expect(cell("f", "twice()") == "=> -1")
  }

  // MARK: to be closed

  private let closer = "local function C(name) return setmetatable({name = name}, {__close = function(c, e) print('close ' .. c.name, e) end}) end"

  @Test func closedWhenTheSessionEnds() {
    notes.run(closer)
    #expect(notes.run("local a <close> = C('a')\nlocal b < close > = C('b')") == "")
    #expect(notes.run("a.name .. b.name") == "=> ab")
    #expect(notes.run("local c <close> = nil local d <close> = false") == "")
    #expect(notes.run("a = 1").contains("attempt to assign to const variable 'a'"))
    notes.recorder.all = ""
    #expect(notes.recording { notes.session.close() }.isEmpty)
    #expect(notes.recorder.all == "close b\tnil\nclose a\tnil\n")
    #expect(notes.session.locals.isEmpty)
  }

  @Test func closedWhenDeclaredAnew() {
    notes.run(closer, "local f <close> = C('first')")
    #expect(notes.run("local f <close> = (function() print 'open' return C('second') end)()") == "close first\tnil\nopen\n")
    #expect(notes.run("local f <close> = C(f.name .. ' and third')") == "close second\tnil\n")
    #expect(notes.run("local g <close> = C('g') local g <close> = C('h')") == "")
    notes.recorder.all = ""
    notes.recording { _ = notes.session.close() }
    #expect(notes.recorder.all == "close h\tnil\nclose g\tnil\nclose second and third\tnil\n")
  }

  @Test func blocksCloseAsEver() {
    notes.run(closer)
    #expect(notes.run("do local x <close> = C('x') end print 'after'") == "close x\tnil\nafter\n")
    #expect(notes.run("local function f() local y <close> = C('y') return 1 end", "f()") == "close y\tnil\n=> 1")
  }

  @Test func whatCannotBeClosed() {
    #expect(notes.run("\nlocal f <close> = 5") == "Error: In[1]:2: variable 'f' got a non-closable value")
    #expect(notes.run("local f <close> = {}") == "Error: In[2]:1: variable 'f' got a non-closable value")
    notes.run("local f <close> = setmetatable({}, {__close = function() error('no!', 0) end})")
    #expect(notes.session.close().map(\.message) == ["no!"])
  }

  // MARK: errors

  @Test func whatRanBeforeAnErrorStays() {
    let text = notes.run("local a = 1\nlocal function f() return a end\nlocal b = a + nil\nlocal c = 2")
    #expect(text == "Error: In[1]:3: attempt to perform arithmetic on a nil value")
    #expect(notes.run("a = a + 1 print(a, f(), b, c)") == "2\t2\tnil\tnil\n")
    #expect(notes.session.locals == ["a", "f"])
  }

  @Test func linesOfTheFile() {
    let outcome = notes.session.run("local x = 1\nlocal function g()\n  error('oops')\nend\ng()", name: "@train.lua", firstLine: 40)
    #expect(outcome.failure?.message == "train.lua:42: oops")
    #expect(outcome.failure?.traceback.last == "train.lua:44: in main chunk")
    #expect(outcome.failure?.traceback.first == "[C]: in function 'error'")
    let syntax = notes.session.run("local x = 1\nx = = 2", name: "@train.lua", firstLine: 40)
    #expect(syntax.failure?.kind == "SyntaxError")
    #expect(syntax.failure?.message == "train.lua:41: unexpected symbol near '='")
    #expect(notes.session.run("x +", name: "@t.lua", firstLine: 7).failure?.message.hasPrefix("t.lua:7:") == true)
    #expect(notes.session.run("if x then", name: "@t.lua").failure?.message == "t.lua:1: 'end' expected near <eof>")
  }

  @Test func errorObjects() {
    #expect(notes.run("error({code = 1})") == "Error: (error object is a table value)")
    #expect(notes.run("error(setmetatable({}, {__tostring = function() return 'told' end}))") == "Error: told")
    #expect(notes.run("error()") == "Error: nil" || notes.run("error()") == "Error: (error object is a nil value)")
  }

  @Test func textThatTriesToBreakOut() {
    for text in ["end function f()", "end, function() ", "end end end", "return 1 end local x = 2", ")", "]]", "local x = 1 end do"] {
      #expect(notes.run(text).hasPrefix("SyntaxError: "), "\(text)")
    }
    #expect(notes.run("-- only a comment") == "")
    #expect(notes.run("") == "")
    #expect(notes.run("x = 1 --[[ unfinished").hasPrefix("SyntaxError: "))
    #expect(notes.run("local _keep = 5", "local other = 6", "_keep + other") == "=> 11")
  }

  // MARK: the last expression

  @Test func lastExpressions() {
    #expect(notes.run("1 + 1") == "=> 2")
    #expect(notes.run("1 + 1;") == "")
    #expect(notes.run("local x = 5\nx * 2 -- twice") == "=> 10")
    #expect(notes.run("local x = 5\nx * 2; -- twice") == "")
    #expect(notes.run("1, 'two', nil") == "=> 1\ttwo\tnil")
    #expect(notes.run("nil") == "")
    #expect(notes.run("local function f() return 3 end f()") == "=> 3")
    #expect(notes.run("f();") == "")
    #expect(notes.run("f(); f()") == "=> 3")
    #expect(notes.run("print 'x'") == "x\n")
    #expect(notes.run("return 7") == "=> 7")
    #expect(notes.run("return") == "")
    #expect(notes.run("return 7;") == "")
    #expect(notes.run("local y = f\n(f or g)") == "")  // one statement, as in a script
    #expect(notes.run("y") == "=> 3")
    #expect(notes.run("do return 9 end") == "")
    #expect(notes.run("if true then x = 1 end x") == "=> 1")
    #expect(notes.run("function() return 1 end").hasPrefix("=> function"))
    #expect(notes.run("{1, 2}") == "=> {1, 2}")
    #expect(notes.run("(f)()") == "=> 3")
    #expect(notes.run("'a' .. [[\nb]]") == "=> ab")
    #expect(notes.run("f'x' f{1} f()") == "=> 3")
    #expect(notes.run("x.y").hasPrefix("Error: "))
    #expect(notes.run("goto done; do x = 2 end ::done:: x") == "=> 1")
  }

  @Test func returnsEndTheCellAlone() {
    #expect(notes.run("local a = 1 do return a end", "local b = 2 if b then return end local c = 3", "print(a, b, c)") == "1\t2\tnil\n")
  }

  @Test func gotoAndLabels() {
    #expect(notes.run("local i = 0\n::top::\nlocal square = i * i\ni = i + 1\nif i < 4 then goto top end\n::done::", "print(i, square)") == "4\t9\n")
    #expect(notes.run("goto done\nlocal skipped = 1\n::done::") == "")
    #expect(notes.run("goto nowhere").contains("no visible label 'nowhere'"))
  }

  @Test func scriptArguments() {
    notes.session.arguments = ["first", "second"]
    #expect(notes.run("local a, b = ...", "print(a, b, ..., select('#', ...))") == "first\tsecond\tfirst\t2\n")
  }

  // MARK: completeness

  @Test func completeness() {
    let session = notes.session
    for text in ["x = 1", "1 + 1", "f()", "", "-- c", "for i = 1, 2 do end", "return 1", "x", "'a'"] { #expect(session.completeness(of: text) == .complete, "\(text)") }
    #expect(session.completeness(of: "for i = 1, 2 do") == .incomplete(indent: "  "))
    #expect(session.completeness(of: "if a then\n  while b do") == .incomplete(indent: "    "))
    for text in ["x =", "f(", "{1,", "x = [[", "--[[ a", "local", "x +", "function f(a"] {
      if case .incomplete = session.completeness(of: text) {} else { Issue.record("\(text)") }
    }
    for text in ["x = = 1", "end", "f)", "'abc", "for 1"] { #expect(session.completeness(of: text) == .invalid, "\(text)") }
  }

  @Test func paths() {
    notes.run("local net = {layer = {size = 3}} g = {h = 4}")
    let stack = notes.state.stack
    #expect(notes.session.push(path: ["net", "layer", "size"]))
    #expect(stack.integer(at: -1) == 3)
    #expect(notes.session.push(path: ["g", "h"]))
    #expect(stack.integer(at: -1) == 4)
    stack.pop(2)
    let top = stack.top
    #expect(!notes.session.push(path: ["net", "none", "size"]))
    #expect(!notes.session.push(path: ["none"]))
    #expect(!notes.session.push(path: []))
    #expect(stack.top == top)
  }

  // MARK: ends

  @Test func exits() {
    func status(_ text: String) -> Int32? {
      let failure = notes.recording { notes.session.run(text, name: "=In[1]") }.failure
      #expect(failure?.kind == "Exit", "\(text)")
      return failure?.exitStatus
    }
    #expect(status("os.exit(3)") == 3)
    #expect(status("os.exit()") == 0)
    #expect(status("os.exit(true)") == 0)
    #expect(status("os.exit(false)") == 1)
    #expect(status("pcall(os.exit, 4) print 'never'") == 4)
    #expect(status("while true do pcall(function() os.exit(5, true) end) end") == 5)
    #expect(status("coroutine.wrap(function() pcall(os.exit, 6) while true do end end)()") == 6)
    #expect(status("local ok = pcall(function() table.sort({3, 2, 1}, function() os.exit(7) end) end) while true do end") == 7)
    #expect(!notes.recorder.all.contains("never"))
    #expect(notes.run("1 + 1") == "=> 2")  // the state itself is well
  }

  private func interrupted(_ text: String) -> Outcome {
    final class Reach: @unchecked Sendable {
      let state: LuaState
      init(_ state: LuaState) { self.state = state }
    }
    let reach = Reach(notes.state)
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { raw in
        let reach = Unmanaged<Reach>.fromOpaque(raw!).takeRetainedValue()
        usleep(100_000)
        reach.state.interrupt()
        return nil
      }, Unmanaged.passRetained(reach).toOpaque())
    let outcome = notes.session.run(text, name: "=In[1]")
    pthread_join(thread, nil)
    return outcome
  }

  @Test(.timeLimit(.minutes(1))) func interrupts() {
    notes.run("local kept = 1")
    for text in [
      "while true do kept = kept + 1 end", "while true do pcall(function() while true do end end) end",
      "local c = coroutine.wrap(function() while true do end end) while true do pcall(c) end",
      "while true do local c = coroutine.create(function() while true do pcall(error) end end) coroutine.resume(c) end",
      "table.sort({3, 1, 2}, function() while true do end end)", "string.gsub('aaa', 'a', function() while true do end end)",
      "local T = require 'nnlua.tensor' local a = T.rand(700, 700) while true do a:matmul(a) end",
      "setmetatable({}, {__index = function() while true do end end}).x = nil local y = setmetatable({}, {__index = function() while true do end end}).x",
    ] {
      #expect(interrupted(text).failure?.kind == "Interrupted", "\(text)")
    }
    #expect(notes.run("kept > 1") == "=> true")
    // nothing runs: nothing is interrupted
    notes.state.interrupt()
    #expect(notes.run("for i = 1, 1e6 do end", "'alive'") == "=> alive")
  }

  @Test func aLoopIsAsFastAsAScripts() throws {
    // Its locals are registers, whatever keeps them for later cells: the same instructions as in a plain chunk.
    notes.run("local sum = 0\nlocal step = 2\nfor i = 1, 10 do sum = sum + i * step end")
    #expect(notes.run("sum") == "=> 110")
  }
}
