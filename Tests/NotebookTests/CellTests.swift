import LuaBridge
import Notebook
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Jupytext's percent format; every text in `canonical` is what Jupytext 1.19 writes, and reads as the same cells.
struct CellTests {
  private static let header = """
    #!/usr/bin/env nnlua
    -- -*- coding: utf-8 -*-
    -- ---
    -- title: é
    -- jupyter:
    --   jupytext:
    --     comment_magics: false
    --     text_representation:
    --       extension: .lua
    --       format_name: percent
    --       format_version: '1.3'
    --   kernelspec:
    --     display_name: nnlua
    --     language: lua
    --     name: nnlua
    -- ---

    -- %%
    x = 'é'

    """

  private static let canonical = [
    "-- %%\nx = 1\n", "-- %%\n", "-- %%\n-- %%\n\n-- %%\n\n\n-- %%\n", header,
    "-- %% A title [markdown] key=\"v\" tags=[\"a\"]\n-- text\n--\n-- more\n\n-- %%\nx=1\n\n\n\n-- %%\ny=2\n", "-- %%% sub [md]\n-- a\n",
    "-- %%\n\n\nx = 1\n-- %%\n\ny\n", "-- %% [raw] a=1\n-- raw\n-- not\n", "-- %% active=\"py\"\n-- x\n", "-- %% a b=1 d\nx\n".replacing("b=1 d", with: "d b=1"),
    "  -- %% ind\n  x\n", "-- %% é key=\"\\u00e9\"\nx\n", "-- %% a=1 b=\"x = y\" c={\"d\": [1, 2.5, true, null]}\nx\n", "-- %% title x.y=1\n-- comment\n\n\n\n\n\n",
    "-- %% [markdown]\n--\n-- a\n--\n--\n\n-- %% [markdown]\n--\n", "-- %% [markdown]\n-- ```\n-- %% not\n-- ```\n-- end\n",
    "-- %%\nlocal s = [[\na\n]]\n--[[ c\nd ]]\nx\n",
  ]

  @Test(arguments: canonical) func comesBack(text: String) throws {
    let document = CellDocument(lua: text)
    if text != "-- %% a d b=1\nx\n" { #expect(document.lua == text) }  // its names are not sorted
    let notebook = document.notebook()
    let again = try CellDocument(notebook: notebook)
    #expect(again.lua == document.lua)
    #expect(again.notebook() == notebook)
    #expect(again.cells.map(\.firstLine) == document.cells.map(\.firstLine))
    // a cell's text is what stands in the file from its first line on
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for cell in document.cells where cell.kind == .code && !cell.text.isEmpty {
      #expect(cell.text.split(separator: "\n", omittingEmptySubsequences: false).first == lines[cell.firstLine - 1])
    }
  }

  @Test func whatCellsSay() throws {
    let document = CellDocument(lua: "--%% First tags=[\"parameters\", \"b\"] skip=true\nx = 1\n\n-- %%% [markdown] Sub\n-- # T\n--no space\nplain\n")
    #expect(document.cells.count == 2)
    let first = document.cells[0], second = document.cells[1]
    #expect(first.kind == .code && first.title == "First" && first.tags == ["parameters", "b"] && first.text == "x = 1" && first.firstLine == 2)
    #expect(first.metadata["skip"] == .bool(true))
    #expect(second.kind == .markdown && second.title == "Sub" && second.depth == 1 && second.text == "# T\nno space\nplain" && second.firstLine == 5)
    #expect(document.lua.hasPrefix("-- %% First skip=true tags=[\"parameters\", \"b\"]\n"))
  }

  @Test func withoutMarkers() throws {
    let document = CellDocument(lua: "#!/usr/bin/env nnlua\nprint(1)\n\nprint(2)\n")
    #expect(document.executable == "/usr/bin/env nnlua")
    #expect(document.cells.map(\.text) == ["print(1)\n\nprint(2)"])
    #expect(document.cells[0].firstLine == 2)
    #expect(document.lua == "#!/usr/bin/env nnlua\nprint(1)\n\nprint(2)\n")
    #expect(try CellDocument(notebook: document.notebook()).lua == document.lua)
    #expect(CellDocument(lua: "").cells.isEmpty)
    #expect(CellDocument(lua: "\n\n").cells.map(\.text).joined() == "")
    #expect(CellDocument(lua: "\r\nx = 1\r\n-- %%\r\ny\r\n").cells.last?.text == "y")
  }

  @Test func markersInsideStringsAreText() {
    let text = "-- %%\nlocal s = [[\n-- %% no cell\n]]\n--[==[\n-- %%\n]==]\n-- %% cell\nx\n"
    let document = CellDocument(lua: text)
    #expect(document.cells.count == 2)
    #expect(document.warnings.count == 2)
    #expect(document.warnings.first?.hasPrefix("line 3: ") == true)
    #expect(document.lua == text)
  }

  @Test func markdownInLongComments() {
    let document = CellDocument(lua: "-- %% [markdown]\n--[[\n# Title\n\ntext\n]]\n\n-- %%\nx\n")
    #expect(document.cells[0].text == "# Title\n\ntext")
    #expect(document.lua == "-- %% [markdown]\n-- # Title\n--\n-- text\n\n-- %%\nx\n")
  }

  @Test func otherMarks() {
    #expect(CellDocument(lua: "-- <codecell>\nx\n-- In[3]:\ny\n").cells.map(\.text) == ["x", "y"])
    #expect(CellDocument(lua: "-- %%%\nx\n-- %%magic\ny\n-- %\nz\n").cells.count == 1)
  }

  @Test func notebooksOfOthers() throws {
    let text = """
      {"cells": [{"cell_type": "markdown", "metadata": {}, "source": "# T"},
        {"cell_type": "code", "execution_count": 3, "metadata": {"collapsed": true, "tags": ["a"]}, "outputs": [{}], "source": ["x = 1\\n", "x"]}],
       "metadata": {"kernelspec": {"display_name": "nnlua", "language": "lua", "name": "nnlua"}, "language_info": {"name": "lua"}}, "nbformat": 4, "nbformat_minor": 2}
      """
    #expect(
      try CellDocument(notebook: text).lua == """
        -- ---
        -- jupyter:
        --   jupytext:
        --     comment_magics: false
        --     text_representation:
        --       extension: .lua
        --       format_name: percent
        --       format_version: '1.3'
        --   kernelspec:
        --     display_name: nnlua
        --     language: lua
        --     name: nnlua
        -- ---

        -- %% [markdown]
        -- # T

        -- %% tags=["a"]
        x = 1
        x

        """)
    let document = CellDocument(lua: "-- %%\n1 + 1\n")
    let notebook = try JSON(parsing: document.notebook(outputs: [0: [.object(["output_type": .string("stream")])]], counts: [0: 7]))
    #expect(notebook["cells"]?.array?.first?["execution_count"]?.int == 7)
    #expect(notebook["cells"]?.array?.first?["outputs"]?.array?.count == 1)
    #expect(notebook["nbformat_minor"]?.int == 5)
  }

  @Test func wrongNotebooks() {
    for (text, part) in [
      ("", "no JSON"), ("[]", "no notebook"), ("{\"nbformat\": 3, \"worksheets\": []}", "nbformat 3"), ("{\"nbformat\": 4}", "not read"),
      ("{\"nbformat\": 4, \"cells\": [1]}", "cell 1"), ("{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"heading\", \"source\": \"\"}]}", "cell 1"),
      ("{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\"}]}", "no source"), (String(repeating: "[", count: 100_000), "levels"),
    ] {
      do {
        _ = try CellDocument(notebook: text)
        Issue.record("read: \(text.prefix(80))")
      } catch { #expect(error.message.contains(part), "\(error.message)") }
    }
  }

  @Test func anyTextIsRead() {
    var random = SystemRandomNumberGenerator()
    let parts = [
      "-- %%", "-- %% t", "\n", "\n", "\n\n", "-- ", "--", "[[", "]]", "--[[", "[=[", "]=]", " a=", "\"", "'", "{", "}", "x = 1", "-- ---", "#!", "%", "[markdown]",
      "```",
      "-- jupyter:", "\\", "é", "\0", "\r",
    ]
    for _ in 0..<5_000 {
      let text = (0..<Int.random(in: 0...20, using: &random)).map { _ in parts.randomElement(using: &random)! }.joined()
      let document = CellDocument(lua: text)
      let once = document.lua
      _ = CellDocument(lua: once)
      _ = try? CellDocument(notebook: document.notebook()).lua
    }
  }

  @Test func everyExample() throws {
    for path in Examples.all {
      let text = try Examples.text(path)
      let document = CellDocument(lua: text)
      #expect(document.lua == text, "\(path)")
      #expect(try CellDocument(notebook: document.notebook()).lua == text, "\(path)")
    }
  }
}

/// The scripts in examples/.
enum Examples {
  static let folder = String(#filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()) + "/examples"

  static let all: [String] = {
    var paths: [String] = []
    func walk(_ folder: String) {
      guard let directory = opendir(folder) else { return }
      defer { closedir(directory) }
      while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
        if name.hasPrefix(".") { continue }
        if name.hasSuffix(".lua") { paths.append("\(folder)/\(name)") } else if Int32(entry.pointee.d_type) == DT_DIR { walk("\(folder)/\(name)") }
      }
    }
    walk(folder)
    return paths.sorted()
  }()

  static func text(_ path: String) throws -> String {
    guard let file = fopen(path, "r") else { throw LuaError("\(path) cannot be read") }
    defer { fclose(file) }
    var bytes: [UInt8] = [], block = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&block, 1, block.count, file), count > 0 { bytes += block[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }
}
