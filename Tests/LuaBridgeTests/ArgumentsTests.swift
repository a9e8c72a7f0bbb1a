import LuaBridge
import Testing

/// Arguments and options as scripts give them; the messages are Lua's own.
extension LuaBridgeTests {
  @Suite struct ArgumentsTests {
    @Test func wrongTypes() throws {
      #expect(try failure("b.add(1, 'x')") == "script:1: bad argument #2 to 'add' (number expected, got string)")
      #expect(try failure("b.add(nil, 2)") == "script:1: bad argument #1 to 'add' (number expected, got nil)")
      #expect(try failure("b.add({}, 2)") == "script:1: bad argument #1 to 'add' (number expected, got table)")
      #expect(try failure("b.add(io.stdout, 2)") == "script:1: bad argument #1 to 'add' (number expected, got FILE*)")
      #expect(try failure("b.add(b.thing(), 2)") == "script:1: bad argument #1 to 'add' (number expected, got Thing)")
      #expect(try failure("b.add(setmetatable({}, {__name = 'Mine'}), 2)") == "script:1: bad argument #1 to 'add' (number expected, got Mine)")
      #expect(try failure("b.text(12)") == "script:1: bad argument #1 to 'text' (string expected, got number)")
      #expect(try failure("b.list({1, 'x'})") == "script:1: bad argument #1 to 'list' (integer expected, got string at position 2 of the list)")
      #expect(try failure("b.list(3)").contains("#1 to 'list' (list of integers expected, got number)"))
      #expect(try failure("b.through(3)") == "script:1: bad argument #1 to 'through' (function expected, got number)")
      #expect(try failure("pcall(b.add); error(select(2, pcall(b.add, 1)), 0)") == "bad argument #2 to 'add' (number expected, got no value)")
    }

    @Test func tooFewAndTooMany() throws {
      #expect(try failure("b.add(1)") == "script:1: bad argument #2 to 'add' (number expected, got no value)")
      #expect(try failure("b.add()") == "script:1: bad argument #1 to 'add' (number expected, got no value)")
      #expect(try failure("b.add(1, 2, 3)").contains("add: too many arguments (at most 2, got 3)"))
      #expect(try failure("b.nothing(1)").contains("nothing: too many arguments (at most 0, got 1)"))
      #expect(try evaluate("return b.add(1, 2, nil, nil)", as: Double.self) == 3)
    }

    @Test func methodsCountFromAfterTheColon() throws {
      #expect(try failure("b.thing():plus('x')") == "script:1: bad argument #1 to 'plus' (integer expected, got string)")
      #expect(try failure("local t = b.thing(); t.plus(t, 'x')") == "script:1: bad argument #2 to 'plus' (integer expected, got string)")
      #expect(try failure("b.thing().plus()") == "script:1: bad argument #1 to 'plus' (Thing expected, got no value)")
      #expect(try failure("local t = setmetatable({}, {__index = b.thing()}); t:plus(1)").contains("calling 'plus' on bad self (Thing expected, got table)"))
      #expect(try failure("b.thing().plus(io.stdout, 1)") == "script:1: bad argument #1 to 'plus' (Thing expected, got FILE*)")
      #expect(try failure("b.thing().value(b.holder({}))") == "script:1: bad argument #1 to 'value' (Thing expected, got Holder)")
    }

    @Test func numbers() throws {
      #expect(try evaluate("return b.whole(3.0)", as: Int.self) == 3)
      #expect(try evaluate("return b.whole(math.mininteger)", as: Int.self) == Int.min)
      #expect(try evaluate("return b.whole(2^53)", as: Int.self) == 1 << 53)
      for value in ["0.5", "2^63", "-2^64", "1e300", "0/0", "1/0"] {
        #expect(try failure("b.whole(\(value))") == "script:1: bad argument #1 to 'whole' (number has no integer representation)", "\(value)")
      }
      #expect(try failure("b.whole('3')") == "script:1: bad argument #1 to 'whole' (integer expected, got string)")
      #expect(try evaluate("return math.type(b.whole(3.0)) .. math.type(b.add(1, 2))", as: String.self) == "integerfloat")
      #expect(try evaluate("return b.add(math.maxinteger, 0) == 2^63", as: Bool.self))
    }

    @Test func strings() throws {
      #expect(try evaluate("return #b.text('a\\0b')", as: Int.self) == 3)
      #expect(try evaluate("return b.text('')", as: String.self) == "")
      #expect(try evaluate("return #b.text(('x'):rep(1 << 20))", as: Int.self) == 1 << 20)
      #expect(try evaluate("return b.text('grüße')", as: String.self) == "grüße")
      // Bytes that are no UTF-8 are mended, not trusted.
      #expect(try evaluate("return utf8.len(b.text('\\xff\\xfe')) == 2", as: Bool.self))
    }

    @Test func options() throws {
      #expect(try evaluate("return b.options(3)", as: String.self) == "6.0")
      #expect(try evaluate("return b.options(3, 4)", as: String.self) == "12.0")
      #expect(try evaluate("return b.options(3, nil)", as: String.self) == "6.0")
      #expect(try evaluate("return b.options(3, 4, {shift = 1})", as: String.self) == "13.0")
      #expect(try evaluate("return b.options(3, {scale = 5, shift = 1, name = '!'})", as: String.self) == "16.0!")
      #expect(try evaluate("return b.options(3, {})", as: String.self) == "6.0")
      #expect(try evaluate("return b.options(3, nil, {shift = 1})", as: String.self) == "7.0")
      #expect(try evaluate("return b.options(3, {shift = nil})", as: String.self) == "6.0")
    }

    @Test func wrongOptions() throws {
      #expect(try failure("b.options(3, {shfit = 1})").contains("options: unknown option 'shfit'; did you mean 'shift'? (options: x, scale, shift, name)"))
      #expect(try failure("b.options(3, {colour = 1})").contains("options: unknown option 'colour' (options: x, scale, shift, name)"))
      #expect(try failure("b.options(3, {shift = 'far'})").contains("options: bad option 'shift' (number expected, got string)"))
      #expect(try failure("b.options(3, {shift = 1}, 4)").contains("options: too many arguments (at most 2, got 3)"))
      #expect(try failure("b.options({shift = 1})").contains("bad argument #1 to 'options' (number expected, got table)"))
      #expect(try failure("b.options(3, 4, 5)").contains("options: too many arguments (at most 2, got 3)"))
      #expect(try failure("b.options(3, {1})").contains("bad argument #2 to 'options' (number expected, got table)"))
    }

    @Test func oneTableForAll() throws {
      for call in ["1, 2, {padding = 3}", "{1, 2, padding = 3}", "{a = 1, b = 2, padding = 3}", "{1, b = 2, padding = 3}"] {
        #expect(try evaluate("return b.mixed(\(call))", as: String.self) == "1 2 3", "\(call)")
      }
      #expect(try evaluate("return b.mixed{1, 2}", as: String.self) == "1 2 0")
      #expect(try failure("b.mixed{1, 2, pading = 3}").contains("mixed: unknown option 'pading'; did you mean 'padding'?"))
      #expect(try failure("b.mixed{'x', 2, padding = 3}").contains("bad argument #1 to 'mixed' (integer expected, got string)"))
      #expect(try failure("b.mixed{padding = 3}").contains("bad argument #1 to 'mixed' (integer expected, got no value)"))
      #expect(try failure("b.mixed{1, 2, 3, padding = 3}").contains("mixed: too many arguments"))
      #expect(try failure("local t = {padding = 1}; for i = 1, 10000 do t[i] = i end; b.mixed(t)").contains("mixed: too many arguments"))
      #expect(try failure("b.mixed{}").contains("#1 to 'mixed'"))
    }

    @Test func results() throws {
      #expect(try evaluate("local x, y, z = b.pair(3); return x == 3 and y == -3 and z == nil and select('#', b.pair(1)) == 2", as: Bool.self))
      #expect(try evaluate("return select('#', b.nothing())", as: Int.self) == 0)
      #expect(try evaluate("return select('#', b.through(table.unpack, {}, 1, 200))", as: Int.self) == 200)
    }

    @Test func hugeArgumentLists() throws {
      #expect(try evaluate("return select('#', b.through(function(...) return ... end, table.unpack({}, 1, 100000)))", as: Int.self) == 100_000)
      #expect(try failure("b.add(table.unpack({}, 1, 100000))").contains("bad argument #1 to 'add'"))
    }

    @Test func namesThatAreNotThere() throws {
      #expect(try failure("b.opptions(1)").contains("bound has no 'opptions'; did you mean 'options'?"))
      #expect(try failure("b.thing():vale()").contains("Thing has no 'vale'; did you mean 'value'?"))
      #expect(try failure("b.thing().x = 1").contains("Thing has no field 'x' to set"))
      #expect(try failure("return b.thing()[1]").contains("Thing has no '1'"))
      #expect(try failure("return b.thing()[{}]").contains("Thing cannot be indexed by a table value"))
      #expect(try failure("local t = b.thing(); t[nil] = 1").contains("Thing has no field"))
    }
  }
}
