internal import LuaBridge

/// Definitions for editors with lua-language-server: a file a module, found by `require`, with a type for every argument, option and result.
package struct ReferenceEditor {
  /// Files by their path below the folder.
  package let files: [(name: String, text: String)]

  package init() {
    files = Reference.modules.map { library in
      ("library/\(library.name.replacing(".", with: "/")).lua", Self.text(library))
    }
  }

  /// The settings that make the server find them.
  package static let settings = """
    {
      "$schema": "https://raw.githubusercontent.com/LuaLS/vscode-lua/master/setting/schema.json",
      "runtime.version": "Lua 5.4",
      "runtime.path": ["?.lua", "?/init.lua"],
      "workspace.library": ["library"]
    }

    """

  // MARK: a module

  private static func text(_ library: Library) -> String {
    let variable = ReferenceText.variable(library)
    let entries = Reference.groups(of: library).flatMap(\.entries)
    var lines = ["---@meta \(library.name)", ""]
    if library.name == "nnlua.tensor" { lines += ["---@alias nnlua.dtype \"float32\"|\"float64\"|\"int64\"|\"uint8\"|\"bool\"", ""] }
    for type in library.types {
      lines += define(
        type, library, entries.filter { $0.type === type || $0.type == nil && $0.row.place.contains(.method) && type.rows.map(\.name).contains($0.row.name) })
    }

    lines += comment(Documentation(library.doc).blocks) + ["---@class \(library.name)"]
    for entry in entries where entry.type == nil && entry.row.place == .getter {
      lines.append("---@field \(entry.row.name) \(ReferenceTypes.lua(entry.row.returns) ?? "any") \(oneLine(entry.row.doc))")
    }
    for inner in Reference.modules where inner.name.hasPrefix(library.name + ".") && !inner.name.dropFirst(library.name.count + 1).contains(".") {
      lines.append("---@field \(inner.shortName) \(inner.name) \(oneLine(inner.doc))")
    }
    for type in library.classes { lines.append("---@field \(type.name) \(type.name) \(oneLine(type.doc))") }
    if let call = library.call {
      let entry = Entry(call, library, nil)
      lines.append("---@overload \(function(call.signature.parameters, ReferenceTypes.results(entry) ?? ["any"], options: optionsName(entry)))")
    }
    lines += ["local \(variable) = {}", ""]
    for entry in entries where entry.type == nil && entry.row.place != .getter {
      lines += define(entry, as: "\(variable).\(entry.row.name)", entry.row.signature.parameters)
    }
    return (lines + ["return \(variable)", ""]).map(trimmed).joined(separator: "\n")
  }

  /// A class: its properties, operators and methods.
  private static func define(_ type: LuaClass, _ library: Library, _ entries: [Entry]) -> [String] {
    var lines = comment(Documentation(type.doc).blocks) + ["---@class \(type.base.map { "\(library.alias).\(type.name) : \($0.name)" } ?? type.name)"]
    for entry in entries where entry.row.place == .getter {
      lines.append("---@field \(entry.row.name) \(ReferenceTypes.lua(entry.row.returns) ?? "any") \(oneLine(entry.row.doc))")
    }
    // Parameters and children are fields by the names they were given; positions pick a row, a sample or a layer.
    if type.base != nil {
      // as its base
    } else if type.name == "Module" {
      lines.append("---@field [string|integer] any")
    } else if type.index != nil {
      lines.append("---@field [integer|table|Tensor] any")
    }
    for entry in entries {
      guard let metamethod = entry.metamethod else { continue }
      let results = ReferenceTypes.results(entry) ?? ["any"]
      switch metamethod {
      case "__call": lines.append("---@overload fun(...: any): \(results.joined(separator: ", "))")
      case "__unm", "__len": lines.append("---@operator \(metamethod.dropFirst(2)): \(results.first ?? "any")")
      case "__add", "__sub", "__mul", "__div", "__mod", "__pow", "__idiv", "__concat":
        let other = entry.row.signature.parameters.last.flatMap { ReferenceTypes.lua($0.type) } ?? "any"
        lines.append("---@operator \(metamethod.dropFirst(2))(\(other)): \(results.first ?? "any")")
      default: break  // tostring, ==, <close> and the like have no annotation
      }
    }
    // A module's own name for the class may be that of a function: the class's table is nameless outside of this file.
    let variable = "\(type.name)Methods"
    lines += ["local \(variable) = {}", ""]
    for entry in entries where entry.row.place.contains(.method) && entry.metamethod == nil {
      lines += define(entry, as: "\(variable):\(entry.row.name)", entry.methodParameters, of: type)
    }
    return lines
  }

  /// A function or a method.
  private static func define(_ entry: Entry, as name: String, _ parameters: [ParameterInfo], of type: LuaClass? = nil) -> [String] {
    var lines: [String] = []
    let row = entry.row, results = ReferenceTypes.results(entry) ?? ["any"]
    let optional = parameters.filter { $0.literal != nil }, positional = parameters.filter { !$0.named }
    let options = optional.isEmpty ? nil : optionsName(entry)
    // The classes of the options stand with the function; its method shares them.
    if type == nil || !row.place.contains(.function) {
      if let options {
        lines.append("---@class \(options)")
        lines += optional.map { "---@field \($0.name)? \(luaType($0)) \(description($0))" } + [""]
      }
      if row.signature.mixed, !parameters.isEmpty {
        lines.append("---@class \(options ?? "\(entry.anchor).Options").All")
        lines += positional.enumerated().map { "---@field [\($0 + 1)]? \(luaType($1)) \($1.name)" }
        lines += parameters.map { "---@field \($0.name)? \(luaType($0)) \(description($0))" } + [""]
      }
      if entry.isMaker, !entry.library.types.contains(where: { $0.name == row.name }) { lines += ["---@class \(entry.library.alias).\(row.name) : Module", ""] }
    }
    lines += comment(row.documentation)
    if !row.example.isEmpty { lines += ["---", "---```lua"] + row.example.split(separator: "\n").map { "---\($0)" } + ["---```"] }

    var names: [String] = []
    for parameter in positional {
      let isSizes = parameter.type == "sizes"
      if parameter.type == "…" || isSizes, isSizes || !names.contains("...") {
        if isSizes {
          names.append(parameter.name)
          lines.append("---@param \(parameter.name) integer|integer[] \(description(parameter))")
        }
        names.append("...")
        lines.append("---@param ... any \(isSizes ? "further sizes, options last" : description(parameter))")
        continue
      }
      names.append(parameter.name)
      lines.append("---@param \(parameter.name)\(parameter.literal == nil ? "" : "?") \(luaType(parameter)) \(description(parameter))")
    }
    if let options, !names.contains("...") {
      names.append("options")
      lines.append("---@param options? \(options)")
    }
    lines += results.map { "---@return \($0 == "..." ? "any ..." : $0)" }
    if let options, !names.contains("..."), positional.contains(where: { $0.literal != nil }) {
      let receiver = type.map { "self: \($0.base == nil ? "" : "\(entry.library.alias).")\($0.name)" }
      lines.append("---@overload \(function(positional.filter { $0.literal == nil }, results, options: options, before: receiver))")
    }
    if row.signature.mixed, !parameters.isEmpty {
      lines.append("---@overload fun(arguments: \(options ?? "\(entry.anchor).Options").All)\(resultList(results))")
    }
    return lines + ["function \(name)(\(names.joined(separator: ", "))) end", ""]
  }

  // MARK: parts

  /// Without the blank before a description that is missing.
  private static func trimmed(_ line: String) -> String { line.hasSuffix(" ") ? String(line.dropLast()) : line }

  private static func optionsName(_ entry: Entry) -> String { "\(entry.anchor).Options" }

  /// `fun(x: Tensor, options?: T.sum.Options): Tensor`
  private static func function(_ parameters: [ParameterInfo], _ results: [String], options: String?, before receiver: String? = nil) -> String {
    var list = receiver.map { [$0] } ?? []
    list += parameters.filter { $0.literal == nil }.map { $0.type == "…" ? "...: any" : "\($0.name): \(luaType($0))" }
    if let options, !list.contains("...: any") { list.append("options: \(options)") }
    return "fun(\(list.joined(separator: ", ")))\(resultList(results))"
  }
  private static func resultList(_ results: [String]) -> String { results.isEmpty ? "" : ": \(results.joined(separator: ", "))" }

  private static func luaType(_ parameter: ParameterInfo) -> String {
    parameter.type == "…" ? "any" : ReferenceTypes.lua(parameter.type) ?? "any"
  }
  private static func description(_ parameter: ParameterInfo) -> String {
    let literal = parameter.literal.map { $0 == "nil" ? "" : "(default \($0))" } ?? ""
    return [oneLine(parameter.doc), literal].filter { !$0.isEmpty }.joined(separator: " ")
  }

  private static func oneLine(_ text: String) -> String { Documentation(text).summary }

  private static func comment(_ documentation: Documentation) -> [String] {
    comment(documentation.blocks)
      + documentation.sections.flatMap { part in
        let text = comment(part.blocks)
        return ["---", "---**\(part.label.rawValue)**"] + text
      }
  }
  /// Editors show comments as Markdown.
  private static func comment(_ blocks: [Documentation.Block]) -> [String] {
    blocks.enumerated().flatMap { i, block in
      let gap = i > 0 ? ["---"] : []
      return switch block {
      case .paragraph(let text): gap + ["---\(ReferenceMarkdown.escaped(text))"]
      case .formula(let text): gap + ["---    \(text)"]
      }
    }
  }
}
