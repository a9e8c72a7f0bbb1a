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
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let caches = value("XDG_CACHE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil } ?? value("HOME").map { $0 + "/.cache" }
    cache = caches.map { "\($0)/nnlua/\(names[0])" }
    var roots: [(String, String)] = []
    if let own = value("NNLUA_DATA") { roots.append((own, "$NNLUA_DATA")) }
    if let caches { roots.append((caches + "/nnlua", "the user's cache")) }
    roots.append(("/usr/share/datasets", "the system's"))
    places = roots.flatMap { root, reason in names.map { Place(path: "\(root)/\($0)", reason: reason) } }
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
