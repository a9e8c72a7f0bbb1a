internal import LuaBridge

/// The sets that can be loaded by name, for `nnlua data list` and `nnlua data fetch NAME`.
package enum DataCatalog {
  static let images: [ImageSet] = [.mnist, .fashionMNIST, .cifar10, .digits]

  package struct Entry: Sendable {
    package var name: String
    /// One line: what it shows.
    package var title: String
    /// Bytes to download, about; 0 where nothing is.
    package var size: Int
    /// The folder where it was found; nil where it would be downloaded.
    package var location: String?
  }

  package static func list() -> [Entry] {
    images.map { Entry(name: $0.name, title: $0.title, size: $0.download, location: $0.folder()) }
      + [Entry(name: "iris", title: "150 irises of three species, 4 measures, ship with nnlua", size: 0, location: "in nnlua")]
  }

  /// Makes sure that all files of a set are on this machine, and says where.
  /// - Errors: an unknown name; what `data.NAME` says where nothing can be fetched.
  package static func fetch(_ name: String) throws -> String {
    // `cifar-10` is cifar10, `fashion-mnist` is fashion_mnist.
    func plain(_ name: String) -> String { name.lowercased().filter { $0 != "-" && $0 != "_" } }
    let known = list().map(\.name)
    guard let wanted = known.first(where: { plain($0) == plain(name) }) else {
      let hint = closest(to: name, in: known).map { "; did you mean '\($0)'?" } ?? ""
      throw LuaError("unknown data set '\(name)'\(hint) (known: \(known.joined(separator: ", ")))")
    }
    guard let set = images.first(where: { $0.name == wanted }) else { return "in nnlua" }
    if let folder = set.folder() { return folder }
    do { try set.fetch() } catch let error as LuaError { throw LuaError("\(set.name): \(error.message)") }
    return set.folder() ?? ""
  }
}
