import LuaBridge
import Testing

/// Each kind of drawing: the numbers that are sent to gnuplot, against plain computations.
extension PlotsTests {
  @Suite struct LayerTests {
    let session: PlotSession
    init() throws { session = try PlotSession() }

    @Test func lineSendsItsPoints() throws {
      let sent = try session.sent(
        "figure = plot.figure():line({1, 2, 3, 4}, {1, 0/0, 1/0, -2.5}, {style = '--', color = 'green', width = 3, marker = 's', label = 'a'})")
      let rows = sent.data(1)
      #expect(rows.map(\.first) == [1, 2, 3, 4])
      #expect(rows[0][1] == 1 && rows[1][1].isNaN && rows[2][1].isNaN && rows[3][1] == -2.5)
      let plot = sent.line("plot")
      for part in ["linespoints pointtype 5", "linewidth 3.0", "dashtype '--'", "rgb '#008000'", "title 'a'"] { #expect(plot.contains(part), "\(part)") }
    }

    /// A margin of a twentieth, so that a curve at its limit is not drawn on the border; none where bars stand.
    @Test func limitsLeaveAMargin() throws {
      let line = try session.sent("figure = plot.figure():line({0, 10}, {-1, 1})")
      #expect(line.has("set xrange [-0.5:10.5]") && line.has("set yrange [-1.1:1.1]"))
      let bars = try session.sent("figure = plot.figure():bar{2, 4}")
      #expect(bars.has("set yrange [0.0:4.2]"))
      let constant = try session.sent("figure = plot.figure():line{5, 5}")
      #expect(constant.has("set yrange [4.75:5.25]"))
      let fixed = try session.sent("figure = plot.figure():line{5, 5}:xlim(0, 3):ylim(-1, 9)")
      #expect(fixed.has("set xrange [0.0:3.0]") && fixed.has("set yrange [-1.0:9.0]"))
    }

    @Test func logScale() throws {
      let sent = try session.sent("figure = plot.figure():line({0.001, 1, 1000}, {-1, 0, 100}):line({0.001, 1000}, {1, 10000}):xscale('log'):yscale('log')")
      let rows = sent.data(1)
      #expect(rows.map { ($0[0] * 1000).rounded() } == [-3000, 0, 3000])
      #expect(rows[0][1].isNaN && rows[1][1].isNaN && rows[2][1] == 2, "what is not above 0 has no place")
      for text in ["'10⁻³' -3", "'1' 0", "'10³' 3"] { #expect(sent.line("set xtics").contains(text), "\(text)") }
      // Within a decade or two the marks are round numbers.
      let narrow = try session.sent("figure = plot.figure():line({1, 2}, {20, 50}):yscale('log')")
      #expect(narrow.line("set ytics").contains("'20' 1.30"))
    }

    /// A million points become few, and no peak and no gap is lost.
    @Test func manyPointsAreThinned() throws {
      let sent = try session.sent(
        """
        local y = T.linspace(0, 1, 1000000):sin()
        y[300001] = 7
        y[700001] = -5
        y[{ {500001, 510000} }] = 0/0
        figure = plot.figure():line(y)
        """)
      let rows = sent.data(1)
      #expect(rows.count < 6000)
      #expect(rows.contains { $0 == [300_001, 7] } && rows.contains { $0 == [700_001, -5] })
      #expect(rows.first?[0] == 1 && rows.last?[0] == 1_000_000)
      let gap = try #require(rows.firstIndex { $0[1].isNaN })
      #expect(rows[gap - 1][0] == 500_000 && rows[gap + 1][0] == 510_001 && rows.count { $0[1].isNaN } == 1)
      #expect(zip(rows, rows.dropFirst()).allSatisfy { !($0[0] > $1[0]) })

      let cloud = try session.sent("T.manual_seed(1) figure = plot.figure():scatter(T.randn(300000), T.randn(300000))")
      #expect(cloud.data(1).count < 60_000 && cloud.data(1).count > 5_000)
    }

    @Test func scatterByClass() throws {
      let sent = try session.sent(
        "figure = plot.figure():scatter(T.tensor{{1, 2}, {3, 4}, {5, 6}, {0/0, 1}}, {color = T.tensor({1, 3, 1, 1}, {dtype = 'int64'}), classes = {'a', 'b', 'c'}})")
      #expect(sent.data(1) == [[1, 2], [5, 6]])
      #expect(sent.data(2).allSatisfy { $0.allSatisfy(\.isNaN) }, "no point of class b")
      #expect(sent.data(3) == [[3, 4]])
      let plot = sent.line("plot")
      for (name, colour) in [("a", "0072b2"), ("b", "d55e00"), ("c", "009e73")] { #expect(plot.contains("linecolor rgb '#\(colour)' title '\(name)'")) }
    }

    @Test func scatterByNumber() throws {
      let sent = try session.sent(
        "figure = plot.figure():scatter({1, 2, 3}, {1, 2, 3}, {color = T.tensor{0, 0.5, 1}, colormap = 'gray', size = {1, 2, 3}}):colorbar('v')")
      #expect(sent.data(1) == [[1, 1, 1, 0], [2, 2, 2, Double(0x808080)], [3, 3, 3, Double(0xffffff)]])
      #expect(sent.has("set cbrange [0.0:1.0]") && sent.has("set cblabel 'v'"))
    }

    /// Counts against a plain loop; the last bin has its right edge.
    @Test func histogramCounts() throws {
      let sent = try session.sent(
        "T.manual_seed(3) values = T.randint(0, 1000, {500}):double():div(100) values[1] = 0/0 list = values:totable() figure = plot.figure():hist(values, {bins = 7, range = {0, 10}})"
      )
      var counts = [Double](repeating: 0, count: 7)
      for i in 1...500 {
        let value = Double(try session.global("list[\(i)]")) ?? .nan
        if value.isNaN { continue }
        for k in 0..<7 where value >= Double(k) * 10 / 7 && (value < Double(k + 1) * 10 / 7 || k == 6 && value <= 10) { counts[k] += 1 }
      }
      // middle, height, left, right, bottom, top
      let rows = sent.data(1)
      #expect(rows.map { $0[1] } == counts && counts.reduce(0, +) == 499)
      #expect(rows.allSatisfy { $0[4] == 0 && $0[5] == $0[1] } && rows[0][2] == 0 && rows[6][3] == 10)

      let density = try session.sent("figure = plot.figure():hist({0, 1, 1, 3}, {bins = {0, 1, 4}, density = true})")
      #expect(density.data(1).map { $0[1] } == [1.0 / 4, 3.0 / 4 / 3])
    }

    @Test func barsInGroups() throws {
      let sent = try session.sent("figure = plot.figure():bar({'a', 'b'}, {{1, 2}, {3, 4}}, {label = {'x', 'y'}, width = 0.5})")
      #expect(sent.data(1).map { [$0[1], $0[2], $0[3]] } == [[1, 0.75, 1], [2, 1.75, 2]])
      #expect(sent.data(2).map { [$0[1], $0[2], $0[3]] } == [[3, 1, 1.25], [4, 2, 2.25]])
      #expect(sent.line("set xtics").contains("('a' 1.0, 'b' 2.0)"))
      let lying = try session.sent("figure = plot.figure():bar({'a', 'b'}, {-1, 2}, {horizontal = true})")
      #expect(lying.data(1).map { [$0[0], $0[1], $0[2], $0[3]] } == [[-1, 1, -1, 0], [2, 2, 0, 2]])
      #expect(lying.line("set ytics").contains("'a' 1.0"))
    }

    /// Lines of x² + y² are circles: every point lies on its own, within what a cell can hide; they are closed.
    @Test func contourLines() throws {
      let sent = try session.sent(
        """
        local a = T.linspace(-2, 2, 81, {dtype = "float64"})
        figure = plot.figure():contour(a, a, (a * a):unsqueeze(1) + (a * a):unsqueeze(2), {levels = {0.25, 1, 6}})
        """)
      for (block, radius) in [(1, 0.5), (2, 1.0)] {
        let line = sent.data(block).dropLast()
        #expect(line.count > 60 && line.allSatisfy { $0.count == 2 }, "one closed line")
        #expect(line.allSatisfy { abs(($0[0] * $0[0] + $0[1] * $0[1]).squareRoot() - radius) < 0.002 })
        #expect(line.first == line.last)
      }
      // The corners cut four arcs of the third.
      #expect(sent.data(3).count { $0.isEmpty } == 4)
    }

    @Test func contourOfAMeshgrid() throws {
      let plain = try session.sent("x, y = T.linspace(0, 1, 4), T.linspace(5, 7, 3) z = T.range(1, 12):reshape(3, 4) figure = plot.figure():contour(x, y, z)")
      for indexing in ["xy", "ij"] {
        let made = try session.sent(
          """
          local b, a = T.meshgrid(y, x)  -- {3, 4}: b along the rows, a along the columns
          local z = z
          if "\(indexing)" == "ij" then a, b, z = a:t(), b:t(), z:t() end
          figure = plot.figure():contour(a, b, z)
          """)
        #expect(made.data(1) == plain.data(1) && made.data(5) == plain.data(5), "\(indexing)")
      }
      let falling = try session.sent("figure = plot.figure():contour(x, y:flip(1), z:flip(1))")
      #expect(falling.data(2) == plain.data(2))
    }

    @Test func contourLeavesOutCellsThatAreNotFinite() throws {
      let sent = try session.sent("local z = T.range(1, 5):unsqueeze(1):expand(5, 5):clone() z[3][3] = 0/0 figure = plot.figure():contour(z, {levels = {2.5}})")
      // The line x = 2.5 is broken where its cells touch (3, 3).
      #expect(sent.data(1).filter { !$0.isEmpty }.map { $0[1] }.sorted() == [1, 2, 4, 5])
    }

    @Test func arrows() throws {
      let sent = try session.sent("figure = plot.figure():quiver({0, 1, 2}, {0, 0, 0}, {1, 0, 0/0}, {0, 2, 1}, {scale = 0.5})")
      #expect(sent.data(1) == [[0, 0, 0.5, 0], [1, 0, 0, 1]])
      let automatic = try session.sent("figure = plot.figure():quiver(T.tensor{{0, 1}, {0, 1}}, T.tensor{{0, 0}, {1, 1}}, T.ones(2, 2), T.zeros(2, 2))")
      #expect(automatic.data(1).allSatisfy { $0[2] > 0.5 && $0[2] <= 1 }, "arrows do not reach their neighbours")
    }

    @Test func fillBetweenParts() throws {
      let sent = try session.sent("figure = plot.figure():fill_between({1, 2, 3, 4}, {1, 0/0, 1, 2}, 5, {alpha = 0.5, color = 'red'})")
      #expect(sent.data(1) == [[1, 1, 5], [], [3, 1, 5], [4, 2, 5]])
      #expect(sent.has("rgb '#80ff0000'"))
    }

    @Test func straightLines() throws {
      let sent = try session.sent("figure = plot.figure():line({0, 10}, {0, 1}):axhline(2):axvline(-10, {style = ':'})")
      #expect(sent.data(2).map { $0[1] } == [2, 2] && sent.data(3).map { $0[0] } == [-10, -10])
      #expect(sent.has("set xrange [-11.0:11.0]"), "they are seen")
    }

    @Test func surfaceKeepsGaps() throws {
      let sent = try session.sent("figure = plot.figure():surface({0, 1, 2}, {0, 1}, {{1, 2, 3}, {4, 0/0, 6}}):zlabel('height')")
      let rows = sent.data(1)
      #expect(rows.count == 8 && rows[0] == [0, 0, 1] && rows[3].isEmpty && rows[5][2].isNaN)
      #expect(sent.has("splot") && sent.has("set zlabel 'height'"))
      let large = try session.sent("figure = plot.figure():surface(T.rand(500, 300))")
      #expect(large.data(1).count == 80 * 81)
    }

    /// Regions, by the colours of their pixels, for every form of result.
    @Test(arguments: [
      "function(p) calls = calls + 1 rows = p:size(1) return p:select(2, 1) end",
      "function(p) return p:select(2, 1):sigmoid() end",
      "function(p) return p:select(2, 1):gt(0) end",
      "function(p) return p:select(2, 1):gt(0):float():unsqueeze(2) end",
      "function(p) return T.stack({-p:select(2, 1), p:select(2, 1)}, 2) end",
    ])
    func regions(_ f: String) throws {
      let sent = try session.sent(
        "calls, rows = 0, 0 figure = plot.figure():boundary(\(f), T.tensor{{-1, 0}, {1, 0.5}, {1, -0.5}}, {0, 1, 1}, {range = {-2, 2, -1, 1}, steps = 41, alpha = 1, classes = {'off', 'on'}})"
      )
      if f.contains("calls") { #expect(try session.global("calls .. ' ' .. rows") == "1 1681") }
      let (width, height, pixels) = try #require(raster(sent))
      func pixel(_ x: Int, _ y: Int) -> [UInt8] { Array(pixels[(y * width + x) * 3..<(y * width + x) * 3 + 3]) }
      for y in [0, height / 2, height - 1] {
        #expect(pixel(width / 4, y) == [0x00, 0x72, 0xb2] && pixel(width * 3 / 4, y) == [0xd5, 0x5e, 0x00])
      }
      let plot = sent.line("plot")
      #expect(plot.contains("title 'off'") && plot.contains("title 'on'"))
    }

    /// Filled bands: the middle of a plane is of the colormap's middle.
    @Test func filledContour() throws {
      let sent = try session.sent("figure = plot.figure():contour(T.range(0, 10):unsqueeze(1):expand(3, 11), {filled = true, colormap = 'gray', levels = {2, 4, 6, 8}})")
      let (width, height, pixels) = try #require(raster(sent))
      let row = (0..<width).map { pixels[(height / 2 * width + $0) * 3] }
      #expect(Set(row).sorted() == [26, 77, 128, 179, 230], "five bands, at 1, 3, 5, 7, 9 tenths")
      #expect(row == row.sorted())
    }

    private func raster(_ sent: Commands) -> (Int, Int, [UInt8])? {
      guard let array = sent.line("plot").firstMatch(of: /array=\((\d+),(\d+)\)/), let width = Int(array.1), let height = Int(array.2) else { return nil }
      let end = Array("unset multiplot\n".utf8)
      return (width, height, Array(sent.bytes.dropLast(end.count).suffix(width * height * 3)))
    }

    @Test func imagesAreCentredOnTheirPixels() throws {
      let sent = try session.sent(
        "figure = plot.figure():imshow(T.tensor{{0, 1, 0.5}, {1, 1, 0/0}}):xlabel('x'):line({1, 3}, {1, 2}):annotate('dark', 1, 1):annotate('light', 2, 1)")
      #expect(sent.has("set xrange [0.5:3.5]") && sent.has("set yrange [2.5:0.5]"), "row 1 is the upper one")
      let plot = sent.line("plot")
      #expect(plot.contains("array=(3,2) origin=(1.0,1.0) dx=1.0 dy=1.0") && plot.contains("rgbalpha"))
      #expect(
        sent.has("set label 'dark' at 1.0, 1.0 left front font ',11.0' textcolor rgb '#ffffff'")
          && sent.has("set label 'light' at 2.0, 1.0 left front font ',11.0' textcolor rgb '#222222'"))
      let end = Array("unset multiplot\n".utf8)
      #expect(
        Array(sent.bytes.dropLast(end.count).suffix(24)) == [
          0, 0, 0, 255, 255, 255, 255, 255, 128, 128, 128, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0,
        ])
    }

    /// The legend stands where nothing is drawn.
    @Test func legendsCoverNothing() throws {
      func key(_ code: String) throws -> String { try session.sent("figure = plot.figure():\(code)").line("set key") }
      #expect(try key("line({1, 2, 3}, {3, 2, 1}, {label = 'falls'})").contains("inside right top"))
      #expect(try key("line({1, 2, 3}, {1, 2, 3}, {label = 'rises'})").contains("inside left top"))
      #expect(try key("line({1, 2, 3}, {3, 0, 3}, {label = 'valley'}):line({1, 3}, {3, 3})").contains("bottom"))
      #expect(try key("scatter(T.rand(5000), T.rand(5000), {label = 'everywhere'})").contains("outside"))
      #expect(try key("line({1, 2}, {label = 'a'}):legend('lower left')").contains("inside left bottom"))
      #expect(try session.sent("figure = plot.figure():line({1, 2}, {label = 'a'}):legend(false)").has("unset key"))
      #expect(try session.sent("figure = plot.figure():line{1, 2}").has("unset key"))
      #expect(try session.sent("figure = plot.figure():line{1, 2}:line{2, 1}:legend{'up', 'down'}").line("plot").contains("title 'down'"))
    }

    @Test func panelsDivideTheFigure() throws {
      let sent = try session.sent(
        "figure = plot.figure{rows = 2, cols = 2, width = 800, height = 600}:subplot(4):line{1, 2}:title('last'):subplot(2, 2, 1):line{3, 4}:subplot(4):line{5, 6}")
      let places = sent.lines.filter { $0.hasPrefix("set origin") }
      #expect(places == ["set origin 0.5, 0.0", "set origin 0.0, 0.5"])
      #expect(sent.lines.filter { $0.hasPrefix("plot ") }.map { $0.split(separator: "$d").count - 1 } == [2, 1])
    }
  }
}
