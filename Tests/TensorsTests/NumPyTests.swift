import Foundation
import LuaBridge
import Tensors
import Testing

/// Files to and from NumPy itself, and Hugging Face's safetensors where Python has it (else a reader and a writer by its specification).
/// `TensorFileTests` reads files kept from both.
@Suite(.serialized) struct NumPyTests {
  /// The first Python that knows NumPy: $NNLUA_PYTHON, the one on the path, the system's.
  private static let python: String? =
    ([ProcessInfo.processInfo.environment["NNLUA_PYTHON"]].compactMap { $0 } + ["python3", "/usr/bin/python3"])
    .first { (try? run($0, "import numpy", "").status) == 0 }

  private static func run(_ python: String, _ code: String, _ argument: String) throws -> (status: Int32, output: String) {
    let process = Process(), output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, "-c", code, argument]
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  /// What the code prints, by lines.
  private func python(_ code: String) throws -> [String] {
    let python = try #require(Self.python, "python3 without numpy: scripts/setup installs it, or NNLUA_PYTHON names another python")
    let (status, output) = try Self.run(python, Self.helpers + code, folder.path)
    try #require(status == 0, "\(output)")
    return output.split(separator: "\n").map(String.init)
  }

  private static let helpers = """
    import json, sys
    import numpy as np
    folder = sys.argv[1]

    def show(name, x):
        print(name, x.dtype, ",".join(map(str, x.shape)), np.ascontiguousarray(x).tobytes().hex())

    names = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?"}
    try:
        from safetensors.numpy import load_file, save_file
    except ImportError:
        def load_file(path):
            data = open(path, "rb").read()
            size = int.from_bytes(data[:8], "little")
            header, place, found = json.loads(data[8:8 + size]), 0, {}
            header.pop("__metadata__", None)
            data = data[8 + size:]
            for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
                first, end = entry["data_offsets"]
                assert first == place, "a hole"
                place = end
                found[name] = np.frombuffer(data[first:end], names[entry["dtype"]]).reshape(entry["shape"])
            assert place == len(data), "bytes left over"
            return found

        def save_file(tensors, path):
            header, data, kinds = {}, b"", {np.dtype(kind): name for name, kind in names.items()}
            for name, x in tensors.items():
                header[name] = {"dtype": kinds[x.dtype], "shape": list(x.shape), "data_offsets": [len(data), len(data) + x.nbytes]}
                data += x.tobytes()
            text = json.dumps(header).encode()
            open(path, "wb").write(len(text).to_bytes(8, "little") + text + data)

    """

  private let folder: Folder
  init() throws { folder = try Folder() }

  /// Each of our types with its extremes, in shapes from none to eight dims.
  private static func samples() throws -> [(name: String, tensor: Tensor)] {
    let shapes = [Shape(), Shape(0, 3), Shape(6), Shape(2, 3), Shape(1, 3, 2, 1), Shape(1, 2, 1, 3, 1, 1, 1, 1)]
    var list: [(name: String, tensor: Tensor)] = []
    for (i, shape) in shapes.enumerated() {
      let count = shape.elements
      func taken<E: Element>(_ values: [E]) throws -> Tensor { try Tensor(Array(values.suffix(count))).reshaped(shape) }
      list.append(("float32.\(i)", try taken([Float.nan, .infinity, -.leastNonzeroMagnitude, -0.0, .greatestFiniteMagnitude, 1.1])))
      list.append(("float64.\(i)", try taken([Double.nan, -.infinity, .leastNonzeroMagnitude, -0.0, .greatestFiniteMagnitude, 0.1])))
      list.append(("int64.\(i)", try taken([Int64.min, -1, 0, 1 << 53 + 1, 7, .max])))
      list.append(("uint8.\(i)", try taken([UInt8(0), 1, 127, 128, 254, 255])))
      list.append(("bool.\(i)", try taken([true, false, false, true, true, false].map { Truth($0) })))
    }
    return list
  }

  /// As Python's `show` prints it.
  private func shown(_ name: String, _ x: Tensor) -> String {
    let bytes = UnsafeRawBufferPointer(start: x.pointer, count: x.count * x.type.size)
    return "\(name) \(x.type.name) \(x.shape.map(String.init).joined(separator: ",")) \(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())"
  }

  @Test func numPyReadsOurFiles() throws {
    let samples = try Self.samples(), expected = samples.map { shown($0.name, $0.tensor) }
    for (name, tensor) in samples { try TensorFile.tensor(tensor).save("\(folder.path)/\(name).npy") }
    try TensorFile.named(samples).save("\(folder.path)/all.npz")
    try TensorFile.named(samples).save("\(folder.path)/all.safetensors")
    let order = "order = \"\(samples.map(\.name).joined(separator: " "))\".split()\n"
    #expect(try python(order + "for name in order: show(name, np.load(f'{folder}/{name}.npy', allow_pickle=False))") == expected)
    #expect(
      try python(
        order + "import zipfile\nassert zipfile.ZipFile(f'{folder}/all.npz').testzip() is None\nfile = np.load(f'{folder}/all.npz')\n"
          + "assert sorted(file.files) == sorted(order)\nfor name in order: show(name, file[name])") == expected)
    #expect(
      try python(order + "file = load_file(f'{folder}/all.safetensors')\nassert sorted(file) == sorted(order)\nfor name in order: show(name, file[name])") == expected)
  }

  /// A tensor with gaps is saved as it is seen.
  @Test func numPyReadsViews() throws {
    let x = try Tensor((0..<24).map(Double.init)).reshaped(Shape(2, 3, 4)).permuted([2, 0, 1])
    try TensorFile.tensor(x).save("\(folder.path)/x.npy")
    try TensorFile.named([("x", x)]).save("\(folder.path)/x.safetensors")
    let expected = ["0.0 12.0 4.0 16.0 8.0 20.0", "(4, 2, 3)"]
    #expect(try python("x = np.load(folder + '/x.npy')\nprint(*x.ravel()[:6])\nprint(x.shape)") == ["0.0 4.0 8.0 12.0 16.0 20.0", "(4, 2, 3)"])
    #expect(try python("x = load_file(folder + '/x.safetensors')['x']\nprint(*x.ravel()[[0, 3, 1, 4, 2, 5]])\nprint(x.shape)") == expected)
  }

  private static let types: [(name: String, ours: ElementType)] = [
    ("f4", .float32), ("f8", .float64), ("f2", .float32), ("i8", .int64), ("i4", .int64), ("i2", .int64), ("i1", .int64), ("u8", .int64), ("u4", .int64),
    ("u2", .int64), ("u1", .uint8), ("?", .bool),
  ]
  /// Numbers that all of a kind can hold, in NumPy's float64.
  private static let source = """
    def numbers(kind, shape):
        count = int(np.prod(shape))
        x = np.arange(count) * 37 % 101 - (0 if kind[0] in "u?" else 50)
        return (x % 3 == 0 if kind == "?" else x / 4 if kind[0] == "f" else x).astype(kind).reshape(shape)

    """

  private func check(_ x: Tensor, _ type: ElementType, _ line: String, _ name: String) throws {
    let parts = line.split(separator: " ", omittingEmptySubsequences: false)
    #expect(x.type == type && x.isContiguous, "\(name)")
    #expect(shown(name, try x.converted(to: .float64)) == "\(name) float64 \(parts[2]) \(parts[3])", "\(name)")
  }

  @Test func readsNumPysFiles() throws {
    let kinds = Self.types.map { "\"\($0.name)\"" }.joined(separator: ", ")
    let lines = try python(
      Self.source + """
        for kind in [\(kinds)]:
            for end in "<>":
                for order in "CF":
                    for version in (1, 2, 3):
                        for i, shape in enumerate([(), (0, 3), (6,), (2, 3), (2, 3, 4)]):
                            x = np.array(numbers(kind, shape), dtype=np.dtype(kind).newbyteorder(end), order=order)
                            name = f"{kind.replace('?', 'b')}{'le' if end == '<' else 'be'}{order}{version}.{i}"
                            with open(f"{folder}/{name}.npy", "wb") as file:
                                np.lib.format.write_array(file, x, version=(version, 0), allow_pickle=False)
                            show(name, x.astype("<f8"))
        """)
    #expect(lines.count == Self.types.count * 2 * 2 * 3 * 5)
    for line in lines {
      let name = String(line.prefix { $0 != " " }), kind = name.prefix(name.hasPrefix("b") ? 1 : 2)
      guard case .tensor(let x) = try TensorFile.load("\(folder.path)/\(name).npy") else { throw LuaError("no tensor") }
      try check(x, Self.types.first { $0.name == (kind == "b" ? "?" : kind) }!.ours, line, name)
    }
  }

  /// Stored and deflated; columns first among them.
  @Test(arguments: ["savez", "savez_compressed"]) func readsNumPysArchives(_ function: String) throws {
    let kinds = Self.types.map { "\"\($0.name)\"" }.joined(separator: ", ")
    let lines = try python(
      Self.source + """
        arrays = {f"{kind.replace('?', 'b')}.{order}": np.array(numbers(kind, (20, 30)), order=order) for kind in [\(kinds)] for order in "CF"}
        np.\(function)(folder + "/all.npz", **arrays)
        for name, x in sorted(arrays.items()): show(name, x.astype("<f8"))
        """)
    guard case .named(let list) = try TensorFile.load("\(folder.path)/all.npz") else { throw LuaError("no table") }
    #expect(list.count == lines.count && lines.count == Self.types.count * 2)
    for ((name, x), line) in zip(list.sorted { $0.name < $1.name }, lines) {
      try check(x, Self.types.first { $0.name == (name.hasPrefix("b") ? "?" : name.prefix(2)) }!.ours, line, name)
    }
  }

  @Test func readsHuggingFacesFiles() throws {
    let kinds = Self.types.filter { $0.name != "u8" }.map { "\"\($0.name)\"" }.joined(separator: ", ")
    let lines = try python(
      Self.source + """
        arrays = {f"{kind.replace('?', 'b')}.{i}": numbers(kind, shape) for kind in [\(kinds)] for i, shape in enumerate([(), (0, 3), (5, 7)])}
        save_file(arrays, folder + "/all.safetensors")
        for name, x in sorted(arrays.items()): show(name, x.astype("<f8"))
        # bfloat16, which NumPy has not: the upper half of a float32
        x = np.array([1.5, -2, 3.0e38, 2.0**-133, np.inf], "<f4")
        data = (x.view("<u4") >> 16).astype("<u2").tobytes()
        header = json.dumps({"x": {"dtype": "BF16", "shape": [5], "data_offsets": [0, 10]}}).encode()
        open(folder + "/half.safetensors", "wb").write(len(header).to_bytes(8, "little") + header + data)
        show("x", (x.view("<u4") & 0xFFFF0000).view("<f4").astype("<f8"))
        """)
    guard case .named(let list) = try TensorFile.load("\(folder.path)/all.safetensors") else { throw LuaError("no table") }
    #expect(list.count == lines.count - 1)
    for ((name, x), line) in zip(list.sorted { $0.name < $1.name }, lines) {
      try check(x, Self.types.first { $0.name == (name.hasPrefix("b") ? "?" : name.prefix(2)) }!.ours, line, name)
    }
    guard case .named(let half) = try TensorFile.load("\(folder.path)/half.safetensors") else { throw LuaError("no table") }
    try check(half[0].tensor, .float32, lines.last!, "x")
  }
}
