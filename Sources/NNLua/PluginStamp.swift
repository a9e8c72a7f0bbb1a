internal import CShims
internal import LuaBridge

/// What the generated part of a plugin says of itself, read from its file before anything of it runs.
///
/// A plugin is compiled against the classes of one nnlua, whose layout is fixed at that time: run with another one, it would read and write memory
/// at wrong places. So the linker's build id of nnlua stands in it as text, and must be that of the program that loads it.
package struct PluginStamp: Equatable {
  package var name: String
  /// The build id of nnlua, in hex.
  package var build: String
  /// The version of nnlua.
  package var version: String
  /// The compiler's: "6.3.1".
  package var swift: String
  /// The instruction level that it needs: 0 base, 1 AVX2, 2 AVX-512.
  package var level: Int

  private static let mark = "nnlua-plugin", separator = "\u{1}"

  package init(name: String, build: String, version: String, swift: String, level: Int) {
    (self.name, self.build, self.version, self.swift, self.level) = (name, build, version, swift, level)
  }

  /// What this program would write.
  package static func current(name: String, swift: String) -> PluginStamp {
    PluginStamp(name: name, build: thisBuild, version: NNLua.version, swift: swift, level: Int(nn_cpu_level()))
  }
  package static let thisBuild = String(cString: nn_build_id())

  package var text: String { ([Self.mark, name, build, version, swift, "\(level)", "end"]).joined(separator: Self.separator) }

  private init?(_ text: String) {
    let parts = text.split(separator: Character(Self.separator), omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 7, parts[0] == Self.mark, parts[6] == "end", let level = Int(parts[5]) else { return nil }
    self.init(name: parts[1], build: parts[2], version: parts[3], swift: parts[4], level: level)
  }

  /// Reads a file; nil where it is no plugin.
  package static func read(_ path: String) -> PluginStamp? {
    FileSearch.texts(after: mark + separator, in: path) { text in
      guard let end = text.ranges(of: separator + "end").first?.upperBound else { return nil }
      return PluginStamp(mark + separator + text[..<end])
    }
  }

  /// - Errors: the plugin was built for another program, processor or name.
  package func check(_ path: String, as required: String) throws {
    guard name == required else {
      throw LuaError("'\(path)' is the plugin '\(name)', not '\(required)': call the file \(name).so, or rebuild it under the new name (nnlua plugin build)")
    }
    guard build == Self.thisBuild else {
      throw LuaError(
        "plugin '\(name)' (\(path)) was built for nnlua \(version) (build \(build.prefix(8))), this nnlua is \(NNLua.version) (build \(Self.thisBuild.prefix(8))): run nnlua plugin build"
      )
    }
    guard level <= Int(nn_cpu_level()) else {
      throw LuaError("plugin '\(name)' (\(path)) was built for a processor with \(level == 2 ? "AVX-512" : "AVX2"), which this one lacks: run nnlua plugin build")
    }
  }
}
