import LuaBridge
import Notebook
import Runtime
import Testing

/// What values look like in a notebook: `nnlua.display`, `__display`, `nnlua.notebook`.
@Suite(.serialized)
struct DisplayTests {
  let lua: LuaState

  init() throws {
    lua = try LuaState()
    Libraries.install(in: lua)
    try lua.run("nnlua = require 'nnlua'; T, nn, data, plot, optim, notebook = nnlua.tensor, nnlua.nn, nnlua.data, nnlua.plot, nnlua.optim, nnlua.notebook")
  }

  private func bundle(_ code: String) throws -> DisplayBundle {
    let stack = lua.stack, top = stack.top
    defer { stack.top = top }
    try lua.load("return \(code)", name: "=script")
    try stack.call(arguments: 0, results: 1)
    let before = stack.top
    defer { #expect(stack.top == before, "the stack is as it was") }
    return try Display.bundle(stack, stack.top)
  }
  private func html(_ code: String) throws -> String {
    guard case .text(let text)? = try bundle(code)["text/html"] else { return "none" }
    #expect(Self.isBalanced(text), "\(code): \(text)")
    return text
  }
  /// Every element that is opened is closed.
  static func isBalanced(_ html: String) -> Bool {
    var open: [Substring] = []
    for tag in html.matches(of: #/<(/?)([a-z0-9]+)[^<>]*>/#) where tag.2 != "img" {
      if tag.1.isEmpty { open.append(tag.2) } else if open.popLast() != tag.2 { return false }
    }
    return open.isEmpty
  }
  /// What a script shows in a notebook.
  private func shown(_ code: String) throws -> [CellOutput] {
    let recorder = OutputRecorder()
    lua.frontEnd = recorder
    defer { lua.frontEnd = nil }
    recorder.begin()
    try lua.run(code)
    lua.flush()
    return recorder.outputs[0]
  }
  private func describe(_ outputs: [CellOutput]) -> [String] {
    outputs.map { output in
      switch output {
      case .stream(_, let text): text
      case .display(let bundle): "<\(bundle.text)>"
      default: "?"
      }
    }
  }

  @Test func tensorsAreNumbersWhereFewAndHeatMapsWhereMany() throws {
    let small = try html("T.tensor{{1, -2}, {0/0, 0.5}}")
    #expect(small.contains("Tensor {2,2}") && small.contains("float32 · -2 to 1, mean -0.1667 · 1 nan") && small.contains(">nan</td>"))
    #expect(small.contains("rgba(213,94,0,0.45)"), "the greatest in size is shaded most")
    #expect(try !html("T.rand(16, 16)").contains("<img"))
    let large = try html("T.rand(300, 17)")
    #expect(large.contains("data:image/png;base64,iVBOR") && large.contains("the mean of 3 × 1 numbers"))
    #expect(try html("T.rand(2, 3, 20, 20)").matches(of: #/<img/#).count == 6)
    #expect(try html("T.rand(20, 3, 20, 20)").contains("the first 12 of 60 matrices"))
    #expect(try html("T.rand(2, 3, 20, 20)").contains(">[2, 3]<"))
    for code in [
      "T.zeros(0, 3)", "T.tensor(2)", "T.full({40, 40}, 0/0)", "T.full({40, 40}, math.huge)", "T.zeros(3, 0, 40)", "T.rand(1, 1, 1, 1, 1)", "T.rand(40, 50):t()",
      "T.tensor({1e308, -1e308}):to('float64'):expand(30, 2)", "T.ones(40, 40):eq(1)", "T.ones(40, 40):long()", "T.ones(40, 40):byte()",
      "T.rand(30, 30):requires_grad_()",
      "T.rand(1, 5000)", "T.rand(5000, 1)", "T.tensor({1, 2}, {dtype = 'int64'})",
    ] { #expect(try html(code).contains("Tensor {"), "\(code)") }
  }

  @Test func modulesAreTablesOfLayers() throws {
    let net = try html("nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Residual(nn.Linear(3, 3)))")
    #expect(net.contains("27 parameters") && net.contains("weight {3,4}, bias {3}") && net.contains("[3].inner") && net.contains("Linear(4 -&gt; 3)"))
    try lua.run("Net = nn.class 'Net<1>' function Net:init() self.fc = nn.Linear(2, 1) end")
    #expect(try html("Net()").contains("Net&lt;1&gt;"))
    #expect(try bundle("Net()").text.contains("fc Linear(2 -> 1)"))
    try lua.run("function Net:__display() return {['text/plain'] = 'mine'} end")
    #expect(try bundle("Net()").text == "mine")
    #expect(try html("nn.Linear(2, 1):requires_grad_(false):eval()").contains("3 frozen · evaluation"))
    #expect(try html("nn.Sequential()").contains("0 parameters"))
  }

  @Test func datasetsAreSamples() throws {
    let digits = try html("data.digits()")
    #expect(digits.matches(of: #/<img/#).count == 24 && digits.contains("the first 24 of 1437 samples"))
    let iris = try html("data.iris()")
    #expect(iris.contains("petal_length") && iris.contains("setosa") && !iris.contains("<img"))
    #expect(try html("data.TensorDataset(T.ones(3, 50))").contains("x[12]"))
    #expect(try html("data.TensorDataset(T.ones(3, 2), T.eye(3))").contains("{1, 0, 0}"))
    #expect(try html("data.DataLoader(data.digits(), {batch_size = 100, shuffle = true})").contains("15 batches of 100, shuffled"))
    #expect(try lua.evaluate("local l = data.DataLoader(data.digits(), {shuffle = true}) return (nnlua.display(l) or 0) + l.epoch", as: Int.self) == 0)
    #expect(try html("data.TensorDataset(T.full({3, 1, 8, 8}, 2))").contains("<img"))
    #expect(try html("data.TensorDataset(T.full({3, 1, 8, 8}, 0/0), T.rand(3, 2, 3))").contains("{2,3}"))
  }

  @Test func optimizersAndHistories() throws {
    #expect(try html("optim.SGD(nn.Linear(2, 1), {lr = 0.25, momentum = 0.9})").contains(">0.25</td>"))
    try lua.run(
      """
      local x = T.rand(8, 2)
      history = nnlua.train.fit(nn.Linear(2, 1), {train = data.DataLoader(data.TensorDataset(x, x:sum(2, {keepdim = true}))), loss = nn.MSELoss(), epochs = 3, progress = false})
      """)
    #expect(try html("history").contains(">train_loss</th>"))
    #expect(try html("history").matches(of: #/<tr>/#).count == 4)
    #expect(try bundle("history").text.hasPrefix("History(3 epochs"))
  }

  @Test func figuresAreDrawings() throws {
    guard case .text(let drawing)? = try bundle("plot.figure():line({1, 2}, {1, 4})")["image/svg+xml"] else {
      Issue.record("no drawing")
      return
    }
    #expect(drawing.contains("<svg") && drawing.contains("</svg>"))
    #expect(try bundle("plot.figure():line({1, 2}, {1, 4})").text.hasPrefix("Figure(640 x 480"))
    #expect(try bundle("plot.figure()")["image/svg+xml"] == nil, "an empty figure is no mistake")
  }

  @Test func tablesAreTables() throws {
    let records = try html("{{name = 'a<b', n = 1}, {name = 'c', n = 2.5, more = true}}")
    #expect(records.contains(">a&lt;b</td>") && records.matches(of: #/<th /#).count == 4 && records.matches(of: #/<tr>/#).count == 3)
    #expect(try html("{{1, 2}, {3, 4}}").matches(of: #/<td /#).count == 4)
    #expect(try html("{1, 2, 3}").matches(of: #/<tr>/#).count == 2)
    #expect(try html("{a = {b = {c = {d = 1}}}}").contains("{d = 1}"))
    #expect(try html("(function() local t = {1, 'x'} t.self = t return t end)()").contains("&lt;cycle&gt;"))
    #expect(try html("(function() local t = {} t[1] = {t} t[2] = {t} return t end)()").contains("&lt;cycle&gt;"))
    #expect(try html("(function() local t = {} for i = 1, 1000 do t[i] = {i, i} end return t end)()").contains("40 of 1000 rows"))
    #expect(try html("(function() local t = {} for i = 1, 1000 do t['k' .. i] = i end return t end)()").contains("40 of 1000 rows"))
    #expect(try html("(function() local t, r = {}, {} for i = 1, 100 do r[i] = i end t[1], t[2] = r, {1} return t end)()").contains("… (100)"))
    #expect(try html("{}") == "none")
    #expect(try html("setmetatable({1}, {__index = function() error 'asked' end})").contains(">1</td>"))
    #expect(try bundle("{1, {x = 2}}").text == "{1, {x = 2}}")
    #expect(try bundle("{print = function(a, ...) end}").text == "{print = function(a, ...)}")
    #expect(try html("{1, nil, 3}") != "none")
  }

  @Test func functionsSayWhatTheyDo() throws {
    #expect(try bundle("T.sum").text.contains("T.sum(x [, dim]") && html("T.sum").contains("<pre"))
    #expect(try bundle("nn.Linear").text.contains("nn.Linear("))
    #expect(try bundle("nn").text.contains("nnlua.nn"))
    #expect(try bundle("function(a, b) end").text == "function(a, b)  script:1")
    #expect(try bundle("print").text.hasPrefix("function: "))
  }

  @Test func plainValues() throws {
    for (code, text) in [("nil", "nil"), ("1", "1"), ("1.5", "1.5"), ("true", "true"), ("'a <b>'", "a <b>"), ("coroutine.create(print)", "thread: ")] {
      let bundle = try bundle(code)
      #expect(bundle.text.hasPrefix(text) && bundle.forms.count == 1, "\(code)")
    }
  }

  @Test func objectsOfAScriptShowThemselves() throws {
    let object = "setmetatable({}, {__display = function() return %s end})"
    func own(_ forms: String) throws -> DisplayBundle { try bundle(object.replacing("%s", with: forms)) }
    #expect(try own("{['text/plain'] = 'p', ['text/html'] = '<i>h</i>'}").text == "p")
    guard case .bytes(let bytes)? = try own("{['image/png'] = '\\0\\255'}")["image/png"] else {
      Issue.record("no bytes")
      return
    }
    #expect(bytes == [0, 255])
    #expect(try own("{['text/html'] = 'x'}").text == "{}", "a text form is always there")
    #expect(try own("plot.figure():line{1, 2}")["image/svg+xml"] != nil, "another object may stand for it")
    #expect(try own("notebook.html('<b>x</b>')").text == "x")
    for (forms, message) in [
      ("3", "it must return a table of MIME types, got number"), ("nil", "got nil"), ("{1, 2}", "the forms are named by MIME types such as \"text/html\", got a number"),
      ("{html = 'x'}", "got 'html'"), ("{['text/html'] = {}}", "the form \"text/html\" must be a string, got table"), ("error('oops', 0)", "oops"),
      ("error({})", "table"),
      ("setmetatable({}, {__display = function(s) return s end})", "one object after another"),
    ] {
      let text = try own(forms).text
      #expect(text.contains("its __display failed: ") && text.contains(message), "\(forms): \(text)")
    }
    #expect(try bundle("setmetatable({}, {__tostring = function() error('bad', 0) end})").text.contains("its __tostring failed: bad"))
    #expect(try bundle("setmetatable({}, {__tostring = function() return {} end})").text.contains("__tostring"))
  }

  @Test func displayGoesWhereTheScriptRuns() throws {
    #expect(try describe(shown("print('a') nnlua.display{1} print('b')")) == ["a\n", "<{1}>", "b\n"])
    #expect(try describe(shown("local h = nnlua.display(1, {id = true}) h:update(2) h:update{3} assert(#h.id > 8)")) == ["<{3}>"])
    #expect(try describe(shown("nnlua.display(1, {id = 'x'}) nnlua.display(2, {id = 'y'}):update(3) assert(nnlua.display(4) == nil)")) == ["<1>", "<3>", "<4>"])
    #expect(throws: (any Error).self) { try lua.run("nnlua.display(1, {id = 3})") }
    #expect(throws: (any Error).self) { try lua.run("nnlua.display(1, {ids = true})") }
  }

  @Test func rawAndClearOutput() throws {
    guard case .display(let bundle)? = try shown("notebook.raw('image/svg+xml', '<svg/>')").first else {
      Issue.record("nothing shown")
      return
    }
    #expect(bundle["image/svg+xml"] == .text("<svg/>") && bundle.text == "<image/svg+xml>")
    #expect(try describe(shown("print 'gone' notebook.clear_output() print 'stays'")) == ["stays\n"])
    #expect(try describe(shown("print 'a' notebook.clear_output(true)")) == ["a\n"])
    #expect(try describe(shown("assert(notebook.active())")) == [])
    try lua.run("assert(not notebook.active()) notebook.clear_output() notebook.raw('image/png', 'x')")
    for code in ["notebook.raw('png', 'x')", "notebook.raw('image/png')", "notebook.raw('image/png', {})", "notebook.html()", "notebook.raw('text/html ', 'x')"] {
      #expect(throws: (any Error).self, "\(code)") { try lua.run(code) }
    }
  }

  @Test func fragments() throws {
    #expect(try bundle("notebook.latex('x^2')")["text/latex"] == .text("$$x^2$$"))
    #expect(try bundle("notebook.latex('$x^2$')")["text/latex"] == .text("$x^2$"))
    #expect(try bundle("notebook.markdown('**b**')")["text/markdown"] == .text("**b**"))
    #expect(try lua.evaluate("return tostring(notebook.html('<b>x</b>'))") == "<b>x</b>")
    #expect(try lua.evaluate("return notebook.escape('<a & \"b\">')") == "&lt;a &amp; &quot;b&quot;&gt;")
    let table = try lua.evaluate("return notebook.html_table({{'<', 1, notebook.html('<b>x</b>')}}, {headings = {'a'}})", as: String.self)
    #expect(table.contains(">&lt;</td>") && table.contains("<b>x</b></td>") && table.contains("text-align:right"))
    #expect(throws: (any Error).self) { try lua.run("notebook.html_table({{{}}})") }
  }

  @Test func progressRenewsItselfInItsPlace() throws {
    let outputs = try shown("for i in nnlua.progress(50, {title = '<t>'}) do end")
    guard outputs.count == 1, case .display(let bundle)? = outputs.first, case .text(let html)? = bundle["text/html"] else {
      Issue.record("expected one display, got \(describe(outputs))")
      return
    }
    #expect(bundle.text.hasPrefix("<t>  50") && html.contains("value=\"1.0000\"") && html.contains("&lt;t&gt; · 50"))
    #expect(
      try shown(
        """
        local x = T.rand(8, 2)
        nnlua.train.fit(nn.Linear(2, 1), {train = data.DataLoader(data.TensorDataset(x, x:sum(2, {keepdim = true}))), loss = nn.MSELoss(), epochs = 3, live_plot = true})
        """
      ).count == 4, "a bar for each epoch, and one curve")
  }

  @Test func aFigureThatWasShownIsNotShownAgain() throws {
    let recorder = OutputRecorder(), session = Session(lua)
    lua.frontEnd = recorder
    defer { lua.frontEnd = nil }
    func run(_ text: String) -> (result: Bool, shown: Int) {
      recorder.begin()
      let outcome = session.run(text, name: "=cell")
      #expect(outcome.failure == nil, "\(outcome.failure?.message ?? "")")
      return (outcome.result != nil, recorder.outputs.last!.count)
    }
    #expect(run("plot.figure():line{1, 2}:show()") == (false, 1))
    #expect(run("fig = plot.figure():line{1, 2}:show():title('more') return fig") == (true, 1))
    #expect(run("return fig") == (true, 0))
  }
}
