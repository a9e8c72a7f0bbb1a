import Foundation
import Testing

/// `nnlua run`.
struct ReportCommandTests {
  private let script = """
    -- %% tags=["parameters"]
    local n = 1
    -- %%
    print("n", n, arg[1], ...)
    n + 1
    -- %% Fails
    error("stopped here")
    -- %%
    print "behind"
    """

  @Test func runsAsAPlainScriptWithoutAReport() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.lua", "-- %%\nlocal a = 1\nlocal function f() return a end\n-- %%\na = 2\nprint(f(), arg[0], arg[1], ...)\nio.stderr:write('e')\nreturn a\n")
    for arguments in [["a.lua", "x"], ["run", "a.lua", "x"]] {
      let outcome = try Command.run(arguments, folder: folder.url)
      #expect(outcome.output == "2\ta.lua\tx\tx\n" && outcome.errors == "e" && outcome.status == 0, "\(outcome)")
    }
  }

  @Test func reports() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.lua", script)
    for ending in ["html", "ipynb", "md"] {
      let outcome = try Command.run(["run", "a.lua", "--report", "out.\(ending)", "-p", "n=41", "x"], folder: folder.url)
      #expect(outcome.status == 1 && outcome.output == "out.\(ending) (with an error)\n" && outcome.errors.hasPrefix("nnlua: a.lua:7: stopped here"), "\(outcome)")
      let text = try String(contentsOf: folder.url.appendingPathComponent("out.\(ending)"), encoding: .utf8)
      #expect(text.contains("41") && text.contains("42") && text.contains("a.lua:7: stopped here") && !text.contains("<pre>behind"))
    }
    #expect(try Command.run(["run", "a.lua", "--report", "all.md", "--keep-going"], folder: folder.url).status == 1)
    #expect(try String(contentsOf: folder.url.appendingPathComponent("all.md"), encoding: .utf8).contains("```text\nbehind\n```"))
  }

  @Test func optionsBeforeTheSubcommandHold() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.lua", "print(require('nnlua.tensor').get_rng_state()[1], io.popen)")
    #expect(try Command.run(["--seed", "7", "run", "a.lua"], folder: folder.url).output.hasPrefix("7\t"))
    #expect(try Command.run(["run", "a.lua", "--seed", "8"], folder: folder.url).output.hasPrefix("8\t"))
    try folder.write("b.lua", "local s = string.rep('A', 1e9)")
    #expect(try Command.run(["--memory-limit", "50M", "run", "b.lua"], folder: folder.url).errors.contains("not enough memory"))
  }

  @Test func mistakes() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.lua", script)
    for (arguments, message) in [
      (["run", "none.lua"], "cannot open none.lua: No such file or directory"), (["run", "a.lua", "--report", "out.pdf"], "must end in .html, .ipynb, .md"),
      (["run", "a.lua", "--report", "no/out.html"], "cannot write 'no/out.html'"), (["run", "a.lua", "-p", "m=1"], "does not set 'm'"),
      (["run", "a.lua", "-p", "n=x"], "'n' is a number"), (["run"], "Missing expected argument"),
    ] {
      let outcome = try Command.run(arguments, folder: folder.url)
      #expect(outcome.status == 1 && outcome.errors.contains(message), "\(arguments): \(outcome.errors)")
    }
  }
}
