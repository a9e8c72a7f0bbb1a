internal import LuaBridge

/// The profiler's numbers for modules, by the place from which they are called: a layer that two networks share has two.
enum ProfiledLayers {
  private struct Place: Hashable {
    /// The layer it is called in.
    let parent: Int
    /// A module written in Lua is another Swift object each time.
    let module: ObjectIdentifier?, table: LuaHandle?
    let isChain: Bool
  }
  private struct Entry {
    let id: Int
    /// Another module may come to lie where one was freed.
    weak var module: Module?
  }
  nonisolated(unsafe) private static var known: [Place: Entry] = [:]
  nonisolated(unsafe) private static var networks = 0
  /// A script that makes modules in its loop is not to fill memory with their names.
  private static let most = 1000
  nonisolated(unsafe) private static var others: Int?

  @inline(__always) static func begin(_ module: Module) -> Bool {
    guard Profiler.isOn else { return false }
    Profiler.begin(layer: id(module), kind: module.kind)
    return true
  }

  /// Neighbours that run as one, in the module that is running.
  @inline(__always) static func begin(chain: [(name: String, module: Module)]) -> Bool {
    guard Profiler.isOn else { return false }
    Profiler.begin(layer: id(chain[0].module, chain: chain), kind: chain.map(\.module.kind).joined(separator: ", "))
    return true
  }

  private static func id(_ module: Module, chain: [(name: String, module: Module)] = []) -> Int {
    let parent = Profiler.currentLayer, table = (module as? ScriptModule)?.handle
    let place = Place(parent: parent, module: table == nil ? ObjectIdentifier(module) : nil, table: table, isChain: !chain.isEmpty)
    if let entry = known[place], table != nil || entry.module === module { return entry.id }
    guard Profiler.layerCount < most else {
      let id = others ?? Profiler.newLayer(path: "", title: "other layers", parent: 0)
      others = id
      return id
    }
    let path = chain.isEmpty ? path(module, in: parent) : Profiler.path(ofLayer: parent) + ModuleCalls.inScript(chain[0].name)
    let title = chain.isEmpty ? shortTitle(module) : chain.map(\.module.title).joined(separator: " + ")
    let id = Profiler.newLayer(path: path, title: title, parent: parent)
    known[place] = Entry(id: id, module: module)
    return id
  }

  /// "net[3]"; the second network that is met is "net2". A layer that stands alone has none.
  private static func path(_ module: Module, in parent: Int) -> String {
    let outer = Profiler.path(ofLayer: parent)
    if let around = ModuleCalls.around(module), !outer.isEmpty {
      guard let name = try? around.ownChildren().first(where: { $0.module.isSame(as: module) })?.name else { return "" }
      return outer + ModuleCalls.inScript(name)
    }
    guard (try? module.ownChildren().isEmpty) == false else { return "" }
    networks += 1
    return networks == 1 ? "net" : "net\(networks)"
  }

  /// A container's own line says nothing of what is in it.
  private static func shortTitle(_ module: Module) -> String { module.summaryLine.isEmpty ? module.kind : module.title }
}
