import JupyterKernel
import LuaBridge
import Testing

@Suite struct ConnectionFileTests {
  private func file(_ text: String) throws -> ConnectionFile { try ConnectionFile(text: Array(text.utf8)) }
  private let ports = #""shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5"#

  @Test func addresses() throws {
    let tcp = try file(#"{"transport": "tcp", "ip": "10.0.0.1", "key": "a-b", \#(ports), "kernel_name": "nnlua"}"#)
    #expect(tcp.address(.shell) == "tcp://10.0.0.1:1" && tcp.address(.heartbeat) == "tcp://10.0.0.1:5")
    #expect(tcp.key == "a-b" && tcp.scheme == "hmac-sha256")
    #expect(try file(#"{"transport": "ipc", "ip": "/tmp/k", \#(ports)}"#).address(.iopub) == "ipc:///tmp/k-2")
    #expect(try file("{\(ports)}").address(.stdin) == "tcp://127.0.0.1:3")
  }

  @Test(arguments: [
    ("", "no JSON"), ("[]", "no valid shell_port"), ("{\"shell_port\": 1}", "no valid control_port"),
    (#"{"transport": "udp"}"#, "unknown transport 'udp'"), (#"{"key": 1}"#, "key is no string"), (#"{"shell_port": 70000}"#, "no valid shell_port"),
  ]) func wrongFiles(_ text: String, _ reason: String) {
    do {
      _ = try file(text)
      Issue.record("read: \(text)")
    } catch { #expect("\(error)".contains(reason), "\(error)") }
  }

  @Test func missingFile() {
    do {
      _ = try ConnectionFile(path: "/no/such/file")
      Issue.record("read")
    } catch { #expect("\(error)".contains("/no/such/file")) }
  }
}
