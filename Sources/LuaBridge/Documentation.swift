/// A row's documentation, taken apart. This file is the convention; help, the reference pages and the editor's definitions all read a text through it.
///
///     What it does, in full sentences.
///         y = the equation (four spaces: a formula or code, kept as it is)
///     Shapes: x (N, in); y (N, out).
///     Training: what differs from evaluation.
///     Errors: what is refused.
///     Paper: Author Year, arXiv:….
///
/// A line that ends no sentence goes on in the next one. A section goes on to the next label.
package struct Documentation: Sendable, Equatable {
  package enum Label: String, CaseIterable, Sendable { case shapes = "Shapes", training = "Training", errors = "Errors", paper = "Paper" }
  package enum Block: Sendable, Equatable {
    case paragraph(String)
    case formula(String)
  }
  package struct Section: Sendable, Equatable {
    package let label: Label
    package let blocks: [Block]
  }

  /// What stands before the first label.
  package let blocks: [Block]
  /// In the order of the text.
  package let sections: [Section]

  package init(_ text: String) {
    var parts: [(label: Label?, blocks: [Block])] = [(nil, [])]
    var goesOn = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("    ") {
        parts[parts.count - 1].blocks.append(.formula(String(line.dropFirst(4))))
        goesOn = false
        continue
      }
      var line = line.drop { $0 == " " }
      while line.last == " " { line.removeLast() }
      if let (label, rest) = Self.labelled(line) {
        parts.append((label, []))
        (line, goesOn) = (rest, false)
      }
      guard !line.isEmpty else {
        goesOn = false
        continue
      }
      if goesOn, case .paragraph(let before)? = parts[parts.count - 1].blocks.last {
        parts[parts.count - 1].blocks[parts[parts.count - 1].blocks.count - 1] = .paragraph("\(before) \(line)")
      } else {
        parts[parts.count - 1].blocks.append(.paragraph(String(line)))
      }
      goesOn = !".:".contains(line.last!)
    }
    blocks = parts[0].blocks
    sections = parts.dropFirst().map { Section(label: $0.label!, blocks: $0.blocks) }
  }

  private static func labelled(_ line: Substring) -> (Label, Substring)? {
    for label in Label.allCases where line.hasPrefix(label.rawValue + ":") { return (label, line.dropFirst(label.rawValue.count + 1).drop { $0 == " " }) }
    return nil
  }

  /// The first sentence, for lists.
  package var summary: String {
    guard case .paragraph(let text)? = blocks.first else { return "" }
    // A full stop, a space and a capital: "Σ x[i] … e.g. 1.5" has none.
    var before: Character = " "
    for index in text.indices {
      let next = text.index(after: index)
      if text[index] == ".", before != ".", next < text.endIndex, text[next] == " ", text[text.index(after: next)...].first?.isUppercase == true {
        return String(text[...index])
      }
      before = text[index]
    }
    return text
  }
}

/// Rows that belong together on a page.
package struct RowGroup: Sendable {
  /// "Reductions"; empty where a library has no groups.
  package let title: String
  package let rows: [Row]
  package init(_ title: String, _ lists: [Row]...) {
    self.title = title
    rows = lists.flatMap { $0 }
  }
}
