extension CellDocument {
  /// The cells of a script; one without markers is one cell.
  public init(lua: String) {
    self.init(cells: [])
    var reader = CellReader(lua)
    reader.head(&self)
    while reader.place < reader.lines.count { cells.append(reader.cell()) }
    warnings = reader.warnings
  }
}

/// Reads a script line by line, as Jupytext does, but knows Lua: a marker inside a long string or comment is text.
private struct CellReader {
  let lines: [String]
  var place = 0
  var warnings: [String] = []
  /// Lines that begin inside a long string or comment.
  private var inside: Set<Int> = []

  init(_ text: String) {
    var text = text.replacing("\r\n", with: "\n")
    if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
    var lines = text.lines
    if lines.last == "" { lines.removeLast() }
    self.lines = lines
    let bytes = Array(text.utf8)
    var line = 0, offset = 0
    for token in Lexer.tokens(bytes, comments: true) where token.isLong {
      while offset < token.range.lowerBound {
        if bytes[offset] == 0x0A { line += 1 }
        offset += 1
      }
      while offset < token.range.upperBound {
        if bytes[offset] == 0x0A {
          line += 1
          inside.insert(line)
        }
        offset += 1
      }
    }
  }

  // MARK: what stands above the cells

  mutating func head(_ document: inout CellDocument) {
    if let first = lines.first, first.hasPrefix("#!") {
      document.executable = String(first.dropFirst(2))
      place = 1
    }
    if place < lines.count, Self.isEncoding(lines[place]) {
      document.encoding = lines[place]
      place += 1
    }
    if let end = headerEnd() {
      let yaml = lines[place..<end].map(Self.uncommented)
      document.header = yaml[(yaml.firstIndex(where: Self.isRule)! + 1)...].joined(separator: "\n")
      place = end + 1
    }
    let start = place
    while place < lines.count, lines[place].isEmpty { place += 1 }
    // Empty lines above a marker are no cell; above code that has none they belong to it.
    if place > start, place < lines.count, document.header == nil, Self.marker(lines[place]) == nil { place = start }
    if document.header != nil, place > start + 1, place < lines.count, Self.marker(lines[place]) == nil { place = start + 1 }
    document.linesBeforeCells = place - start
  }

  /// The line of the second `-- ---`, where lines of comment lead to it.
  private func headerEnd() -> Int? {
    var started = false
    for i in place..<lines.count {
      guard lines[i].hasPrefix("--") else { return nil }
      let text = Self.uncommented(lines[i])
      if Self.isRule(text) {
        if started { return i }
        started = true
      } else if !started, !text.trimmed.isEmpty {
        return nil
      }
    }
    return nil
  }

  private static func isRule(_ text: String) -> Bool { text.hasPrefix("---") && text.dropFirst(3).allSatisfy(\.isWhitespace) }
  /// `-- -*- coding: utf-8 -*-`, as Python's rule has it.
  private static func isEncoding(_ line: String) -> Bool {
    guard line.hasPrefix("--") else { return false }
    return line.contains("coding: utf-8") || line.contains("coding:utf-8") || line.contains("coding=utf-8")
  }
  private static func uncommented(_ line: String) -> String {
    line.hasPrefix("-- ") ? String(line.dropFirst(3)) : line.hasPrefix("--") ? String(line.dropFirst(2)) : line
  }

  // MARK: cells

  /// What stands behind `%%` in a marker; nil where the line is none. Two older marks are known: `-- <codecell>` and `-- In[3]:`.
  private static func marker(_ line: String) -> String? {
    var rest = line.drop(while: \.isWhitespace)
    guard rest.hasPrefix("--") else { return nil }
    rest = rest.dropFirst(2).drop(while: \.isWhitespace)
    if rest.hasPrefix("%%") {
      let options = rest.dropFirst(2), behind = options.drop { $0 == "%" }
      if behind.isEmpty { return behind.startIndex == options.startIndex ? "" : nil }
      return behind.first!.isWhitespace ? String(options) : nil
    }
    let mark = String(rest).trimmed
    if mark == "<codecell>" { return "" }
    guard mark.hasPrefix("In["), let close = mark.firstIndex(of: "]"), ["", ":"].contains(mark[mark.index(after: close)...]) else { return nil }
    return mark[mark.index(mark.startIndex, offsetBy: 3)..<close].allSatisfy { $0 == " " || $0.isNumber && $0.isASCII } ? "" : nil
  }

  mutating func cell() -> Cell {
    var options = CellOptions("")
    var cell = Cell(.code, "")
    var start = place
    if let marker = Self.marker(lines[place]), !inside.contains(place) {
      options = CellOptions(marker)
      start += 1
    } else {
      cell.hasMarker = false
    }
    (cell.kind, cell.title, cell.depth, cell.metadata) = (options.kind, options.title, options.depth, options.metadata)
    if cell.kind == .code, !cell.isActive(in: "ipynb") {
      cell.kind = .raw
      if cell.metadata["active"]?.string == "" { cell.metadata["active"] = nil }
    }
    let next = end(of: cell, from: start)
    var last = next
    func isBlank(_ line: Int) -> Bool { line >= place && lines[line].allSatisfy(\.isWhitespace) }
    if next - place >= 3, !isBlank(next - 3), isBlank(next - 2), isBlank(next - 1) {
      last = next - 2
    } else if next > place, lines[next - 1].isEmpty {
      last = next - 1
    }
    last = max(last, start)
    let toNext = last < lines.count ? next - last + (next >= lines.count ? 1 : 0) : 1
    if toNext != 1 { cell.metadata["lines_to_next_cell"] = .number("\(toNext)") }
    let source = Array(lines[start..<last])
    cell.firstLine = start + 1
    cell.text = text(source, of: cell).joined(separator: "\n")
    place = next
    return cell
  }

  /// The line of the next marker.
  private mutating func end(of cell: Cell, from start: Int) -> Int {
    var fence: String?
    for i in start..<max(lines.count, start) {
      if cell.kind != .code {
        let text = Self.uncommented(lines[i])
        if let open = fence {
          if Self.closes(text, open) { fence = nil }
          continue
        }
        if let open = Self.fence(text), lines[(i + 1)...].contains(where: { Self.closes(Self.uncommented($0), open) }) {
          fence = open
          continue
        }
      }
      guard Self.marker(lines[i]) != nil else { continue }
      if !inside.contains(i) { return i }
      warnings.append("line \(i + 1): a cell marker inside a long string or comment is text here; other tools begin a cell with it")
    }
    return lines.count
  }

  /// The marks that open a block of code in Markdown: three or more.
  private static func fence(_ text: String) -> String? {
    let rest = text.drop { $0 == " " }
    guard text.count - rest.count <= 3, let mark = rest.first, mark == "`" || mark == "~" else { return nil }
    let marks = rest.prefix { $0 == mark }
    return marks.count >= 3 && !(mark == "`" && rest.dropFirst(marks.count).contains("`")) ? String(marks) : nil
  }
  private static func closes(_ text: String, _ open: String) -> Bool {
    guard let marks = fence(text), marks.first == open.first, marks.count >= open.count else { return false }
    return text.drop { $0 == " " }.dropFirst(marks.count).allSatisfy(\.isWhitespace)
  }

  private func text(_ source: [String], of cell: Cell) -> [String] {
    if cell.kind == .code { return cell.isActive(in: "lua") ? source : source.map(Self.uncommented) }
    if cell.isInactive, cell.isActive(in: "lua") { return source }
    return Self.block(source) ?? source.map(Self.uncommented)
  }

  /// The inside of `--[[ … ]]`, which some write Markdown in. It is read; written are lines of comment.
  private static func block(_ source: [String]) -> [String]? {
    let text = source.joined(separator: "\n").trimmed
    guard text.hasPrefix("--["), let comment = Lexer.tokens(Array(text.utf8), comments: true).first, comment.isLong, !comment.isUnfinished,
      comment.range.upperBound == text.utf8.count
    else { return nil }
    let level = text.dropFirst(3).prefix { $0 == "=" }.count
    return String(text.dropFirst(4 + level).dropLast(2 + level)).trimmed.lines
  }
}
