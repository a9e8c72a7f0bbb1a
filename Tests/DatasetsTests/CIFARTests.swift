import Datasets
import LuaBridge
import Tensors
import Testing

@Suite(.serialized) struct CIFARTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  /// Pictures whose red is their number, green 100, blue 200, with the first pixel 255.
  static func batch(_ labels: [UInt8], first: UInt8) -> [UInt8] {
    var bytes: [UInt8] = []
    for (i, label) in labels.enumerated() {
      bytes += [label, 255]
      bytes += [UInt8](repeating: first + UInt8(i), count: 1023)
      bytes += [UInt8](repeating: 100, count: 1024)
      bytes += [UInt8](repeating: 200, count: 1024)
    }
    return bytes
  }
  static let names = (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"]
  static let batches = (1...5).map { batch([UInt8($0), 0], first: UInt8(10 * $0)) } + [batch([9], first: 90)]

  /// A ustar archive.
  static func tar(_ files: [(String, [UInt8])]) -> [UInt8] {
    func field(_ text: String, _ count: Int) -> [UInt8] { Array(text.utf8) + Array(repeating: 0, count: count - text.utf8.count) }
    func octal(_ n: Int, _ count: Int) -> [UInt8] {
      let digits = String(n, radix: 8)
      return field(String(repeating: "0", count: count - 1 - digits.count) + digits, count)
    }
    var bytes: [UInt8] = []
    for (name, content) in files {
      let isFolder = name.hasSuffix("/")
      var header = field(name, 100)
      for n in [0o644, 0, 0] { header += octal(n, 8) }
      for n in [content.count, 0] { header += octal(n, 12) }
      header += [UInt8](repeating: 32, count: 8)
      header.append(UInt8(ascii: isFolder ? "5" : "0"))
      header += field("", 100)
      header += field("ustar", 6)
      header += [UInt8](repeating: 0, count: 512 - header.count)
      header.replaceSubrange(148..<156, with: octal(header.reduce(0) { $0 + Int($1) }, 7) + [32])
      bytes += header + content + Array(repeating: 0, count: (512 - content.count % 512) % 512)
    }
    return bytes + Array(repeating: 0, count: 1024)
  }
  static let archive: [UInt8] = {
    var files: [(String, [UInt8])] = [("cifar-10-batches-bin/", []), ("cifar-10-batches-bin/readme.html", Array("hello".utf8))]
    for (name, batch) in zip(names, batches) { files.append(("cifar-10-batches-bin/\(name)", batch)) }
    return gzip(tar(files))
  }()

  func check(_ what: String) throws {
    try withEnvironment(["NNLUA_DATA": folder.path, "XDG_CACHE_HOME": folder.path + "/none"]) { () throws in
      let lua = try interpreter()
      try lua.run(
        """
        local set = data.cifar10()
        assert(tostring(set) == "cifar10 train: 10 samples, x {3,32,32}, 10 classes" and set.classes[1] == "airplane" and set.classes[10] == "truck")
        assert(table.concat(set.t:totable(), " ") == "2 1 3 1 4 1 5 1 6 1")
        local x = data.cifar10{normalize = false}.x
        for i = 1, 10 do
          assert(x[{i, 1, 1, 1}] == 255 and x[{i, 1, 32, 32}] == 10 * ((i + 1) // 2) + (i + 1) % 2 and x[{i, 2, 5, 7}] == 100 and x[{i, 3, 1, 1}] == 200)
        end
        assert(math.abs(set.x[{1, 2, 1, 1}] - 100 / 255) < 1e-6)
        local test = data.cifar10{split = "test", flatten = true, one_hot = true}
        assert(#test == 1 and test.x.shape[2] == 3072 and test.t[{1, 10}] == 1 and test.x[{1, 1}] == 1)
        assert(#data.cifar10{limit = 3} == 3 and data.cifar10{limit = 3}.t[3] == 3)
        """)
      #expect(DataCatalog.list().first { $0.name == "cifar10" }?.location?.hasPrefix(folder.path) == true, "\(what)")
      #expect(try DataCatalog.fetch("cifar-10").hasPrefix(folder.path))
    }
  }

  @Test func readsTheArchive() throws {
    try folder.write("cifar10/cifar-10-binary.tar.gz", Self.archive)
    try check("archive")
  }
  @Test func readsItsFiles() throws {
    for (name, bytes) in zip(Self.names, Self.batches) { try folder.write("cifar-10-batches-bin/\(name)", bytes) }
    try check("files")
  }
  @Test func readsItsFilesWhereTheyWereUnpacked() throws {
    for (name, bytes) in zip(Self.names, Self.batches) { try folder.write("cifar10/cifar-10-batches-bin/\(name)", bytes) }
    try check("unpacked")
  }

  @Test func mistakes() throws {
    try withEnvironment(["NNLUA_DATA": folder.path, "XDG_CACHE_HOME": folder.path + "/cache", "NNLUA_MIRROR": "http://127.0.0.1:1"]) { () throws in
      let lua = try interpreter()
      let text = message { try lua.run("data.cifar10()") }
      for part in [
        "cifar10: not found on this machine", "cifar-10-binary.tar.gz, or unpacked data_batch_1.bin, ", "\(folder.path)/cifar10 ($NNLUA_DATA)",
        "http://127.0.0.1:1/cifar10/cifar-10-binary.tar.gz: ",
      ] { #expect(text.contains(part), "\(part) in \(text)") }
      // Without the network nothing but the sum is known to be wrong.
      func archive(_ bytes: [UInt8]) throws -> String {
        let path = try folder.write("cifar10/cifar-10-binary.tar.gz", bytes)
        return message { try lua.run("data.cifar10{split = 'test'}") }.replacing(path, with: "ARCHIVE")
      }
      #expect(try archive(gzip(Self.tar([("a/data_batch_1.bin", Self.batches[0])]))).contains("cifar10: ARCHIVE: the archive lacks test_batch.bin"))
      #expect(try archive(gzip(Self.tar([("test_batch.bin", Array(Self.batches[5].dropLast()))]))).contains("test_batch.bin: 3072 bytes are no whole number of pictures"))
      #expect(try archive(gzip(Self.tar([("test_batch.bin", Self.batch([3, 12], first: 0))]))).contains("label 12 at position 2 is outside 0..9"))
      #expect(try archive(gzip(Array(repeating: 7, count: 600))).contains("damaged: the header of a file in the archive is wrong"))
      #expect(try archive(Array(Self.archive[..<3000])).contains("cut short"))
      let whole = gzip(Self.tar([("test_batch.bin", Self.batches[5])]))
      for length in stride(from: 0, to: whole.count - 2000, by: 7) { #expect(try archive(Array(whole[..<length])).contains("cifar10: "), "\(length)") }
      var random = Mutation(state: 11), refused = 0
      for _ in 0..<300 where try archive(random.mutate(whole)) != "" { refused += 1 }
      #expect(refused > 50)
      try folder.write("cifar10/test_batch.bin", [])
      #expect(message { try lua.run("data.cifar10{split = 'test'}") }.contains("0 bytes are no whole number"))
    }
  }
}
