import Glibc
import LuaBridge
import Plots
import Tensors
import Testing

/// All suites of this target: figures belong to one thread, and the program that draws is found through the environment.
@Suite(.serialized) enum PlotsTests {}

/// An interpreter with a folder for its pictures.
final class PlotSession {
  let lua: LuaState
  let folder: String

  init() throws {
    lua = try LuaState()
    lua.install(TensorLibrary.library)
    lua.install(PlotLibrary.library)
    var name = Array("/tmp/nnlua-plots-XXXXXX".utf8CString)
    folder = String(cString: try #require(mkdtemp(&name)))
    try lua.run("plot, T = require 'nnlua.plot', require 'nnlua.tensor' folder = '\(folder)'")
    setenv("NNLUA_GRAPHICS", "none", 1)
  }

  deinit {
    for name in files { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }

  /// The names in the folder.
  var files: [String] {
    guard let listing = opendir(folder) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      withUnsafePointer(to: &entry.pointee.d_name) { names.append(String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))) }
    }
    return names.filter { $0 != "." && $0 != ".." }
  }

  func read(_ name: String) -> [UInt8] {
    let file = open("\(folder)/\(name)", O_RDONLY)
    defer { close(file) }
    var bytes: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = Glibc.read(file, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
    return bytes
  }
  func text(_ name: String) -> String { String(decoding: read(name), as: UTF8.self) }

  func exists(_ name: String) -> Bool { access("\(folder)/\(name)", F_OK) == 0 }

  func message(_ code: String) -> String {
    do {
      try lua.run(code)
      return "no error"
    } catch { return "\(error)" }
  }

  /// A global of the script, as text.
  func global(_ name: String) throws -> String {
    try lua.load("return tostring(\(name))", name: "=global")
    try lua.stack.call(arguments: 0, results: 1)
    defer { lua.stack.pop() }
    return lua.stack.string(at: -1) ?? ""
  }

  /// What the script, which makes a `figure`, sends to gnuplot for its SVG.
  func sent(_ code: String) throws -> Commands {
    try lua.run(code)
    let program = "\(folder)/listen", log = "\(folder)/log"
    let file = open(program, O_WRONLY | O_CREAT | O_TRUNC, 0o755)
    let script = "#!/bin/sh\ncat > '\(log)'\necho '<svg/>'\n"
    _ = write(file, script, script.utf8.count)
    close(file)
    setenv("NNLUA_GNUPLOT", program, 1)
    defer { unsetenv("NNLUA_GNUPLOT") }
    try lua.run("figure:save(folder .. '/sent.svg')")
    return Commands(bytes: read("log"))
  }
}

/// What was sent to gnuplot.
struct Commands {
  let bytes: [UInt8]
  /// Those of text; pictures go as raw bytes, in which chance may make lines of any length.
  let lines: [String]

  init(bytes: [UInt8]) {
    self.bytes = bytes
    lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map { $0.count < 20_000 ? String(decoding: $0, as: UTF8.self) : "" }
  }

  /// The rows of the n-th data block, from 1; NaN where a field says so, empty rows where they part.
  func data(_ block: Int) -> [[Double]] {
    guard let first = lines.firstIndex(of: "$d\(block) << EOD") else { return [] }
    return lines[(first + 1)...].prefix { $0 != "EOD" }.map { $0.split(separator: " ").map { $0 == "NaN" ? .nan : Double($0) ?? -999 } }
  }
  func has(_ command: String) -> Bool { lines.contains { $0.contains(command) } }
  func line(_ start: String) -> String { lines.first { $0.hasPrefix(start) } ?? "" }
}
