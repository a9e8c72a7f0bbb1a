/// A part of a document: code that runs on its own, or text.
public struct Cell: Sendable, Equatable {
  public enum Kind: String, Sendable { case code, markdown, raw }
  public var kind: Kind
  public var title: String
  /// What stands behind the title, `tags=["parameters"]`; and "lines_to_next_cell" where it is not one empty line.
  public var metadata: JSONObject
  /// 0 for `-- %%`, 1 for `-- %%%`, …
  public var depth: Int
  /// As a notebook holds it: the comment marks of markdown and raw cells taken off.
  public var text: String
  /// The line of the file on which the text begins, from 1.
  public var firstLine: Int
  /// The first cell of a script may have no marker.
  public var hasMarker = true
  /// A notebook's name for the cell.
  public var id: String?

  public init(_ kind: Kind, _ text: String, title: String = "", metadata: JSONObject = [:], depth: Int = 0, firstLine: Int = 1) {
    self.kind = kind
    self.title = title
    self.metadata = metadata
    self.depth = depth
    self.text = text
    self.firstLine = firstLine
  }

  public var tags: [String] { metadata["tags"]?.array?.compactMap(\.string) ?? [] }

  /// `skip=true`: a report does not run it.
  public var isSkipped: Bool { metadata["skip"] == .bool(true) }

  /// Jupytext's `active="ipynb,py"` and tags such as `active-ipynb`: whether the cell is code in files of this ending.
  func isActive(in ending: String) -> Bool {
    if let tag = tags.first(where: { $0.hasPrefix("active-") }) { return tag.split(separator: "-").contains(Substring(ending)) }
    guard let active = metadata["active"]?.string else { return true }
    return active.split(whereSeparator: { $0 == "." || $0 == "," }).contains(Substring(ending))
  }
  /// A raw cell that is one because it is not active in notebooks.
  var isInactive: Bool { metadata["active"] != nil || tags.contains { $0.hasPrefix("active-") } }
}
