import Foundation

/// The built program, run as a user runs it.
struct Command {
  struct Outcome {
    var output: String
    var errors: String
    /// 128 + the signal where one ended it, as a shell shows it.
    var status: Int32
  }

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let binary = root.appendingPathComponent(".build/release/nnlua")

  /// - interruptAfter: seconds until SIGINT, as Ctrl-C sends it. The clock starts when the program has printed its first line.
  static func run(
    _ arguments: [String], input: String = "", environment: [String: String] = [:], folder: URL? = nil, interrupt: Bool = false
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = binary
    process.arguments = arguments
    process.currentDirectoryURL = folder ?? root
    var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("LUA_") && $0.key != "NNLUA_THREADS" }
    for (name, value) in environment { variables[name] = value }
    process.environment = variables
    let (standardInput, output, errors) = (Pipe(), Pipe(), Pipe())
    process.standardInput = standardInput
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    var first = Data()
    if interrupt {
      // The input stays open: a script may wait in io.read.
      first = output.fileHandleForReading.availableData
      usleep(100_000)
      kill(process.processIdentifier, SIGINT)
    } else {
      try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
      try standardInput.fileHandleForWriting.close()
    }
    let text = try first + (output.fileHandleForReading.readToEnd() ?? Data())
    let problems = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let status = process.terminationStatus
    return Outcome(
      output: String(decoding: text, as: UTF8.self), errors: String(decoding: problems, as: UTF8.self),
      status: process.terminationReason == .uncaughtSignal ? 128 + status : status)
  }
}

/// A folder of a test's own, removed with it.
final class TemporaryFolder {
  let url: URL
  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("nnlua-scripts-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(at: url) }

  @discardableResult func write(_ name: String, _ text: String) throws -> String {
    let file = url.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
    return file.path
  }
}
