internal import Synchronization
internal import CShims

/// The Swift end of one bound function: what the trampoline calls.
package final class FunctionBox: @unchecked Sendable {
  let name: String
  /// What the profiler calls it: with its class, where the name alone says little.
  fileprivate(set) var title: String
  let body: @Sendable (LuaStack) throws -> Int32
  package init(_ name: String, _ body: @escaping @Sendable (LuaStack) throws -> Int32) {
    self.name = name
    title = name
    self.body = body
  }
}

/// One bound function with all that is known of it: the single source of its Lua name, argument checks, help and tests.
public struct Row: Sendable {
  /// Where a row can be called from.
  public struct Place: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// `library.name(x, …)`
    public static let function = Place(rawValue: 1)
    /// `x:name(…)`
    public static let method = Place(rawValue: 2)
    /// `x.name`
    public static let getter = Place(rawValue: 4)
  }

  /// As scripts call it.
  public let name: String
  /// What it does: the text that help and the reference pages are made from.
  public let doc: String
  /// Its parameters.
  public let signature: Signature
  /// Where it can be called from.
  public let place: Place
  /// A runnable Lua snippet; `T`, `nn`, `F`, `optim` and `data` are the modules.
  public let example: String
  /// What comes back, as help names it.
  public let returns: String
  package let box: FunctionBox
  /// The function itself is written in the library's Lua source; the row documents it.
  package let isScript: Bool

  private init(
    _ signature: Signature, _ doc: String, _ place: Place, _ example: String, _ returns: String, isScript: Bool = false,
    _ body: @escaping @Sendable (LuaStack) throws -> Int32
  ) {
    name = signature.name
    self.isScript = isScript
    self.doc = doc
    self.signature = signature
    self.place = place
    self.example = example
    self.returns = returns
    box = FunctionBox(signature.name, body)
  }

  // The closures capture one Signature object and the body, never the pack of parameters: a captured pack cost 70 ns a call.
  // Values go straight from the decoder to the body: kept as a tuple between the two, each call looked up the tuple's type.

  /// A function with one result.
  public init<each A: LuaValue, R: LuaValue>(
    _ name: String, _ doc: String, _ parameters: repeat Param<each A>, place: Place = [.function, .method], mixed: Bool = false,
    example: String = "", returns: String = R.luaName, body: @escaping @Sendable (repeat each A) throws -> R
  ) {
    let signature = Self.signature(name, mixed, repeat each parameters)
    self.init(signature, doc, place, example, returns) { stack in
      var arguments = try Arguments(stack, signature)
      try body(repeat (each A).take(&arguments)).push(stack)
      return 1
    }
  }

  /// A function with two results.
  public init<each A: LuaValue, R1: LuaValue, R2: LuaValue>(
    _ name: String, _ doc: String, _ parameters: repeat Param<each A>, place: Place = [.function, .method], mixed: Bool = false,
    example: String = "", returns: String = "\(R1.luaName), \(R2.luaName)", body: @escaping @Sendable (repeat each A) throws -> (R1, R2)
  ) {
    let signature = Self.signature(name, mixed, repeat each parameters)
    self.init(signature, doc, place, example, returns) { stack in
      var arguments = try Arguments(stack, signature)
      let (first, second) = try body(repeat (each A).take(&arguments))
      first.push(stack)
      second.push(stack)
      return 2
    }
  }

  /// A function without a result.
  public init<each A: LuaValue>(
    procedure name: String, _ doc: String, _ parameters: repeat Param<each A>, place: Place = [.function, .method],
    example: String = "", body: @escaping @Sendable (repeat each A) throws -> Void
  ) {
    let signature = Self.signature(name, false, repeat each parameters)
    self.init(signature, doc, place, example, "nothing") { stack in
      var arguments = try Arguments(stack, signature)
      try body(repeat (each A).take(&arguments))
      return 0
    }
  }

  /// A function that handles the stack itself, for any number of results; the count of results is returned.
  public init<each A: LuaValue>(
    results name: String, _ doc: String, _ parameters: repeat Param<each A>, place: Place = [.function, .method], mixed: Bool = false,
    example: String = "", returns: String, body: @escaping @Sendable (LuaStack, repeat each A) throws -> Int32
  ) {
    let signature = Self.signature(name, mixed, repeat each parameters)
    self.init(signature, doc, place, example, returns) { stack in
      var arguments = try Arguments(stack, signature)
      return try body(stack, repeat (each A).take(&arguments))
    }
  }

  /// A property: `x.name`.
  public init<S: LuaValue, R: LuaValue>(getter name: String, _ doc: String, example: String = "", of: S.Type = S.self, body: @escaping @Sendable (S) throws -> R) {
    let signature = Signature(name: name, mixed: false, [])
    self.init(signature, doc, .getter, example, R.luaName) { stack in
      do {
        try body(try S.decode(stack, 1)).push(stack)
      } catch let error as TypeMismatch {
        throw ArgumentError(1, "\(error.expected) expected, got \(stack.given(at: 1))")
      }
      return 1
    }
  }

  /// A function of the library's Lua source, which checks its own arguments.
  public init<each A: LuaValue>(
    script name: String, _ doc: String, _ parameters: repeat Param<each A>, place: Place = .function, mixed: Bool = false, example: String = "", returns: String
  ) {
    self.init(script: Self.signature(name, mixed, repeat each parameters), doc, place, example, returns)
  }

  /// A plain value that the library's Lua source sets: `nnlua.version`.
  package init(value name: String, _ doc: String, type: String, example: String) {
    self.init(script: Signature(name: name, mixed: false, []), doc, .getter, example, type)
  }

  private init(script signature: Signature, _ doc: String, _ place: Place, _ example: String, _ returns: String) {
    let name = signature.name
    self.init(signature, doc, place, example, returns, isScript: true) { _ in throw LuaError("\(name) is written in Lua") }
  }

  /// A method as a function of a library whose Lua source supplies the object: `plot.line(…)` for `figure:line(…)`.
  package func withoutReceiver(example: String) -> Row {
    Row(script: Signature(name: name, mixed: signature.mixed, Array(signature.parameters.dropFirst())), doc, .function, example, returns)
  }

  /// Notes the class whose method or property it is. What is a function of a library too keeps its own name, and so do tensors' ops.
  func belongs(to owner: String) {
    if box.title == name, !place.contains(.function) || name.hasPrefix("__") { box.title = "\(owner).\(name)" }
  }

  /// The documentation, taken apart.
  package var documentation: Documentation { Documentation(doc) }

  private static func signature<each A: LuaValue>(_ name: String, _ mixed: Bool, _ parameters: repeat Param<each A>) -> Signature {
    var list: [ParameterInfo] = []
    for parameter in repeat each parameters { list.append(parameter.info) }
    var takesRest = false
    for type in repeat (each A).self { takesRest = takesRest || type.takesRest }
    return Signature(name: name, mixed: mixed, list, takesRest: takesRest)
  }
}

/// A module that scripts `require`: its rows, its plain values, and Lua source run on top of them.
package struct Library: Sendable {
  /// As `require` takes it: "nnlua.tensor".
  package let name: String
  package let doc: String
  /// Lua source that receives the module's table as its argument and may add to it.
  package let lua: String?
  /// What examples and help call it: "T" for "nnlua.tensor".
  package let alias: String
  private let contents: Contents

  package var rows: [Row] { contents.value.rows }
  /// Classes whose methods the module offers as a table: `nn.Module.parameters`.
  package var classes: [LuaClass] { contents.value.classes }
  /// Classes of objects that its functions make, documented with it.
  package var types: [LuaClass] { contents.value.types }
  /// What calling the module itself does: `T{1, 2, 3}`.
  package var call: Row? { contents.value.call }
  /// The rows as help shows them, in groups.
  package var groups: [RowGroup] { contents.value.groups }

  /// The rows are made when they are first asked for: a script that never names a module does not pay for it.
  ///
  /// - groups: the same rows under titles; without them all rows are one group.
  /// - alias: where it is not the name without "nnlua.".
  package init(
    _ name: String, _ doc: String, rows: @autoclosure @escaping @Sendable () -> [Row], groups: @autoclosure @escaping @Sendable () -> [RowGroup]? = nil,
    classes: @autoclosure @escaping @Sendable () -> [LuaClass] = [], types: @autoclosure @escaping @Sendable () -> [LuaClass] = [], lua: String? = nil,
    call: @autoclosure @escaping @Sendable () -> Row? = nil, alias: String? = nil
  ) {
    self.name = name
    self.doc = doc
    self.lua = lua
    self.alias = alias ?? (name.hasPrefix("nnlua.") ? String(name.dropFirst(6)) : name)
    contents = Contents {
      let rows = rows(), classes = classes()
      return Contents.Value(rows: rows, groups: groups() ?? [RowGroup("", rows)], classes: classes, types: classes + types(), call: call())
    }
  }

  private final class Contents: Sendable {
    struct Value: Sendable {
      let rows: [Row], groups: [RowGroup], classes: [LuaClass], types: [LuaClass], call: Row?
    }
    private let make: @Sendable () -> Value
    private let made = Mutex<Value?>(nil)

    init(_ make: @escaping @Sendable () -> Value) { self.make = make }

    var value: Value {
      made.withLock { known in
        if let known { return known }
        let value = make()
        known = value
        return value
      }
    }
  }

  /// Libraries of plugins that this process has loaded: help knows them too.
  package nonisolated(unsafe) private(set) static var added: [Library] = []
  package static func add(_ library: Library) { added.append(library) }

  /// What scripts call it: "nn" of "nnlua.nn".
  package var shortName: String { name.split(separator: ".").last.map(String.init) ?? name }
}
