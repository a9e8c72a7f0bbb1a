internal import CCrypto
internal import FoundationEssentials
internal import LuaBridge
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// A file that a mirror serves, known by its content.
package struct RemoteFile: Sendable {
  package var name: String
  /// Bytes of the content, and their SHA-256.
  package var size: Int
  package var sha256: String
  /// Mirrors serve it packed by gzip as `name.gz`; the content is what is inflated. Otherwise it is kept as it comes.
  package var isPacked: Bool
  package init(_ name: String, _ size: Int, _ sha256: String, isPacked: Bool = true) {
    self.name = name
    self.size = size
    self.sha256 = sha256
    self.isPacked = isPacked
  }
}

/// Fetches files by the program `curl`, from the first mirror that has them whole.
package struct Download {
  package var mirrors: [String]
  /// A transfer slower than 1000 bytes a second for so many seconds ends.
  package var patience = 20
  /// No packed file may be longer.
  private let longest = 256 << 20

  package init(mirrors: [String], patience: Int = 20) {
    self.mirrors = mirrors
    self.patience = patience
  }

  /// Puts the file into the folder and gives its path; nothing stands under its name before it is whole and its sum is right.
  /// - Errors: what went wrong at each mirror.
  package func fetch(_ file: RemoteFile, into folder: String) throws -> String {
    try Sandbox.forbid("nothing can be downloaded")
    do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      throw LuaError("cannot make the folder \(folder)")
    }
    let path = "\(folder)/\(file.name)", part = path + ".part"
    let lock = try lock(part)
    defer { close(lock) }
    // Another nnlua may have fetched it while this one waited.
    for known in [path, path + ".gz"] where (try? Self.check(known, file)) != nil {
      unlink(part)
      return known
    }
    var failures: [String] = []
    for mirror in mirrors {
      let url = (mirror.hasSuffix("/") ? mirror : mirror + "/") + file.name + (file.isPacked ? ".gz" : "")
      do {
        defer { unlink(part) }
        try run(url, part)
        let packed = try Self.check(part, file)
        let final = packed ? path + ".gz" : path
        guard rename(part, final) == 0 else { throw LuaError("cannot be written: \(SystemError.text)") }
        return final
      } catch let error as LuaError {
        if LuaState.isInterrupted { throw error }
        failures.append("\(url): \(error.message)")
      }
    }
    throw LuaError(failures.joined(separator: "\n  "))
  }

  /// Two processes that fetch the same file wait for each other.
  private func lock(_ part: String) throws -> Int32 {
    let file = open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw LuaError("\(part) cannot be written: \(SystemError.text)") }
    while flock(file, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else { break }  // a file system without locks
      guard !LuaState.isInterrupted else {
        close(file)
        throw LuaError("interrupted")
      }
      usleep(50_000)
    }
    return file
  }

  /// Checks a file's content; true where it is packed.
  @discardableResult
  package static func check(_ path: String, _ file: RemoteFile) throws -> Bool {
    let source = try ByteSource(path: path), packed = try file.isPacked && IDX.isPacked(source)
    let reader: any ByteReader = try packed ? InflateReader(source, .gzip) : PlainReader(source)
    let context = EVP_MD_CTX_new(), buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer {
      EVP_MD_CTX_free(context)
      buffer.deallocate()
    }
    EVP_DigestInit_ex(context, EVP_sha256(), nil)
    var size = 0
    while size <= file.size {
      let got = try reader.readSome(buffer.count, into: buffer.baseAddress!)
      if got == 0 { break }
      EVP_DigestUpdate(context, buffer.baseAddress!, got)
      size += got
    }
    var digest = [UInt8](repeating: 0, count: 32), length: UInt32 = 32
    EVP_DigestFinal_ex(context, &digest, &length)
    let sum = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    guard size == file.size, sum == file.sha256 else { throw LuaError("the content is not what it should be (its SHA-256 differs)") }
    return packed
  }

  // MARK: curl

  private func run(_ url: String, _ part: String) throws {
    let terminal = isatty(STDERR_FILENO) == 1
    if terminal { say("\(url)\n") }
    let arguments =
      [
        "curl", "--fail", "--location", "--proto", "=http,https,file", "--proto-redir", "=http,https", "--connect-timeout", "10",
        "--speed-limit", "1000", "--speed-time", "\(patience)", "--max-filesize", "\(longest)", "--output", part,
        "--write-out", "%{http_code} %{errormsg}",
      ] + (terminal ? ["--progress-bar"] : ["--silent"]) + ["--url", url]
    let (status, output) = try spawn(arguments, quiet: !terminal)
    guard status == 0 else {
      let told = output.split(separator: " ", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
      throw LuaError(told.isEmpty ? "curl ended with \(status)" : told)
    }
  }

  /// Runs a program without a shell; its status and what it wrote.
  private func spawn(_ arguments: [String], quiet: Bool) throws -> (status: Int32, output: String) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw LuaError("no pipe: \(SystemError.text)") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    if quiet { posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) }

    var argv = arguments.map { strdup($0) } + [nil]
    var environment = ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in argv + environment { free(text) } }
    var child = pid_t()
    let failure = posix_spawnp(&child, arguments[0], &actions, nil, &argv, &environment)
    close(ends[1])
    guard failure == 0 else {
      throw LuaError(failure == ENOENT ? "the program '\(arguments[0])' is missing (Debian: apt install \(arguments[0]))" : String(cString: strerror(failure)))
    }
    // Ctrl-C must end it, in a notebook too, where no terminal sends it the signal.
    var output: [UInt8] = [], stopped = false
    while true {
      if LuaState.isInterrupted, !stopped {
        kill(child, SIGTERM)
        stopped = true
      }
      var waiting = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, 50) > 0 else { continue }
      var chunk = [UInt8](repeating: 0, count: 4096)
      let got = Glibc.read(ends[0], &chunk, chunk.count)
      if got < 0, errno == EINTR { continue }
      if got <= 0 { break }
      output += chunk[..<got]
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    if stopped { throw LuaError("interrupted") }
    return (status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F, String(decoding: output, as: UTF8.self))
  }

  private func say(_ text: String) { _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) } }
}
