import Glibc
import LuaBridge
import Testing

/// Figures as a whole: formats, gaps, images, mistakes; pictures are looked at through what gnuplot wrote.
extension PlotsTests {
  @Suite final class PlotTests {
    let session: PlotSession
    init() throws {
      session = try PlotSession()
      try session.lua.run(
        """
        -- A tensor with something to see in it.
        function waves(shape)
          local n = 1
          for _, size in ipairs(shape) do n = n * size end
          return T.range(0, n - 1):remainder(7):reshape(shape)
        end
        """)
    }
    var lua: LuaState { session.lua }
    var folder: String { session.folder }
    func text(_ name: String) -> String { session.text(name) }
    func read(_ name: String) -> [UInt8] { session.read(name) }
    func message(_ code: String) -> String { session.message(code) }

    @Test func threeFormats() throws {
      try lua.run(
        """
        local fig = plot.figure{title = "lines", width = 400, height = 300}
        fig:line({1, 2, 3, 4}, {1, 4, 0/0, 2}, {label = "a", color = "red", marker = true}):scatter({1, 2}, {3, 4}):xlabel("x"):ylabel("y"):xlim(0, 5)
        for _, ending in ipairs{"svg", "png", "pdf", "PNG"} do fig:save(folder .. "/lines." .. ending) end
        """)
      #expect(text("lines.svg").hasPrefix("<?xml"))
      #expect(read("lines.png").prefix(8) == [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])
      #expect(read("lines.PNG") == read("lines.png"))
      // Width and height stand in the first chunk.
      #expect(read("lines.png")[16..<24] == [0, 0, 1, 144, 0, 0, 1, 44])
      #expect(text("lines.pdf").hasPrefix("%PDF"))
    }

    /// Every place that takes a text, hostile ones among them.
    @Test func textsAreData() throws {
      try lua.run(
        #"""
        name = "it's \"q\" \\n back\\slash @macro a_b^c {x} `touch " .. folder .. "/made` $(x) %d 한글 <b>&"
        local fig = plot.figure{title = name, rows = 1, cols = 3, width = 3000, height = 900}
        fig:subplot(1):line({1, 2, 3}, {label = name}):scatter({1, 2}, {1, 2}, {color = {1, 2}, classes = {name, "b"}}):title(name):xlabel(name):ylabel(name)
        fig:annotate(name, 1, 2):axhline(1, {label = name}):xticks({1, 2}, {"100 %d {a}_`b`", ("가"):rep(30) .. "%"}):legend("top left")
        fig:subplot(2):bar({(name:gsub("%%", "")), "c"}, {1, 2}, {label = "'; system 'touch " .. folder .. "/made2"}):legend{name}
        fig:subplot(3):imshow(T.rand(2, 3, 3), {titles = {name, "d"}, title = name}):colorbar(name)
        fig:save(folder .. "/text.svg")
        local y = T.tensor(2, {requires_grad = true})
        plot.graph(y * y, {names = {[name] = y}}):save(folder .. "/graph.svg")
        """#)
      let escaped = "it's \"q\" \\n back\\slash @macro a_b^c {x} `touch \(folder)/made` $(x) %d 한글 &lt;b>&amp;"
      func count(_ name: String) -> Int { text(name).split(separator: escaped, omittingEmptySubsequences: false).count - 1 }
      // heading; label, class, title, two axes, annotation, line; the legend of the bars; two titles and the bar of the images
      #expect(count("text.svg") == 1 + 7 + 1 + 3)
      #expect(text("text.svg").contains("<text>\(escaped.replacing("%", with: ""))</text>"), "the mark of the bar")
      #expect(text("text.svg").contains("<text>100 %d {a}_`b`</text>") && text("text.svg").contains("<text>\(String(repeating: "가", count: 15))…</text>"))
      #expect(count("graph.svg") == 1)
      #expect(!session.exists("made") && !session.exists("made2"))
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
      try lua.run("plot.figure():imshow(waves\(shape), {colormap = 'viridis'}):save(folder .. '/image.svg')")
      let counts = ["{5, 7}": 1, "{1, 5, 7}": 1, "{3, 5, 7}": 1, "{4, 5, 7}": 4, "{2, 1, 5, 7}": 2, "{2, 3, 5, 7}": 2]
      #expect(text("image.svg").split(separator: "<image ").count - 1 == counts[shape])
    }

    @Test func notANumberInAnImage() throws {
      try lua.run("plot.figure():imshow(waves{5, 7}:div(waves{5, 7})):save(folder .. '/nan.png')")
      #expect(read("nan.png").count > 100)
    }

    @Test func gridWithTitles() throws {
      try lua.run(
        """
        local titles = {}
        for i = 1, 20 do titles[i] = i % 3 == 0 and "7 (a 9)" or i end
        plot.figure{title = "predictions"}:imshow(waves{20, 1, 8, 8}, {titles = titles, cols = 10}):save(folder .. "/grid.png")
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
      // Numbered through the whole run.
      let names = session.files.filter { $0.hasPrefix("nnlua-figure-") && $0.hasSuffix(".png") }
      #expect(names.count == 1 && read(names.first ?? "").prefix(4) == [0x89, 0x50, 0x4e, 0x47])
      #expect(message("plot.show()").contains("show: the figure is empty"), "show() ends the figure")
    }

    @Test(arguments: [
      ("plot.imshow(T.zeros(0, 3))", "nothing to draw in a tensor of shape {0,3}"),
      ("plot.imshow(T.zeros(3))", "got {3}"),
      ("plot.imshow(T.zeros(2, 2, 2, 2))", "got {2,2,2,2}"),
      ("plot.imshow(T.zeros(2, 1, 2, 2), {titles = {'a'}})", "1 titles for 2 images"),
      ("plot.imshow(T.zeros(2, 2), {cols = 0})", "cols must be at least 1"),
      ("plot.imshow(T.zeros(2, 2), {colormap = 'virid'})", "'virid' is no colormap: gray, binary, viridis, plasma"),
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
      ("plot.figure{widht = 3}", "script:1: figure: unknown option 'widht'; did you mean 'width'? (options: width, height, title, rows, cols)"),
      ("plot.figure():save(folder .. '/a.png')", "the figure is empty"),
      ("plot.figure():line{1}:save('a.jpg')", "must end in .svg, .png or .pdf, got 'a.jpg'"),
      ("plot.figure():line{1}:save(folder .. '/no/a.png')", "No such file or directory"),
      ("plot.figure():line{1}:imshow(T.zeros(2, 4, 4))", "drawn into already"),
      ("plot.figure():imshow(T.zeros(2, 4, 4)):line{1}", "holds a grid of images"),
      ("plot.line({1e200, -1e200}) plot.save(folder .. '/a.svg')", "beyond 1e150 cannot be drawn"),
      ("plot.line{-1, 0} plot.yscale('log') plot.save(folder .. '/a.svg')", "yscale: a log scale shows numbers above 0, and there are none here"),
      ("plot.line{1, 2} plot.xlim(-1, 1) plot.xscale('log') plot.save(folder .. '/a.svg')", "xlim: a log scale cannot show -1 to 1"),
      ("plot.xscale('loog')", "'loog' is no scale: \"linear\", \"log\" are"),
      ("plot.line({1}, {marker = 'q'})", "'q' is no marker"),
      ("plot.line({1}, {alpha = 2})", "line: alpha must be from 0 (not seen) to 1, got 2"),
      ("plot.line({1}, {color = 0})", "the palette's colours count from 1, got 0"),
      ("plot.line({1, 2}, {3, 4}, 5)", "too many arguments"),
      ("plot.scatter({1, 2}, {1, 2}, {color = {1, 2, 3}})", "3 colors for 2 points"),
      ("plot.scatter({1, 2}, {1, 2}, {size = {1}})", "1 sizes for 2 points"),
      ("plot.scatter({1, 2}, {1, 2}, {size = 0})", "size must be from 0.05 to 50, got 0"),
      ("plot.scatter({1, 2}, {1, 2}, {color = {1, 3}, classes = {'a'}})", "1 names of classes, but a label is 3"),
      ("plot.scatter(T.rand(30), T.rand(30), {color = T.range(1, 30):long()})", "30 different labels are too many"),
      ("plot.scatter({1, 2}, {1, 2}, {color = T.full({2}, 0/0)})", "none of the numbers is finite"),
      ("plot.bar{}", "no bars to draw"),
      ("plot.bar({'a'}, {1, 2})", "x has 1 values, y has 2"),
      ("plot.bar({'a', 'b'})", "names are given without heights"),
      ("plot.bar({'a', 'b'}, {{1, 2}, {3}})", "its rows must be of one length, got 2, 1"),
      ("plot.bar({{1, 2}, {3, 4}}, {label = 'one'})", "1 label for 2 groups of bars"),
      ("plot.bar({0/0})", "none of the bars is finite"),
      ("plot.hist{}", "no values to count"),
      ("plot.hist(T.full({3}, 0/0))", "none of the 3 values is finite"),
      ("plot.hist({1}, {bins = 0})", "bins must be from 1 to 10000, got 0"),
      ("plot.hist({1}, {bins = {1, 1}})", "numbers that rise"),
      ("plot.hist({1}, {range = {2, 1}})", "the smaller one first, got {2, 1}"),
      ("plot.contour(T.zeros(3))", "at least 2 rows and 2 columns, got {1,3}"),
      ("plot.contour({1, 2, 3}, {1, 2}, T.zeros(3, 2))", "(x {1,3}, y {1,2}, z {3,2})"),
      ("plot.contour({1, 1}, {1, 2}, T.zeros(2, 2))", "x must be finite and rise"),
      ("plot.contour(T.full({3, 3}, 0/0))", "none of the numbers in z is finite"),
      ("plot.contour(T.rand(3, 3), {levels = {2, 1}})", "numbers that rise"),
      ("plot.contour({1, 2}, {1, 2})", "expected x, y and z, or z alone"),
      ("plot.contour(T.rand(3, 3), T.rand(3, 3), T.rand(3, 3))", "are no grid"),
      ("plot.surface(T.zeros(2, 2, 2))", "a tensor of one or two dims expected, got {2,2,2}"),
      ("plot.surface(T.rand(3, 3), {view = {1}})", "view must be"),
      ("plot.line{1} plot.surface(T.rand(3, 3))", "drawn into already"),
      ("plot.surface(T.rand(3, 3)) plot.line{1}", "drawn into already"),
      ("plot.quiver({1}, {1}, {1}, {})", "x has 1 values, y 1, u 1, v 0"),
      ("plot.quiver({1}, {1}, {0/0}, {1})", "none of the 1 arrows is finite"),
      ("plot.quiver({1}, {1}, {1}, {1}, {scale = 0})", "scale must be a finite number other than 0"),
      ("plot.fill_between({1, 2}, {1, 2}, {1})", "x has 2 values, y2 has 1"),
      ("plot.axhline(1/0)", "y must be finite"),
      ("plot.annotate('x', 0/0, 1)", "x and y must be finite, got nan and 1"),
      ("plot.boundary(function(p) return 3 end)", "the function must return Tensor, got number"),
      ("plot.boundary(function(p) return T.zeros(3) end)", "for 40000 points, got {3}"),
      ("plot.boundary(function(p) error('mine') end)", "mine"),
      ("plot.boundary(function(p) return p end, T.zeros(3, 3))", "x must have shape {n,2}, got {3,3}"),
      ("plot.boundary(function(p) return p end, T.zeros(3, 2), {1})", "3 points need 3 labels"),
      ("plot.boundary(function(p) return p * (0/0) end)", "nothing that the function returned is finite"),
      ("plot.boundary(function(p) return p end, {range = {1, 0, 0, 1}})", "four finite numbers expected"),
      ("plot.subplot(2, 2, 5)", "panel 5 is outside 1..4"),
      ("plot.subplot(1, 2)", "expected rows, columns and the panel's number"),
      ("plot.figure{rows = 0}", "rows and cols must be from 1 to 20, got 0 and 1"),
      ("plot.line{1, 2} plot.colorbar()", "nothing here is coloured by numbers"),
      ("plot.legend('somewhere')", "'somewhere' is no place for the legend"),
      ("plot.legend{'a'}", "1 names for 0 layers"),
      ("plot.xticks({1, 2}, {'a'})", "1 texts for 2 places"),
      ("plot.title({})", "bad argument #1 to 'title' (string expected, got table)"),
      ("plot.graph(T.rand(2))", "nothing here requires gradients"),
      ("plot.lime{1}", "plot has no 'lime'; did you mean 'line'?"),
      ("plot.figure():lime{1}", "Figure has no 'lime'"),
    ])
    func mistakes(_ code: String, _ expected: String) throws {
      let text = message(code)
      #expect(text.contains(expected), "\(code): \(text)")
    }

    @Test func drawnInCharacters() throws {
      try lua.run(
        """
        local x = T.linspace(-3, 3, 40)
        lines = plot.figure():line(x, x:sin(), {label = "sine"}):line(x, x:cos(), {label = "cosine"}):text{width = 70, height = 20}
        picture = plot.figure():imshow(waves{4, 6}):text()
        both = plot.figure{rows = 1, cols = 2}:subplot(1):line{1, 2, 3}:subplot(2):bar({"left", "right"}, {1, 2}):text()
        """)
      let lines = try session.global("lines")
      #expect(lines.contains("sine") && lines.contains("cosine") && lines.contains("*") && lines.contains("#"))
      #expect(lines.split(separator: "\n").allSatisfy { $0.count <= 70 } && !lines.contains("\u{1b}"))
      #expect(try session.global("picture").split(separator: "▀", omittingEmptySubsequences: false).count - 1 == 6 * 2)
      #expect(try session.global("both").contains("right"))
    }

    /// The figure at hand: made by the first call, by plot.figure, ended by plot.show; a figure given first is drawn into.
    @Test func quickForm() throws {
      try lua.run(
        """
        local fig = plot.figure()
        plot.line{1, 2, 3}
        assert(not fig.empty)
        local other = plot.figure()
        plot.line(fig, {3, 2, 1})
        assert(other.empty and tostring(fig) == "Figure(640 x 480, 2 layers)")
        assert(plot.scatter({1}, {2}) == other and not other.empty)
        for name in pairs{line = 1, scatter = 1, bar = 1, hist = 1, imshow = 1, contour = 1, quiver = 1, surface = 1, fill_between = 1, axhline = 1, axvline = 1,
          annotate = 1, boundary = 1, title = 1, xlabel = 1, ylabel = 1, xlim = 1, ylim = 1, xscale = 1, yscale = 1, legend = 1, grid = 1, subplot = 1,
          colorbar = 1, save = 1, show = 1, graph = 1} do
          assert(type(plot[name]) == "function" and type(other[name]) == "function", name)
        end
        """)
      #expect(message("plot.boundary(function() error({}) end)").contains("table"), "an error that is no text stays what it is")
    }

    @Test func withoutGnuplot() throws {
      setenv("NNLUA_GNUPLOT", "/nonexistent/gnuplot", 1)
      defer { unsetenv("NNLUA_GNUPLOT") }
      #expect(message("plot.figure():line{1}:save(folder .. '/a.png')").contains("sudo apt-get install gnuplot-nox"))
      setenv("NNLUA_GNUPLOT", "/bin/false", 1)
      #expect(message("plot.figure():line{1}:save(folder .. '/a.png')").contains("gnuplot failed with status 1"))
      unsetenv("NNLUA_GNUPLOT")
      let path = String(cString: getenv("PATH"))
      defer { setenv("PATH", path, 1) }
      setenv("PATH", folder, 1)
      #expect(message("plot.figure():line{1}:save(folder .. '/a.png')").contains("gnuplot is not installed, and it draws the figures"))
      #expect(access("\(folder)/a.png", F_OK) != 0, "nothing is left behind")
    }
  }
}
