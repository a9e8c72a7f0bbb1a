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
    // Cut short, and no library at all: said before the dynamic linker, whom both would confuse.
    try bytes.prefix(20000).write(to: library)
    bytes[18] = 62
    #expect(try run("swish/test.lua").errors.contains("ARM64"))
    try bytes.prefix(20000).write(to: library)
    #expect(try run("swish/test.lua").errors.contains("is cut short: it has 20000 of at least"))
    try Data("return 1".utf8).write(to: library)
    #expect(try run("swish/test.lua").errors.contains("is neither a plugin nor any other shared library"))
    try bytes.write(to: library)
    // Another file's name.
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

  /// Help, editors' definitions, printing, `summary` and `state_dict` treat a plugin's layer as a built-in one.
  @Test func sameRank() throws {
    _ = try run("plugin", "new", "swish")
    #expect(try run("plugin", "build", "swish").status == 0)
    let help = try run("help", "swish.Swish", "--plugin", "swish")
    #expect(help.output.contains("swish.Swish([beta]) -> Module") && help.output.contains("what β begins with"), "\(help.errors)")
    #expect(try run("help", "Swish", "--plugin", "swish").output.contains("The activation x sigmoid(β x)"))
    #expect(try run("help", "swish.Swish").status == 1)
    #expect(try run("help", "--plugin", "none.so").errors.contains("there is no 'none.so'"))
    let written = try run("help", "--editor", "definitions", "--plugin", "swish/swish.so")
    #expect(written.status == 0, "\(written.errors)")
    let definitions = try String(contentsOf: folder.url.appendingPathComponent("definitions/library/swish.lua"), encoding: .utf8)
    #expect(definitions.contains("---@class swish.Swish : Module") && definitions.contains("function swish.half(x)"), "\(definitions)")
    try folder.write(
      "net.lua",
      """
      local T, nn, nnlua, swish = require "nnlua.tensor", require "nnlua.nn", require "nnlua", require "swish"
      local net = nn.Sequential(nn.Linear(4, 3), swish.Swish{beta = 0.5})
      print(net)
      print(net:summary({1, 4}))
      print(require "nnlua.display".text({swish.Swish()}))
      for name, value in pairs(net:state_dict()) do print(name, value) end
      T.save("net.safetensors", net:state_dict())
      local other = nn.Sequential(nn.Linear(4, 3), swish.Swish())
      other:load_state_dict(T.load("net.safetensors"))
      print(other[2].beta)
      print(pcall(swish.Swish, {betta = 1}))
      print(pcall(swish.Swish, "a"))
      """)
    let outcome = try run("net.lua")
    for expected in [
      "[2] Swish", "Swish", "1.beta\ttensor({0.5000})", "tensor({0.5000}, requires_grad=true)", "Swish: unknown option 'betta'; did you mean 'beta'?",
      "bad argument #1 to 'Swish' (number expected, got string)",
    ] {
      #expect(outcome.output.contains(expected), "\(expected) | \(outcome.output)\(outcome.errors)")
    }
  }

  /// What cannot be caught: the last words name plugin, function and line.
  @Test func lastWords() throws {
    try plugin(
      "fatal",
      """
      func deep(_ n: Int) -> Int { n < 0 ? 0 : 1 + 3 &* deep(n + 1) }
      let plugin = Plugin("fatal", version: "1", functions: [
        Row("pick", "The i-th of three.", Param("i", Int.self), place: .function) { (i: Int) -> Int in [10, 20, 30][i] },
        Row("deep", "Calls itself.", Param("n", Int.self), place: .function) { (n: Int) -> Int in deep(n) },
        Row("spread", "On all cores.", Param("i", Int.self), place: .function) { (i: Int) -> Int in Parallel.run(4) { print($0, [10, 20][i]) }; return i },
      ])
      """)
    #expect(try run("plugin", "build", "fatal").status == 0)
    try folder.write("call.lua", "local fatal = require 'fatal'\n\ncoroutine.wrap(function() fatal[arg[1]](tonumber(arg[2])) end)()")
    let endings = [("pick", "trapped in 'pick', called at call.lua:3"), ("deep", "calls nested too deep) in 'deep', called at"), ("spread", "trapped in 'spread'")]
    for (name, words) in endings {
      let outcome = try run("call.lua", name, "7", environment: ["SWIFT_BACKTRACE": "enable=no"])
      #expect(outcome.status > 128 && outcome.errors.contains("plugin 'fatal'") && outcome.errors.contains(words), "\(outcome.status) \(outcome.errors)")
    }
    // A plugin that was loaded does not change how other traps end, nor an error's way.
    #expect(try run("-e", "require 'fatal'; error('mine', 0)").errors.hasPrefix("nnlua: mine"))
    let removed = "require 'fatal'; os.remove('fatal/fatal.so'); print(require 'fatal'.pick(1)); package.loaded.fatal = nil; require 'fatal'"
    let gone = try run("-e", removed)
    #expect(gone.output == "20\n" && gone.errors.contains("and that file is gone"), "\(gone.errors)")
  }

  @Test func checkOfOptimizers() throws {
    try plugin(
      "forgets",
      """
      final class Forgets: Optimizer, @unchecked Sendable {
        private var seen: [ObjectIdentifier: Double] = [:]
        override func update(_ parameter: Tensor, _ gradient: Tensor, _ state: ParameterState, t: Int) throws {
          let times = seen[ObjectIdentifier(parameter), default: 0] + 1
          seen[ObjectIdentifier(parameter)] = times
          let p = parameter.pointer(Float.self), g = gradient.pointer(Float.self)
          for i in 0..<parameter.count { p[i] -= Float(lr / times) * g[i] }
        }
        static let row = OptimizerLibrary.row("Forgets", "It.", Param.option("lr", default: 0.1, "the step"), library: "require('forgets')") { try Forgets($0, lr: $1, "It") }
      }
      let plugin = Plugin("forgets", version: "1", optimizers: [Forgets.row])
      """)
    #expect(try run("plugin", "build", "forgets").status == 0)
    let check = try run("plugin", "check", "forgets", "--calls", "20")
    #expect(check.status == 1 && check.output.contains("Forgets          save and load  FAULT"), "\(check.output)\(check.errors)")
    // It takes floats of 8 bytes for floats of 4.
    #expect(check.output.contains("Forgets          float64        FAULT") && check.output.contains("Forgets          loss           ok"), "\(check.output)")
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
      M.cube = T.custom{name = "cube", forward = function(ctx, x) ctx:save(x) return x ^ 3 end, backward = function(ctx, g) return 3 * ctx.saved[1] ^ 2 * g end}
      M.docs = {Scale = "Every column times a learned number.", cube = "x³"}
      M.examples = {Scale = "return require('mine').Scale(3)(T.rand(2, 3))", cube = "return require('mine').cube(T.rand(2))"}
      return M
      """)
    let check = try run("plugin", "check", "mine.lua", "--calls", "20")
    #expect(check.status == 0 && check.output.contains("Scale            save and load  ok    1 tensors"), "\(check.output)\(check.errors)")
    #expect(check.output.contains("cube             gradient       ok    1 inputs"))
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
    let older = try folder.write("older", "#!/bin/sh\necho 'Swift version 5.9.2 (swift-5.9.2-RELEASE)'\n")
    chmod(older, 0o755)
    let other = try run("plugin", "build", "some", environment: ["NNLUA_SWIFTC": older])
    #expect(other.errors.contains("is Swift 5.9.2, which cannot read its modules"), "\(other.errors)")
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
