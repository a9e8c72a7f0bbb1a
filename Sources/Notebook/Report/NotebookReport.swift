/// A report as a notebook's file: the document with its outputs.
enum NotebookReport {
  static func text(_ report: Report) -> String {
    var document = report.document, outputs: [Int: [JSON]] = [:], counts: [Int: Int] = [:]
    // With the cell that `-p` put in.
    document.cells = report.run.parts.map(\.cell)
    for (place, part) in report.run.parts.enumerated() {
      guard let count = part.count else { continue }
      counts[place] = count
      outputs[place] = part.outputs.map { $0.json(count: count) }
    }
    return document.notebook(outputs: outputs, counts: counts)
  }
}
