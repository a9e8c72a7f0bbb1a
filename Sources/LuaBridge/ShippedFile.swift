internal import CResources

/// A file that ships inside the program: Lua source or data, embedded at compile time.
package enum ShippedFile {
  /// The bytes, for the length of the program.
  package static func bytes(_ name: String) -> UnsafeRawBufferPointer {
    let found = nn_find_resource(name)
    precondition(found.bytes != nil, "no such file is shipped: \(name)")
    return UnsafeRawBufferPointer(start: found.bytes, count: found.size)
  }
  package static func text(_ name: String) -> String { String(decoding: bytes(name), as: UTF8.self) }
}
