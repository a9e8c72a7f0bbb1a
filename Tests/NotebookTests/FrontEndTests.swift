import LuaBridge
import Notebook
import Testing

/// All ways of output and input arrive at the front end.
@Suite(.serialized)
struct FrontEndTests {
  let notes: Notes
  init() throws { notes = try Notes() }

  @Test func output() {
    notes.run(
      """
      print('a', 1)
      io.write('b', 2, 2.5, '\\n')
      io.stdout:write('c\\n')
      io.stderr:write('d\\n')
      io.output():write('e\\n')
      warn('f')
      print(string.rep('x', 100000))
      """)
    #expect(notes.recorder.output == "a\t1\nb22.5\nc\ne\n" + String(repeating: "x", count: 100_000) + "\n")
    #expect(notes.recorder.errors.hasPrefix("d\n"))
    #expect(notes.recorder.all.hasPrefix("a\t1\nb22.5\nc\nd\ne\n"))
    notes.recording { print("from Swift") }
    #expect(notes.recorder.output.hasSuffix("from Swift\n"))
  }

  @Test func buffersAreFlushedAtTheEnd() {
    #expect(notes.run("io.stdout:setvbuf('full') io.write('kept')") == "kept")
    #expect(notes.run("io.stdout:setvbuf('line') io.write('kept')") == "kept")
    #expect(notes.run("io.write('a'):write('b')") == "ab")  // the file that write returns is no result
    #expect(notes.run("io.stdout:setvbuf('no')") == "=> true")
    #expect(notes.run("io.write('unfinished') error('x', 0)") == "unfinishedError: x")
  }

  @Test func input() {
    notes.recorder.input = ["one", "2 3", "", "last"]
    #expect(notes.run("print(io.read())") == "one\n")
    #expect(notes.run("print(io.read('n', 'n'))") == "2\t3\n")
    #expect(notes.run("print(io.read('L'))") == "\n\n")
    #expect(notes.run("for line in io.lines() do print(line) end") == "last\n")
    #expect(notes.run("print(io.read())") == "nil\n")
    notes.recorder.input = ["more"]  // an end is not for ever
    #expect(notes.run("print(io.stdin:read('a'))") == "more\n\n")
    notes.recorder.input = [String(repeating: "y", count: 20000)]
    #expect(notes.run("print(#io.read())") == "20000\n")
  }

  @Test func noInput() {
    notes.recorder.hasInput = false
    #expect(notes.run("\nio.read()\nprint 'after'") == "Error: In[1]:2: no input here")
    #expect(notes.run("print(pcall(io.read))").hasPrefix("false\t"))
    #expect(notes.run("1") == "=> 1")
  }

  @Test func commandsOfTheShell() {
    #expect(notes.run("print(os.execute('echo out; echo err >&2'))") == "out\nerr\ntrue\texit\t0\n")
    #expect(notes.run("print(os.execute('exit 3'))") == "nil\texit\t3\n")
    #expect(notes.run("print(os.execute('kill -9 $$'))") == "nil\tsignal\t9\n")
    #expect(notes.run(#"print(os.execute('read line; echo "<$line>"'))"#) == "<>\ntrue\texit\t0\n")  // there is no terminal to read from
    #expect(notes.run("os.execute()") == "=> true")
    #expect(notes.run("os.execute('printf %s /$HOME');").hasPrefix("/"))
    #expect(notes.run("print(io.popen('echo piped'):read())") == "piped\n")
  }

  @Test func theProcessHasItsStreamsBack() throws {
    let before = notes.run("print 'here'")
    try notes.state.run("io.stdout:write('')")
    #expect(notes.recorder.all == before)
    #expect(notes.run("print 'again'") == "again\n")
  }
}
