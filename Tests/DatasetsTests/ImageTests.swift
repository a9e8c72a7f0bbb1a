import Datasets
import LuaBridge
import Tensors
import Testing

@Suite(.serialized) struct ImageTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  func read(_ bytes: [UInt8], _ options: String = "") throws -> (shape: Shape, values: [Double]) {
    try folder.write("image", bytes)
    let x = try interpreter().evaluate("return data.read_image('\(folder.path)/image'\(options))", as: Tensor.self)
    return (x.shape, try x.values())
  }
  func near(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-6) -> Bool { a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance } }

  @Test(arguments: [1, 2, 4, 8, 16], [false, true]) func greyPNG(_ depth: Int, _ isInterlaced: Bool) throws {
    let most = 1 << depth - 1, samples = (0..<11 * 9).map { $0 * 7919 % (most + 1) }
    let (shape, values) = try read(PNGFixture(width: 11, height: 9, depth: depth, isInterlaced: isInterlaced, samples: samples).bytes)
    #expect(shape == Shape(1, 9, 11))
    #expect(near(values, samples.map { Double($0) / Double(most) }))
  }

  @Test func colouredPNG() throws {
    let rgb = [255, 0, 51, 0, 102, 255, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]
    func plane(_ list: [Int], _ step: Int, _ k: Int) -> [Double] { stride(from: k, to: list.count, by: step).map { Double(list[$0]) / 255 } }
    let expected = (0..<3).flatMap { plane(rgb, 3, $0) }
    for isInterlaced in [false, true] {
      let (shape, values) = try read(PNGFixture(width: 3, height: 2, colour: 2, isInterlaced: isInterlaced, samples: rgb).bytes)
      #expect(shape == Shape(3, 2, 3) && near(values, expected))
    }
    let wide = try read(PNGFixture(width: 3, height: 2, depth: 16, colour: 2, samples: rgb.map { $0 * 257 }).bytes)
    #expect(near(wide.values, expected))
    // Alpha is left out, or given; without one it is 1.
    var rgba: [Int] = []
    for i in 0..<6 {
      rgba += rgb[(3 * i)..<(3 * i + 3)]
      rgba.append(i * 50)
    }
    let withAlpha = PNGFixture(width: 3, height: 2, colour: 6, samples: rgba).bytes
    #expect(near(try read(withAlpha).values, expected))
    #expect(near(try read(withAlpha, ", {channels = 4}").values, expected + plane(rgba, 4, 3)))
    let whole = try read(PNGFixture(width: 3, height: 2, colour: 2, samples: rgb).bytes, ", {channels = 4}")
    #expect(near(whole.values, expected + Array(repeating: 1, count: 6)))
    // Grey is the eye's weight of the colours.
    let luma: [Double] = (0..<6).map { i in
      let red = 0.299 * expected[i], green = 0.587 * expected[6 + i], blue = 0.114 * expected[12 + i]
      return red + green + blue
    }
    #expect(near(try read(withAlpha, ", {channels = 1}").values, luma))
    #expect(near(try read(withAlpha, ", {channels = 2}").values, luma + plane(rgba, 4, 3)))
    let greyAlpha = PNGFixture(width: 2, height: 1, colour: 4, samples: [51, 255, 102, 0]).bytes
    #expect(try read(greyAlpha).shape == Shape(1, 1, 2) && near(read(greyAlpha).values, [0.2, 0.4]))
    #expect(near(try read(greyAlpha, ", {channels = 2}").values, [0.2, 0.4, 1, 0]))
    #expect(near(try read(greyAlpha, ", {channels = 3}").values, [0.2, 0.4, 0.2, 0.4, 0.2, 0.4]))
  }

  @Test func palettePNG() throws {
    let palette: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 51, 102, 153]
    for depth in [2, 4, 8] {
      let fixture = PNGFixture(width: 4, height: 1, depth: depth, colour: 3, extra: [("PLTE", palette)], samples: [3, 0, 1, 2])
      let (shape, values) = try read(fixture.bytes)
      #expect(shape == Shape(3, 1, 4) && near(values, [0.2, 1, 0, 0, 0.4, 0, 1, 0, 0.6, 0, 0, 1]))
      var seeThrough = fixture
      seeThrough.extra.append(("tRNS", [0, 128]))
      #expect(near(try read(seeThrough.bytes, ", {channels = 4}").values[12...].map { $0 }, [1, 0, 128.0 / 255, 1]))
    }
  }

  @Test func jpeg() throws {
    // Flat halves: rounding of one colour is all that differs.
    func check(_ bytes: [UInt8], _ left: [Double], _ right: [Double]) throws {
      let (shape, values) = try read(bytes)
      #expect(shape == Shape(left.count, 8, 16))
      for channel in left.indices {
        for y in 0..<8 {
          for x in [0, 1, 2, 13, 14, 15] {
            let value = values[channel * 128 + y * 16 + x] * 255, wanted = x < 8 ? left[channel] : right[channel]
            #expect(abs(value - wanted) <= 3, "channel \(channel) at \(y), \(x): \(value), not \(wanted)")
          }
        }
      }
    }
    try check(JPEGFixture.grey, [40], [210])
    try check(JPEGFixture.progressive, [200, 100, 50], [20, 60, 220])
    // Inverted CMYK: what is stored is how much of each colour is left, and black multiplies.
    try check(JPEGFixture.cmyk, [255, 55, 105].map { $0 * 200 / 255 }, [0, 255, 155])
  }

  @Test func whatIsWrittenIsRead() throws {
    let lua = try interpreter()
    try lua.run(
      """
      local dir = "\(folder.path)/"
      for _, c in ipairs{1, 2, 3, 4} do
        local x = T.rand(c, 5, 7)
        data.write_image(dir .. "a.png", x)
        local y = data.read_image(dir .. "a.png", {channels = c})
        assert((x - y):abs():max():item() <= 0.5 / 255 + 1e-6 and y.dtype == "float32")
        data.write_image(dir .. "b.png", (y * 255 + 0.5):byte())
        assert(data.read_image(dir .. "b.png", {channels = c}):equal(y))
      end
      data.write_image(dir .. "c.PNG", T.tensor{{-1, 0.5}, {2, 0/0}})
      local y = data.read_image(dir .. "c.PNG")
      assert(y[{1, 1, 1}] == 0 and y[{1, 2, 1}] == 1 and y[{1, 2, 2}] == 0)
      data.write_image(dir .. "d.png", T.tensor{{true, false}})
      assert(data.read_image(dir .. "d.png")[{1, 1, 1}] == 1)
      -- A smooth picture survives JPEG; a lower quality is a smaller file.
      local x = T.linspace(0, 1, 64):reshape(1, 1, 64):expand(3, 64, 64)
      local function size(quality)
        data.write_image(dir .. "e.jpeg", x, {quality = quality})
        local file = io.open(dir .. "e.jpeg", "rb")
        local n = file:seek("end")
        file:close()
        return n
      end
      assert(size(10) < size(95))
      assert((data.read_image(dir .. "e.jpeg") - x):abs():max():item() < 0.02)
      data.write_image(dir .. "f.jpg", x[{ {1, 1} }])
      assert(data.read_image(dir .. "f.jpg").shape[1] == 1)

      fails("write_image: the path must end in .png, .jpg or .jpeg, got x.gif", data.write_image, "x.gif", x)
      fails("write_image: a JPEG has 1 or 3 channels, got 4 (image {4,2,2})", data.write_image, "x.jpg", T.rand(4, 2, 2))
      fails("write_image: a PNG has 1 to 4 channels, got 5", data.write_image, "x.png", T.rand(5, 2, 2))
      fails("write_image: a picture (C,H,W) or (H,W) expected, got {2}", data.write_image, "x.png", T.rand(2))
      fails("write_image: a picture of 0×2 pixels", data.write_image, "x.png", T.rand(1, 0, 2))
      fails("write_image: quality must lie between 1 and 100, got 0", data.write_image, "x.jpg", x, {quality = 0})
      fails("write_image: /nowhere/x.png: cannot be written: No such file", data.write_image, "/nowhere/x.png", x)
      fails("read_image: nowhere.png: cannot open: No such file", data.read_image, "nowhere.png")
      fails("read_image: channels must be 1, 2, 3 or 4, got 5", data.read_image, "x.png", {channels = 5})
      """)
  }

  static let files = [
    PNGFixture(width: 5, height: 3, samples: Array(0..<15)).bytes,
    PNGFixture(
      width: 5, height: 3, depth: 2, colour: 3, isInterlaced: true, extra: [("PLTE", [1, 2, 3, 4, 5, 6, 7, 8, 9]), ("tRNS", [7])], samples: (0..<15).map { $0 % 3 }
    ).bytes,
    JPEGFixture.grey, JPEGFixture.progressive, JPEGFixture.cmyk,
  ]

  @Test(arguments: Self.files.indices) func everyCutIsAnError(_ index: Int) throws {
    let lua = try interpreter(), whole = Self.files[index], path = folder.path + "/cut"
    for length in 0..<whole.count {
      try folder.write("cut", whole[..<length])
      let text = message { try lua.run("data.read_image('\(path)')") }
      #expect(text.contains("read_image: \(path): "), "\(length) of \(whole.count): \(text)")
    }
    try folder.write("cut", whole)
    try lua.run("data.read_image('\(path)')")
  }

  @Test func survivesMutation() throws {
    let lua = try interpreter(), path = folder.path + "/mutant"
    var random = Mutation(state: 3), refused = 0
    for round in 0..<2000 {
      try folder.write("mutant", random.mutate(Self.files[round % Self.files.count]))
      let text = message { try lua.run("data.read_image('\(path)', {channels = 3})") }
      if text != "" { refused += 1 }
      #expect(text == "" || text.contains("read_image: \(path): ") || text.contains("not enough memory"), "\(text)")
    }
    #expect(refused > 500 && refused < 2000)
    // Sizes that no memory holds.
    var bytes = PNGFixture(width: 1, height: 1, samples: [0]).bytes
    for (i, byte) in [UInt8](arrayLiteral: 0, 0x80, 0, 0).enumerated() { bytes[16 + i] = byte }
    try folder.write("huge", bytes)
    #expect(message { try lua.run("data.read_image('\(folder.path)/huge')") }.contains("PNG cannot be read"))
  }

  // MARK: folders of pictures

  func writeFolder() throws {
    for (name, value) in [("b/2.png", 20), ("b/10.png", 10), ("a/x.PNG", 40), ("a/sub/y.png", 50), ("a/.hidden.png", 0), ("c c/z.png", 60)] {
      try folder.write("set/\(name)", PNGFixture(width: 3, height: 2, samples: Array(repeating: value, count: 6)).bytes)
    }
    try folder.write("set/a/notes.txt", Array("no picture".utf8))
    try folder.write("set/list.csv", [])
  }

  @Test func aFolderForEachClass() throws {
    try writeFolder()
    let lua = try interpreter()
    try lua.run(
      """
      local path = "\(folder.path)/set"
      local set = data.image_folder(path, {channels = 1, normalize = false})
      assert(tostring(set) == "set: 5 samples, x {1,2,3}, 3 classes" and table.concat(set.classes, "|") == "a|b|c c")
      local means = {}
      for i = 1, 5 do means[i] = ("%d:%d"):format(set[i].x:mean():item(), set[i].t) end
      assert(table.concat(means, " ") == "50:1 40:1 10:2 20:2 60:3", table.concat(means, " "))
      assert(set.files[1] == path .. "/a/sub/y.png" and #set.skipped == 0 and set:subset(3, 4).files[2] == path .. "/b/2.png")
      set = data.image_folder(path)
      assert(set.x.shape[2] == 3 and math.abs(set.x[1][1][1][1] - 50 / 255) < 1e-6)
      set = data.image_folder(path, {size = {4, 5}, channels = 1, flatten = true, one_hot = true, classes = {"c c", "a"}})
      assert(#set == 3 and set.x.shape[2] == 20 and set.t[{1, 1}] == 1 and set.t.shape[2] == 2 and set.classes[1] == "c c")
      assert((set.x[1] - 60 / 255):abs():max():item() < 1e-6)
      assert(#data.image_folder(path, {limit = 2}) == 2)
      for x, t in data.DataLoader(data.image_folder(path), {batch_size = 5, prefetch = 2}):batches() do assert(x.shape[1] == 5 and t[5] == 3) end

      fails("image_folder: there is no folder " .. path .. "/none", data.image_folder, path .. "/none")
      fails("image_folder: there is no folder " .. path .. "/d for the class 'd'", data.image_folder, path, {classes = {"d"}})
      fails("image_folder: " .. path .. "/b has no folders; one for each class is expected", data.image_folder, path .. "/b")
      fails("image_folder: channels must be 1 or 3, got 2", data.image_folder, path, {channels = 2})
      fails("image_folder: size must lie between 1 and 65536, got {0, 3}", data.image_folder, path, {size = {0, 3}})
      fails("bad option 'size' ({height, width} expected, got a list of 3)", data.image_folder, path, {size = {1, 2, 3}})
      os.execute("mkdir " .. path .. "/empty")
      fails("image_folder: no .png, .jpg or .jpeg in " .. path .. "/empty", data.image_folder, path)
      """)
    // What cannot be read is named, or left out.
    try folder.write("set/empty/1.png", Self.files[0][..<40])
    try folder.write("set/empty/2.jpg", JPEGFixture.progressive)
    try lua.run(
      """
      local path = "\(folder.path)/set"
      fails("image_folder: " .. path .. "/empty/1.png: PNG cannot be read: cut short", data.image_folder, path, {size = 4})
      fails("image_folder: " .. path .. "/empty/1.png: ", data.image_folder, path)
      local set = data.image_folder(path, {size = 4, skip = true})
      assert(#set == 6 and #set.skipped == 1 and set.skipped[1] == path .. "/empty/1.png: PNG cannot be read: cut short" and set.files[6] == path .. "/empty/2.jpg")
      assert(set[6].t == 4 and set.x.shape[1] == 6 and #set.files == 6)
      -- Other sizes without one that all are brought to.
      set = data.image_folder(path, {skip = true})
      assert(#set == 5 and set.skipped[2] == path .. "/empty/2.jpg: is 8×16 pixels, those before it are 2×3; pass size = {height, width}")
      """)
  }
}
