import Foundation
import LuaBridge
import Runtime
import Testing

/// All suites of this target: tensors belong to one thread.
@Suite(.serialized) enum CheckTests {}

/// Everything scripts can call, walked through the libraries' rows and the classes of what their examples make.
struct Rows {
  /// The modules as the examples name them.
  static let names = [
    "nnlua": "nnlua", "nnlua.tensor": "T", "nnlua.tensor.linalg": "T.linalg",
    "nnlua.nn": "nn", "nnlua.nn.functional": "F", "nnlua.nn.init": "init", "nnlua.nn.utils": "utils",
    "nnlua.optim": "optim", "nnlua.data": "data", "nnlua.data.transforms": "data.transforms", "nnlua.plot": "plot",
  ]
  static let locals = """
    local nnlua, T, nn, F, optim, data, plot = require "nnlua", require "nnlua.tensor", require "nnlua.nn", require "nnlua.nn.functional", \
    require "nnlua.optim", require "nnlua.data", require "nnlua.plot"; local init = nn.init

    """

  /// An interpreter with every library.
  static func interpreter() throws -> LuaState {
    let lua = try LuaState()
    Libraries.install(in: lua)
    return lua
  }

  /// The classes behind all that the examples return, each with a snippet that makes an object of it.
  static func classes(_ lua: LuaState) -> [(type: LuaClass, maker: String)] { (try? Folder())?.entered { makeClasses(lua) } ?? [] }

  private static func makeClasses(_ lua: LuaState) -> [(type: LuaClass, maker: String)] {
    var makers: [String: String] = [:]
    for row in Libraries.all.flatMap(\.rows) where !row.example.isEmpty {
      guard (try? lua.load(locals + row.example, name: "=\(row.name)")) != nil, (try? lua.stack.call(arguments: 0, results: 1)) != nil else {
        lua.stack.top = 0
        continue
      }
      let name = lua.stack.typeName(at: -1)
      if lua.stack.type(at: -1) == .userdata, makers[name] == nil { makers[name] = row.example }
      lua.stack.top = 0
    }
    // Layers' examples call the layer: it stands before the second parenthesis.
    for row in Libraries.all.first(where: { $0.name == "nnlua.nn" })!.rows where makers[row.name] == nil {
      guard let begin = row.example.range(of: "nn.\(row.name)") else { continue }
      var depth = 0, text = "return nn.\(row.name)"
      for character in row.example[begin.upperBound...] {
        text.append(character)
        if "({".contains(character) { depth += 1 } else if ")}".contains(character) { depth -= 1 }
        if depth == 0 { break }
      }
      guard (try? lua.load(locals + text, name: "=\(row.name)")) != nil, (try? lua.stack.call(arguments: 0, results: 1)) != nil else {
        lua.stack.top = 0
        continue
      }
      makers[lua.stack.typeName(at: -1)] = text
      lua.stack.top = 0
    }
    return LuaClass.all.compactMap { type in makers[type.name].map { (type, $0) } }
  }

  /// The rows as a Lua file for `fuzz.lua`.
  static func luaTable(_ lua: LuaState) -> String {
    var lines = ["return {"]
    func add(_ row: Row, _ library: String, kind: String, maker: String?) {
      let parameters = row.signature.parameters.map { "{name = \(quoted($0.name)), type = \(quoted($0.type)), named = \($0.named), optional = \($0.literal != nil)}" }
      let rest = row.signature.parameters.contains { $0.type == "…" }
      lines.append(
        "{library = \(quoted(library)), short = \(quoted(names[library] ?? library)), name = \(quoted(row.name)), kind = \(quoted(kind)), rest = \(rest), "
          + "example = \(quoted(row.example)), maker = \(maker.map { quoted("(function() \($0) end)()") } ?? "nil"), parameters = {\(parameters.joined(separator: ", "))}},"
      )
    }
    for library in Libraries.all {
      for row in library.rows {
        if row.place.contains(.function) { add(row, library.name, kind: "function", maker: nil) }
        if row.place.contains(.method) { add(row, library.name, kind: "method", maker: nil) }
        if row.place.contains(.getter) { add(row, library.name, kind: "getter", maker: nil) }
      }
    }
    for (type, maker) in classes(lua) where type.name != "Tensor" {
      for row in type.rows { add(row, "classes", kind: row.place.contains(.getter) ? "getter" : "method", maker: maker) }
    }
    return (lines + ["}"]).joined(separator: "\n")
  }

  static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
  }
}
