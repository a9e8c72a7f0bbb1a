#if canImport(Glibc)
  internal import Glibc
#endif

/// The programs that a script has started, such as by `os.execute`.
enum ChildPrograms {
  /// Does what Ctrl-C does in a terminal, which reaches the programs too: `os.execute` waits for its program whatever comes.
  static func interrupt() { for process in descendants(of: getpid()) { kill(process, SIGINT) } }

  /// Children, their children and so on, as Linux lists them.
  private static func descendants(of process: Int32) -> [Int32] {
    guard let tasks = opendir("/proc/\(process)/task") else { return [] }
    defer { closedir(tasks) }
    var found: [Int32] = []
    while let entry = readdir(tasks) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
      guard Int32(name) != nil, let file = fopen("/proc/\(process)/task/\(name)/children", "re") else { continue }
      defer { fclose(file) }
      var line = [UInt8](repeating: 0, count: 1 << 12)
      let count = fread(&line, 1, line.count, file)
      let children = line[..<count].split(separator: UInt8(ascii: " ")).compactMap { Int32(String(decoding: $0, as: UTF8.self)) }
      for child in children { found += [child] + descendants(of: child) }
    }
    return found
  }
}
