public import LuaBridge

/// Documents as Jupyter's notebooks, nbformat 4.5, with the metadata that Jupytext keeps there.
extension CellDocument {
  /// Reads a notebook. Outputs are left behind: a script has none.
  /// - Errors: no JSON; no notebook of nbformat 4.
  public init(notebook text: String) throws(LuaError) {
    let json: JSON
    do { json = try JSON(parsing: text) } catch { throw LuaError("notebook: \(error)") }
    guard let format = json["nbformat"]?.int else { throw LuaError("notebook: this JSON is no notebook, 'nbformat' is missing") }
    guard format == 4, let elements = json["cells"]?.array else {
      throw LuaError("notebook: nbformat \(format) is not read, only 4: convert it by `jupyter nbconvert --to notebook`")
    }
    var cells: [Cell] = []
    for (i, element) in elements.enumerated() {
      guard let name = element["cell_type"]?.string, let kind = Cell.Kind(rawValue: name) else {
        throw LuaError("notebook: cell \(i + 1) is neither code nor markdown nor raw")
      }
      guard let source = Self.joined(element["source"]) else { throw LuaError("notebook: cell \(i + 1) has no source") }
      var cell = Cell(kind, source.replacing("\r\n", with: "\n"))
      for member in element["metadata"]?.object?.members ?? [] {
        switch member.name {
        case "title": cell.title = member.value.string ?? ""
        case "cell_depth": cell.depth = min(max(member.value.int ?? 0, 0), 100)
        case "autoscroll", "collapsed", "scrolled", "trusted", "execution", "ExecuteTime", "skipline", "noskipline", "cell_marker", "lines_to_end_of_cell_marker":
          break  // what an editor keeps for itself
        case "lines_to_next_cell": cell.metadata[member.name] = .number("\(min(max(member.value.int ?? 1, 0), 1000))")
        default: if CellOptions.isKey(member.name[...]) { cell.metadata[member.name] = member.value }
        }
      }
      cell.id = element["id"]?.string
      cells.append(cell)
    }
    self.init(cells: cells)
    readHeader(json["metadata"]?.object ?? [:])
    countLines()
  }

  private static func joined(_ source: JSON?) -> String? {
    switch source {
    case .string(let text)?: return text
    case .array(let lines)?: return lines.map { $0.string ?? "" }.joined()
    default: return nil
    }
  }

  /// Sets every cell's first line to where it stands in `lua`.
  private mutating func countLines() {
    var line = 1 + (executable == nil ? 0 : 1) + (encoding == nil ? 0 : 1) + (header.map { $0.lines.count + 2 } ?? 0) + linesBeforeCells
    for i in cells.indices {
      cells[i].firstLine = line + 1
      if !cells[i].hasMarker {
        cells[i].firstLine = line
        line -= 1
      }
      line += 1 + (cells[i].text.isEmpty ? 0 : cells[i].text.lines.count) + (cells[i].metadata["lines_to_next_cell"]?.int ?? 1)
    }
  }

  /// The script's header from the notebook's metadata, and from a first raw cell that is one.
  private mutating func readHeader(_ metadata: JSONObject) {
    var jupytext = metadata["jupytext"]?.object ?? [:]
    executable = jupytext["executable"]?.string
    encoding = jupytext["encoding"]?.string
    let script = metadata["nnlua"]
    // Jupytext's habit, unless the script that the notebook comes from had no such line.
    if encoding == nil, script?["encoding"]?.bool != false, cells.contains(where: { !$0.text.utf8.allSatisfy { $0 < 0x80 } }) {
      encoding = "-- -*- coding: utf-8 -*-"
    }
    jupytext["executable"] = nil
    jupytext["encoding"] = nil
    var lines: [String] = [], gap = 1
    if let first = cells.first, first.kind == .raw {
      let text = first.text.trimmed.lines
      if text.count >= 2, text[0].trimmed == "---", text.last!.trimmed == "---" {
        lines = Array(text[1..<text.count - 1])
        gap = first.metadata["lines_to_next_cell"]?.int ?? 1
        cells.removeFirst()
      }
    }
    if script?["first_marker"]?.bool == false, let first = cells.first, first.kind == .code, first.title.isEmpty, first.depth == 0,
      first.metadata.members.allSatisfy({ $0.name == "lines_to_next_cell" })
    {
      cells[0].hasMarker = false
    }
    let filter = jupytext["notebook_metadata_filter"]?.string
    if filter != "-all" {
      var kept: JSONObject = [:]
      var representation: JSONObject = [
        "extension": .string(".lua"), "format_name": .string("percent"), "format_version": .string("1.3"),
      ]
      if let version = jupytext["text_representation"]?["jupytext_version"] { representation["jupytext_version"] = version }
      if jupytext["comment_magics"] == nil { jupytext["comment_magics"] = .bool(false) }
      jupytext["text_representation"] = .object(representation)
      let named = filter?.split(separator: ",").map(String.init) ?? []
      for member in metadata.members where ["kernelspec", "kernel_info", "orphan", "tocdepth"].contains(member.name) || named.contains(member.name) {
        if !named.contains("-" + member.name) { kept[member.name] = member.value }
      }
      kept["jupytext"] = .object(jupytext)
      lines += HeaderYAML.dump(.object(["jupyter": .object(kept)])).lines
    }
    if !lines.isEmpty {
      header = lines.joined(separator: "\n")
      linesBeforeCells = gap
    }
  }

  /// The notebook's text.
  /// - outputs: of cells, by their position.
  /// - counts: the cells' execution counts, by their position.
  public func notebook(outputs: [Int: [JSON]] = [:], counts: [Int: Int] = [:]) -> String {
    var (metadata, rest) = notebookMetadata()
    metadata["language_info"] = .object(["file_extension": .string(".lua"), "mimetype": .string("text/x-lua"), "name": .string("lua")])
    var elements: [JSON] = []
    if !rest.isEmpty {
      var cell = Cell(.raw, (["---"] + rest + ["---"]).joined(separator: "\n"))
      if linesBeforeCells != 1 { cell.metadata["lines_to_next_cell"] = .number("\(linesBeforeCells)") }
      elements.append(Self.element(cell, id: "header", [], nil))
    }
    var ids: Set<String> = ["header"]
    for (i, cell) in cells.enumerated() {
      var id = cell.id ?? Self.id(of: cell)
      while !ids.insert(id).inserted { id = String(id.prefix(56)) + "-\(i)" }
      elements.append(Self.element(cell, id: id, outputs[i] ?? [], counts[i]))
    }
    let notebook: JSON = .object([
      "cells": .array(elements), "metadata": .object(metadata), "nbformat": .number("4"), "nbformat_minor": .number("5"),
    ])
    return notebook.text(.notebook) + "\n"
  }

  /// The header's part for Jupyter, and its other lines.
  private func notebookMetadata() -> (JSONObject, [String]) {
    var metadata: JSONObject = [:], jupyter: [String] = [], rest: [String] = []
    var inJupyter = false
    for line in header?.lines ?? [] {
      if line.hasPrefix("jupyter"), line.dropFirst(7).trimmingPrefix(while: \.isWhitespace).hasPrefix(":") {
        inJupyter = true
      } else if let first = line.first, !first.isWhitespace {
        inJupyter = false
      }
      if inJupyter { jupyter.append(line) } else { rest.append(line) }
    }
    if case .object(let found)? = HeaderYAML.parse(jupyter.joined(separator: "\n"))?["jupyter"] { metadata = found }
    var jupytext = metadata["jupytext"]?.object ?? [:]
    if jupyter.isEmpty {
      // No header, then: Jupytext shall write none either, and keep every name that is there.
      var names: [String] = []
      for cell in cells {
        if !cell.title.isEmpty, !names.contains("title") { names.append("title") }
        if cell.depth > 0, !names.contains("cell_depth") { names.append("cell_depth") }
        for member in cell.metadata.members where member.name != "lines_to_next_cell" && !names.contains(member.name) { names.append(member.name) }
      }
      jupytext["cell_metadata_filter"] = .string((names + ["-all"]).joined(separator: ","))
      jupytext["main_language"] = .string("lua")
      jupytext["notebook_metadata_filter"] = .string("-all")
    }
    // A comment such as `-- %d is a number` would be taken for a command of Jupyter's.
    if jupytext["comment_magics"] == nil { jupytext["comment_magics"] = .bool(false) }
    if let executable { jupytext["executable"] = .string(executable) }
    if let encoding { jupytext["encoding"] = .string(encoding) }
    metadata["jupytext"] = .object(jupytext)
    if metadata["kernelspec"] == nil {
      metadata["kernelspec"] = .object(["display_name": .string("nnlua"), "language": .string("lua"), "name": .string("nnlua")])
    }
    var script: JSONObject = [:]
    if encoding == nil, cells.contains(where: { !$0.text.utf8.allSatisfy { $0 < 0x80 } }) { script["encoding"] = .bool(false) }
    if cells.first?.hasMarker == false { script["first_marker"] = .bool(false) }
    if !script.isEmpty { metadata["nnlua"] = .object(script) }
    return (metadata, rest)
  }

  private static func element(_ cell: Cell, id: String, _ outputs: [JSON], _ count: Int?) -> JSON {
    var metadata = cell.metadata
    if !cell.title.isEmpty { metadata["title"] = .string(cell.title) }
    if cell.depth > 0 { metadata["cell_depth"] = .number("\(cell.depth)") }
    let lines = cell.text.isEmpty ? [] : cell.text.lines
    var source = lines.dropLast().map { JSON.string($0 + "\n") }
    if let last = lines.last, !last.isEmpty { source.append(.string(last)) }
    var element: JSONObject = [
      "cell_type": .string(cell.kind.rawValue), "id": .string(id), "metadata": .object(metadata), "source": .array(source),
    ]
    if cell.kind == .code {
      element["outputs"] = .array(outputs)
      element["execution_count"] = count.map { .number("\($0)") } ?? .null
    }
    return .object(element)
  }

  /// The same text has the same name in every notebook: converting twice gives the same bytes. (FNV-1a.)
  private static func id(of cell: Cell) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in (cell.kind.rawValue + cell.title + cell.text).utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
  }
}
