internal import CShims

#if canImport(Glibc)
  internal import Glibc
#endif

/// Text in a binary file, found without reading all of it into memory.
package enum FileSearch {
  /// Goes through the occurrences of `mark` until `read` makes something of the text that follows (up to a zero byte, at most 400 bytes).
  package static func texts<R>(after mark: String, in path: String, read: (String) -> R?) -> R? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var info = stat()
    guard fstat(file, &info) == 0, info.st_size > 0, let base = mmap(nil, info.st_size, PROT_READ, MAP_PRIVATE, file, 0), base != MAP_FAILED else { return nil }
    defer { munmap(base, info.st_size) }
    let needle = Array(mark.utf8)
    var from = 0
    while let found = nn_find_bytes(base + from, info.st_size - from, needle, needle.count) {
      from = UnsafeRawPointer(base).distance(to: found) + needle.count
      let bytes = UnsafeRawBufferPointer(start: base + from, count: min(400, info.st_size - from))
      if let result = read(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)) { return result }
    }
    return nil
  }
}
