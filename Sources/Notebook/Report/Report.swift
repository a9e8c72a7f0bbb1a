internal import LuaBridge

/// A finished run as a document to keep.
public struct Report: Sendable {
  let title: String
  let path: String
  let document: CellDocument
  let run: ReportRun
  /// Versions, seed, machine: what stands at the end.
  let facts: [(name: String, value: String)]

  public init(_ document: CellDocument, path: String, _ run: ReportRun, facts: [(name: String, value: String)]) {
    title = ReportText.title(document, path)
    self.path = path
    self.document = document
    self.run = run
    self.facts = facts
  }

  /// "1.24 s"
  public static func duration(_ seconds: Double) -> String { ReportText.duration(seconds) }

  public enum Format: String, Sendable, CaseIterable {
    case html, ipynb, md

    /// By the ending of a path.
    /// - Errors: another ending.
    public init(path: String) throws {
      let ending = path.split(separator: "/").last?.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last ?? ""
      guard let format = Format(rawValue: ending.lowercased()) else {
        throw LuaError("--report: the path must end in \(Format.allCases.map { ".\($0.rawValue)" }.joined(separator: ", ")), got '\(path)'")
      }
      self = format
    }
  }

  /// Writes it; Markdown's pictures go into a folder beside it. The file is written whole or not at all.
  /// - Errors: a path that cannot be written.
  public func write(to path: String, _ format: Format) throws {
    switch format {
    case .html: try ReportFile.write(Array(HTMLReport.text(self).utf8), to: path)
    case .ipynb: try ReportFile.write(Array(NotebookReport.text(self).utf8), to: path)
    case .md:
      let report = MarkdownReport(self, path: path)
      if !report.pictures.isEmpty { try ReportFile.makeFolder(report.folder) }
      for (name, bytes) in report.pictures { try ReportFile.write(bytes, to: "\(report.folder)/\(name)") }
      try ReportFile.write(Array(report.text.utf8), to: path)
    }
  }
}
