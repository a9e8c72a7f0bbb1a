import Datasets
import LuaBridge
import Tensors
import Testing

@Suite(.serialized) struct IDXTests {
  func read(_ bytes: [UInt8]) throws -> Tensor { try bytes.withUnsafeBytes { try IDX.read(ByteSource(memory: $0)) } }

  @Test(arguments: [
    (UInt8(0x08), [1, 200], ElementType.uint8, [1.0, 200]), (0x09, [1, 200], .int64, [1, -56]), (0x0B, [1, 2, 255, 254], .int64, [258, -2]),
    (0x0C, [0, 1, 0, 0, 255, 255, 255, 255], .int64, [65536, -1]), (0x0D, [0x3F, 0xC0, 0, 0, 0xC0, 0, 0, 0], .float32, [1.5, -2]),
    (0x0E, [0x3F, 0xF8, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0], .float64, [1.5, -2]),
  ])
  func readsEveryType(_ code: UInt8, _ elements: [UInt8], _ type: ElementType, _ values: [Double]) throws {
    for sizes in [[2], [1, 2], [2, 1, 1]] {
      let plain = idx(code, sizes, elements)
      for bytes in [plain, gzip(plain), gzip(Array(plain[..<5])) + gzip(Array(plain[5...]))] {
        let tensor = try read(bytes)
        #expect(tensor.type == type && tensor.shape == Shape(sizes))
        #expect(try tensor.values() == values)
      }
    }
  }

  @Test func findsLies() {
    let whole = idx(8, [2, 3], [1, 2, 3, 4, 5, 6])
    #expect(message { _ = try read(idx(8, [2, 4], [1, 2, 3, 4, 5, 6])) }.contains("shape {2,4} needs 8 bytes, at most 6 follow"))
    #expect(message { _ = try read(idx(8, [2, 2], [1, 2, 3, 4, 5, 6])) }.contains("2 bytes more"))
    #expect(message { _ = try read(gzip(idx(8, [2, 2], [1, 2, 3, 4, 5, 6]))) }.contains("more bytes than its header says"))
    #expect(message { _ = try read(idx(0x0E, [0xFFFF_FFFF, 0xFFFF_FFFF], [1])) }.contains("too many elements"))
    #expect(message { _ = try read(gzip(idx(8, [0xFFFF_FFFF], [1]))) }.contains("needs 4294967295 bytes"))
    #expect(message { _ = try read(idx(0x0A, [1], [1])) }.contains("no IDX file"))
    #expect(message { _ = try read([1, 0, 8, 1, 0, 0, 0, 0]) }.contains("no IDX file"))
    #expect(message { _ = try read(idx(8, Array(repeating: 1, count: 9), [1])) }.contains("at most 8 dims"))
    #expect(message { _ = try read(gzip(whole) + [0]) } != "")
    var damaged = gzip(whole)
    damaged[damaged.count - 12] ^= 1
    #expect(message { _ = try read(damaged) }.contains("damaged"))
  }

  @Test func everyCutIsAnError() {
    let plain = idx(8, [2, 3], [1, 2, 3, 4, 5, 6])
    for whole in [plain, gzip(plain)] {
      for length in 0..<whole.count { #expect(message { _ = try read(Array(whole[..<length])) } != "", "\(length)") }
    }
  }

  @Test func survivesMutation() {
    var random = Mutation(state: 5)
    var refused = 0
    let plain = idx(8, [4, 5, 5], (0..<100).map { UInt8($0) })
    for whole in [plain, gzip(plain)] {
      for _ in 0..<2000 where message({ _ = try read(random.mutate(whole)) }) != "" { refused += 1 }
    }
    #expect(refused > 2000)
    #expect(ExternalMemory.peak < 1 << 30)
  }

  @Test func scriptsReadFiles() throws {
    let folder = try Folder(), lua = try interpreter()
    let path = try folder.write("x", idx(8, [2, 2], [1, 2, 3, 4]))
    try lua.run(
      """
      local x = data.read_idx("\(path)")
      assert(x.dtype == "uint8" and x.shape[2] == 2)
      fails("read_idx: \(path).none: cannot open: No such file", data.read_idx, "\(path).none")
      fails("read_idx: \(folder.path): is a folder", data.read_idx, "\(folder.path)")
      """)
  }
}
