import Glibc
import LuaBridge
import Plots
import Tensors
import Testing

/// Figures as scripts draw them; pictures are looked at through what gnuplot wrote.
@Suite(.serialized)
final class PlotTests {
  let lua: LuaState
  let folder: String

  init() throws {
    lua = try LuaState()
    lua.install(TensorLibrary.library)
    lua.install(PlotLibrary.library)
    // A tensor with something to see in it.
    lua.install(
      Library(
        "waves", "",
        rows: [
          Row("make", "", Param("shape", [Int].self), place: .function) { (shape: [Int]) -> Tensor in
            let tensor = try Tensor(empty: Shape(shape), .float32)
            for i in 0..<tensor.count { tensor.pointer(Float.self)[i] = Float(i % 7) }
            return tensor
          },
          Row("nan", "", Param("x", Tensor.self), Param("at", Int.self), place: .function) { (x: Tensor, at: Int) -> Tensor in
            x.pointer(Float.self)[at] = .nan
            return x
          },
        ]))
    var name = Array("/tmp/nnlua-plots-XXXXXX".utf8CString)
    folder = String(cString: try #require(mkdtemp(&name)))
    try lua.run("plot, T, waves = require 'nnlua.plot', require 'nnlua.tensor', require 'waves' folder = '\(folder)'")
    setenv("NNLUA_GRAPHICS", "none", 1)
  }

  deinit {
    guard let listing = opendir(folder) else { return }
    while let entry = readdir(listing) {
      withUnsafePointer(to: &entry.pointee.d_name) { _ = unlink("\(folder)/\(String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self)))") }
    }
    closedir(listing)
    rmdir(folder)
  }

  private func read(_ name: String) -> [UInt8] {
    let file = open("\(folder)/\(name)", O_RDONLY)
    defer { close(file) }
    var bytes: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = Glibc.read(file, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
    return bytes
  }
  private func text(_ name: String) -> String { String(decoding: read(name), as: UTF8.self) }

  private func message(_ code: String) -> String {
    do {
      try lua.run(code)
      return "no error"
    } catch { return "\(error)" }
  }

  @Test func threeFormats() throws {
    try lua.run(
      """
      local fig = plot.figure{title = "lines", width = 400, height = 300}
      fig:line({1, 2, 3, 4}, {1, 4, 0/0, 2}, {label = "a", color = "red", marker = true}):scatter({1, 2}, {3, 4}):xlabel("x"):ylabel("y"):xlim(0, 5)
      for _, ending in ipairs{"svg", "png", "pdf"} do fig:save(folder .. "/lines." .. ending) end
      """)
    #expect(text("lines.svg").hasPrefix("<?xml"))
    #expect(read("lines.png").prefix(4) == [0x89, 0x50, 0x4e, 0x47])
    #expect(text("lines.pdf").hasPrefix("%PDF"))
  }

  @Test func textsAreData() throws {
    try lua.run(
      #"""
      name = "it's \"q\" \\n back\\slash @macro a_b^c {x} `touch " .. folder .. "/made` $(x) %d 한글 <b>&"
      plot.line({1, 2, 3}, {label = name}) plot.title(name) plot.xlabel(name) plot.save(folder .. "/text.svg")
      """#)
    let svg = text("text.svg")
    let escaped = "it's \"q\" \\n back\\slash @macro a_b^c {x} `touch \(folder)/made` $(x) %d 한글 &lt;b>&amp;"
    #expect(svg.split(separator: escaped, omittingEmptySubsequences: false).count == 4, "title, axis and legend")
    #expect(access("\(folder)/made", F_OK) != 0)
  }

  @Test func lineBreaksInTitles() throws {
    try lua.run(#"plot.figure{title = "first\nsecond\0\27"}:line{1, 2}:save(folder .. "/break.svg")"#)
    #expect(text("break.svg").contains("<text>first</text>"))
    #expect(text("break.svg").contains("second  </text>"))
  }

  @Test func gapsAreNotJoined() throws {
    try lua.run(
      "plot.figure():line({1, 2, 3, 4, 5}, {1, 2, 0/0, 2, 1}):save(folder .. '/gap.svg') plot.figure():line({1, 2, 3, 4, 5}, {1, 2, 3, 2, 1}):save(folder .. '/whole.svg')"
    )
    /// Times the pen is set down within the curve.
    func moves(_ name: String) -> Int {
      let after = text(name).split(separator: "gnuplot_plot_1a\" >")[1]
      return after.split(separator: " d='")[1].prefix { $0 != "'" }.filter { $0 == "M" }.count
    }
    #expect(moves("whole.svg") == 1)
    #expect(moves("gap.svg") == 2)
  }

  @Test(arguments: ["{5, 7}", "{1, 5, 7}", "{3, 5, 7}", "{4, 5, 7}", "{2, 1, 5, 7}", "{2, 3, 5, 7}"])
  func imagesOfEveryShape(_ shape: String) throws {
    try lua.run("plot.figure():imshow(waves.make\(shape), {colormap = 'viridis'}):save(folder .. '/image.svg')")
    let counts = ["{5, 7}": 1, "{1, 5, 7}": 1, "{3, 5, 7}": 1, "{4, 5, 7}": 4, "{2, 1, 5, 7}": 2, "{2, 3, 5, 7}": 2]
    #expect(text("image.svg").split(separator: "<image ").count - 1 == counts[shape])
  }

  @Test func notANumberInAnImage() throws {
    try lua.run("plot.figure():imshow(waves.nan(waves.make{5, 7}, 3)):save(folder .. '/nan.png')")
    #expect(read("nan.png").count > 100)
  }

  @Test func gridWithTitles() throws {
    try lua.run(
      """
      local titles = {}
      for i = 1, 20 do titles[i] = i % 3 == 0 and "7 (a 9)" or i end
      plot.figure{title = "predictions"}:imshow(waves.make{20, 1, 8, 8}, {titles = titles, cols = 10}):save(folder .. "/grid.png")
      """)
    #expect(read("grid.png").count > 1000)
  }

  @Test func showWithoutATerminalWritesAFile() throws {
    let before = getcwd(nil, 0)
    defer {
      chdir(before!)
      free(before)
    }
    chdir(folder)
    try lua.run("plot.line{1, 2, 3} plot.show()")
    #expect(read("nnlua-figure-1.png").prefix(4) == [0x89, 0x50, 0x4e, 0x47])
    #expect(message("plot.show()").contains("the figure is empty"), "show() ends the figure")
  }

  @Test(arguments: [
    ("plot.imshow(T.zeros(0, 3))", "nothing to draw in a tensor of shape {0,3}"),
    ("plot.imshow(T.zeros(3))", "got {3}"),
    ("plot.imshow(T.zeros(2, 2, 2, 2))", "got {2,2,2,2}"),
    ("plot.imshow(T.zeros(2, 1, 2, 2), {titles = {'a'}})", "1 titles for 2 images"),
    ("plot.imshow(T.zeros(2, 2), {cols = 0})", "cols must be at least 1"),
    ("plot.imshow(T.zeros(2, 2), {colormap = 'virid'})", "'virid' is no colormap: gray, viridis"),
    ("plot.imshow(T.zeros(2, 2), {color = 1})", "unknown option 'color'"),
    ("plot.imshow('x')", "script:1: bad argument #1 to 'imshow' (Tensor expected, got string"),
    ("plot.line({1, 2}, {3})", "x has 2 values, y has 1"),
    ("plot.line({})", "no points"),
    ("plot.line({0/0, 1/0})", "none of the 2 points is finite"),
    ("plot.line(T.zeros(2, 2))", "a tensor of one dim expected, got {2,2}"),
    ("plot.line({1, 'a'})", "number expected, got string at position 2"),
    ("plot.line({1}, {color = 'redd'})", "'redd' is no colour"),
    ("plot.line({1}, {color = \"red'; system 'x'\"})", "is no colour"),
    ("plot.line({1}, {style = '~'})", "'~' is no line style"),
    ("plot.line({1}, {width = -1})", "width must be from 0.1 to 100"),
    ("plot.xlim(2, 1)", "the smaller one first"),
    ("plot.figure{width = -3}", "width must be from 16 to 8192"),
    ("plot.figure{widht = 3}", "script:1: figure: unknown option 'widht'; did you mean 'width'? (options: width, height, title)"),
    ("plot.figure():save(folder .. '/a.png')", "the figure is empty"),
    ("plot.figure():line{1}:save('a.jpg')", "must end in .svg, .png or .pdf, got 'a.jpg'"),
    ("plot.figure():line{1}:save(folder .. '/no/a.png')", "No such file or directory"),
    ("plot.figure():line{1}:imshow(T.zeros(2, 2))", "drawn into already"),
    ("plot.figure():imshow(T.zeros(2, 2)):line{1}", "holds images"),
    ("plot.lime{1}", "plot has no 'lime'; did you mean 'line'?"),
    ("plot.figure():lime{1}", "Figure has no 'lime'"),
  ])
  func mistakes(_ code: String, _ expected: String) throws {
    let text = message(code)
    #expect(text.contains(expected), "\(code): \(text)")
  }

  @Test func withoutGnuplot() throws {
    setenv("NNLUA_GNUPLOT", "/nonexistent/gnuplot", 1)
    defer { unsetenv("NNLUA_GNUPLOT") }
    #expect(message("plot.figure():line{1}:save(folder .. '/a.png')").contains("sudo apt-get install gnuplot-nox"))
    setenv("NNLUA_GNUPLOT", "/bin/false", 1)
    #expect(message("plot.figure():line{1}:save(folder .. '/a.png')").contains("gnuplot failed with status 1"))
    #expect(access("\(folder)/a.png", F_OK) != 0, "nothing is left behind")
  }
}
