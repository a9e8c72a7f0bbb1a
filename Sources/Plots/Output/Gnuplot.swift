internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// The program that draws. `NNLUA_GNUPLOT` names another than the `gnuplot` on the path.
enum Gnuplot {
  /// What gnuplot makes of the commands, on its standard output.
  static func draw(_ script: Script, for function: String) throws -> [UInt8] {
    let program = getenv("NNLUA_GNUPLOT").map { String(cString: $0) } ?? "gnuplot"
    // -d: without the user's own start-up file, so that figures look alike everywhere.
    guard let result = try ChildProcess.run([program, "-d"], input: script.bytes) else {
      throw LuaError("\(function): \(program) is not installed, and it draws the figures: sudo apt-get install gnuplot-nox")
    }
    if result.status == 0, !result.output.isEmpty { return result.output }
    // gnuplot repeats the command and points at the place; its last line says what is wrong.
    let lines = String(decoding: result.errors, as: UTF8.self).split(separator: "\n").map { $0.trimmingSpaces }.filter { !$0.isEmpty && !$0.contains("warning:") }
    throw LuaError("\(function): gnuplot failed with status \(result.status)\(lines.last.map { ": \($0)" } ?? "")")
  }

  /// A file format by the ending of its name: the terminal that writes it.
  static func terminal(_ ending: String, _ size: (width: Int, height: Int)) -> String? {
    let pixels = "size \(size.width),\(size.height)"
    switch ending {
    case "svg": return "svg standalone noenhanced rounded font 'sans-serif,11' background rgb 'white' \(pixels)"
    case "png": return "pngcairo noenhanced rounded font 'Sans,11' \(pixels)"
    // 96 pixels an inch
    case "pdf": return "pdfcairo noenhanced rounded font 'Sans,8.25' size \(Double(size.width) / 96),\(Double(size.height) / 96)"
    case "sixel": return "sixelgd noenhanced truecolor rounded \(Fonts.file.map { "font \(Script.quoted($0 + ",11")) " } ?? "")\(pixels)"
    default: return nil
    }
  }

  static func picture(_ figure: Figure, _ ending: String, for function: String) throws -> [UInt8] {
    let size = figure.size
    if ending != "svg" { Fonts.check(figure.texts) }
    let script = try figure.script(terminal: terminal(ending, size)!, size: size, panels: figure.drawn(for: function), title: figure.title)
    let bytes = try draw(script, for: function)
    guard ending == "svg" else { return bytes }
    // Pixels are squares: a viewer that smooths them shows a digit as a cloud.
    return Array(String(decoding: bytes, as: UTF8.self).replacing("<image ", with: "<image style='image-rendering:pixelated' ").utf8)
  }
}

extension Substring {
  var trimmingSpaces: Substring {
    var result = self
    while result.first?.isWhitespace == true { result.removeFirst() }
    while result.last?.isWhitespace == true { result.removeLast() }
    return result
  }
}
