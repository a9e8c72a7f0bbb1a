import FoundationEssentials
import LuaBridge
import Tensors
import Testing

/// A folder of its own for each test, gone with it.
final class Folder {
  let path: String
  init() throws {
    path = "\(FileManager.default.temporaryDirectory.path)/nnlua-test-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
  func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }
  func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: "\(path)/\(name)"))) }
  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

func fixture(_ name: String) -> [UInt8] {
  [UInt8](Data(base64Encoded: FileFixtures.base64[name]!, options: .ignoreUnknownCharacters)!)
}

/// The message of the LuaError that `body` throws; "" where it throws none.
func message(_ body: () throws -> Void) -> String {
  do { try body() } catch let error as LuaError { return error.message } catch { return "\(error)" }
  return ""
}

@Suite(.serialized) struct TensorFileTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  func load(_ bytes: [UInt8], _ ending: String) throws -> TensorFile {
    try bytes.withUnsafeBytes { try TensorFile.read(ByteSource(memory: $0), TensorFile.Format(rawValue: ending)!) }
  }
  func tensor(_ name: String) throws -> Tensor {
    guard case .tensor(let tensor) = try TensorFile.load(folder.write("x.npy", fixture(name))) else { throw LuaError("no tensor") }
    return tensor
  }
  func named(_ bytes: [UInt8], _ ending: String) throws -> [String: Tensor] {
    guard case .named(let list) = try load(bytes, ending) else { throw LuaError("no table") }
    return Dictionary(uniqueKeysWithValues: list.map { ($0.name, $0.tensor) })
  }

  static let v: [Double] = [1.5, -2, 3.25, -4, 5, 0.5]
  static let i: [Double] = [1, -2, 3, -4, 5, 127]
  static let u: [Double] = [1, 2, 3, 4, 5, 200]

  @Test(arguments: [
    ("f4", ElementType.float32, v), ("f8", .float64, v), ("f2", .float32, v), ("f4big", .float32, v), ("f8big", .float64, v), ("f2big", .float32, v),
    ("i8", .int64, i.map { $0 * 1e12 }), ("i8big", .int64, i.map { $0 * 1e12 }), ("i4", .int64, i), ("i4big", .int64, i), ("i2", .int64, i), ("i1", .int64, i),
    ("u1", .uint8, u), ("u2", .int64, u.map { $0 * 300 }), ("u4", .int64, u.map { $0 * 2e7 }), ("u8", .int64, u.map { $0 * 1e15 }),
    ("b1", .bool, [1, 0, 1, 0, 1, 1]), ("version2", .float32, v), ("version3", .float32, v),
  ])
  func readsWhatNumPyWrote(_ name: String, _ type: ElementType, _ values: [Double]) throws {
    let tensor = try tensor(name)
    #expect(tensor.type == type)
    #expect(tensor.shape == Shape(2, 3))
    #expect(try tensor.values() == values)
  }

  @Test func readsShapesAtTheEdge() throws {
    #expect(try tensor("scalar").shape == Shape())
    #expect(try tensor("scalar").values() == [7.25])
    #expect(try tensor("empty").shape == Shape(0, 3))
    #expect(try tensor("vector").shape == Shape(2))
  }

  @Test func readsColumnsFirst() throws {
    let x = try tensor("fortran")
    #expect(x.shape == Shape(2, 3) && x.isContiguous)
    #expect(try x.values() == Self.v)
    let y = try tensor("fortran3")
    #expect(y.shape == Shape(2, 3, 4) && y.type == .int64)
    #expect(try y.values() == (0..<24).map(Double.init))
  }

  @Test(arguments: ["npz", "npzDeflated"]) func readsNpz(_ name: String) throws {
    let tensors = try named(fixture(name), "npz")
    #expect(tensors.keys.sorted() == ["W1", "b1", "t"])
    #expect(try tensors["W1"]!.values() == Self.v && tensors["W1"]!.type == .float32 && tensors["W1"]!.shape == Shape(2, 3))
    #expect(try tensors["b1"]!.values() == (0..<40).map(Double.init) && tensors["b1"]!.type == .float64)
    #expect(try tensors["t"]!.values() == [3, 1, 4] && tensors["t"]!.type == .int64)
  }

  @Test func readsSafetensors() throws {
    let x = try named(fixture("safetensors"), "safetensors")
    let expected: [(String, ElementType, Shape, [Double])] = [
      ("W1", .float32, Shape(2, 3), Self.v), ("b1", .float64, Shape(4), [0, 1, 2, 3]), ("t", .int64, Shape(3), [3, 1, 4]), ("m", .bool, Shape(3), [1, 0, 1]),
      ("p", .uint8, Shape(3), [0, 255, 7]), ("h", .float32, Shape(2), [1.5, -2]), ("i4", .int64, Shape(2), [-70000, 5]), ("i2", .int64, Shape(2), [-7, 5]),
      ("i1", .int64, Shape(3), [-7, 5, 1]), ("u2", .int64, Shape(2), [65535, 5]), ("u4", .int64, Shape(2), [4_294_967_295, 5]), ("s", .float32, Shape(), [2.5]),
      ("e", .float32, Shape(2, 0), []),
    ]
    #expect(x.count == expected.count)
    for (name, type, shape, values) in expected {
      #expect(x[name]?.type == type && x[name]?.shape == shape, "\(name)")
      #expect(try x[name]?.values() == values, "\(name)")
    }
    // The smallest bfloat16 above 0 is 2^-133.
    #expect(try named(fixture("bfloat"), "safetensors")["x"]!.values() == [1.5, -2, 0x1p-133])
  }

  @Test func refusesWhatNoTensorHolds() {
    #expect(message { _ = try tensor("record") }.contains("structured"))
    #expect(message { _ = try tensor("complex") }.contains("dtype '<c8' is not read, complex"))
    #expect(message { _ = try tensor("text") }.contains("dtype '<U2'"))
    #expect(message { _ = try tensor("object") }.contains("Python objects are never read"))
    #expect(message { _ = try tensor("u8over") }.contains("above 2^63 - 1"))
  }

  static func samples() throws -> [(name: String, tensor: Tensor)] {
    [
      ("b", try Tensor([Truth(true), Truth(false)])), ("a.weight", try Tensor([Float(1.5), -2, .infinity, 0], 2, 2)), ("ü\"\\", try Tensor([UInt8(0), 255, 7])),
      ("n", try Tensor([Int64.min, -1, .max], 1, 3)), ("d", try Tensor([0.1, -.pi])), ("scalar", try Tensor([3.0]).reshaped(Shape())),
      ("empty", try Tensor.zeros(Shape(0, 4))),
    ]
  }

  @Test(arguments: ["npz", "safetensors"]) func keepsEveryType(_ ending: String) throws {
    let samples = try Self.samples()
    let path = "\(folder.path)/x.\(ending)"
    try TensorFile.named(samples).save(path)
    guard case .named(let back) = try TensorFile.load(path) else { throw LuaError("no table") }
    #expect(back.map(\.name) == ["a.weight", "b", "d", "empty", "n", "scalar", "ü\"\\"])
    for (name, tensor) in samples {
      let other = back.first { $0.name == name }!.tensor
      #expect(other.type == tensor.type && other.shape == tensor.shape, "\(name)")
      #expect(try other.values() == tensor.values(), "\(name)")
    }
    #expect(folder.names == ["x.\(ending)"])
    // The same tensors in another order give the same bytes.
    let first = try folder.bytes("x.\(ending)")
    try TensorFile.named(samples.reversed()).save(path)
    #expect(try folder.bytes("x.\(ending)") == first)
  }

  @Test func writesTheBytesOfNumPy() throws {
    for name in ["f4", "f8", "u1", "b1", "scalar", "empty", "vector"] {
      try TensorFile.tensor(tensor(name)).save("\(folder.path)/out.npy")
      #expect(try folder.bytes("out.npy") == fixture(name), "\(name)")
    }
  }

  @Test func elementsOfSafetensorsAreAligned() throws {
    try TensorFile.named(Self.samples()).save("\(folder.path)/x.safetensors")
    let bytes = try folder.bytes("x.safetensors")
    let header = Int(bytes[0]) | Int(bytes[1]) << 8
    #expect((8 + header) % 8 == 0)
    let text = String(decoding: bytes[8..<8 + header], as: UTF8.self)
    #expect(text.hasPrefix(#"{"d":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},"n":"#))
    #expect(text.contains(#""ü\"\\":{"dtype":"U8""#))
  }

  @Test(arguments: [0, 150, 700]) func readsZip64(_ full: Int) throws {
    let file = try AtomicFile(path: "\(folder.path)/x.npz"), samples = try Self.samples()
    try Npz.write(samples, to: file, full: full)
    try file.commit()
    let back = try named(folder.bytes("x.npz"), "npz")
    #expect(back.count == samples.count)
    for (name, tensor) in samples { #expect(try back[name]!.values() == tensor.values()) }
  }

  // MARK: damage

  @Test func namesTheFileAndTheEntry() throws {
    var bytes = fixture("npz")
    let place = bytes.firstRange(of: Array("NUMPY".utf8))!.lowerBound + 130
    bytes[place] ^= 1
    let path = try folder.write("x.npz", bytes)
    #expect(message { _ = try TensorFile.load(path) } == "load: \(path): entry 'W1.npy': damaged: its checksum is wrong")
  }

  @Test func findsLies() throws {
    func lie(_ name: String, _ from: String, _ to: String) throws -> [UInt8] {
      var bytes = fixture(name)
      bytes.replaceSubrange(bytes.firstRange(of: Array(from.utf8))!, with: Array(to.utf8))
      return bytes
    }
    #expect(message { _ = try load(lie("f4", "(2, 3)", "(2, 4)"), "npy") }.contains("needs 32 bytes, at most 24 follow"))
    #expect(message { _ = try load(lie("f4", "(2, 3)", "(2, 2)"), "npy") }.contains("8 bytes more"))
    #expect(message { _ = try load(lie("f4", "(2, 3), }     ", "(99999999999,)"), "npy") } != "")
    #expect(message { _ = try load(lie("f4", "(2, 3), }               ", "(4294967296,4294967296)}"), "npy") }.contains("too many elements"))
    #expect(message { _ = try load(lie("f4", "(2, 3), }             ", "(1,1,1,1,1,1,1,2,3), }"), "npy") }.contains("at most 8 dims"))
    #expect(message { _ = try load(lie("f4", "(2, 3)", "(-2,3)"), "npy") }.contains("'-2' is no size"))
    #expect(message { _ = try load(lie("safetensors", #"[2,3]"#, #"[2,4]"#), "safetensors") }.contains("tensor 'W1': shape {2,4} of F32 needs data_offsets"))
    #expect(message { _ = try load(lie("safetensors", #"F32"#, #"F33"#), "safetensors") }.contains("dtype F33 is not read"))
    #expect(message { _ = try load(fixture("safetensors") + [0], "safetensors") }.contains("1 bytes more"))
    #expect(message { _ = try load([255, 255, 255, 255, 255, 255, 255, 255, 123, 125], "safetensors") }.contains("its header claims"))
    #expect(message { _ = try load([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), "safetensors") } == "")
    #expect(message { _ = try load(fixture("f4"), "npz") }.contains("no zip archive"))
    #expect(message { _ = try load(fixture("npz"), "npy") }.contains("is no .npy"))
    #expect(message { _ = try load([], "npy") }.contains("cut short"))
    #expect(message { _ = try load([], "npz") }.contains("no zip archive"))
    #expect(message { _ = try load([], "safetensors") }.contains("cut short"))
  }

  @Test(arguments: [("f4", "npy"), ("npz", "npz"), ("npzDeflated", "npz"), ("safetensors", "safetensors")])
  func everyCutIsAnError(_ name: String, _ ending: String) throws {
    let whole = fixture(name)
    for length in 0..<whole.count { #expect(message { _ = try load(Array(whole[..<length]), ending) } != "", "\(length)") }
  }

  /// Files with a few bytes changed load or are refused, but never end the process nor take memory beyond reason.
  @Test(arguments: [("f4", "npy"), ("fortran3", "npy"), ("i2", "npy"), ("npz", "npz"), ("npzDeflated", "npz"), ("safetensors", "safetensors")])
  func survivesMutation(_ name: String, _ ending: String) throws {
    var random = Mutation(state: 7)
    var refused = 0
    for _ in 0..<2000 {
      let bytes = random.mutate(fixture(name))
      if message({ _ = try load(bytes, ending) }) != "" { refused += 1 }
    }
    #expect(refused > 1000)
    #expect(ExternalMemory.peak < 1 << 30)
  }

  // MARK: paths

  @Test func pathsThatCannotBe() throws {
    let x = TensorFile.tensor(try Tensor([1.0]))
    #expect(message { _ = try TensorFile.load("\(folder.path)/none.npy") }.hasSuffix("none.npy: cannot open: No such file or directory"))
    #expect(message { _ = try TensorFile.load("\(folder.path)/x.pt") }.contains("the ending must be one of .npy, .npz, .safetensors"))
    #expect(message { _ = try TensorFile.load(folder.path) }.contains("ending"))
    try FileManager.default.createDirectory(atPath: "\(folder.path)/d.npy", withIntermediateDirectories: true)
    #expect(message { _ = try TensorFile.load("\(folder.path)/d.npy") }.hasSuffix("is a folder"))
    #expect(message { try x.save("\(folder.path)/d.npy") }.hasSuffix("is a folder"))
    #expect(message { try x.save("\(folder.path)/none/x.npy") }.contains("cannot be written: No such file or directory"))
    #expect(message { try x.save("\(folder.path)/x.npz") }.contains("holds named tensors"))
    #expect(message { try TensorFile.named([]).save("\(folder.path)/x.npy") }.contains("holds one tensor"))
    #expect(message { try x.save("") }.contains("ending"))
    #expect(folder.names == ["d.npy"])
  }

  @Test func linksStayLinks() throws {
    try TensorFile.tensor(Tensor([1.0])).save("\(folder.path)/real.npy")
    try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/link.npy", withDestinationPath: "real.npy")
    try TensorFile.tensor(Tensor([2.0])).save("\(folder.path)/link.npy")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder.path)/link.npy") == "real.npy")
    guard case .tensor(let x) = try TensorFile.load("\(folder.path)/real.npy") else { throw LuaError("no tensor") }
    #expect(try x.values() == [2])
  }

  @Test func scriptsSaveAndLoad() throws {
    let lua = try LuaState()
    lua.install(TensorLibrary.library)
    try lua.run(
      """
      local T = require "nnlua.tensor"
      local folder = "\(folder.path)"
      T.save(folder .. "/a.npy", T.zeros(2, 3))
      assert(T.load(folder .. "/a.npy").shape[2] == 3)
      for _, ending in ipairs {".npz", ".safetensors", ".NPZ"} do
        local path = folder .. "/a" .. ending
        T.save(path, {w = T.zeros(2, 3), b = T.zeros(3, {dtype = "int64"})})
        local back = T.load(path)
        assert(back.w.dtype == "float32" and back.b.dtype == "int64" and back.b.shape[1] == 3)
        T.save(path, {T.zeros(1), T.zeros(2)})
        back = T.load(path)
        assert(#back == 2 and back[2].shape[1] == 2)
        T.save(path, {})
        assert(next(T.load(path)) == nil)
      end
      local function fails(text, ...)
        local ok, message = pcall(...)
        assert(not ok and message:find(text, 1, true), message)
      end
      fails("bad argument #2 to 'save' (Tensor or table of tensors expected, got number)", T.save, folder .. "/b.npz", 5)
      fails("field 'n' must be a Tensor, got table; tables of tables are not saved", T.save, folder .. "/b.npz", {n = {w = T.zeros(1)}})
      fails("field 'n' must be a Tensor, got number; T.tensor(number)", T.save, folder .. "/b.npz", {n = 1})
      fails("neither", T.save, folder .. "/b.npz", {T.zeros(1), x = T.zeros(1)})
      fails("neither", T.save, folder .. "/b.npz", {[3] = T.zeros(1)})
      fails("names must be strings", T.save, folder .. "/b.npz", {[T.zeros(1)] = T.zeros(1)})
      fails("one tensor", T.save, folder .. "/b.npy", {x = T.zeros(1)})
      assert(not io.open(folder .. "/b.npz"))
      """)
  }
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
      let place = next(2) == 0 ? next(bytes.count) : next(min(bytes.count, 160))
      switch next(6) {
      case 0: bytes[place] = 255
      case 1: bytes[place] = 0
      case 2: bytes[place] ^= 1 << UInt8(next(8))
      case 3: bytes[place] = [0x30, 0x39, 0x2d, 0x5b, 0x7b, 0x2c][next(6)]
      case 4: bytes.removeSubrange(place..<min(place + next(9), bytes.count))
      default: bytes.replaceSubrange(place..<place, with: bytes[place..<min(place + next(9), bytes.count)])
      }
    }
    return bytes
  }
}
