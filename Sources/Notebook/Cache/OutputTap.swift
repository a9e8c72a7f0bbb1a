internal import LuaBridge

/// A front end that hands everything on and writes it down, to be put out again.
final class OutputTap: FrontEnd {
  enum Entry {
    case stream(OutputStream, [UInt8])
    case display(DisplayBundle, id: String?, isUpdate: Bool)
    case clear(wait: Bool)
  }
  let target: any FrontEnd
  private(set) var entries: [Entry] = []
  private(set) var readsInput = false
  private(set) var bytes = 0

  init(_ target: any FrontEnd) { self.target = target }

  func write(_ buffer: UnsafeRawBufferPointer, to stream: OutputStream) {
    target.write(buffer, to: stream)
    bytes += buffer.count
    guard bytes <= Self.mostBytes else { return }
    if case .stream(stream, var text)? = entries.last {
      entries.removeLast()  // the only reference: appending copies nothing
      text += buffer
      entries.append(.stream(stream, text))
    } else {
      entries.append(.stream(stream, Array(buffer)))
    }
  }
  func show(_ bundle: DisplayBundle, id: String?, isUpdate: Bool) {
    target.show(bundle, id: id, isUpdate: isUpdate)
    for (_, form) in bundle.forms {
      switch form {
      case .text(let text), .json(let text): bytes += text.utf8.count
      case .bytes(let data): bytes += data.count
      }
    }
    // Of a picture that is drawn again and again the last state is enough.
    if isUpdate, let id {
      entries.removeAll { if case .display(_, id, true) = $0 { true } else { false } }
    }
    if bytes <= Self.mostBytes { entries.append(.display(bundle, id: id, isUpdate: isUpdate)) }
  }
  func clear(wait: Bool) {
    target.clear(wait: wait)
    entries.append(.clear(wait: wait))
  }
  func readLine(prompt: String) throws -> String? {
    readsInput = true
    return try target.readLine(prompt: prompt)
  }

  /// More than this is not kept.
  static let mostBytes = 64 << 20
}
