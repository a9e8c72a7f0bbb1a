import Datasets
import FoundationEssentials
import LuaBridge
import Tensors
import Testing

private let root = ProcessInfo.processInfo.environment["NNLUA_DATA"] ?? ""
private func present(_ file: String) -> Bool { !root.isEmpty && FileManager.default.fileExists(atPath: "\(root)/\(file)") }

/// The real sets, where they are on this machine.
@Suite(.serialized) struct MNISTTests {
  @Test(.enabled(if: present("mnist"), "NNLUA_DATA does not name a folder with mnist/")) func mnistIsWhole() throws {
    let lua = try interpreter()
    for (split, count, sum, labels) in [("train", 60000, 1_567_298_545.0, [6.0, 1, 5, 2, 10]), ("test", 10000, 264_923_200, [8, 3, 2, 1, 5])] {
      let set = try lua.evaluate("return data.mnist{split = '\(split)', normalize = false}", as: Dataset.self)
      #expect(set.count == count)
      let t = try set.allTargets()!.values()
      #expect(Array(t[..<5]) == labels && t.min() == 1 && t.max() == 10)
      #expect(try set.allInputs().values().reduce(0, +) == sum)
    }
  }

  @Test(.enabled(if: present("mnist"), "NNLUA_DATA does not name a folder with mnist/")) func anEpochNeedsLittleMemory() throws {
    let lua = try interpreter()
    lua.collectAll()
    ExternalMemory.resetPeak()
    try lua.run(
      """
      local n = 0
      for x, t in data.DataLoader(data.mnist(), {batch_size = 100, shuffle = true, seed = 1}):batches() do n = n + #t end
      assert(n == 60000)
      """)
    // 47 MB of bytes, and what the collector lets stand of batches of 0.3 MB.
    #expect(ExternalMemory.peak < 80 << 20)
  }

  @Test(.enabled(if: present("mnist"), "NNLUA_DATA does not name a folder with mnist/")) func aMirrorServesIt() throws {
    let folder = try Folder()
    let names = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
    var answers: [String: LoopbackServer.Answer] = [:]
    for name in names { answers["mnist/\(name).gz"] = .init(try fileBytes("\(root)/mnist/\(name).gz")) }
    let server = try LoopbackServer(answers)
    defer { server.stop() }
    try withEnvironment(["NNLUA_DATA": nil, "XDG_CACHE_HOME": folder.path, "NNLUA_MIRROR": server.url]) { () throws in
      #expect(try DataCatalog.fetch("mnist") == "\(folder.path)/nnlua/mnist")
      #expect(server.requests == names.map { "mnist/\($0).gz" })
      #expect(Folder.names("\(folder.path)/nnlua/mnist") == names.map { $0 + ".gz" }.sorted())
      #expect(try interpreter().evaluate("return #data.mnist{split = 'test'}", as: Int.self) == 10000)
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/share/datasets/fashion-mnist"), "Debian's dataset-fashion-mnist is not installed"))
  func fashionIsWhole() throws {
    let lua = try interpreter()
    try lua.run(
      """
      local set = data.fashion_mnist{split = "test"}
      assert(#set == 10000 and set.classes[10] == "Ankle boot" and set[1].t == 10 and set.x.shape[3] == 28)
      """)
  }

  @Test(.enabled(if: present("book/sample_weight.npz"), "NNLUA_DATA does not name a folder with book/")) func theBooksWeightsLoad() throws {
    guard case .named(let list) = try TensorFile.load("\(root)/book/sample_weight.npz") else { throw LuaError("no table") }
    #expect(
      list.map { "\($0.name) \($0.tensor.description)" } == [
        "W1 float32 {784,50}", "W2 float32 {50,100}", "W3 float32 {100,10}", "b1 float32 {50}", "b2 float32 {100}", "b3 float32 {10}",
      ])
  }
}
