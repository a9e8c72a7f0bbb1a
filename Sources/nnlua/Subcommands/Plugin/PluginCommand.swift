internal import ArgumentParser
internal import LuaBridge
internal import NNLua

#if canImport(Glibc)
  internal import Glibc
#endif

/// `nnlua plugin`: layers, functions, optimizers and data sets of one's own, in Swift.
struct PluginCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugin", abstract: "Layers of one's own, in Swift.", subcommands: [New.self, Build.self, List.self, Check.self])

  /// Runs a step; what it throws becomes the command's error.
  static func reporting(_ body: () throws -> Void) throws {
    do { try body() } catch let error as LuaError { throw ValidationError("plugin: \(error.message)") }
  }

  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Writes a folder with a first plugin, a test and a README.")
    @Argument(help: "letters, digits and _") var name: String

    func run() throws {
      try PluginCommand.reporting {
        try PluginSource.check(name: name)
        guard mkdir(name, 0o777) == 0 else {
          throw LuaError(errno == EEXIST ? "there is a '\(name)' already, and it is left alone" : "\(name): \(String(cString: strerror(errno)))")
        }
        let type = name.prefix(1).uppercased() + name.dropFirst()
        for (file, resource) in [("\(name).swift", "template.swift"), ("test.lua", "template.lua"), ("README.md", "template.md")] {
          let text = ShippedFile.text(resource).replacing("PLUGIN", with: name).replacing("TYPE", with: type)
          guard let stream = fopen("\(name)/\(file)", "wx") else { throw LuaError("\(name)/\(file): \(String(cString: strerror(errno)))") }
          fputs(text, stream)
          fclose(stream)
        }
        print("\(name)/ written: \(name).swift, test.lua, README.md\nnext: nnlua plugin build \(name) && nnlua \(name)/test.lua")
      }
    }
  }

  struct Build: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Compiles a plugin for this nnlua.")
    @Argument(help: "the plugin's folder or Swift file") var path: String = "."

    func run() throws {
      try PluginCommand.reporting {
        let source = try PluginSource(path)
        let warnings = try PluginBuilder(source).build()
        if !warnings.isEmpty { complain(warnings, prefix: false) }
        // In a process of its own: a plugin that traps takes only that one with it.
        let trial = try InstalledPlugin(source.library).trial()
        guard trial.status == 0 else { throw LuaError("built \(source.library), but it cannot be loaded: \(trial.says)") }
        print("built \(source.library) (\(source.name) \(trial.says))")
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The plugins that scripts of this folder find: name, version, build, path.")

    func run() throws {
      try PluginCommand.reporting {
        let plugins = PluginFolders.all(script: ".").flatMap { InstalledPlugin.all(in: $0) }
        if plugins.isEmpty { print("no plugins here, in NNLUA_PLUGINS or in \(PluginFolders.user ?? "the user's folder")") }
        var seen: [String: String] = [:], paths: Set<String> = []
        for plugin in plugins where paths.insert(PluginSource.resolved(plugin.path) ?? plugin.path).inserted {
          let state: String
          if let first = seen[plugin.file] {
            state = "hidden by \(first)"
          } else if plugin.stamp.build != PluginStamp.thisBuild {
            state = "built for another nnlua: run nnlua plugin build"
            seen[plugin.file] = plugin.path
          } else {
            let trial = try plugin.trial()
            state = trial.status == 0 ? trial.says : "cannot be loaded: \(trial.says)"
            seen[plugin.file] = plugin.path
          }
          print("\(plugin.name)  \(state)  build \(plugin.stamp.build.prefix(8))  \(plugin.path)")
        }
      }
    }
  }
}
