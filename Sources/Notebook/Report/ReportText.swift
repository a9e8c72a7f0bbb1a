internal import LuaBridge

/// What reports of every kind say alike.
enum ReportText {
  /// "0.3 ms", "1.24 s", "3 min 05 s".
  static func duration(_ seconds: Double) -> String {
    if seconds < 0.0995 { return "\(shortNumber(seconds * 1000, digits: 2)) ms" }
    if seconds < 60 { return "\(shortNumber(seconds, digits: 3)) s" }
    let whole = Int(seconds.rounded())
    return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole / 60 % 60) min"
  }

  /// The document's title: its header's, its first heading, or the file's name.
  static func title(_ document: CellDocument, _ path: String) -> String {
    if let line = (document.header ?? "").split(separator: "\n").first(where: { $0.hasPrefix("title:") }) {
      let title = line.dropFirst(6).filter { $0 != "\"" && $0 != "'" }
      if let text = Substring(title).firstMatch(of: #/\S(.*\S)?/#) { return String(text.0) }
    }
    for cell in document.cells where cell.kind == .markdown {
      if let match = cell.text.firstMatch(of: #/(?m)^#\s+(.+?)\s*#*$/#) { return String(match.1) }
    }
    return String(path.split(separator: "/").last ?? "report")
  }
}
