internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// A file that appears under its name whole or not at all: written beside it, forced to the disk, then renamed.
package final class AtomicFile {
  package let path: String
  private let temporary: String
  private var descriptor: Int32
  /// Bytes written.
  package private(set) var count = 0
  nonisolated(unsafe) private static var made = 0

  /// - Errors: a folder that is missing or may not be written; a path that is a folder or a device.
  package init(path: String) throws {
    guard !path.isEmpty, !path.hasSuffix("/") else { throw LuaError("a file name is needed, not a folder") }
    try Sandbox.forbid("files cannot be written")
    var status = stat()
    var target = path
    var mode: mode_t = 0o666
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw LuaError(status.st_mode & S_IFMT == S_IFDIR ? "is a folder" : "is no regular file")
      }
      guard access(path, W_OK) == 0 else { throw LuaError("cannot be written: \(SystemError.text)") }
      mode = status.st_mode & 0o7777
      // A link stays a link: what it points to is replaced.
      if let real = realpath(path, nil) {
        target = String(cString: real)
        free(real)
      }
    }
    self.path = target
    let folder = target.lastIndex(of: "/").map { String(target[...$0]) } ?? ""
    // The target's name is not part of it: one of 255 bytes would leave no room.
    var name = "", file: Int32 = -1
    repeat {
      Self.made += 1
      name = "\(folder).nnlua-\(getpid())-\(Self.made).part"
      file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    } while file < 0 && errno == EEXIST  // left behind by a process of the same number that was killed
    temporary = name
    descriptor = file
    guard descriptor >= 0 else { throw LuaError("cannot be written: \(SystemError.text)") }
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      unlink(temporary)
    }
  }

  package func write(_ bytes: UnsafeRawPointer, _ length: Int) throws {
    var done = 0
    while done < length {
      let put = Glibc.write(descriptor, bytes + done, min(length - done, 1 << 30))
      if put < 0, errno == EINTR { continue }
      guard put > 0 else { throw LuaError("cannot be written: \(SystemError.text)") }
      done += put
    }
    count += length
  }

  package func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { if let base = $0.baseAddress { try write(base, $0.count) } }
  }

  /// The file takes its name.
  package func commit() throws {
    guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw LuaError("cannot be written: \(SystemError.text)") }
    close(descriptor)
    descriptor = -1
    // The new name reaches the disk with the folder; a file system that cannot do that has kept its own promise already.
    let folder = open(path.lastIndex(of: "/").map { String(path[...$0]) } ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }
}
