internal import LuaBridge

/// How a file keeps numbers: their kind, width and byte order.
package struct StoredType: Equatable, Sendable {
  package enum Kind: Sendable { case bool, unsigned, signed, float, bfloat }
  package var kind: Kind
  package var size: Int
  package var bigEndian = false

  package init(_ kind: Kind, _ size: Int, bigEndian: Bool = false) {
    self.kind = kind
    self.size = size
    self.bigEndian = bigEndian
  }

  /// What a tensor of them has: the type itself, or the nearest that holds every value.
  package var elementType: ElementType {
    switch kind {
    case .bool: .bool
    case .unsigned: size == 1 ? .uint8 : .int64
    case .signed: .int64
    case .float: size == 8 ? .float64 : .float32
    case .bfloat: .float32
    }
  }

  /// Reads a tensor in row-major order.
  /// - Errors: fewer bytes than the shape needs, found before memory is taken.
  package func read(_ sizes: [Int], from reader: any ByteReader) throws -> Tensor {
    let shape = try Shape.checked(sizes, "shape")
    let bytes = shape.elements * size
    guard bytes <= reader.most else {
      throw LuaError("cut short: shape \(shape) needs \(bytes) bytes, at most \(reader.most) follow")
    }
    let tensor = try Tensor(empty: shape, elementType)
    // Narrow elements go to the end of the memory and are widened from the front: what is written never passes what is still to be read.
    let count = shape.elements
    try reader.read(bytes, into: tensor.pointer + count * (tensor.type.size - size))
    try widen(tensor.pointer, count)
    return tensor
  }

  private func widen(_ base: UnsafeMutableRawPointer, _ count: Int) throws {
    switch (kind, size) {
    case (.bool, _): convert(base, count) { (x: UInt8) -> UInt8 in x != 0 ? 1 : 0 }
    case (.unsigned, 1): break
    case (.unsigned, 2): convert(base, count) { (x: UInt16) in Int64(x) }
    case (.unsigned, 4): convert(base, count) { (x: UInt32) in Int64(x) }
    case (.unsigned, _):
      var seen: UInt64 = 0
      convert(base, count) { (x: UInt64) -> Int64 in
        seen |= x
        return Int64(truncatingIfNeeded: x)
      }
      guard seen >> 63 == 0 else { throw LuaError("has unsigned 64-bit numbers above 2^63 - 1, which no dtype here holds") }
    case (.signed, 1): convert(base, count) { (x: UInt8) in Int64(Int8(bitPattern: x)) }
    case (.signed, 2): convert(base, count) { (x: UInt16) in Int64(Int16(bitPattern: x)) }
    case (.signed, 4): convert(base, count) { (x: UInt32) in Int64(Int32(bitPattern: x)) }
    case (.float, 2): convert(base, count) { (x: UInt16) in Float(Float16(bitPattern: x)) }
    case (.bfloat, _): convert(base, count) { (x: UInt16) in UInt32(x) << 16 }
    case (.float, 4): if bigEndian { convert(base, count) { (x: UInt32) in x } }
    default: if bigEndian { convert(base, count) { (x: UInt64) in x } }
    }
  }

  @inline(__always)
  private func convert<S: FixedWidthInteger, D>(_ base: UnsafeMutableRawPointer, _ count: Int, _ value: (S) -> D) {
    let from = base + count &* (MemoryLayout<D>.size &- MemoryLayout<S>.size)
    for i in 0..<count {
      let stored = from.loadUnaligned(fromByteOffset: i &* MemoryLayout<S>.size, as: S.self)
      base.storeBytes(of: value(bigEndian ? S(bigEndian: stored) : stored), toByteOffset: i &* MemoryLayout<D>.size, as: D.self)
    }
  }
}
