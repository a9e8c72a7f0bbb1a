import Datasets
import LuaBridge
import Tensors
import Testing

@Suite(.serialized) struct DownloadTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  static let content = idx(8, [100, 10, 10], (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 7) })
  /// The sum of `content`, by Python's hashlib.
  static let sum = "ac941c7aa8b69cca99e28f73541e6ac2b04b594e4965cebc446ef44d9c92e570"
  let file = RemoteFile("images", DownloadTests.content.count, DownloadTests.sum)
  let packed = gzip(DownloadTests.content)

  func fetch(_ answers: [String: LoopbackServer.Answer], mirrors: [String] = [""], patience: Int = 2) throws -> (String, [String]) {
    let server = try LoopbackServer(answers)
    defer { server.stop() }
    let path = try Download(mirrors: mirrors.map { $0.hasPrefix("http") ? $0 : server.url + $0 }, patience: patience).fetch(file, into: folder.path + "/cache")
    return (path, server.requests)
  }
  var left: [String] { Folder.names(folder.path + "/cache") }

  @Test func keepsWhatIsWhole() throws {
    let (path, requests) = try fetch(["images.gz": .init(packed)])
    #expect(path == folder.path + "/cache/images.gz" && requests == ["images.gz"])
    #expect(try fileBytes(path) == packed)
    #expect(left == ["images.gz"])
    // Again: it is there, no one is asked.
    let (again, more) = try fetch([:])
    #expect(again == path && more.isEmpty && left == ["images.gz"])
  }

  @Test func plainContentAndRedirectsAreAccepted() throws {
    let (path, requests) = try fetch(["images.gz": .init([], status: "302 Found", location: "/other"), "other": .init(Self.content)])
    #expect(path == folder.path + "/cache/images" && requests == ["images.gz", "other"])
    #expect(left == ["images"])
  }

  @Test func goesOnToTheNextMirror() throws {
    var broken = packed
    broken[5000] ^= 1
    let (path, requests) = try fetch(
      [
        "cut/images.gz": .init(Array(packed[..<5000]), length: packed.count), "short/images.gz": .init(Array(packed[..<5000])), "broken/images.gz": .init(broken),
        "page/images.gz": .init(Array("<html>log in first</html>".utf8)), "stalls/images.gz": .init(Array(packed[..<100]), length: packed.count, stall: 20),
        "good/images.gz": .init(packed),
      ], mirrors: ["none/", "cut/", "short", "broken/", "page/", "stalls/", "http://127.0.0.1:1/", "good/"])
    #expect(requests == ["none", "cut", "short", "broken", "page", "stalls", "good"].map { $0 + "/images.gz" })
    #expect(try fileBytes(path) == packed)
    #expect(left == ["images.gz"])
  }

  @Test func keepsNothingElse() throws {
    var other = Self.content
    other[40] ^= 1
    let mistakes = message {
      _ = try fetch(
        ["a/images.gz": .init(gzip(other)), "b/images.gz": .init(gzip(Self.content + [0])), "c/images.gz": .init(Array(packed[..<9000]), length: packed.count)],
        mirrors: ["a", "b", "c", "d"])
    }
    let lines = mistakes.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines[0].contains("/a/images.gz: the content is not what it should be (its SHA-256 differs)"))
    #expect(lines[1].contains("SHA-256 differs"))
    #expect(lines[2].contains("/c/images.gz:") && lines[2].contains("bytes remaining to read"))
    #expect(lines[3].contains("404"))
    #expect(left == [])
  }

  @Test func aFileThatIsServedWholeIsKeptSo() throws {
    let server = try LoopbackServer(["archive.tar.gz": .init(Self.content)])
    defer { server.stop() }
    let whole = RemoteFile("archive.tar.gz", Self.content.count, Self.sum, isPacked: false)
    let path = try Download(mirrors: [server.url]).fetch(whole, into: folder.path + "/cache")
    #expect(path == folder.path + "/cache/archive.tar.gz" && server.requests == ["archive.tar.gz"])
    #expect(try fileBytes(path) == Self.content)
    // A packed one of the same content is another file.
    try folder.write("cache/archive.tar.gz", packed)
    #expect(message { try Download.check(path, whole) }.contains("SHA-256 differs"))
  }

  @Test func aBrokenFileInTheCacheIsFetchedAnew() throws {
    try folder.write("cache/images.gz", packed[..<100])
    let (path, _) = try fetch(["images.gz": .init(packed)])
    #expect(try fileBytes(path) == packed)
  }

  @Test func foldersAreLookedThroughInOrder() throws {
    let folders = DataFolders(["fashion_mnist", "fashion-mnist"], environment: ["NNLUA_DATA": "/d", "HOME": "/h", "XDG_CACHE_HOME": "relative"])
    #expect(
      folders.places.map(\.path) == [
        "/d/fashion_mnist", "/d/fashion-mnist", "/h/.cache/nnlua/fashion_mnist", "/h/.cache/nnlua/fashion-mnist", "/usr/share/datasets/fashion_mnist",
        "/usr/share/datasets/fashion-mnist",
      ])
    #expect(folders.cache == "/h/.cache/nnlua/fashion_mnist")
    #expect(DataFolders(["m"], environment: ["XDG_CACHE_HOME": "/x", "HOME": "/h"]).cache == "/x/nnlua/m")
    #expect(DataFolders(["m"], environment: [:]).cache == nil)

    // Each folder must hold all files; each file may have any of its names.
    try folder.write("a/m/one-idx1", [1])
    try folder.write("b/nnlua/m/one.idx1.gz", [1])
    try folder.write("b/nnlua/m/two-idx1", [1])
    let found = DataFolders(["m"], environment: ["NNLUA_DATA": folder.path + "/a", "XDG_CACHE_HOME": folder.path + "/b"])
    #expect(found.find(["one-idx1", "two-idx1"]) == [folder.path + "/b/nnlua/m/one.idx1.gz", folder.path + "/b/nnlua/m/two-idx1"])
    #expect(found.find(["three"]) == nil)
  }

  @Test func withoutANetworkTheErrorSaysWhatToDo() throws {
    let lua = try interpreter()
    try withEnvironment(["NNLUA_DATA": nil, "XDG_CACHE_HOME": folder.path, "NNLUA_MIRROR": "http://127.0.0.1:1"]) {
      let text = try lua.evaluate("local ok, e = pcall(data.mnist); assert(not ok); return e", as: String.self)
      for part in [
        "mnist: not found on this machine", "train-images-idx3-ubyte, train-labels-idx1-ubyte", "\(folder.path)/nnlua/mnist (the user's cache)",
        "/usr/share/datasets/mnist", "NNLUA_DATA is not set", "http://127.0.0.1:1/mnist/train-images-idx3-ubyte.gz: ", "data.digits()",
      ] { #expect(text.contains(part), "\(part) in \(text)") }
      #expect(message { _ = try DataCatalog.fetch("mnist") }.hasPrefix("mnist: not found"))
    }
    // curl itself may be missing.
    try withEnvironment(["NNLUA_DATA": nil, "XDG_CACHE_HOME": folder.path, "PATH": "/nowhere"]) {
      try lua.run("fails(\"the program 'curl' is missing\", data.mnist)")
    }
    try withEnvironment(["NNLUA_DATA": nil, "XDG_CACHE_HOME": nil, "HOME": nil]) { try lua.run("fails('neither HOME nor XDG_CACHE_HOME', data.mnist)") }
    try withEnvironment(["NNLUA_DATA": nil, "XDG_CACHE_HOME": "/proc/none"]) { try lua.run("fails('cannot make the folder', data.mnist)") }
  }

  @Test func theCatalogNamesItsSets() throws {
    try withEnvironment(["NNLUA_DATA": folder.path, "XDG_CACHE_HOME": folder.path]) {
      let list = DataCatalog.list()
      #expect(list.map(\.name) == ["mnist", "fashion_mnist", "cifar10", "digits", "iris"])
      #expect(list[0].location == nil && list[0].size > 11_000_000 && list[3].location == "in nnlua" && list[4].location == "in nnlua")
      #expect(try DataCatalog.fetch("digits") == "in nnlua")
      #expect(message { _ = try DataCatalog.fetch("mnst") } == "unknown data set 'mnst'; did you mean 'mnist'? (known: mnist, fashion_mnist, cifar10, digits, iris)")
      for name in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"] { try folder.write("mnist/\(name)", []) }
      #expect(DataCatalog.list()[0].location == folder.path + "/mnist")
    }
  }
}
