internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// Letters beyond Latin need a font that has them. gnuplot's cairo terminals find it by themselves where fontconfig knows one.
enum Fonts {
  /// The file of a font with Hangul, for terminals that take one font only; nil where fontconfig knows none.
  static let file: String? = list("file").first
  nonisolated(unsafe) private static var hasWarned = false

  /// Says once on standard error that Hangul will be drawn as boxes, and what to do.
  static func check(_ texts: [String]) {
    guard !hasWarned, texts.contains(where: { $0.unicodeScalars.contains { 0x1100..<0x1200 ~= $0.value || 0x3130..<0x3190 ~= $0.value || 0xac00..<0xd7b0 ~= $0.value } })
    else { return }
    guard file == nil, isKnown else { return }
    hasWarned = true
    let note = "nnlua: no font here has Hangul, it is drawn as boxes in PNG and PDF: sudo apt-get install fonts-nanum\n"
    _ = write(2, note, note.utf8.count)
  }

  /// fontconfig itself answers.
  private static let isKnown = (try? ChildProcess.run(["fc-list", "--version"], input: []))?.status == 0

  private static func list(_ element: String) -> [String] {
    guard let result = try? ChildProcess.run(["fc-list", ":lang=ko", element], input: []), result.status == 0 else { return [] }
    // "/usr/share/fonts/truetype/nanum/NanumGothic.ttf: "
    return String(decoding: result.output, as: UTF8.self).split(separator: "\n").map { line in
      var name = Substring(line).trimmingSpaces
      if name.last == ":" { name.removeLast() }
      return String(name)
    }.filter { !$0.isEmpty }.sorted {
      ($0.contains("Regular") || $0.hasSuffix("Gothic.ttf") ? 0 : 1, $0) < ($1.contains("Regular") || $1.hasSuffix("Gothic.ttf") ? 0 : 1, $1)
    }
  }
}
