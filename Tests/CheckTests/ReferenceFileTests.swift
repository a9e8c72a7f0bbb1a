import Foundation
import LuaBridge
import Runtime
import Testing

/// What `nnlua help --markdown` and `--editor` write.
extension CheckTests {
  @Suite struct ReferenceFileTests {
    private static func files(in folder: URL) throws -> [String: String] {
      var found: [String: String] = [:]
      for case let file as URL in FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)! where !file.hasDirectoryPath {
        found[String(file.resolvingSymlinksInPath().path.dropFirst(folder.resolvingSymlinksInPath().path.count + 1))] = try String(contentsOf: file, encoding: .utf8)
      }
      return found
    }

    @Test func markdownIsWellFormed() throws {
      let folder = try Folder()
      let child = try Child.run(["help", "--markdown", "pages/all"], in: folder)
      #expect(child.status == 0 && child.output.contains("begin with pages/all/index.md"), "\(child.output)")
      let files = try Self.files(in: folder.url.appendingPathComponent("pages/all"))
      #expect(files.count > Reference.modules.count && files["index.md"] != nil)
      var anchors: Set<String> = [], links: [(from: String, to: String)] = []
      for (name, text) in files {
        #expect(text.hasPrefix("# ") && text.hasSuffix("\n") && !text.hasSuffix("\n\n") && !text.contains("\n\n\n"), "\(name)")
        #expect(!text.contains(folder.url.path) && !text.contains("/home/") && !text.contains(Child.root.path), "\(name)")
        anchors.insert(name)
        for match in text.matches(of: /<a id="([^"]+)"><\/a>/) { #expect(anchors.insert("\(name)#\(match.1)").inserted, "\(name): \(match.1) twice") }
        var fenced = false, columns: Int?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
          if line.hasPrefix("```") {
            fenced.toggle()
            columns = nil
          } else if !fenced, line.hasPrefix("|") {
            // Bars that end no cell are escaped.
            let bars = line.replacing("\\|", with: "").count { $0 == "|" }
            #expect(line.hasSuffix("|") && bars == columns ?? bars, "\(name): \(line)")
            columns = bars
          } else {
            columns = nil
          }
          guard !fenced else { continue }
          for match in line.matches(of: /\]\(([^)]+)\)/) { links.append((name, String(match.1))) }
        }
        #expect(!fenced, "\(name): a code block without end")
      }
      for link in links { #expect(anchors.contains(link.to), "\(link.from) links to \(link.to)") }
      #expect(links.count > Reference.entries.count * 2)
      for entry in Reference.entries {
        #expect(files.values.contains { $0.contains("<a id=\"\(entry.anchor)\"></a>") }, "\(entry.title)")
        #expect(entry.row.example.isEmpty || files.values.contains { $0.contains("```lua\n\(entry.row.example)\n```") }, "\(entry.title)")
      }
      // The same text every time.
      let again = try Folder()
      _ = try Child.run(["help", "--markdown", again.url.path], in: again)
      #expect(try Self.files(in: again.url) == files)
    }

    /// No package of Debian, PyPI or npm provides lua-language-server: `definitions.lua` reads the annotations itself, and compares with the live modules.
    @Test func definitionsAgreeWithTheModules() throws {
      let folder = try Folder()
      let child = try Child.run(["help", "--editor", "."], in: folder)
      #expect(child.status == 0, "\(child.output)")
      let files = try Self.files(in: folder.url)
      for library in Reference.modules { #expect(files["library/\(library.name.replacing(".", with: "/")).lua"] != nil, "\(library.name)") }
      #expect(files[".luarc.json"] == ReferenceEditor.settings)
      let settings = try #require(try JSONSerialization.jsonObject(with: Data(ReferenceEditor.settings.utf8)) as? [String: Any])
      #expect(settings["runtime.version"] as? String == "Lua 5.4" && settings["workspace.library"] as? [String] == ["library"])

      let checked = try Child.run([Child.script("definitions.lua"), "library"], in: folder)
      #expect(checked.status == 0, "\(checked.output)")
      #expect(checked.output.contains("functions, ") && checked.output.contains("no faults"), "\(checked.output)")

      let tensor = try #require(files["library/nnlua/tensor.lua"])
      for line in [
        "---@operator add(Tensor|number): Tensor", "---@operator unm: Tensor", "---@class Tensor", "---@field shape integer[] The sizes of all dims, as a list.",
        "function T.matmul(x, other) end", "function TensorMethods:matmul(other) end", "---@field keepdim? boolean keep the reduced dims with size 1 (default false)",
      ] { #expect(tensor.contains(line), "\(line)") }
      let layers = try #require(files["library/nnlua/nn.lua"])
      #expect(layers.contains("---@class nn.Conv2d : Module") && layers.contains("---@overload fun(arguments: nn.Conv2d.Options.All): nn.Conv2d"))
    }

    @Test(arguments: [
      ("function T.matmul(x, other) end", "---@param y integer\nfunction T.matmul(x, other) end", "no parameter 'y'"),
      ("function T.matmul(x, other) end", "---@param x wish\nfunction T.matmul(x, other) end", "unknown type 'wish'"),
      ("function T.sum(", "function T.smu(", "sum"), ("function T.sum(", "function T.sum((", "expected"),
      ("---@class Tensor", "---@clas Tensor", "@clas"),
    ])
    func faultsOfDefinitionsAreFound(_ part: String, _ wrong: String, _ message: String) throws {
      let folder = try Folder()
      #expect(try Child.run(["help", "--editor", "."], in: folder).status == 0)
      let path = folder.path("library/nnlua/tensor.lua"), text = try String(contentsOfFile: path, encoding: .utf8)
      let place = try #require(text.firstMatch(of: try Regex("(?m)^" + NSRegularExpression.escapedPattern(for: part) + ".*")))
      let changed = text.replacingCharacters(in: place.range, with: part.hasSuffix("(") ? wrong + String(text[place.range].dropFirst(part.count)) : wrong)
      try Data(changed.utf8).write(to: URL(fileURLWithPath: path))
      let checked = try Child.run([Child.script("definitions.lua"), "library"], in: folder)
      #expect(checked.status == 1 && checked.output.contains(message), "\(checked.output)")
    }

    @Test func settingsOfTheUserStay() throws {
      let folder = try Folder()
      try folder.write(".luarc.json", "{\"mine\": true}")
      let child = try Child.run(["help", "--editor", "."], in: folder)
      #expect(child.status == 0 && child.output.contains("stays as it is"), "\(child.output)")
      #expect(try String(contentsOfFile: folder.path(".luarc.json"), encoding: .utf8) == "{\"mine\": true}")
      #expect(try String(contentsOfFile: folder.path("nnlua.luarc.json"), encoding: .utf8) == ReferenceEditor.settings)
      // Ours may be written again.
      try FileManager.default.removeItem(atPath: folder.path(".luarc.json"))
      for _ in 1...2 { #expect(try !Child.run(["help", "--editor", "."], in: folder).output.contains("stays")) }
    }

    @Test func foldersThatCannotBeMade() throws {
      let folder = try Folder()
      try folder.write("file", "")
      for option in ["--markdown", "--editor"] {
        let child = try Child.run(["help", option, "file/below"], in: folder)
        #expect(child.status == 1 && child.output.contains("Not a directory"), "\(child.output)")
      }
      #expect(try Child.run(["help", "conv2d", "--editor", "x"], in: folder).status == 1)
      #expect(try Child.run(["help", "--markdown"], in: folder).status == 1)
    }
  }
}
