internal import LuaBridge
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

enum Folder {
  /// Makes a folder and what is missing above it.
  static func make(_ path: String) throws {
    var end = path.startIndex
    while true {
      let slash = path[end...].firstIndex(of: "/") ?? path.endIndex
      if slash > path.startIndex, mkdir(String(path[..<slash]), 0o777) != 0, errno != EEXIST {
        throw LuaError("cannot make the folder '\(path[..<slash])': \(SystemError.text)")
      }
      guard slash < path.endIndex else { return }
      end = path.index(after: slash)
    }
  }
}
