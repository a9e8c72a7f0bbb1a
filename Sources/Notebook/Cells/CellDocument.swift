/// A script as cells.
public struct CellDocument: Sendable, Equatable {
  /// The YAML between `-- ---` and `-- ---`, comment marks taken off; nil where there is none.
  public var header: String?
  /// What stands behind `#!` in the first line; nil where there is none.
  public var executable: String?
  public var cells: [Cell]
  /// What another tool would read differently, in words.
  public var warnings: [String] = []

  /// The cells of a script; one without markers is one cell.
  public init(lua: String) {
    cells = [Cell(.code, lua)]
  }
}
