internal import FoundationEssentials
internal import LuaBridge
internal import Tensors

/// A value of a checkpoint's JSON text, as `CheckpointWriter` writes it. Reading one makes values and nothing else: no text in it is ever run.
indirect enum CheckpointValue: Decodable {
  case null, boolean(Bool), integer(Int), number(Double), text(String), list([CheckpointValue]), table([String: CheckpointValue])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let x = try? value.decode(Bool.self) {
      self = .boolean(x)
    } else if let x = try? value.decode(Int.self) {
      self = .integer(x)
    } else if let x = try? value.decode(Double.self) {
      self = .number(x)
    } else if let x = try? value.decode(String.self) {
      self = .text(x)
    } else if let x = try? value.decode([CheckpointValue].self) {
      self = .list(x)
    } else {
      self = .table(try value.decode([String: CheckpointValue].self))
    }
  }

  /// The value behind an object's only name, where that is `tag`.
  func tagged(_ tag: String) -> CheckpointValue? {
    guard case .table(let fields) = self, fields.count == 1 else { return nil }
    return fields[tag]
  }
  var fields: [String: CheckpointValue]? { if case .table(let fields) = self { fields } else { nil } }

  /// Named tensors of a module's or an optimizer's state.
  func state(_ tensors: [String: Tensor], _ place: String) throws -> [(name: String, tensor: Tensor)] {
    guard let fields else { throw LuaError("'\(place)' is no state") }
    return try fields.sorted { $0.key < $1.key }.map { name, value in
      guard case .text(let key)? = value.tagged("$tensor"), let tensor = tensors[key] else { throw LuaError("'\(place).\(name)' lacks its tensor") }
      return (name, tensor)
    }
  }

  /// Pushes the value as a script holds it; states become tables of tensors.
  func push(_ stack: LuaStack, _ tensors: [String: Tensor], _ place: String, depth: Int = 0) throws {
    guard depth <= 200, stack.reserve(8) else { throw LuaError("'\(place)' is nested too deep") }
    switch self {
    case .null: stack.pushNil()
    case .boolean(let x): stack.push(x)
    case .integer(let x): stack.push(x)
    case .number(let x): stack.push(x)
    case .text(let x): stack.push(x)
    case .list(let values):
      stack.newTable(list: values.count)
      for (position, value) in values.enumerated() {
        try value.push(stack, tensors, "\(place).\(position + 1)", depth: depth + 1)
        stack.rawSet(-2, position + 1)
      }
    case .table(let fields):
      if fields.count == 1, let (tag, value) = fields.first, tag.hasPrefix("$") { return try push(tag, value, stack, tensors, place, depth) }
      stack.newTable(fields: fields.count)
      for (name, value) in fields {
        try value.push(stack, tensors, "\(place).\(name)", depth: depth + 1)
        stack.rawSet(-2, name)
      }
    }
  }

  private func push(_ tag: String, _ value: CheckpointValue, _ stack: LuaStack, _ tensors: [String: Tensor], _ place: String, _ depth: Int) throws {
    switch (tag, value) {
    case ("$tensor", .text(let name)):
      guard let tensor = tensors[name] else { throw LuaError("'\(place)' lacks its tensor '\(name)'") }
      tensor.push(stack)
    case ("$float", .text(let text)):
      guard let number = Double(text) else { throw LuaError("'\(place)' is no number: \"\(text)\"") }
      stack.push(number)
    case ("$bytes", .text(let text)):
      let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
      guard digits.count % 2 == 0, !digits.contains(nil) else { throw LuaError("'\(place)' holds no bytes") }
      stack.push(bytes: stride(from: 0, to: digits.count, by: 2).map { UInt8((digits[$0] ?? 0) * 16 + (digits[$0 + 1] ?? 0)) })
    case ("$table", .list(let pairs)):
      stack.newTable(fields: pairs.count)
      for pair in pairs {
        guard case .list(let parts) = pair, parts.count == 2 else { throw LuaError("'\(place)' is a broken table") }
        try parts[0].push(stack, tensors, place, depth: depth + 1)
        guard stack.isKey(at: -1) else { throw LuaError("'\(place)' has a key that cannot be one") }
        try parts[1].push(stack, tensors, place, depth: depth + 1)
        stack.rawSet(-3)
      }
    case ("$optimizer", .table(let fields)), ("$scheduler", .table(let fields)):
      guard let state = fields["state"] else { throw LuaError("'\(place)' lacks its state") }
      try state.push(stack, tensors, place, depth: depth + 1)
    case ("$module", _), ("$loader", _): try value.push(stack, tensors, place, depth: depth + 1)
    default: throw LuaError("'\(place)' holds an unknown mark '\(tag)'")
    }
  }
}
