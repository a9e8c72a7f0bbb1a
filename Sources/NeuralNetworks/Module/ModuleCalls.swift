internal import LuaBridge
internal import Tensors

/// The modules whose forward is running, outermost first: where an error arose is told from them.
enum ModuleCalls {
  nonisolated(unsafe) private static var running: [Module] = []
  /// Told of every module's result, for `summary`.
  nonisolated(unsafe) static var observer: ((Module, Tensor) -> Void)?

  /// Runs `body` as the forward of `module`; an error that names no place yet gets one: `in net[3] Linear(784 -> 100): …`.
  static func inside<R>(_ module: Module, _ body: () throws -> R) throws -> R {
    guard running.count < 190 else { throw LuaError("\(module.kind): modules call each other without end") }
    running.append(module)
    let isTimed = ProfiledLayers.begin(module)
    defer {
      running.removeLast()
      if isTimed { Profiler.end() }
    }
    do {
      return try body()
    } catch var error as LuaError where !error.isPlaced && running.count > 1 {
      error.message = "in net\(path()) \(module.title): \(error.message)"
      error.isPlaced = true
      throw error
    }
  }

  /// The module that has called `module`, the innermost that is running.
  static func around(_ module: Module) -> Module? {
    guard running.last.map({ $0 === module }) == true else { return running.last }
    return running.dropLast().last
  }

  /// A path as a script writes it: "block.0.fc" is ".block[1].fc".
  static func inScript(_ path: String) -> String { path.split(separator: ".").map { part in Int(part).map { "[\($0 + 1)]" } ?? ".\(part)" }.joined() }

  /// The way from the outermost running module to the innermost: "[3]", ".block[1].fc".
  private static func path() -> String {
    var text = ""
    for (parent, child) in zip(running, running.dropFirst()) {
      guard let children = try? parent.ownChildren(), let name = children.first(where: { $0.module.isSame(as: child) })?.name else { continue }
      text += inScript(name)
    }
    return text
  }
}
