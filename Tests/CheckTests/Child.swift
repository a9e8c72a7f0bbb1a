import Foundation
import Testing

/// The built program in a process of its own, so that a crash is one test's failure.
struct Child {
  var output: String
  /// 128 + the signal where one ended it; 124 where it took too long.
  var status: Int32

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let binary = root.appendingPathComponent(".build/release/nnlua").path
  static func script(_ name: String) -> String { root.appendingPathComponent("Tests/CheckTests/Scripts/\(name)").path }

  /// Runs `nnlua arguments` in `folder`; what it writes to both streams comes back as one text.
  ///
  /// - memory: kilobytes of address space it may take; nil is no limit.
  static func run(_ arguments: [String], in folder: Folder, environment: [String: String] = [:], memory: Int? = nil, seconds: Int = 120) throws -> Child {
    let process = Process(), output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    let limit = memory.map { "ulimit -v \($0); " } ?? ""
    process.arguments = ["-c", "\(limit)ulimit -c 0; exec timeout -k 2 \(seconds) \"$0\" \"$@\" 2>&1", binary] + arguments
    process.currentDirectoryURL = folder.url
    var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("LUA_") && !$0.key.hasPrefix("NNLUA_") || $0.key == "NNLUA_ISA" }
    // Nothing outside the folder is read, and nothing is fetched.
    variables.merge(["HOME": folder.url.path, "XDG_CACHE_HOME": folder.url.path, "https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"]) { $1 }
    variables.merge(environment) { $1 }
    process.environment = variables
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let status = process.terminationStatus
    return Child(output: String(decoding: text, as: UTF8.self), status: process.terminationReason == .uncaughtSignal ? 128 + status : status)
  }
}

/// A folder of a test's own, removed with it.
final class Folder {
  let url: URL
  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("nnlua-checks-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(at: url) }

  /// Runs body with the folder as the current one: what scripts write by bare names goes with it.
  func entered<R>(_ body: () throws -> R) rethrows -> R {
    let before = FileManager.default.currentDirectoryPath
    #expect(FileManager.default.changeCurrentDirectoryPath(url.path))
    defer { #expect(FileManager.default.changeCurrentDirectoryPath(before)) }
    return try body()
  }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }
  @discardableResult func write(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }
}
