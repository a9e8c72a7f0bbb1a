internal import CShims

/// Sizes of this machine's caches in bytes. They choose how work is cut up, never what is added to what: results do not depend on them.
enum Caches {
  /// The second-level cache of a core; 256 KB where the system does not say.
  static let second: Int = size(2, otherwise: 256 << 10)

  private static func size(_ level: Int32, otherwise: Int) -> Int {
    let size = Int(nn_cache_size(level))
    return size > 0 ? size : otherwise
  }
}
