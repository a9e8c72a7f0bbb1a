internal import LuaBridge

/// NumPy's file of named arrays: a zip archive of .npy files.
package enum Npz {
  package static func read(_ source: ByteSource) throws -> [(name: String, tensor: Tensor)] {
    let archive = try ZipArchive(source)
    var seen: Set<String> = []
    return try archive.entries.filter { !$0.name.hasSuffix("/") }.map { entry in
      try naming("entry '\(entry.name)'") {
        guard entry.name.hasSuffix(".npy") else { throw LuaError("is no .npy") }
        guard seen.insert(entry.name).inserted else { throw LuaError("is there twice") }
        let reader = try archive.reader(of: entry)
        let tensor = try Npy.read(from: reader)
        try reader.finish()
        return (String(entry.name.dropLast(4)), tensor)
      }
    }
  }

  /// Stored, in the order given.
  package static func write(_ tensors: [(name: String, tensor: Tensor)], to file: AtomicFile, full: Int = 0xFFFF_FFFF) throws {
    var archive = ZipWriter(file, full: full)
    for (name, tensor) in tensors {
      let tensor = try tensor.contiguous()
      let elements = UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.count * tensor.type.size)
      try Npy.header(of: tensor).withUnsafeBytes { try archive.add(name + ".npy", [$0, elements]) }
      withExtendedLifetime(tensor) {}
    }
    try archive.finish()
  }
}
