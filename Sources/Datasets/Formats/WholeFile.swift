internal import LuaBridge
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// A file read at once.
enum WholeFile {
  /// A sixteenth of the machine's memory, as what is made of a file takes several times as much.
  static let most = max(64 << 20, sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) / 16)

  /// The bytes, inflated where they are packed by gzip.
  /// - Errors: more than `most`.
  static func read(_ path: String) throws -> [UInt8] {
    let tooLarge = LuaError("is larger than \(most >> 20) MB, a sixteenth of this machine's memory")
    let source = try ByteSource(path: path)
    guard try IDX.isPacked(source) else {
      guard source.count <= most else { throw tooLarge }
      return try source.bytes(at: 0, count: source.count)
    }
    let reader = try IDX.reader(of: source)
    var bytes: [UInt8] = [], chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let got = try chunk.withUnsafeMutableBytes { try reader.readSome($0.count, into: $0.baseAddress!) }
      if got == 0 { return bytes }
      bytes.append(contentsOf: chunk[..<got])
      guard bytes.count <= most else { throw tooLarge }
    }
  }
}
