import Foundation
import LuaBridge
import Runtime
import Testing

/// Every row's example runs; every row is reached from its library.
extension CheckTests {
  @Suite struct ExampleTests {
    static let rows: [(library: String, row: Row)] = {
      guard let lua = try? Rows.interpreter() else { return [] }
      let classes = Rows.classes(lua).flatMap { type, _ in type.rows.map { (type.name, $0) } }
      return Libraries.all.flatMap { library in library.rows.map { (library.name, $0) } } + classes
    }()

    @Test func examplesRun() throws { try Folder().entered(runExamples) }

    private func runExamples() throws {
      #expect(Self.rows.count > 300)
      let lua = try Rows.interpreter()
      var seen: Set<String> = [], missing: [String] = []
      for (library, row) in Self.rows {
        guard seen.insert("\(row.name) \(row.example) \(row.doc)").inserted else { continue }
        guard !row.example.isEmpty else {
          if !row.place.contains(.getter), !row.name.hasSuffix("_") { missing.append("\(library).\(row.name)") }
          continue
        }
        defer { lua.stack.top = 0 }
        do {
          try lua.load(Rows.locals + row.example, name: "=\(row.name)")
          try lua.stack.call(arguments: 0, results: -1)
          #expect(lua.stack.top > 0 || row.returns == "nothing", "\(library).\(row.name) returns nothing: \(row.example)")
        } catch {
          // Data sets that must be fetched say where they looked.
          if !"\(error)".contains("looked in") { Issue.record("\(library).\(row.name): \(row.example)\n\(error)") }
        }
      }
      // These need files, or a screen.
      let excused = [
        "nnlua.data.mnist", "nnlua.data.fashion_mnist", "nnlua.data.cifar10", "nnlua.data.read_idx", "Figure.save", "Figure.show", "nnlua.plot.save", "nnlua.plot.show",
      ]
      #expect(missing.filter { !excused.contains($0) } == [], "rows without an example")
    }

    /// Lists of rows (`static let rows`, `static let row`) that no library and no class names: functions that scripts cannot call.
    static func unreached(_ files: [(name: String, text: String)]) -> [String] {
      var lists: [(owner: String, name: Substring, file: Int)] = [], used: Set<String> = []
      for (i, file) in files.enumerated() {
        for word in file.text.utf8.split(whereSeparator: {
          !(UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 32 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "."))
        }) {
          if word.contains(UInt8(ascii: ".")) { used.insert(String(Substring(word))) }
        }
        var owner = ""
        for part in file.text.utf8.split(separator: UInt8(ascii: "\n")) where part.count < 200 {
          guard part.first != UInt8(ascii: " ") || part.starts(with: "  static ".utf8) || part.starts(with: "  p".utf8) else { continue }
          let line = Substring(part)
          if let match = line.firstMatch(of: /^(?:public |package |private |final |internal )*(?:enum|class|struct|extension) (\w+)/) { owner = String(match.1) }
          if let match = line.firstMatch(of: /^  (?:public |package )?static (?:let|var) (\w*[rR]ows?)\b/) { lists.append((owner, match.1, i)) }
        }
      }
      return lists.filter { list in
        if used.contains("\(list.owner).\(list.name)") || used.contains("\(list.owner).\(list.name).map") { return false }
        // Named in its own file, as a class's or a library's rows.
        let text = files[list.file].text
        return !["rows: \(list.name)", "[Row] = \(list.name)", "+ \(list.name)", "{ \(list.name)"].contains { text.contains($0) }
      }.map { "\($0.owner).\($0.name) in \(files[$0.file].name)" }
    }

    @Test func everyRowIsReached() throws {
      let sources = Child.root.appendingPathComponent("Sources")
      let files = try FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)!.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
        .map { (name: $0.lastPathComponent, text: try String(contentsOf: $0, encoding: .utf8)) }.filter { $0.text.contains("static") }
      #expect(files.count > 100)
      #expect(Self.unreached(files) == [], "add them to their library's `all`")
      // The test itself: a library that forgets a line is found out.
      let library = files.first { $0.name == "TensorLibrary.swift" }!
      let forgetful = files.filter { $0.name != library.name } + [(library.name, library.text.replacing(", Median.rows", with: ""))]
      #expect(Self.unreached(forgetful) == ["Median.rows in Median.swift"])
    }

    /// Each row of those lists has one home: no two rows of a library share a name.
    @Test func namesAreUnique() {
      for library in Libraries.all {
        for place in [Row.Place.function, .method] {
          let names = library.rows.filter { $0.place.contains(place) }.map(\.name)
          let twice = Dictionary(grouping: names) { $0 }.filter { $1.count > 1 }.keys.sorted()
          #expect(twice == [], "in \(library.name)")
        }
      }
    }

    @Test func rowsAreDocumented() {
      for (library, row) in Self.rows {
        #expect(row.doc.count > 1, "\(library).\(row.name)")
      }
    }
  }
}
