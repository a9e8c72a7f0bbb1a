public import LuaBridge

/// A module that `require` finds beside the script: layers, functions, optimizers and data sets written in Swift.
///
/// A plugin's file has one of them, as a global constant of this name:
///
///     let plugin = Plugin("swish", version: "0.1.0", "Swish activations.", layers: [Swish.row], into: [.layers])
///
/// All rows are functions of the module: `local swish = require "swish"; swish.Swish()`.
public final class Plugin: @unchecked Sendable {
  /// The modules of nnlua that a plugin's rows may appear in beside its own.
  public struct Places: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// Layers and losses in `nn`.
    public static let layers = Places(rawValue: 1)
    /// Functions in `F`.
    public static let functions = Places(rawValue: 2)
    /// Optimizers in `optim`.
    public static let optimizers = Places(rawValue: 4)
    /// Data sets in `data`.
    public static let dataSets = Places(rawValue: 8)
  }

  /// As `require` takes it.
  public let name: String
  /// The version of the plugin, as `nnlua plugin list` shows it.
  public let version: String
  package let places: [(place: Places, module: String, rows: [Row])]
  package let into: Places
  package let library: Library
  package let onLoad: (@Sendable (LuaState) throws -> Void)?
  /// Help knows it already.
  private nonisolated(unsafe) var isListed = false

  /// - name: the file's name, which `require` takes.
  /// - doc: what help says of the module; full sentences.
  /// - layers: rows of layers and losses: functions that make a `Module`.
  /// - types: classes of objects that its functions make, documented with it.
  /// - lua: Lua source that receives the module's table as its argument and may add to it.
  /// - into: what appears in nnlua's own modules too. A name that is taken there is an error: nothing built in is ever replaced.
  /// - onLoad: runs when a script first requires it; what it throws is the script's error.
  public init(
    _ name: String, version: String, _ doc: String = "", layers: [Row] = [], functions: [Row] = [], optimizers: [Row] = [], dataSets: [Row] = [],
    types: [LuaClass] = [], lua: String? = nil, into: Places = [], onLoad: (@Sendable (LuaState) throws -> Void)? = nil
  ) {
    self.name = name
    self.version = version
    self.into = into
    self.onLoad = onLoad
    places = [
      (.layers, "nnlua.nn", layers), (.functions, "nnlua.nn.functional", functions), (.optimizers, "nnlua.optim", optimizers),
      (.dataSets, "nnlua.data", dataSets),
    ]
    let groups = [RowGroup("Layers", layers), RowGroup("Functions", functions), RowGroup("Optimizers", optimizers), RowGroup("Data sets", dataSets)]
    library = Library(
      name, doc, rows: layers + functions + optimizers + dataSets, groups: groups.filter { !$0.rows.isEmpty }, types: types, lua: lua)
  }

  /// For the generated part of a plugin: itself, kept alive for the process.
  public func entry() -> UnsafeRawPointer { UnsafeRawPointer(Unmanaged.passRetained(self).toOpaque()) }

  /// Builds the module's table and leaves it on the stack.
  package func open(_ stack: LuaStack) throws {
    var seen: Set<String> = []
    for row in library.rows where !seen.insert(row.name).inserted { throw LuaError("plugin '\(name)': two rows are called '\(row.name)'") }
    do {
      try onLoad?(stack.state)
    } catch let error as LuaError {
      throw LuaError("plugin '\(name)': \(error.message)")
    } catch let error as LuaRaised {
      throw error
    } catch {
      throw LuaError("plugin '\(name)': \(error)")
    }
    guard stack.reserve(12) else { throw LuaError("stack overflow") }
    let modules = try joined(stack)
    try stack.state.add(library, stack)
    let own = stack.top
    for (place, row) in modules {
      stack.rawGet(own, row.name)
      stack.rawSet(place, row.name)
    }
    for place in Set(modules.map(\.0)).sorted(by: >) { stack.remove(place) }
    if !isListed { Library.add(library) }
    isListed = true
  }

  /// Leaves the tables of nnlua's modules that rows ask to appear in on the stack, with their places.
  /// - Errors: a name that is taken; then nothing is changed.
  private func joined(_ stack: LuaStack) throws -> [(Int32, Row)] {
    var found: [(Int32, Row)] = []
    for (place, module, rows) in places where into.contains(place) && !rows.isEmpty {
      stack.pushGlobals()
      stack.rawGet(-1, "require")
      stack.remove(-2)
      stack.push(module)
      try stack.call(arguments: 1, results: 1)
      let table = stack.top
      for row in rows {
        stack.rawGet(table, row.name)
        let isTaken = stack.type(at: -1) != .nil
        stack.pop()
        if isTaken { throw LuaError("plugin '\(name)': \(module) has a '\(row.name)' already, and nothing is replaced: rename it, or leave it out of `into:`") }
        found.append((table, row))
      }
    }
    return found
  }
}
