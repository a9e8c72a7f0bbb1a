internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// What the head of a shared library's file says, before the dynamic linker maps it: that would speak of a missing file where it means
/// another processor, and of a file that is cut short would end the process.
enum SharedLibraryFile {
  /// - Errors: no ELF file, one for another processor, one whose end is missing.
  static func check(_ path: String, _ name: String) throws {
    let remedy = "run nnlua plugin build, or take the file away"
    guard let theirs = head(path), theirs.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
      throw LuaError("'\(path)' is neither a plugin nor any other shared library (it is no ELF file), so '\(name)' cannot be loaded from it: \(remedy)")
    }
    guard let ours = head("/proc/self/exe") else { return }
    // Class (32 or 64 bits), byte order, machine.
    if theirs[4] != ours[4] || theirs[5] != ours[5] || theirs[18...19] != ours[18...19] {
      throw LuaError("'\(path)' was built for \(machine(theirs)), this nnlua runs on \(machine(ours)): run nnlua plugin build here")
    }
    guard theirs[4] == 2, theirs[5] == 1 else { return }
    // The table of sections stands at the end of what linkers write.
    func number(_ place: Int, _ bytes: Int) -> UInt64 { theirs[place..<place + bytes].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    let (end, overflow) = number(40, 8).addingReportingOverflow(number(58, 2) * number(60, 2))
    var info = stat()
    if overflow || stat(path, &info) != 0 || end > UInt64(info.st_size) {
      throw LuaError("'\(path)' is cut short: it has \(info.st_size) of at least \(end) bytes; copy it again, or run nnlua plugin build")
    }
  }

  /// The ELF header.
  private static func head(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rbe") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 64)
    return fread(&bytes, 1, bytes.count, file) == bytes.count ? bytes : nil
  }

  private static func machine(_ head: [UInt8]) -> String {
    let number = Int(head[18]) | Int(head[19]) << 8
    return [62: "x86-64", 183: "ARM64", 243: "RISC-V", 3: "x86 (32 bits)", 40: "ARM (32 bits)"][number] ?? "machine \(number)"
  }
}
