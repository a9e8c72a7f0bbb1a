package import LuaBridge

/// What a file of tensors holds.
package enum TensorFile {
  case tensor(Tensor)
  /// Sorted by name.
  case named([(name: String, tensor: Tensor)])

  package enum Format: String, CaseIterable {
    case npy, npz, safetensors

    init(_ path: String) throws {
      let name = path.split(separator: "/").last ?? ""
      guard let dot = name.lastIndex(of: "."), let format = Format(rawValue: name[name.index(after: dot)...].lowercased()) else {
        let known = Format.allCases.map { ".\($0)" }.joined(separator: ", ")
        throw LuaError("the ending must be one of \(known)")
      }
      self = format
    }
  }

  /// Reads a file by its ending: `.npy` holds one tensor, `.npz` and `.safetensors` named ones.
  /// - Errors: a missing, cut, damaged or lying file, a dtype that no element type holds.
  package static func load(_ path: String) throws -> TensorFile {
    try naming("load: \(path)") {
      let format = try Format(path)
      return try read(ByteSource(path: path), format)
    }
  }

  package static func read(_ source: ByteSource, _ format: Format) throws -> TensorFile {
    switch format {
    case .npy:
      let reader = PlainReader(source)
      let tensor = try Npy.read(from: reader)
      try reader.finish()
      return .tensor(tensor)
    case .npz: return .named(sorted(try Npz.read(source)))
    case .safetensors: return .named(sorted(try Safetensors.read(source)))
    }
  }

  /// Writes a file by its ending, whole or not at all.
  package func save(_ path: String) throws {
    try naming("save: \(path)") {
      switch (try Format(path), self) {
      case (.npy, .tensor(let tensor)):
        let tensor = try tensor.contiguous()
        let file = try AtomicFile(path: path)
        try file.write(Npy.header(of: tensor))
        try file.write(tensor.pointer, tensor.count * tensor.type.size)
        withExtendedLifetime(tensor) {}
        try file.commit()
      case (.npy, .named): throw LuaError("a .npy holds one tensor; save a table of tensors as .npz or .safetensors")
      case (let format, .tensor): throw LuaError("a .\(format) holds named tensors; give it a table: {x = x}")
      case (let format, .named(let list)):
        let file = try AtomicFile(path: path), list = Self.sorted(list)
        if format == .npz { try Npz.write(list, to: file) } else { try Safetensors.write(list, to: file) }
        try file.commit()
      }
    }
  }

  private static func sorted(_ list: [(name: String, tensor: Tensor)]) -> [(name: String, tensor: Tensor)] {
    list.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}

extension TensorFile: LuaValue {
  package static var luaName: String { "Tensor or table of tensors" }

  package static func decode(_ stack: LuaStack, _ index: Int32) throws -> TensorFile {
    guard stack.type(at: index) == .table else {
      guard let tensor = stack.object(at: index) as? Tensor else { throw TypeMismatch(luaName) }
      return .tensor(tensor)
    }
    guard stack.reserve(4) else { throw LuaError("stack overflow") }
    let top = stack.top
    defer { stack.top = top }
    var named: [(name: String, tensor: Tensor)] = [], positions = 0
    stack.pushNil()
    while stack.next(index) {
      let key = stack.top - 1
      let name: String
      if let text = stack.string(at: key) {
        name = text
      } else if let position = stack.integer(at: key) {
        name = "\(position)"
        positions += 1
      } else {
        throw TypeMismatch(luaName, detail: "names must be strings, got a \(stack.typeName(at: key))")
      }
      guard !name.isEmpty else { throw TypeMismatch(luaName, detail: "a tensor's name cannot be empty") }
      guard let tensor = stack.object(at: key + 1) as? Tensor else {
        let remedy =
          switch stack.type(at: key + 1) {
          case .table: "; tables of tables are not saved: give the inner tensors names such as \"\(name).weight\""
          case .number: "; T.tensor(number) makes one"
          default: ""
          }
        throw TypeMismatch(luaName, detail: "field '\(name)' must be a Tensor, got \(stack.typeName(at: key + 1))\(remedy)")
      }
      named.append((name, tensor))
      stack.pop()
    }
    guard positions == 0 || positions == named.count && isList(named.map(\.name)) else {
      throw TypeMismatch(luaName, detail: "a table of tensors has names, or it is a list without gaps; this one is neither")
    }
    return .named(named)
  }

  /// The names are "1" to "n".
  private static func isList(_ names: [String]) -> Bool { !names.isEmpty && Set(names) == Set((1...max(names.count, 1)).map(String.init)) }

  /// A list that was saved comes back as a list.
  package func push(_ stack: LuaStack) {
    switch self {
    case .tensor(let tensor): tensor.push(stack)
    case .named(let list):
      let isList = Self.isList(list.map(\.name))
      stack.newTable(fields: list.count)
      for (name, tensor) in list {
        tensor.push(stack)
        if isList, let position = Int(name) { stack.rawSet(-2, position) } else { stack.rawSet(-2, name) }
      }
    }
  }
}

enum TensorFiles {
  static let rows: [Row] = [
    Row(
      procedure: "save",
      """
      Writes a tensor (`.npy`) or a flat table of tensors (`.npz`, `.safetensors`), whole or not at all. Tensors are written in the order of their names.
      Errors: another ending; a table in which something is no tensor; a file that cannot be written.
      """,
      Param("path", String.self, "ends in .npy, .npz or .safetensors"), Param("tensors", TensorFile.self, "a tensor, or tensors by name"), place: .function,
      example: "local path = \"/tmp/nnlua-example.npz\"; T.save(path, {w = T.ones(2, 3)}); return os.remove(path)"
    ) { path, tensors in try tensors.save(path) },
    Row(
      "load",
      """
      Reads a tensor (`.npy`) or a table name → tensor (`.npz`, `.safetensors`). 16-bit floats become float32, small whole numbers int64.
      Errors: another ending; a file that is missing, cut short or of another format: the entry is named.
      """,
      Param("path", String.self, "ends in .npy, .npz or .safetensors"), place: .function,
      example: "local path = \"/tmp/nnlua-example.npy\"; T.save(path, T.ones(2, 3)); local x = T.load(path); os.remove(path); return x"
    ) { path in try TensorFile.load(path) },
  ]
}
