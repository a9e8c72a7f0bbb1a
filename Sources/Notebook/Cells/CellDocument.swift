/// A script as cells, in Jupytext's percent format. What Jupytext writes is read and written again byte for byte.
public struct CellDocument: Sendable, Equatable {
  /// The YAML between `-- ---` and `-- ---`, comment marks taken off; nil where there is none.
  public var header: String?
  /// What stands behind `#!` in the first line; nil where there is none.
  public var executable: String?
  /// A first line `-- -*- coding: utf-8 -*-`, which Jupytext puts over text that is not ASCII.
  public var encoding: String?
  /// Empty lines between what stands above and the first cell.
  public var linesBeforeCells = 0
  public var cells: [Cell]
  /// What another tool would read differently, in words.
  public var warnings: [String] = []

  public init(cells: [Cell]) { self.cells = cells }

  /// The script's text.
  public var lua: String {
    var lines: [String] = []
    if let executable { lines.append("#!" + executable) }
    if let encoding { lines.append(encoding) }
    if let header { lines += Self.commented((["---"] + header.lines + ["---"])) }
    lines += Array(repeating: "", count: linesBeforeCells)
    for cell in cells {
      lines += Self.lines(of: cell)
      lines += Array(repeating: "", count: max(cell.metadata["lines_to_next_cell"]?.int ?? 1, 0))
    }
    return lines.joined(separator: "\n")
  }

  private static func lines(of cell: Cell) -> [String] {
    let isCode = cell.kind == .code || cell.isInactive && cell.kind == .raw
    let isPlain = isCode && cell.isActive(in: "lua")
    let source = cell.text.lines
    var indent = ""
    if isPlain, let first = source.first, !first.trimmed.isEmpty { indent = String(first.prefix { $0 == " " || $0 == "\t" }) }
    let marker = cell.hasMarker ? ["\(indent)-- \(CellOptions.marker(of: cell))"] : []
    if isPlain { return cell.text.isEmpty ? marker : marker + source }
    return marker + commented(source)
  }

  private static func commented(_ lines: [String]) -> [String] { lines.map { $0.isEmpty ? "--" : "-- " + $0 } }
}

extension String {
  /// Split at each line end; "" is one empty line.
  var lines: [String] { split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
}
