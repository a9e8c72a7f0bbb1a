internal import LuaBridge
internal import Runtime

/// What is known of a value though nothing of the script's is run to find out.
enum Known {
  /// It stands on the stack at this index.
  case value(Int32)
  /// What a class of `nn.class` makes; the class stands at this index.
  case instance(Int32)
  /// An object of this class.
  case object(LuaClass)
  /// A class that has not been made yet; its objects will be of this one.
  case maker(LuaClass)
  case string
  /// A module that has not been loaded.
  case library(Library)
  case function(Entry)
}

/// Follows expressions to what is known of them: live values first, then what the text in front says (`local x = nn.Linear(2, 3)` before it has run),
/// then what the rows tell of results. Tables are read rawly; of userdata only nnlua's own are asked.
struct Resolver {
  let session: Session
  let tokens: [LuaToken]
  var stack: LuaStack { session.state.stack }

  func resolve(_ expression: LuaExpression, depth: Int = 0) -> Known? {
    guard depth < 10, stack.reserve(100) else { return nil }
    switch expression.root {
    case .string: return follow(.string, expression.steps[...])
    case .parentheses(let inner): return resolve(inner, depth: depth + 1).flatMap { follow($0, expression.steps[...]) }
    case .name(let name):
      if name == "require", case .call(let module?)? = expression.steps.first {
        return self.module(module).flatMap { follow($0, expression.steps.dropFirst()) }
      }
      let start = expression.range.lowerBound
      if let known = root(name, before: start, depth: depth), let found = follow(known, expression.steps[...]) { return found }
      return assigned(expression, depth: depth)
    }
  }

  private func root(_ name: String, before position: Int, depth: Int) -> Known? {
    if name == "self", let known = receiver(before: position, depth: depth) { return known }
    return session.push(path: [name]) && stack.type(at: -1) != .nil ? .value(stack.top) : nil
  }

  // MARK: what the text says

  /// `self` in `function Net:forward(x)`.
  private func receiver(before position: Int, depth: Int) -> Known? {
    guard let start = tokens[..<position].lastIndex(where: { $0.kind == .keyword && $0.text == "function" }) else { return nil }
    var end = start + 1
    while end < position, tokens[end].kind == .name || tokens[end].text == "." { end += 1 }
    guard end < position, tokens[end].text == ":", let path = LuaExpression(tokens, endingBefore: end) else { return nil }
    switch resolve(path, depth: depth + 1) {
    case .value(let index): return isClass(index) ? .instance(index) : .value(index)
    case .maker(let type): return .object(type)
    case let known: return known
    }
  }

  /// The value that an assignment in front gives to the name, or to the longest part of the path that has one.
  private func assigned(_ expression: LuaExpression, depth: Int) -> Known? {
    guard case .name(let name) = expression.root else { return nil }
    var path = [name]
    for step in expression.steps {
      guard case .field(let field) = step else { break }
      path.append(field)
    }
    for count in stride(from: path.count, through: 1, by: -1) {
      guard let value = assignment(path.prefix(count), before: expression.range.lowerBound), let known = resolve(value, depth: depth + 1) else { continue }
      return follow(known, expression.steps.dropFirst(count - 1))
    }
    return nil
  }

  /// The right side of the last `a.b = …` before a token, where it is an expression that can be followed.
  private func assignment(_ path: ArraySlice<String>, before position: Int) -> LuaExpression? {
    // The sign directly in front belongs to the statement that the expression stands in: x = x:relu().
    for equal in stride(from: min(position, tokens.count) - 2, through: 1, by: -1) where tokens[equal].kind == .symbol && tokens[equal].text == "=" {
      var i = equal - 1
      if tokens[i].text == ">", i >= 3, tokens[i - 2].text == "<" { i -= 3 }  // local x <const> = …
      var isThis = true
      for (place, name) in path.reversed().enumerated() {
        if place > 0 {
          isThis = isThis && i >= 1 && tokens[i].text == "."
          i -= 1
        }
        isThis = isThis && i >= 0 && tokens[i].kind == .name && tokens[i].text == name
        guard isThis else { break }
        i -= 1
      }
      // Behind a comma or a brace it is a field of a table, or one of several names.
      guard isThis, i < 0 || ![".", ":", ",", "{"].contains(tokens[i].text) else { continue }
      guard let end = LuaExpression.end(tokens, from: equal + 1), let value = LuaExpression(tokens, endingBefore: end) else { return nil }
      return value.range.lowerBound == equal + 1 ? value : nil
    }
    return nil
  }

  // MARK: steps

  private func follow(_ known: Known, _ steps: ArraySlice<LuaExpression.Step>) -> Known? {
    var known = known
    for step in steps {
      guard let next = self.step(known, step) else { return nil }
      known = next
    }
    return known
  }

  private func step(_ known: Known, _ step: LuaExpression.Step) -> Known? {
    switch (known, step) {
    case (.value(let index), .field(let name)), (.value(let index), .method(let name)), (.value(let index), .index(.name(let name))): return member(index, name)
    case (.value(let index), .index(let key)): return element(index, key)
    case (.value(let index), .call): return result(ofCalling: index)
    case (.instance(let index), .field(let name)), (.instance(let index), .method(let name)): return member(index, name)
    case (.instance, .call): return Reference.class("Tensor").map { .object($0) }
    case (.object(let type), .field(let name)), (.object(let type), .method(let name)): return member(of: type, name)
    // A part of a tensor is a tensor, a part of a module a module; a module gives tensors.
    case (.object(let type), .index): return type.name == "Tensor" || isModule(type) ? .object(type.base ?? type) : nil
    case (.object(let type), .call): return isModule(type) ? Reference.class("Tensor").map { .object($0) } : nil
    case (.maker(let type), .call): return .object(type)
    case (.string, .field(let name)), (.string, .method(let name)):
      stack.push("")
      return member(stack.top, name)
    case (.library(let library), .field(let name)):
      if let row = library.rows.first(where: { $0.name == name && $0.place.contains(.function) }) { return Reference.entry(row, in: library).map { .function($0) } }
      return module("\(library.name).\(name)")
    case (.library(let library), .call): return library.call.flatMap { type(named: $0.returns) }
    case (.function(let entry), .call): return result(of: entry)
    default: return nil
    }
  }

  func isModule(_ type: LuaClass) -> Bool { (type.base ?? type).name == "Module" }

  private func member(of type: LuaClass, _ name: String) -> Known? {
    guard let row = type.rows.first(where: { $0.name == name }) else { return nil }
    if row.place.contains(.getter) { return self.type(named: row.returns) }
    return Reference.entry(of: row).map { .function($0) }
  }

  /// What a call of the function gives, as its row says.
  private func result(of entry: Entry) -> Known? {
    if entry.library.name == "nnlua.nn", entry.row.name == "class" { return Reference.class("Module").map { .maker($0) } }
    if entry.isMaker { return (entry.library.types.first { $0.name == entry.row.name } ?? Reference.class("Module")).map { .object($0) } }
    return type(named: entry.row.returns)
  }

  /// "Tensor, Tensor", "Tensor or nil": the first one.
  private func type(named text: String) -> Known? {
    let word = String(text.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    if ["string", "nnlua.dtype"].contains(ReferenceTypes.lua(word)) { return .string }
    return Reference.class(word).map { .object($0) }
  }

  // MARK: live values

  func module(_ name: String) -> Known? {
    stack.pushGlobals()
    stack.rawGet(-1, "package")
    stack.rawGet(-1, "loaded")
    if stack.rawGet(-1, name) != .nil { return .value(stack.top) }
    return (session.state.installed.first { $0.name == name }).map { .library($0) }
  }

  /// Made by nn.class.
  func isClass(_ index: Int32) -> Bool {
    defer { stack.pop() }
    return stack.rawGet(index, "__instances") == .table
  }

  private func member(_ index: Int32, _ name: String) -> Known? {
    if let object = stack.object(at: index) as? any LuaObject {
      if !isModule(object.luaClass) { return member(of: object.luaClass, name) }
      stack.push(name)
      return live(index)
    }
    var found: Known?
    walk(index) { table in
      guard stack.rawGet(table, name) != .nil else {
        stack.pop()
        return true
      }
      found = .value(stack.top)
      return false
    }
    return found ?? library(at: index).flatMap { module("\($0.name).\(name)") }
  }

  private func element(_ index: Int32, _ key: LuaExpression.Key) -> Known? {
    if let object = stack.object(at: index) as? any LuaObject {
      let type = object.luaClass
      if isModule(type), case .position(let position) = key {
        stack.push(position)
        return live(index)
      }
      return step(.object(type), .index(key))
    }
    // The members of a list are alike: of `layers[i]` the first tells.
    guard case .position(let position) = key.orFirst else { return nil }
    return stack.rawGet(index, position) != .nil ? .value(stack.top) : nil
  }

  /// A module's part: what answers is nnlua's own code.
  private func live(_ index: Int32) -> Known? {
    do { try stack.get(index) } catch { return nil }
    return stack.type(at: -1) != .nil ? .value(stack.top) : nil
  }

  private func result(ofCalling index: Int32) -> Known? {
    if let object = stack.object(at: index) as? any LuaObject { return step(.object(object.luaClass), .call(nil)) }
    switch stack.type(at: index) {
    case .function:
      guard case .entry(let entry)? = Reference.topic(of: LuaAny(stack: stack, index: index)) else { return nil }
      return result(of: entry)
    case .table:
      if isClass(index) { return .instance(index) }
      if stack.pushMetafield(index, "__nnlua_module") { return Reference.class("Tensor").map { .object($0) } }
      return library(at: index).flatMap { step(.library($0), .call(nil)) }
    default: return nil
    }
  }

  /// The library whose table this is.
  func library(at index: Int32) -> Library? {
    guard stack.type(at: index) == .table else { return nil }
    let top = stack.top
    defer { stack.top = top }
    stack.pushGlobals()
    stack.rawGet(-1, "package")
    stack.rawGet(-1, "loaded")
    let loaded = stack.top
    return session.state.installed.first { library in
      defer { stack.top = loaded }
      return stack.rawGet(loaded, library.name) == .table && stack.rawEqual(-1, index)
    }
  }

  /// Visits the tables in which Lua looks for a field of the value, until `body` says no: itself, `__index` and so on. An instance of an nn.class has its class behind it.
  func walk(_ index: Int32, _ body: (Int32) -> Bool) {
    var current = index
    for _ in 0..<20 {
      if stack.type(at: current) == .table, !body(current) { return }
      guard stack.reserve(20), stack.pushMetatable(current) else { return }
      let isInstance = stack.rawGet(-1, "__nnlua_module") == .string
      stack.pop()
      let type = stack.rawGet(-1, "__index")
      if isInstance, type == .function {
        guard stack.pushUpvalue(stack.top, "class") else { return }
      } else if type != .table {
        return
      }
      current = stack.top
    }
  }
}

extension LuaExpression.Key {
  fileprivate var orFirst: LuaExpression.Key { self == .unknown ? .position(1) : self }
}
