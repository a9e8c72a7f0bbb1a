#if canImport(Glibc)
  internal import Glibc
#endif

/// The terminal a stream is connected to.
public enum Terminal {
  /// Its size in characters; nil where the stream is no terminal.
  public static func size(_ descriptor: Int32) -> (columns: Int, rows: Int)? {
    guard isatty(descriptor) != 0 else { return nil }
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (80, 24) }  // a terminal that does not say
    return (Int(size.ws_col), Int(size.ws_row))
  }
}
