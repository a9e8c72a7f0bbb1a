import Foundation
import Testing

/// `nnlua plugin`, as a user goes through it, and what a plugin that is wrong is told.
@Suite(.serialized) struct PluginTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Command.Outcome {
    try Command.run(arguments, environment: ["HOME": folder.url.path].merging(environment) { $1 }, folder: folder.url)
  }
  private func plugin(_ name: String, _ source: String) throws { try folder.write("\(name)/\(name).swift", "import NNLua\n\(source)\n") }

  @Test func newBuildRunCheckList() throws {
    let made = try run("plugin", "new", "swish")
    #expect(made.output.contains("nnlua plugin build swish"), "\(made.errors)")
    let built = try run("plugin", "build", "swish")
    #expect(built.output.hasSuffix("swish.so (swish 0.1.0)\n"), "\(built.errors)")
    let test = try run("swish/test.lua")
    #expect(test.output.hasSuffix("all is well\n"), "\(test.errors)")
    let check = try run("plugin", "check", "swish", "--calls", "20")
    #expect(check.status == 0 && check.output.hasSuffix("swish: 3 functions, no faults\n"), "\(check.output)\(check.errors)")
    #expect(check.output.contains("Swish            gradient       ok"))
    #expect(try run("plugin", "list").output.hasPrefix("swish  0.1.0  build "))
    // Found from a script beside the folder, by the option and by the variable; help knows it.
    try folder.write("beside.lua", "print(require('swish').half(3)); require('nnlua').help('swish.half')")
    #expect(try run("beside.lua").output.contains("Half of a number."))
    try folder.write("away/away.lua", "print(require('swish').half(5))")
    #expect(try run("away/away.lua").errors.contains("module 'swish' not found"))
    #expect(try run("--plugin", "swish/swish.so", "away/away.lua").output == "2.5\n")
    #expect(try run("away/away.lua", environment: ["NNLUA_PLUGINS": folder.url.path]).output == "2.5\n")
    // It keeps its place in a network's errors.
    let network = "local nn, s = require 'nnlua.nn', require 'swish'; nn.Sequential(s.Swish(), nn.Linear(3, 2))(require('nnlua.tensor').rand(2, 4))"
    let wrong = try run("--plugin", "swish/swish.so", "-e", network)
    #expect(wrong.errors.contains("in net[2] Linear(3 -> 2)"), "\(wrong.errors)")

    // Another build of nnlua: the stamp is compared before any code of the plugin runs.
    let library = folder.url.appendingPathComponent("swish/swish.so")
    var bytes = try Data(contentsOf: library)
    let mark = try #require(bytes.range(of: Data("nnlua-plugin\u{1}swish\u{1}".utf8)))
    bytes[mark.upperBound] = bytes[mark.upperBound] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
    try bytes.write(to: library)
    let stale = try run("swish/test.lua")
    #expect(stale.status == 1 && stale.errors.contains("was built for nnlua 0.1.0 (build ") && stale.errors.contains("run nnlua plugin build"), "\(stale.errors)")
    // Another processor.
    bytes[18] = 183
    try bytes.write(to: library)
    #expect(try run("swish/test.lua").errors.contains("was built for ARM64, this nnlua runs on x86-64"))
    // Another file's name.
    bytes[18] = 62
    try bytes.write(to: library)
    try FileManager.default.moveItem(at: library, to: folder.url.appendingPathComponent("renamed.so"))
    #expect(try run("-e", "package.cpath = './?.so'; require 'renamed'").errors.contains("is the plugin 'swish', not 'renamed'"))
  }

  @Test(arguments: [
    ("throws", "let plugin = Plugin(\"throws\", version: \"1\", onLoad: { _ in throw LuaError(\"no licence\") })", "plugin 'throws': no licence"),
    ("traps", "let plugin = Plugin(\"traps\", version: \"1\", onLoad: { _ in print([1][CommandLine.arguments.count + 5]) })", "it ends the process by a trap"),
    ("named", "let plugin = Plugin(\"other\", version: \"1\")", "calls itself Plugin(\"other\")"),
    (
      "taken", "let plugin = Plugin(\"taken\", version: \"1\", layers: [Row(\"Linear\", \"Mine.\", place: .function) { 1 }], into: [.layers])",
      "nnlua.nn has a 'Linear' already, and nothing is replaced"
    ),
    ("wrong", "let plugin = Plugin(\"wrong\", version: 1)", "error: cannot convert value of type 'Int'"),
    ("nothing", "let other = 1", "A plugin's file has a global `let plugin = Plugin(\"nothing\""),
  ])
  func faults(_ name: String, _ source: String, _ expected: String) throws {
    try plugin(name, source)
    let outcome = try run("plugin", "build", name)
    #expect(outcome.status == 1 && outcome.errors.contains(expected), "\(outcome.errors)")
  }

  @Test func checkFindsFaults() throws {
    try plugin(
      "faulty",
      """
      enum Wrong: ElementFunction {
        static func value<R: RealElement>(_ x: R) -> R { x * x }
        static func slope<R: RealElement>(_ x: R, _ y: R) -> R { x }
      }
      let plugin = Plugin("faulty", version: "1", functions: [
        Row("wrong", "Its gradient is half of what it should be.", Param("x", Tensor.self), place: .function, example: "return require('faulty').wrong(T.ones(2))") {
          try $0.map(Wrong.self, "wrong")
        },
        Row("bare", "", Param("x", Double.self), place: .function, example: "return require('faulty').bare(1)") { Int($0) },
      ])
      """)
    #expect(try run("plugin", "build", "faulty").status == 0)
    let check = try run("plugin", "check", "faulty", "--calls", "400")
    #expect(check.status == 1 && check.output.contains("wrong            gradient       FAULT"), "\(check.output)\(check.errors)")
    #expect(check.output.contains("bare             documentation  FAULT no text"))
    // Int(infinity) traps: the report names the call.
    #expect(check.errors.contains("ended by a trap") && check.errors.contains("in the call faulty.bare("), "\(check.errors)")
  }

  @Test func layersWrittenInLua() throws {
    try folder.write(
      "mine.lua",
      """
      local T, nn = require "nnlua.tensor", require "nnlua.nn"
      local M = {}
      M.Scale = nn.class("Scale")
      function M.Scale:init(n) self.weight = nn.Parameter(T.ones(n)) end
      function M.Scale:forward(x) return x * self.weight end
      M.docs = {Scale = "Every column times a learned number."}
      M.examples = {Scale = "return require('mine').Scale(3)(T.rand(2, 3))"}
      return M
      """)
    let check = try run("plugin", "check", "mine.lua", "--calls", "20")
    #expect(check.status == 0 && check.output.contains("Scale            save and load  ok    1 tensors"), "\(check.output)\(check.errors)")
  }

  @Test(arguments: [
    (["plugin", "new", "2d"], "begins with a letter"), (["plugin", "new", "table"], "another module's name"), (["plugin", "build", "none"], "there is no 'none'"),
    (["plugin", "check", "none"], "there is no 'none'"), (["--plugin", "none.so", "-e", "print(1)"], "--plugin: there is no 'none.so'"),
    (["plugin", "check", "--calls", "-1"], "--calls"),
  ])
  func mistakes(_ arguments: [String], _ expected: String) throws {
    let outcome = try Command.run(arguments, folder: folder.url)
    #expect(outcome.status != 0 && outcome.errors.contains(expected), "\(outcome.errors)")
  }

  @Test func withoutCompiler() throws {
    try plugin("some", "let plugin = Plugin(\"some\", version: \"1\")")
    let none = try run("plugin", "build", "some", environment: ["NNLUA_SWIFTC": "no-such-swiftc"])
    #expect(none.errors.contains("'no-such-swiftc' is not on the PATH: plugins are compiled by Swift"))
    #expect(try run("plugin", "build", "some", environment: ["NNLUA_SWIFTC": "/bin/true"]).errors.contains("is no Swift compiler"))
  }

  @Test(arguments: [("kan", "fit.lua", "KAN "), ("lion", "compare.lua", "Lion  test accuracy"), ("sqlite", "read.lua", "sqlite: 100 samples, x {2}")])
  func examples(_ name: String, _ script: String, _ expected: String) throws {
    let copy = folder.url.appendingPathComponent(name)
    try FileManager.default.copyItem(at: Command.root.appendingPathComponent("examples/plugins/\(name)"), to: copy)
    let built = try run("plugin", "build", name)
    #expect(built.status == 0, "\(built.errors)")
    let check = try run("plugin", "check", name, "--calls", "20")
    #expect(check.status == 0 && check.output.contains("no faults"), "\(check.output)\(check.errors)")
    let outcome = try run("\(name)/\(script)")
    #expect(outcome.status == 0 && outcome.output.contains(expected), "\(outcome.output)\(outcome.errors)")
  }
}
