internal import ArgumentParser
internal import Datasets
internal import LuaBridge

/// `nnlua data`: the data sets.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "data", abstract: "Data sets.", subcommands: [List.self, Fetch.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "What there is, and where it is.")

    func run() {
      let sets = DataCatalog.list()
      let width = sets.map(\.name.count).max() ?? 0
      for set in sets {
        let place = set.location ?? (set.size == 0 ? "part of nnlua" : "to be downloaded, \((set.size + 500_000) / 1_000_000) MB")
        print("\(set.name)\(String(repeating: " ", count: width - set.name.count))  \(set.title) (\(place))")
      }
    }
  }

  struct Fetch: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Downloads data sets that are not on this machine.")
    @Argument(help: "names, as `nnlua data list` shows them") var names: [String]

    func run() throws {
      for name in names {
        do {
          let place = try DataCatalog.fetch(name)
          print("\(name): \(place.isEmpty ? "part of nnlua" : place)")
        } catch let error as LuaError {
          throw ValidationError(error.message)
        }
      }
    }
  }
}
