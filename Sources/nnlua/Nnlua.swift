internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// `nnlua`: a Lua interpreter with nnlua's modules; subcommands for what is not running a script.
@main
enum Nnlua {
  static func main() {
    let options: Options
    do {
      options = try Options(CommandLine.unsafeArgv, count: Int(CommandLine.argc))
      try Settings.apply(options)
    } catch {
      complain("\(error)")
      if error is UsageError { complain(Usage.short, prefix: false) }
      exit(1)
    }
    if options.help {
      print(Usage.long)
      exit(0)
    }
    if let name = options.subcommand { Subcommands.run(name, Array(CommandLine.arguments.dropFirst(options.script!)), options) }
    Interpreter(options).run()
  }
}

/// Writes a message to standard error, as `lua` does: "nnlua: …".
func complain(_ message: String, prefix: Bool = true, ends end: String = "\n") {
  fflush(nil)  // what the script printed stands before
  var text = (prefix ? "nnlua: " : "") + message + end
  text.withUTF8 { bytes in
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = write(2, UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[rest.startIndex...]).baseAddress, rest.count)
      if written < 0 && errno != EINTR { return }
      rest = rest.dropFirst(max(written, 0))
    }
  }
}
