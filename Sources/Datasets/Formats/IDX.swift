internal import LuaBridge
package import Tensors

/// The format of MNIST: two zero bytes, the element type, the number of dims, a big-endian size for each dim, the elements in row-major order.
/// Format: http://yann.lecun.com/exdb/mnist/ ("THE IDX FILE FORMAT"). Plain, or packed by gzip, whatever the file's name.
package enum IDX {
  private static let types: [UInt8: StoredType] = [
    0x08: StoredType(.unsigned, 1), 0x09: StoredType(.signed, 1), 0x0B: StoredType(.signed, 2, bigEndian: true),
    0x0C: StoredType(.signed, 4, bigEndian: true), 0x0D: StoredType(.float, 4, bigEndian: true), 0x0E: StoredType(.float, 8, bigEndian: true),
  ]

  package static func read(_ source: ByteSource) throws -> Tensor {
    let reader = try reader(of: source)
    let start = try reader.bytes(4)
    guard start[0] == 0, start[1] == 0, let type = types[start[2]] else { throw LuaError("is no IDX file: it begins with other bytes") }
    let sizes = LittleEndian(try reader.bytes(4 * Int(start[3])).reversed())
    let tensor = try type.read((0..<Int(start[3])).reversed().map { sizes.u32(4 * $0) }, from: reader)
    try reader.finish()
    return tensor
  }

  /// The content of a file, inflated where it is packed by gzip.
  package static func reader(of source: ByteSource) throws -> any ByteReader {
    try isPacked(source) ? InflateReader(source, .gzip) : PlainReader(source)
  }
  package static func isPacked(_ source: ByteSource) throws -> Bool { try source.count > 2 && source.bytes(at: 0, count: 2) == [0x1F, 0x8B] }

  static let rows: [Row] = [
    Row(
      "read_idx", "Reads an IDX file, the format of MNIST, plain or packed by gzip. Bytes become uint8, other whole numbers int64.", Param("path", String.self),
      place: .function
    ) { path in try naming("read_idx: \(path)") { try read(ByteSource(path: path)) } }
  ]
}
