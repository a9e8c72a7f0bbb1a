import Foundation
import Testing

/// The command line's options and subcommands.
struct OptionTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func codeAndModulesInOrder() throws {
    try folder.write("m.lua", "print('m', x) return {v = 3}")
    let outcome = try Command.run(["-e", "x = 1", "-lm", "-ex = 2", "-l", "n=m", "-e", "print(m.v, n == m, x)"], folder: folder.url)
    #expect(outcome.output == "m\t1\n3\ttrue\t2\n")
  }

  @Test func standardInput() throws {
    #expect(try Command.run(["-", "a"], input: "print(..., arg[0], arg[1])").output == "a\t-\ta\n")
    #expect(try Command.run([], input: "print 'piped'").output == "piped\n")
    #expect(try Command.run(["-e", "print 'only'"], input: "print 'not read'").output == "only\n")
  }

  @Test func endOfOptions() throws {
    try folder.write("-odd", "print(arg[0], ...)")
    #expect(try Command.run(["--", "-odd", "x"], folder: folder.url).output == "-odd\tx\n")
    try folder.write("info", "print 'a script'")
    #expect(try Command.run(["./info"], folder: folder.url).output == "a script\n")
    #expect(try Command.run(["--", "info"], folder: folder.url).output == "a script\n")
  }

  @Test func version() throws {
    for option in ["-v", "--version"] {
      let outcome = try Command.run([option])
      #expect(outcome.output.hasPrefix("nnlua ") && outcome.output.contains("Lua 5.4"))
      #expect(outcome.status == 0)
    }
  }

  @Test func help() throws {
    for arguments in [["-h"], ["--help"]] {
      let outcome = try Command.run(arguments)
      #expect(outcome.output.hasPrefix("usage: nnlua"))
      #expect(outcome.output.contains("--threads N"))
      #expect(outcome.status == 0)
    }
    let overview = try Command.run(["help"])
    #expect(overview.status == 0 && overview.output.contains("nnlua.nn.functional"))
    #expect(try Command.run(["help", "tensor.zeros"]).output.contains("T.zeros("))
    let unknown = try Command.run(["help", "clok"])
    #expect(unknown.errors.contains("did you mean 'clock'?"))
    #expect(unknown.status == 1)
  }

  @Test(arguments: [
    (["-x"], "unrecognized option '-x'"), (["--thread", "2"], "unrecognized option '--thread'"), (["-e"], "'-e' needs an argument"),
    (["-ix"], "unrecognized option '-ix'"), (["--threads"], "'--threads' needs an argument"), (["--trace"], "'--trace' needs an argument"),
    (["--threads", "0"], "from 1 to 1024, got '0'"),
    (["--threads=two"], "got 'two'"), (["--seed", "1.5"], "--seed: expected an integer, got '1.5'"),
    (["info", "--no"], "Unknown option '--no'"), (["data", "fetch", "nope"], "unknown data set 'nope'"),
  ])
  func mistakes(_ arguments: [String], _ expected: String) throws {
    let outcome = try Command.run(arguments)
    #expect(outcome.errors.contains(expected), "\(outcome.errors)")
    #expect(outcome.status == 1)
  }

  @Test func threads() throws {
    let ask = "print(require 'nnlua'.threads())"
    #expect(try Command.run(["--threads", "3", "-e", ask]).output == "3\n")
    #expect(try Command.run(["--threads=2", "-e", ask], environment: ["NNLUA_THREADS": "5"]).output == "2\n")
    #expect(try Command.run(["-e", ask], environment: ["NNLUA_THREADS": "5"]).output == "5\n")
    #expect(try Command.run(["-e", ask], environment: ["NNLUA_THREADS": "many"]).status == 1)
    #expect(try Command.run(["--threads", "3", "info"]).output.contains("threads  3 of"))
  }

  @Test func seed() throws {
    let draw = "print(require 'nnlua.tensor'.randn(3):sum():item())"
    let first = try Command.run(["--seed", "7", "-e", draw]).output
    #expect(first.hasSuffix("\n") && first.count > 3)
    #expect(try Command.run(["--seed", "7", "-e", draw]).output == first)
    #expect(try Command.run(["--seed=8", "-e", draw]).output != first)
  }

  @Test func initialCode() throws {
    #expect(try Command.run(["-e", "print(x)"], environment: ["LUA_INIT": "x = 5"]).output == "5\n")
    #expect(try Command.run(["-E", "-e", "print(x)"], environment: ["LUA_INIT": "x = 5"]).output == "nil\n")
    let file = try folder.write("init.lua", "x = 6")
    #expect(try Command.run(["-e", "print(x)"], environment: ["LUA_INIT_5_4": "@\(file)", "LUA_INIT": "x = 5"]).output == "6\n")
  }

  @Test func info() throws {
    let output = try Command.run(["info"], environment: ["NNLUA_ISA": "base"]).output
    #expect(output.contains("Lua      5.4"))
    #expect(output.contains("CPU      base"))
  }

  @Test func dataSets() throws {
    let output = try Command.run(["data", "list"]).output
    for name in ["mnist", "fashion_mnist", "digits"] { #expect(output.contains(name)) }
    #expect(try Command.run(["data", "fetch", "digits"]).status == 0)
  }

  @Test func prompt() throws {
    let input = "1 + 1\nx = 5\nx, nil\nfor i = 1, 2 do\nprint(i)\nend\nerror 'e'\n= 'old'\n(\n"
    let outcome = try Command.run(["-i"], input: input)
    let lines = outcome.output.split(separator: "\n").dropFirst().map { $0.replacing(">> ", with: "").replacing("> ", with: "") }
    #expect(lines.filter { !$0.isEmpty && $0 != ">" } == ["2", "5\tnil", "1", "2", "old"], "\(outcome.output)")
    #expect(outcome.errors.contains("stdin:1: e\nstack traceback:"))
    #expect(outcome.errors.contains("<eof>"), "what is unfinished at the end is an error")
    #expect(outcome.status == 0)
    #expect(try Command.run(["-i", "-e", "y = 4"], input: "y\n").output.contains("4"))
  }
}
