package import LuaBridge

/// Everything scripts can name, as the rows document it: the one source of `nnlua help`, the reference pages and the editor's definitions.
package enum Reference {
  /// The modules with something to say; the others are the insides of a function (`nnlua.progress`).
  package static var modules: [Library] { contents.modules }

  /// Every entry in the order of modules, groups and classes.
  package static var entries: [Entry] { contents.entries }

  /// All that is known; gathered anew where plugins have come.
  private struct Contents {
    let plugins = Library.added.count
    let modules = (Libraries.all + Library.added).filter { !$0.rows.isEmpty || !$0.types.isEmpty }
    private(set) var entries: [Entry] = []
    private(set) var topics: [String: [Topic]] = [:]
    private(set) var lowered: [String: [Topic]] = [:]
    private(set) var bound: [UnsafeRawPointer: Entry] = [:]

    init() {
      entries = modules.flatMap { library in groups(of: library).flatMap(\.entries) }
      for library in modules { add(.module(library), [library.name, library.alias, library.shortName]) }
      for library in modules { for type in library.types { add(.type(type, library), [type.name, "\(library.alias).\(type.name)"]) } }
      for entry in entries {
        add(.entry(entry), entry.names)
        if !entry.row.isScript, bound[entry.row.identity] == nil { bound[entry.row.identity] = entry }
      }
      for name in topics.keys.sorted() { lowered[name.lowercased(), default: []] += topics[name]! }
    }
    private mutating func add(_ topic: Topic, _ names: [String]) { for name in Set(names) { topics[name, default: []].append(topic) } }
  }
  private nonisolated(unsafe) static var gathered: Contents?
  private static var contents: Contents {
    if let gathered, gathered.plugins == Library.added.count { return gathered }
    let made = Contents()
    gathered = made
    return made
  }

  /// What a page shows together: a group of functions, or a class.
  package struct Group {
    package let title: String
    /// Set where the group is a class.
    package let type: LuaClass?
    package let entries: [Entry]
  }

  /// The functions of a module by groups, then the classes of the objects they make.
  package static func groups(of library: Library) -> [Group] {
    var seen: Set<String> = []
    var groups = library.groups.map { group in
      Group(
        title: group.title, type: nil,
        entries: group.rows.map { row in
          let type = row.place.contains(.function) || row.isScript ? nil : library.types.first { $0.rows.contains { $0.name == row.name } }
          seen.insert(row.name)
          return Entry(row, library, type)
        })
    }
    if let call = library.call, !library.rows.contains(where: { $0.name == call.name }), !groups.isEmpty {
      groups[0] = Group(title: groups[0].title, type: nil, entries: [Entry(call, library, nil)] + groups[0].entries)
    }
    for type in library.types {
      // A tensor's methods are rows of its module, and stand in their groups.
      // So do those of a class below another: a container's are what every module lacks.
      let known = library.rows + (type.base?.rows ?? [])
      let own = type.rows.filter { row in !known.contains { $0.name == row.name && $0.place == row.place } }
      let operators = type.base == nil ? type.operators.map { Entry($1, library, type, metamethod: $0) } : []
      groups.append(Group(title: type.name, type: type, entries: own.map { Entry($0, library, type) } + operators))
    }
    return groups.filter { !$0.entries.isEmpty || $0.type != nil }
  }

  // MARK: what a name means

  /// What `help` was asked for.
  package enum Topic {
    case module(Library)
    case type(LuaClass, Library)
    case entry(Entry)
  }

  /// "conv2d", "nn.Conv2d", "T.sum", "Tensor:sum", "optim", "DataLoader": everything of that name; letters' case counts only where both are there.
  package static func find(_ name: String) -> [Topic] {
    var name = Substring(name)
    while name.hasSuffix("()") { name = name.dropLast(2) }
    if let exact = topics[String(name)] { return exact }
    if let inherited = inherited(String(name)) { return [inherited] }
    return lowered[name.lowercased()] ?? []
  }

  /// The entry of a bound function; nil for any other value.
  package static func entry(at index: Int32, of stack: LuaStack) -> Entry? { stack.boundFunction(at: index).flatMap { contents.bound[$0] } }
  /// The entry of a row; a row that only a class below has is not in the lists of its library.
  package static func entry(of row: Row) -> Entry? { contents.bound[row.identity] }

  /// The entry of a module's function, written in Lua or not.
  package static func entry(_ row: Row, in library: Library) -> Entry? {
    entry(of: row) ?? entries.first { $0.type == nil && $0.library.name == library.name && $0.row.name == row.name }
  }
  /// The class of that name.
  package static func `class`(_ name: String) -> LuaClass? {
    for case .type(let type, _) in topics[name] ?? [] { return type }
    return nil
  }

  /// Modules before classes before functions of the same name.
  private static var topics: [String: [Topic]] { contents.topics }
  private static var lowered: [String: [Topic]] { contents.lowered }

  /// "nn.Linear:forward": a method of what the function makes.
  private static func inherited(_ name: String) -> Topic? {
    guard let separator = name.lastIndex(where: { $0 == ":" || $0 == "." }) else { return nil }
    let head = String(name[..<separator]), method = name[name.index(after: separator)...]
    for case .entry(let maker) in topics[head] ?? [] {
      for type in maker.library.types {
        guard maker.made == type.name, let entry = entries.first(where: { $0.type === type && $0.row.name == method }) else { continue }
        return .entry(entry)
      }
    }
    return nil
  }

  /// "; did you mean …?" where a name is near, or the names that contain it.
  package static func hint(for name: String) -> String {
    let known = topics.keys.sorted()
    // Of two that are as near, the one written in the same case: "convd" is rather conv2d than Conv2d.
    let sameCase = { (other: String) in other.last?.isUppercase == name.last?.isUppercase && other.first?.isUppercase == name.first?.isUppercase }
    if let near = closest(to: name, in: known.filter(sameCase) + known.filter { !sameCase($0) }) { return "; did you mean '\(near)'?" }
    let part = name.lowercased()
    guard part.count > 1 else { return "" }
    let containing = Set(entries.filter { $0.row.name.lowercased().contains(part) }.map(\.title)).sorted()
    guard !containing.isEmpty else { return "" }
    return "; there are \(containing.prefix(8).joined(separator: ", "))\(containing.count > 8 ? ", …" : "")"
  }
}
