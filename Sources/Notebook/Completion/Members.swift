internal import LuaBridge
internal import NeuralNetworks
internal import Runtime

/// What can stand behind a dot or a colon.
extension Resolver {
  /// Names with their kinds, each once.
  func members(of known: Known, afterColon: Bool) -> [String: String] {
    var found: [String: String] = [:]
    func add(_ name: String, _ kind: String) { if found[name] == nil, LuaTokens.isName(name), !afterColon || kind == "method" { found[name] = kind } }
    func add(_ type: LuaClass) {
      for row in type.rows where row.place.contains(.getter) { add(row.name, "property") }
      for row in type.rows where row.place.contains(.method) { add(row.name, "method") }
    }
    func add(_ library: Library) {
      for row in library.rows where row.place.contains(.function) { add(row.name, Self.kind(of: row, in: library)) }
      for row in library.rows where row.place == .getter { add(row.name, "property") }
      for type in library.classes { add(type.name, "class") }
      for inner in session.state.installed where inner.name.hasPrefix(library.name + ".") && !inner.rows.isEmpty { add(inner.shortName, "module") }
    }
    switch known {
    case .object(let type), .maker(let type): add(type)
    case .string: for (name, kind) in liveMembers("", afterColon: afterColon) { add(name, kind) }
    case .library(let library): add(library)
    case .function: break
    case .instance(let index):
      addTables(index, afterColon: afterColon, add)
      add("training", "property")
    case .value(let index):
      if let object = stack.object(at: index) as? any LuaObject {
        if !afterColon, isModule(object.luaClass) { for name in Self.parts(of: object) { add(name, "property") } }
        add(object.luaClass)
      } else {
        if let library = library(at: index), !afterColon { add(library) }
        addTables(index, afterColon: afterColon, add)
      }
    }
    return found
  }

  /// The fields of a module by the names it was given.
  private static func parts(of object: any LuaObject) -> [String] {
    guard let module = object as? Module else { return [] }
    let tensors = ((try? module.ownParameters()) ?? []) + ((try? module.ownBuffers()) ?? [])
    return tensors.map(\.name) + ((try? module.ownChildren()) ?? []).map(\.name) + module.propertyNames
  }

  private func liveMembers(_ text: String, afterColon: Bool) -> [String: String] {
    stack.push(text)
    var found: [String: String] = [:]
    addTables(stack.top, afterColon: afterColon) { found[$0] = found[$0] ?? $1 }
    return found
  }

  /// The names in a table and behind it.
  private func addTables(_ index: Int32, afterColon: Bool, _ add: (String, String) -> Void) {
    walk(index) { table in
      for (name, kind) in fields(of: table) { add(name, afterColon && kind == "function" ? "method" : kind) }
      return true
    }
  }

  /// A table's own names, as they stand in it; of a huge one, the first ones.
  func fields(of table: Int32, most: Int = 5000) -> [(name: String, kind: String)] {
    var found: [(String, String)] = []
    guard stack.type(at: table) == .table, stack.reserve(10) else { return [] }
    stack.pushNil()
    var count = 0
    while stack.next(table) {
      count += 1
      if stack.type(at: -2) == .string, let name = stack.string(at: -2) { found.append((name, kind(at: stack.top))) }
      stack.pop()
      if count == most {
        stack.pop()
        break
      }
    }
    return found
  }

  /// "function", "module", "class" or "variable".
  func kind(at index: Int32) -> String {
    switch stack.type(at: index) {
    case .function: Reference.entry(at: index, of: stack)?.isMaker == true ? "class" : "function"
    case .table: isClass(index) ? "class" : isLoaded(index) ? "module" : "variable"
    default: "variable"
    }
  }
  private static func kind(of row: Row, in library: Library) -> String { Reference.entry(row, in: library)?.isMaker == true ? "class" : "function" }

  /// Something that require has given.
  private func isLoaded(_ index: Int32) -> Bool {
    let index = stack.absolute(index), top = stack.top
    defer { stack.top = top }
    stack.pushGlobals()
    stack.rawGet(-1, "package")
    guard stack.rawGet(-1, "loaded") == .table else { return false }
    let loaded = stack.top
    stack.pushNil()
    while stack.next(loaded) {
      if stack.rawEqual(-1, index) { return true }
      stack.pop()
    }
    return false
  }
}
