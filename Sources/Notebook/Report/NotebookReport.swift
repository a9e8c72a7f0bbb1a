internal import LuaBridge

/// A report as a notebook's file: the document with its outputs.
enum NotebookReport {
  static func text(_ report: Report) -> String { "" }
}
