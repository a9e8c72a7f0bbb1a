import Datasets
import LuaBridge
import Tensors
import Testing

@Suite(.serialized) struct CSVTests {
  /// An interpreter with `csv(text, options)`, which writes a file and reads it.
  func interpreterWithFiles(_ folder: Folder) throws -> LuaState {
    let lua = try interpreter()
    try lua.run(
      """
      path = "\(folder.path)/t.csv"
      function csv(text, options)
        local file = assert(io.open(path, "wb"))
        file:write(text)
        file:close()
        return data.csv(path, options)
      end
      function refuses(expected, text, options)
        local ok, e = pcall(csv, text, options)
        expected = "csv: " .. path .. ":" .. expected
        assert(not ok and e:gsub("^script:%d+: ", "") == expected, e .. " <> " .. expected)
      end
      function list(x) return table.concat(x:totable(), " ") end
      """)
    return lua
  }

  @Test func readsWhatRFC4180Says() throws {
    let folder = try Folder(), lua = try interpreterWithFiles(folder)
    try lua.run(
      #"""
      local set = csv('a,"b ""x"", y",kind\r\n1,2.5,cat\r\n\r\n "-3e1" ,.5,"dog, the\nold"\r4,+1.,cat\n  \n')
      assert(#set == 3 and list(set.x[1]) == "1.0 2.5" and list(set.x[2]) == "-30.0 0.5" and list(set.x[3]) == "4.0 1.0")
      assert(set.columns[1] == "a" and set.columns[2] == 'b "x", y' and #set.columns == 2)
      assert(set.classes[1] == "cat" and set.classes[2] == "dog, the\nold" and list(set.t) == "1 2 1" and set.t.dtype == "int64")
      assert(tostring(set) == "t.csv: 3 samples, x {2}, 2 classes", tostring(set))
      -- Without a header, without a line end, one column.
      set = csv("1,2,3\n4,5,6")
      assert(#set == 2 and list(set.t) == "3.0 6.0" and set.t.dtype == "float32" and set.classes == nil and set.columns[2] == "column2")
      set = csv("x\n1\n2\n")
      assert(#set == 2 and set.t == nil and set.x.shape[2] == 1)
      -- Other letters.
      assert(list(csv("a;b\n1;2\n").x[1]) == "1.0" and list(csv("a\tb\n1\t2\n").t) == "2.0" and #csv("a|b|c\n1|2|3").columns == 2)
      assert(csv("a,b\n1,x;y\n").classes[1] == "x;y")
      assert(list(csv("# first\n1 2\n# second\n3 4\n", {delimiter = " ", comment = "#"}).t) == "2.0 4.0")
      assert(#csv("a,b\n  # no\n1,2\n#", {comment = "#"}) == 1)
      assert(csv("a,b\n1,'x,y'\n", {quote = "'"}).classes[1] == "x,y")
      assert(csv("a,b\n1,\"x\n", {quote = false}).classes[1] == '"x')
      assert(#csv("1,2\n3,4\n", {header = true}) == 1 and csv("1,2\n3,4\n", {header = true}).columns[1] == "1")
      assert(csv("a,b\nc,d\n", {header = false, categorical = {1}}).classes[1] == "b")
      assert(#csv("1,2\n3,4\n5,6\n", {limit = 2}) == 2)
      assert(csv("a,b\n1,2\n", {dtype = "float64"}).x.dtype == "float64")
      """#)
  }

  @Test func numbersAreExact() throws {
    let folder = try Folder(), lua = try interpreterWithFiles(folder)
    let texts = [
      "0", "-0", "1", "0.1", "123456789012345678", "3.14159265358979323846264338327950288", "1e22", "1e23", "-1.5E-10", "4.9e-324", "1.7976931348623157e308", "1e400",
      "1e-400",
      "00012.50", "9007199254740993", "0.000000000000000000000000000001", "123456789012345678901234567890", ".5", "5.", "+7", "inf", "-Infinity",
      "2.2250738585072011e-308",
      "1e99999999999999999999", "17976931348623157e292",
    ]
    try folder.write("n.csv", Array((["x"] + texts).joined(separator: "\n").utf8))
    let set = try lua.evaluate("return data.csv('\(folder.path)/n.csv', {dtype = 'float64'})", as: Dataset.self)
    let expected = texts.map { Double($0) ?? ($0.contains("e999") ? .infinity : Double($0.replacing("5.", with: "5")) ?? .nan) }
    for (text, (got, want)) in zip(texts, zip(try set.allInputs().values(), expected)) { #expect(got.bitPattern == want.bitPattern, "\(text): \(got)") }
    for text in ["1e", "1e+", "0x10", "1,5", "1_000", "--1", "1.2.3", "e5", ".", "-", "1 2", "infinit", "١", "1e5x"] {
      #expect(message { try lua.run("csv([[x\n\(text.contains(",") ? "\"\(text)\"" : text)]])") } != "", "\(text)")
    }
  }

  @Test func mistakesAreNamedByLineAndColumn() throws {
    let folder = try Folder(), lua = try interpreterWithFiles(folder)
    try lua.run(
      #"""
      refuses([[12:3: 'abc' is not a number (column "petal_length")]], "a,b,petal_length,t\n" .. ("1,2,3,x\n"):rep(10) .. "1,2,abc,x\n")
      refuses("1:1: 'a' is not a number; is the first row a header? pass header = true", "a,1\n2,3\n")
      refuses("3: 3 cells, the header (line 1) has 2", "a,b\n1,2\n1,2,3\n")
      refuses("4: 1 cell, the header (line 1) has 2", 'a,b\n"1\n",2\n3\n', {categorical = {1}})
      refuses("2: 1 cell, the first row (line 1) has 2", "1,2\n3\n")
      refuses("2:2: the quote that opens this cell is never closed", 'a,b\n1,"2\n3,4\n')
      refuses("3:1: text after the closing quote", 'a,b\n1,2\n"1"0,2\n')
      refuses([[2:1: the value is missing (column "a"); pass missing = "nan", "mean", "drop" or a number]], "a,b\n,1\n")
      refuses([[3:2: the value is missing (column "b"); a target has no substitute; pass missing = "drop"]], "a,b\n1,2\n1,NA\n", {missing = "nan"})
      refuses([[2:1: the value is missing (column "a"); a category has no substitute; pass missing = "drop"]], "a,b\n?,1\n", {missing = "mean", categorical = {"a"}})
      refuses(' column "a" has no values, so there is no mean', "a,b\nNaN,1\n", {missing = "mean"})
      refuses(" has no rows", "")
      refuses(" has no rows", "\n \r\n")
      refuses(" has a header, but no rows", "a,b\n")
      refuses(" has a header, but no rows", "a,b\n,1\n", {missing = "drop"})
      refuses([[ target: there is no column "spieces"; did you mean "species"? (columns: a, species)]], "a,species\n1,x\n", {target = "spieces"})
      refuses(" target: there is no column 3, the file has 2", "a,b\n1,x\n", {target = 3})
      refuses(" target: the list is empty; pass false for no target", "a,b\n1,2\n", {target = {}})
      refuses([[ columns: the file has no header, so there is no column "a"; give its number, or header = true]], "1,2\n", {columns = {"a"}})
      refuses([[ columns: "b" is the target; name another one, or pass target = false for none]], "a,b\n1,2\n", {columns = {"b"}})
      refuses([[ columns: "a" is named twice]], "a,b\n1,2\n", {columns = {"a", 1}})
      refuses([[ columns: 2 columns are called "a"; give its number]], "a,a,b\n1,2,3\n", {columns = {"a"}})
      refuses([[ categorical: "b" is none of x's columns]], "a,b\n1,2\n", {categorical = {"b"}})
      refuses(" the target is text, and classes = false asks for numbers", "a,b\n1,x\n", {classes = false})
      refuses(" one_hot: the target is numbers, not classes", "a,b\n1,2\n", {classes = false, one_hot = true})
      refuses("3:2: 'z' is none of the classes (column \"b\") (x, y)", "a,b\n1,x\n1,z\n", {classes = {"x", "y"}})
      refuses(" classes: one is named twice", "a,b\n1,x\n", {classes = {"x", "x"}})
      refuses(" dtype must be float32 or float64, got int64", "a,b\n1,2\n", {dtype = "int64"})
      refuses(" limit must be at least 1, got 0", "a,b\n1,2\n", {limit = 0})
      fails("csv: nowhere.csv: cannot open: No such file", data.csv, "nowhere.csv")
      fails("csv: /: is a folder", data.csv, "/")
      fails("csv: unknown encoding \"utf-7\" (known: utf-8, latin-1", data.csv, "x", {encoding = "utf-7"})
      fails("bad option 'missing' (\"error\", \"nan\", \"mean\", \"drop\" or number expected, got \"zero\")", data.csv, "x", {missing = "zero"})
      fails("bad option 'delimiter' (one letter of ASCII expected, got \"ab\")", data.csv, "x", {delimiter = "ab"})
      fails("bad option 'target' (a column's name or number expected, got boolean at position 1 of the list)", data.csv, "x", {target = {true}})
      fails("bad option 'header'", data.csv, "x", {header = 3})
      fails("unknown option 'targt'; did you mean 'target'?", data.csv, "x", {targt = 3})
      """#)
  }

  @Test func targetsColumnsAndMissingValues() throws {
    let folder = try Folder(), lua = try interpreterWithFiles(folder)
    try lua.run(
      #"""
      local text = "id,colour,size,price,kind\n1,red,2,10,5\n2,blue,NA,20,3\n3,red,4,,5\n"
      local function load(options) return csv(text, options) end
      local set = load{target = "kind", columns = {"size", "id"}, missing = "mean"}
      assert(list(set.x[2]) == "3.0 2.0" and list(set.x[1]) == "2.0 1.0" and set.columns[1] == "size" and list(set.t) == "5.0 3.0 5.0")
      assert(#load{columns = {3}, missing = "drop"} == 2 and list(load{columns = {3}, missing = "drop"}.t) == "5.0 5.0")
      assert(load{columns = {3}, missing = -1}.x[2][1] == -1)
      local x = load{columns = {3}, missing = "nan"}.x[2][1]
      assert(x ~= x)
      -- Labels of numbers, in order or as they are listed.
      set = load{columns = {"id"}, classes = true}
      assert(table.concat(set.classes, " ") == "3 5" and list(set.t) == "2 1 2" and set.t.dtype == "int64")
      set = load{columns = {"id"}, classes = {5, "3"}}
      assert(set.classes[1] == "5" and list(set.t) == "1 2 1")
      set = load{columns = {"id"}, one_hot = true}
      assert(set.t.shape[2] == 2 and set.t[{2, 1}] == 1 and set.t:sum():item() == 3 and set.t.dtype == "float32")
      -- Text is labels, in the order of its bytes; the training set's classes fit the test set's.
      set = load{target = "colour", columns = {"id"}}
      assert(set.classes[1] == "blue" and list(set.t) == "2 1 2")
      assert(list(csv("id,colour\n1,red\n", {classes = set.classes}).t) == "2")
      refuses(" columns: none is left for x", text, {columns = {}})
      -- Several targets, or none.
      text = "id,colour,size,kind\n1,red,2,5\n2,blue,3,3\n3,red,NA,5\n"
      set = csv(text, {target = {"kind", "id"}, columns = {"size"}, missing = "drop"})
      assert(set.t.shape[1] == 2 and set.t.shape[2] == 2 and list(set.t[2]) == "3.0 2.0")
      assert(csv(text, {target = {"kind"}, columns = {"id"}}).t.shape[2] == 1)
      set = csv(text, {target = false, columns = {"id", "kind"}})
      assert(set.t == nil and set.x.shape[2] == 2)
      set = csv(text, {target = -1, categorical = {"colour"}, missing = "drop", normalize = true})
      assert(set.columns[2] == "colour" and table.concat(set.categories.colour, " ") == "blue red" and list(set.x:select(2, 2)) == "2.0 1.0")
      assert(list(set.x:select(2, 1)) == "-1.0 1.0" and list(set.mean) == "1.5 0.0 2.5" and list(set.std) == "0.5 1.0 0.5")
      assert(csv("a,b\n3,1\n3,2\n", {normalize = true}).x:sum():item() == 0)
      local a, b = csv(text, {columns = {"id"}}):split(0.5, 1)
      assert(#a + #b == 3 and a.columns[1] == "id")
      """#)
  }

  @Test func encodings() throws {
    let folder = try Folder(), lua = try interpreterWithFiles(folder)
    let text = "größe,name\n1,José\n2,日本\n3,😀\n"
    for bigEndian in [false, true] {
      var bytes: [UInt8] = bigEndian ? [0xFE, 0xFF] : [0xFF, 0xFE]
      for unit in text.utf16 { bytes += bigEndian ? [UInt8(unit >> 8), UInt8(unit & 255)] : [UInt8(unit & 255), UInt8(unit >> 8)] }
      for (name, bytes, options) in [("a.csv", bytes, ""), ("b.csv", Array(bytes[2...]), ", {encoding = '\(bigEndian ? "utf-16be" : "utf-16le")'}")] {
        try folder.write(name, bytes)
        try lua.run(
          "local s = data.csv('\(folder.path)/\(name)'\(options)); assert(s.columns[1] == 'größe' and s.classes[1] == 'José' and s.classes[3] == '😀' and #s == 3)")
      }
      try folder.write("cut.csv", bytes[..<(bytes.count - 1)])
      try lua.run("fails('cut.csv:4: UTF-16 cut short: a byte is left over at the end', data.csv, '\(folder.path)/cut.csv')")
      try folder.write("half.csv", bytes + (bigEndian ? [0xD8, 0, 0, 0x41] : [0, 0xD8, 0x41, 0]))
      try lua.run("fails('half.csv:5: half a UTF-16 surrogate pair', data.csv, '\(folder.path)/half.csv')")
    }
    try lua.run(
      #"""
      assert(csv("\u{FEFF}x,n\n1,\u{E9}\n").columns[1] == "x")
      assert(csv("x,n\n1,\xE9\xFF\n", {encoding = "latin-1"}).classes[1] == "éÿ")
      refuses('3:2: byte 0xE9 is no UTF-8; pass encoding = "latin-1" for Western European files', "x,n\n1,a\n2,caf\xE9\n")
      refuses('1:1: byte 0x00 is no UTF-8; pass encoding = "utf-16le" or "utf-16be" for UTF-16', "x\0,\0n\0\n\0")
      refuses('1: no byte order mark: pass encoding = "utf-16le" or "utf-16be"', "x\0,\0", {encoding = "utf-16"})
      -- Overlong, a surrogate, beyond Unicode, cut short, a lone second byte: wherever it stands among the eight that are looked at together.
      for _, bad in ipairs{"\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE6\x97", "\x80", "\xFF"} do
        for pad = 0, 9 do
          local ok, e = pcall(csv, "x,n\n1," .. ("a"):rep(pad) .. bad .. "\n")
          assert(not ok and e:find(":2:2: byte 0x", 1, true), e)
        end
      end
      for _, good in ipairs{"\u{7F}", "\u{80}", "\u{7FF}", "\u{800}", "\u{FFFD}", "\u{10000}", "\u{10FFFF}", "\u{D7FF}", "\u{E000}"} do
        for pad = 0, 9 do assert(csv("x,n\n1," .. ("a"):rep(pad) .. good .. "\n").classes[1] == ("a"):rep(pad) .. good) end
      end
      """#)
    try folder.write("packed.csv.gz", gzip(Array("a,b\n1,2\n".utf8)))
    try lua.run("assert(data.csv('\(folder.path)/packed.csv.gz').t[1] == 2)")
  }

  @Test func survivesCutsAndMutation() throws {
    let folder = try Folder(), lua = try interpreter(), path = folder.path + "/m.csv"
    let plain = Array("a,\"b \"\"x\"\"\",kind\r\n1,2.5,cat\n\"3\",-4e-2,\"dög\"\n# no\n5,,cat\n".utf8)
    let wide = [UInt8]([0xFF, 0xFE]) + plain.flatMap { [$0, 0] }
    for whole in [plain, wide, gzip(plain)] {
      for length in 0...whole.count {
        try folder.write("m.csv", whole[..<length])
        let text = message { try lua.run("data.csv('\(path)', {missing = 'nan', comment = '#'})") }
        #expect(text == "" || text.contains("csv: \(path)"), "\(text)")
      }
    }
    var random = Mutation(state: 9), refused = 0
    for round in 0..<1500 {
      try folder.write("m.csv", random.mutate([plain, wide, gzip(plain)][round % 3]))
      let text = message { try lua.run("data.csv('\(path)', {missing = 'mean', categorical = {1}})") }
      if text != "" { refused += 1 }
      #expect(text == "" || text.contains("csv: \(path)"), "\(text)")
    }
    #expect(refused > 100 && refused < 1500)
  }
}
