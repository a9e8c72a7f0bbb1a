internal import CShims

/// What a value looks like: one form for each MIME type, "text/plain" always among them.
public struct DisplayBundle: Sendable {
  /// A value in one of its forms.
  public enum Form: Sendable, Equatable {
    case text(String)
    case bytes([UInt8])
    case json(String)
  }
  /// In the order they were given.
  public var forms: [(type: String, form: Form)]

  /// With `text` as its text/plain form, where `forms` has none.
  public init(text: String, _ forms: [(String, Form)] = []) {
    self.forms = forms.map { (type: $0.0, form: $0.1) }
    if self["text/plain"] == nil { self.forms.append((type: "text/plain", form: .text(text))) }
  }

  /// The text/plain form.
  public var text: String {
    guard case .text(let text)? = self["text/plain"] else { return "" }
    return text
  }
  /// The form of a MIME type.
  public subscript(type: String) -> Form? { forms.first { $0.type == type }?.form }
}

/// Which of the process's streams a text was written to.
public enum OutputStream: Sendable {
  case output, error
}

/// Where text, pictures and questions of a script go when it does not run as a plain program: a report, the kernel, a test.
/// Called on Lua's thread only.
public protocol FrontEnd: AnyObject {
  /// Text that the script wrote.
  func write(_ bytes: UnsafeRawBufferPointer, to stream: OutputStream)
  /// A value that the script shows; an update takes the place of what was shown under the same id.
  func show(_ bundle: DisplayBundle, id: String?, isUpdate: Bool)
  /// Takes away what was shown so far, at once or when the next output comes.
  func clear(wait: Bool)
  /// A line for `io.read`, without its end; nil at the end of input. Throws where no input can be had.
  func readLine(prompt: String) throws -> String?
}

extension LuaState {
  /// nil: a plain program, whose streams are the process's own. Setting one takes the place of C's stdin, stdout and stderr, so that `print`,
  /// `io.write`, `io.stderr:write`, `io.read`, `io.lines` and Swift's print all arrive.
  public var frontEnd: (any FrontEnd)? {
    get { redirection?.frontEnd }
    set {
      nn_flush_streams()
      guard let newValue else {
        nn_end_redirection(L)
        redirection = nil
        return
      }
      nn_output = { owner, stream, bytes, size in
        let state = Unmanaged<LuaState>.fromOpaque(owner!).takeUnretainedValue()
        state.redirection?.frontEnd.write(UnsafeRawBufferPointer(start: bytes, count: size), to: stream == 2 ? .error : .output)
      }
      nn_input = { owner, buffer, size in
        Unmanaged<LuaState>.fromOpaque(owner!).takeUnretainedValue().read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size))
      }
      redirection = Redirection(frontEnd: newValue)
      if nn_redirect(L) != 0 { redirection = nil }
    }
  }

  /// Hands on what a stream still holds in a buffer.
  public func flush() { nn_flush_streams() }

  /// Drops what was asked for and not read: the rest of a line that `io.read("n")` left.
  public func forgetInput() {
    guard let redirection else { return }
    redirection.input = []
    nn_purge_input()
  }

  /// The value is io.stdin, io.stdout or io.stderr.
  public func isStandardStream(_ stack: LuaStack, _ index: Int32) -> Bool { nn_is_standard_stream(stack.L, index) != 0 }

  private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard let redirection else { return 0 }
    if redirection.input.isEmpty {
      do {
        guard let line = try redirection.frontEnd.readLine(prompt: "") else { return 0 }
        redirection.input = Array((line + "\n").utf8)[...]
      } catch {
        if !Self.isInterrupted { nn_raise_soon(L, "\(error)") }
        return -1
      }
    }
    let part = redirection.input.prefix(buffer.count)
    buffer.copyBytes(from: part)
    redirection.input = redirection.input.dropFirst(part.count)
    return part.count
  }

  // MARK: runs

  /// Runs `body` so that `interrupt()` reaches it from any thread, and `os.exit` in it ends the run and not the process: see `exitStatus`.
  /// Afterwards an interrupt is over.
  public func run<R>(_ body: () throws -> R) rethrows -> R {
    nn_begin_run(L)
    defer {
      nn_end_run(L)
      nn_end_interrupt(L)
      nn_flush_streams()
    }
    return try body()
  }

  /// Raises "interrupted!" in what now runs inside `run`, in coroutines and nested pcalls too; nothing where nothing runs. From any thread.
  public nonisolated func interrupt() { nn_interrupt_run(L) }

  /// What `os.exit` was called with in the run that is going on or was the last; nil where it was not.
  public var exitStatus: Int32? {
    let status = nn_exit_status(L)
    return status < 0 ? nil : status
  }
}

/// A front end that has taken the standard streams' place.
final class Redirection {
  let frontEnd: any FrontEnd
  /// The part of a line that has not been read yet.
  var input: ArraySlice<UInt8> = []
  init(frontEnd: any FrontEnd) { self.frontEnd = frontEnd }
}
