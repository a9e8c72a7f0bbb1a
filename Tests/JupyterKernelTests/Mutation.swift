import JupyterKernel
import Notebook

/// Spoils messages, the same ones for the same seed.
struct Mutation {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func below(_ count: Int) -> Int {
    // SplitMix64
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ z >> 31) % UInt64(count))
  }

  /// Requests of every kind that leaves the kernel running, with all their members.
  static let requests: [String: JSON] = [
    "execute_request": [
      "code": "local a = 1; b = {a}; return b", "silent": false, "store_history": true, "user_expressions": ["x": "1 + 1"], "allow_stdin": false,
      "stop_on_error": false,
    ],
    "complete_request": ["code": "string.for", "cursor_pos": 10], "inspect_request": ["code": "string.format", "cursor_pos": 5, "detail_level": 0],
    "is_complete_request": ["code": "for i = 1, 3 do"],
    "history_request": [
      "hist_access_type": "range", "session": 0, "start": 1, "stop": 5, "n": 3, "pattern": "*a*", "unique": true, "output": true, "raw": true,
    ],
    "comm_info_request": ["target_name": "t"], "comm_open": ["comm_id": "c", "target_name": "t", "data": [:]], "comm_msg": ["comm_id": "c", "data": [:]],
    "comm_close": ["comm_id": "c", "data": [:]], "kernel_info_request": [:], "connect_request": [:], "input_reply": ["value": "text", "status": "ok"],
    "debug_request": ["seq": 1, "type": "request", "command": "initialize", "arguments": [:]], "interrupt_request": [:], "nobody_knows": ["a": [1, 2, 3]],
  ]

  private mutating func value() -> JSON {
    switch below(14) {
    case 0: .null
    case 1: .bool(below(2) == 0)
    case 2: .integer(-below(100))
    case 3: .integer(Int.max)
    case 4: .integer(Int.min)
    case 5: .number("1e400")
    case 6: .number("99999999999999999999999999")
    case 7: .number("0.5")
    case 8: .string("")
    case 9: .string("\u{0}\u{FFFF}é🙂")
    case 10: .string(String(repeating: "(", count: 1 + below(5000)))
    case 11: .array([])
    case 12: (0..<below(390)).reduce(JSON.null) { inner, _ in .array([inner]) }
    default: .object(["a": .null, "": .array([1, 2])])
    }
  }

  private mutating func spoil(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...below(3) {
      switch below(6) {
      case 0 where !bytes.isEmpty: bytes[below(bytes.count)] ^= UInt8(1 << below(8))
      case 1 where !bytes.isEmpty: bytes.remove(at: below(bytes.count))
      case 2: bytes.insert(UInt8(below(256)), at: below(bytes.count + 1))
      case 3: bytes = Array(bytes.prefix(below(bytes.count + 1)))
      case 4 where !bytes.isEmpty: bytes.insert(contentsOf: Array(repeating: bytes[below(bytes.count)], count: below(3000)), at: below(bytes.count))
      default:
        bytes.insert(contentsOf: Array(String(repeating: ["[", "{\"a\":", "\"", "\\u", "-", "1e9"][below(6)], count: 1 + below(500)).utf8), at: below(bytes.count + 1))
      }
    }
    return bytes
  }

  /// - good: the parts of a message, from its identities on.
  mutating func mutate(_ good: [[UInt8]], signature: Signature) -> [[UInt8]] {
    var parts = good
    guard let delimiter = parts.firstIndex(of: Array("<IDS|MSG>".utf8)) else { return parts }
    switch below(8) {
    case 0: parts.remove(at: below(parts.count))
    case 1: parts.insert(Array(repeating: UInt8(below(256)), count: below(50)), at: below(parts.count + 1))
    case 2: parts.swapAt(below(parts.count), below(parts.count))
    case 3:
      let part = below(parts.count)
      parts[part] = spoil(parts[part])
    case 4:
      let part = delimiter + 2 + below(parts.count - delimiter - 2)
      parts[part] = spoil(parts[part])
    default:
      // Members of the content, or of the header, that are something else or missing.
      let part = below(4) == 0 ? delimiter + 2 : parts.count - 1
      if case .object(var object)? = try? JSON(parsing: parts[part]), !object.isEmpty {
        for _ in 0...below(3) {
          guard let name = object.members.isEmpty ? nil : object.members[below(object.members.count)].name else { break }
          object[name] = below(5) == 0 ? nil : value()
        }
        parts[part] = Array(JSON.object(object).text().utf8)
      }
    }
    // Most are signed as they are: they get past the first gate.
    if below(10) > 0, let delimiter = parts.firstIndex(of: Array("<IDS|MSG>".utf8)), parts.count >= delimiter + 6 {
      parts[delimiter + 1] = signature.sign(parts[delimiter + 2...delimiter + 5])
    }
    return parts
  }
}
