/// A part of a document: code that runs on its own, or text.
public struct Cell: Sendable, Equatable {
  public enum Kind: String, Sendable { case code, markdown, raw }
  public var kind: Kind
  public var title: String
  /// What stands behind the title, `tags=["parameters"]`, in the order it was found.
  public var metadata: JSONObject
  /// 0 for `-- %%`, 1 for `-- %%%`, …
  public var depth: Int
  /// As a notebook holds it: the comment marks of markdown and raw cells taken off.
  public var text: String
  /// The line of the file on which the text begins, from 1.
  public var firstLine: Int

  public init(_ kind: Kind, _ text: String, title: String = "", metadata: JSONObject = [:], depth: Int = 0, firstLine: Int = 1) {
    self.kind = kind
    self.title = title
    self.metadata = metadata
    self.depth = depth
    self.text = text
    self.firstLine = firstLine
  }
}
