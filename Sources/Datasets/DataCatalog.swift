internal import LuaBridge

/// The sets that can be loaded by name, for `nnlua data list` and `nnlua data fetch NAME`.
public enum DataCatalog {
  static let images: [ImageSet] = [.mnist, .fashionMNIST, .digits]

  public struct Entry: Sendable {
    public var name: String
    /// One line: what it shows.
    public var title: String
    /// Bytes to download, about; 0 where nothing is.
    public var size: Int
    /// The folder where it was found; nil where it would be downloaded.
    public var location: String?
  }

  public static func list() -> [Entry] {
    images.map { set in
      let size =
        switch set.name {
        case "mnist": 11_594_722
        case "fashion_mnist": 30_878_645
        default: 0
        }
      return Entry(name: set.name, title: set.title, size: size, location: set.folder())
    }
  }

  /// Makes sure that all files of a set are on this machine, and says where.
  /// - Errors: an unknown name; what `data.NAME` says where nothing can be fetched.
  public static func fetch(_ name: String) throws -> String {
    guard let set = images.first(where: { $0.name == name || $0.name.replacing("_", with: "-") == name }) else {
      let known = images.map(\.name), hint = closest(to: name, in: known).map { "; did you mean '\($0)'?" } ?? ""
      throw LuaError("unknown data set '\(name)'\(hint) (known: \(known.joined(separator: ", ")))")
    }
    if let folder = set.folder() { return folder }
    if case .files(let list, _, _) = set.origin {
      do { _ = try set.find(list.flatMap(\.files)) } catch let error as LuaError { throw LuaError("\(set.name): \(error.message)") }
    }
    return set.folder() ?? ""
  }
}
