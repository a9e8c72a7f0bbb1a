internal import FoundationEssentials
internal import LuaBridge

/// Named tensors behind a JSON header: 8 bytes of header length, the header, the elements without gaps.
/// Format: https://huggingface.co/docs/safetensors
package enum Safetensors {
  /// The limit of the reference implementation.
  private static let longestHeader = 100_000_000

  private static let types: [String: StoredType] = [
    "BOOL": StoredType(.bool, 1), "U8": StoredType(.unsigned, 1), "U16": StoredType(.unsigned, 2), "U32": StoredType(.unsigned, 4),
    "U64": StoredType(.unsigned, 8), "I8": StoredType(.signed, 1), "I16": StoredType(.signed, 2), "I32": StoredType(.signed, 4),
    "I64": StoredType(.signed, 8), "F16": StoredType(.float, 2), "BF16": StoredType(.bfloat, 2), "F32": StoredType(.float, 4),
    "F64": StoredType(.float, 8),
  ]

  private struct Entry: Decodable {
    var dtype: String
    var shape: [Int]
    var data_offsets: [Int]
  }

  /// `{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …, "__metadata__": {…}}`
  private struct Header: Decodable {
    var entries: [(name: String, entry: Entry)] = []
    var metadata: [String: String] = [:]
    private struct Name: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Name.self)
      for key in container.allKeys where key.stringValue != "__metadata__" {
        entries.append((key.stringValue, try container.decode(Entry.self, forKey: key)))
      }
      // Texts by name, by the format; whatever else stands there is of no use here.
      metadata = (try? container.decode([String: String].self, forKey: Name(stringValue: "__metadata__"))) ?? [:]
    }
  }

  package static func read(_ source: ByteSource) throws -> [(name: String, tensor: Tensor)] { try readAll(source).tensors }

  /// With the texts that stand beside the tensors.
  package static func readAll(_ source: ByteSource) throws -> (tensors: [(name: String, tensor: Tensor)], metadata: [String: String]) {
    let length = LittleEndian(try source.bytes(at: 0, count: 8)).u64(0)
    guard length <= longestHeader, length <= source.count - 8 else {
      throw LuaError("its header claims \(length) bytes, \(source.count - 8) follow")
    }
    let bytes = try source.bytes(at: 8, count: length)
    guard bytes.first == UInt8(ascii: "{") else { throw LuaError("is no .safetensors: its header does not begin with '{'") }
    var header: Header
    do { header = try JSONDecoder().decode(Header.self, from: Data(bytes)) } catch {
      throw LuaError("its header is broken (\(reason(error)))")
    }
    // By begin, then end: an empty tensor stands before the one that begins at the same place.
    header.entries.sort { $0.entry.data_offsets.lexicographicallyPrecedes($1.entry.data_offsets) }

    let reader = PlainReader(source, from: 8 + length)
    var place = 0
    let tensors = try header.entries.map { name, entry in
      try naming("tensor '\(name)'") {
        guard let type = types[entry.dtype] else {
          throw LuaError("dtype \(entry.dtype) is not read (known: \(types.keys.sorted().joined(separator: " ")))")
        }
        let shape = try Shape.checked(entry.shape, "shape"), size = shape.elements * type.size
        guard entry.data_offsets.count == 2, entry.data_offsets[0] == place, place <= Int.max - size, entry.data_offsets[1] == place + size else {
          let told = entry.data_offsets.map(String.init).joined(separator: ", ")
          throw LuaError("shape \(shape) of \(entry.dtype) needs data_offsets [\(place), \(place &+ size)], the header says [\(told)]")
        }
        place += size
        return (name: name, tensor: try type.read(entry.shape, from: reader))
      }
    }
    try reader.finish()
    return (tensors, header.metadata)
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "not valid JSON" }
    switch error {
    case .keyNotFound(let key, let context): return "\(path(context))'\(key.stringValue)' is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context): return "\(path(context))a value of another type stands there"
    default: return "not valid JSON"
    }
  }
  private static func path(_ context: DecodingError.Context) -> String {
    context.codingPath.isEmpty ? "" : context.codingPath.map(\.stringValue).joined(separator: ".") + ": "
  }

  /// Wide elements first, so that each tensor begins at a multiple of its elements' size; within a size in the order given.
  package static func write(_ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to file: AtomicFile) throws {
    let ordered = [8, 4, 1].flatMap { size in tensors.filter { $0.tensor.type.size == size } }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
    var place = 0
    let texts = try metadata.isEmpty ? [] : ["\"__metadata__\":" + String(decoding: encoder.encode(metadata), as: UTF8.self)]
    let fields = try ordered.map { name, tensor in
      guard name != "__metadata__" else { throw LuaError("the name '__metadata__' belongs to the format") }
      let size = tensor.count * tensor.type.size
      defer { place += size }
      let key = String(decoding: try encoder.encode(name), as: UTF8.self)
      let shape = tensor.shape.array.map(String.init).joined(separator: ",")
      return "\(key):{\"dtype\":\"\(dtype(tensor.type))\",\"shape\":[\(shape)],\"data_offsets\":[\(place),\(place + size)]}"
    }
    var header = Array("{\((texts + fields).joined(separator: ","))}".utf8)
    header += Array(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    guard header.count <= longestHeader else { throw LuaError("names and metadata take \(header.count) bytes, at most \(longestHeader) fit") }
    try file.write((0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header)
    for (_, tensor) in ordered {
      let tensor = try tensor.contiguous()
      try file.write(tensor.pointer, tensor.count * tensor.type.size)
      withExtendedLifetime(tensor) {}
    }
  }

  private static func dtype(_ type: ElementType) -> String {
    switch type {
    case .bool: "BOOL"
    case .uint8: "U8"
    case .int64: "I64"
    case .float32: "F32"
    case .float64: "F64"
    }
  }
}
