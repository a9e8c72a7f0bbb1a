import LuaBridge
import Testing

/// The computation graph, printed and drawn.
extension PlotsTests {
  @Suite struct GraphTests {
    let session: PlotSession
    init() throws { session = try PlotSession() }

    /// The purchase of the book's fifth chapter: every value and gradient is known by hand.
    private let purchase = """
      local function number(v) return T.tensor(v, {requires_grad = true, dtype = "float64"}) end
      apple, apples, orange, oranges, tax = number(100), number(2), number(150), number(3), number(1.1)
      fruit = apple * apples
      y = (fruit + orange * oranges) * tax
      names = {apple = apple, apples = apples, orange = orange, oranges = oranges, tax = tax, fruit = fruit}

      """

    @Test func printed() throws {
      try session.lua.run(purchase + "figure = plot.graph(y, {names = names, gradients = true}) text = tostring(figure) same = figure:text() none = apple.grad")
      #expect(
        try session.global("text") == """
          1  apple  {}  100  grad 2.2
          2  apples  {}  2  grad 110
          3  orange  {}  150  grad 3.3
          4  oranges  {}  3  grad 165
          5  tax  {}  1.1  grad 650
          6  fruit = mul(1, 2)  {}  200  grad 1.1
          7  mul(3, 4)  {}  grad 1.1
          8  add(6, 7)  {}  650  grad 1.1
          9  mul(8, 5)  {}  715  grad 1
          """)
      #expect(try session.global("same").hasPrefix(try session.global("text")))
      #expect(try session.global("none") == "nil", "no leaf's gradient is touched")
      try session.lua.run("y:backward() gradient = apple.grad:item()")
      #expect(try session.global("gradient") == "2.2", "the tape is whole")
      #expect(session.message("plot.graph(y)").contains("has been used and freed; ask before backward"))
    }

    @Test func drawn() throws {
      try session.lua.run(purchase + "plot.graph(y, {names = names, gradients = true}):save(folder .. '/graph.svg')")
      let svg = session.text("graph.svg")
      for text in ["apple", "oranges", "tax", "715", "650", "200", "grad 2.2", "grad 165", "fruit = mul"] { #expect(svg.contains("<text>\(text)</text>"), "\(text)") }
      let sent = try session.sent("figure = plot.graph(y, {names = names})")
      #expect(sent.lines.count { $0.hasPrefix("set object rectangle") } == 9)
      #expect(sent.lines.count { $0.hasPrefix("set arrow") && $0.contains(" head ") } == 8)
      // Boxes lie apart from each other.
      let boxes = sent.lines.compactMap { $0.firstMatch(of: /from ([\d.]+), ([\d.]+) to ([\d.]+), ([\d.]+) fill/).map { [$0.1, $0.2, $0.3, $0.4].map { Double($0)! } } }
      for (i, a) in boxes.enumerated() {
        for b in boxes[(i + 1)...] { #expect(a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1]) }
      }
    }

    @Test func constantsAndShapes() throws {
      try session.lua.run(
        """
        local w = T.ones(3, 2, {requires_grad = true})
        text = tostring(plot.graph(T.ones(4, 3):matmul(w):relu():sum()))
        """)
      let text = try session.global("text")
      #expect(text.contains("leaf  {3,2}") && text.contains("constant  {4,3}") && text.contains("relu(") && text.hasSuffix("{}  24"))
    }

    /// A graph is a picture of its own: it begins a figure where the one at hand holds something.
    @Test func beginsItsOwnFigure() throws {
      try session.lua.run("local x = T.tensor(2, {requires_grad = true}) local fig = plot.figure():line{1, 2} assert(plot.graph(x * x) ~= fig)")
      #expect(session.message("local x = T.tensor(2, {requires_grad = true}) plot.figure():line{1, 2}:graph(x * x)").contains("drawn into already"))
    }

    @Test func longChains() throws {
      try session.lua.run("x = T.tensor(1.0, {requires_grad = true}) y = x for i = 1, 1000 do y = y * 0.5 end figure = plot.graph(y)")
      #expect(try session.global("tostring(figure):match('[^\\n]*$')").hasPrefix("1001  mul(1000)"))
      #expect(session.message("figure:save(folder .. '/long.svg')").contains("1001 nodes are too many to be drawn"))
      #expect(session.message("for i = 1, 10000 do y = y * 0.5 end plot.graph(y)").contains("more than 10000 nodes"))
      #expect(session.message("plot.graph(T.ones(2, {requires_grad = true}) * 2, {gradients = true})").contains("one element only"))
      #expect(session.message("plot.graph(x * 2, {names = {x = 1}})").contains("Tensor expected, got number for 'x'"))
    }
  }
}
