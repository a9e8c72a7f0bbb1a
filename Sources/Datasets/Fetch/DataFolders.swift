internal import FoundationEssentials
internal import LuaBridge
internal import Tensors

/// Where data sets are looked for.
package struct DataFolders {
  package struct Place: Equatable {
    package var path: String
    /// How a message explains it: "$NNLUA_DATA".
    package var reason: String
  }
  package var places: [Place]
  /// Where downloads go: the user's cache.
  package var cache: String?

  /// - names: what the set's folder may be called, the best name first.
  package init(_ names: [String], environment: [String: String] = ProcessInfo.processInfo.environment) {
    let caches = Self.caches(environment)
    cache = caches.map { "\($0)/\(names[0])" }
    places = Self.roots(environment).flatMap { root in names.map { Place(path: "\(root.path)/\($0)", reason: root.reason) } }
  }

  /// The folders that hold the sets' folders.
  package static func roots(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> [Place] {
    var roots: [Place] = []
    if let own = environment["NNLUA_DATA"], !own.isEmpty { roots.append(Place(path: own, reason: "$NNLUA_DATA")) }
    if let caches = caches(environment) { roots.append(Place(path: caches, reason: "the user's cache")) }
    roots.append(Place(path: "/usr/share/datasets", reason: "the system's"))
    return roots
  }

  /// nnlua's folder in the user's cache.
  private static func caches(_ environment: [String: String]) -> String? {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    return (value("XDG_CACHE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil } ?? value("HOME").map { $0 + "/.cache" }).map { $0 + "/nnlua" }
  }

  /// The first folder that holds every file, and the files' paths. Each may be plain or packed.
  package func find(_ files: [String]) -> [String]? {
    for place in places {
      let paths = files.compactMap { file in Self.variants(file).map { place.path + "/" + $0 }.first { FileManager.default.fileExists(atPath: $0) } }
      if paths.count == files.count { return paths }
    }
    return nil
  }

  /// `train-images-idx3-ubyte` is also met as `train-images.idx3-ubyte`, and with `.gz`.
  private static func variants(_ file: String) -> [String] {
    let dotted = file.replacing("-idx", with: ".idx")
    return [file, "\(file).gz", dotted, "\(dotted).gz"]
  }
}
