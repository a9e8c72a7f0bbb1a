internal import LuaBridge
internal import Notebook
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// What Jupyter writes for a kernel before it starts it: where to listen, and the key of all signatures.
package struct ConnectionFile: Sendable {
  package enum Port: String, Sendable { case shell, control, stdin, iopub, heartbeat = "hb" }

  package let key: String
  package let scheme: String
  private let transport: String
  private let ip: String
  private let ports: [String: Int]

  package init(path: String) throws {
    let source = try naming("connection file: \(path)") { try ByteSource(path: path) }
    try self.init(text: Array(source.bytes(at: 0, count: source.count)))
  }

  package init(text: [UInt8]) throws {
    let json: JSON
    do { json = try JSON(parsing: text) } catch { throw LuaError("connection file: \(error)") }
    func string(_ name: String, _ otherwise: String) throws -> String {
      guard let value = json[name] else { return otherwise }
      guard let text = value.string else { throw LuaError("connection file: \(name) is no string") }
      return text
    }
    transport = try string("transport", "tcp")
    guard ["tcp", "ipc"].contains(transport) else { throw LuaError("connection file: unknown transport '\(transport)' (tcp, ipc)") }
    ip = try string("ip", "127.0.0.1")
    key = try string("key", "")
    scheme = try string("signature_scheme", "hmac-sha256")
    var ports: [String: Int] = [:]
    for port in [Port.shell, .control, .stdin, .iopub, .heartbeat] {
      guard let number = json["\(port.rawValue)_port"]?.int, 0...65535 ~= number else { throw LuaError("connection file: no valid \(port.rawValue)_port") }
      ports[port.rawValue] = number
    }
    self.ports = ports
  }

  /// ZeroMQ's address: `tcp://127.0.0.1:5555`, or `ipc://kernel-ipc-5555` (`ip` is then the beginning of a path).
  package func address(_ port: Port) -> String {
    let number = ports[port.rawValue]!
    return transport == "tcp" ? "tcp://\(ip):\(number)" : "ipc://\(ip)-\(number)"
  }
}
