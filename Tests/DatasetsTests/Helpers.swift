import Datasets
import FoundationEssentials
import LuaBridge
import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// A folder of its own for each test, gone with it.
final class Folder {
  let path: String
  init() throws {
    path = "\(FileManager.default.temporaryDirectory.path)/nnlua-test-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
  @discardableResult func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let file = URL(filePath: "\(path)/\(name)")
    if name.contains("/") { try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true) }
    let bytes = Array(bytes)
    guard let stream = fopen(file.path, "wb") else { throw LuaError("cannot write \(file.path)") }
    fwrite(bytes, 1, bytes.count, stream)
    fclose(stream)
    return file.path
  }
  static func names(_ path: String) -> [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

func fileBytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

/// The message of the LuaError that `body` throws; "" where it throws none.
func message(_ body: () throws -> Void) -> String {
  do { try body() } catch let error as LuaError { return error.message } catch { return "\(error)" }
  return ""
}

/// An interpreter with the modules T and data.
func interpreter() throws -> LuaState {
  let lua = try LuaState()
  lua.install(TensorLibrary.library)
  lua.install(DataLibrary.library)
  lua.install(TransformLibrary.library)
  try lua.run(
    """
    T, data = require "nnlua.tensor", require "nnlua.data"
    function same(a, b) return a.dtype == b.dtype and a.shape[1] == b.shape[1] and (a - b):abs():sum():item() == 0 end
    tf = data.transforms
    function fails(text, ...)
      local ok, message = pcall(...)
      assert(not ok and tostring(message):find(text, 1, true), tostring(message))
    end
    """)
  return lua
}

/// Sets environment variables (nil takes one away) while `body` runs.
func withEnvironment<R>(_ values: [String: String?], _ body: () throws -> R) throws -> R {
  let before = values.keys.map { ($0, getenv($0).map { String(cString: $0) }) }
  func set(_ name: String, _ value: String?) { if let value { setenv(name, value, 1) } else { unsetenv(name) } }
  for (name, value) in values { set(name, value) }
  defer { for (name, value) in before { set(name, value) } }
  return try body()
}

/// An IDX file.
func idx(_ type: UInt8, _ sizes: [Int], _ elements: [UInt8]) -> [UInt8] {
  [0, 0, type, UInt8(sizes.count)] + sizes.flatMap { n in (0..<4).reversed().map { UInt8(truncatingIfNeeded: n >> (8 * $0)) } } + elements
}

/// Bytes as a gzip member of stored blocks (RFC 1951, 1952).
func gzip(_ bytes: [UInt8]) -> [UInt8] {
  func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  var result: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255], place = 0
  repeat {
    let part = bytes[place..<min(place + 65535, bytes.count)]
    place += part.count
    result += [place == bytes.count ? 1 : 0] + little(part.count, 2) + little(~part.count, 2) + part
  } while place < bytes.count
  var crc: UInt32 = 0xFFFF_FFFF
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
  }
  return result + little(Int(~crc), 4) + little(bytes.count, 4)
}

/// Three pictures of 2×2 for the split "train", as the four files of MNIST.
func writeSmallMNIST(_ folder: Folder, _ name: String = "mnist", images: [UInt8]? = nil, labels: [UInt8]? = nil) throws {
  let images = images ?? idx(8, [3, 2, 2], [0, 51, 102, 255, 1, 2, 3, 4, 5, 6, 7, 8]), labels = labels ?? idx(8, [3], [7, 0, 9])
  try folder.write("\(name)/train-images-idx3-ubyte", images)
  try folder.write("\(name)/train-labels-idx1-ubyte.gz", gzip(labels))
}

/// Small damage, the same at each run.
struct Mutation {
  var state: UInt64
  mutating func next(_ limit: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(max(limit, 1)))
  }
  mutating func mutate(_ whole: [UInt8]) -> [UInt8] {
    var bytes = whole
    for _ in 0...next(3) where !bytes.isEmpty {
      let place = next(2) == 0 ? next(bytes.count) : next(min(bytes.count, 24))
      switch next(5) {
      case 0: bytes[place] = 255
      case 1: bytes[place] = 0
      case 2: bytes[place] ^= 1 << UInt8(next(8))
      case 3: bytes.removeSubrange(place..<min(place + next(9), bytes.count))
      default: bytes.replaceSubrange(place..<place, with: bytes[place..<min(place + next(9), bytes.count)])
      }
    }
    return bytes
  }
}
