package import LuaBridge

/// One function, method, property or operator, and all that can be said of it.
package struct Entry {
  package let row: Row
  package let library: Library
  /// The class it belongs to; nil for a module's function.
  package let type: LuaClass?
  /// "__add" for an operator.
  package let metamethod: String?

  init(_ row: Row, _ library: Library, _ type: LuaClass?, metamethod: String? = nil) {
    self.row = row
    self.library = library
    self.type = type
    self.metamethod = metamethod
  }

  /// How it is spoken of: "T.sum", "Tensor:backward", "Tensor.shape", "Tensor + Tensor".
  package var title: String {
    guard let type else { return "\(library.alias).\(row.name)" }
    if let metamethod { return Self.operation(metamethod, type.name, "…") }
    return "\(type.name)\(row.place.contains(.getter) ? "." : ":")\(row.name)"
  }

  /// What a script can ask help by.
  package var names: [String] {
    if let type, let metamethod {
      return [metamethod, "\(type.name):\(metamethod)", "\(type.name).\(metamethod)", title] + (Self.symbols[metamethod].map { [$0] } ?? [])
    }
    var names = [row.name]
    if row.place.contains(.function) || type == nil { names += [library.alias, library.shortName, library.name].map { "\($0).\(row.name)" } }
    if type != nil || row.place.contains(.method) {
      for owner in owners + (receiver.map { [$0] } ?? []) { names += ["\(owner):\(row.name)", "\(owner).\(row.name)"] }
    }
    return names
  }
  /// The class that has it as a method: of a module's function, the one of its objects.
  private var owners: [String] {
    let types = type.map { [$0] } ?? library.types.filter { type in type.rows.contains { $0.name == row.name } }
    return types.flatMap { [$0.name, "\(library.alias).\($0.name)"] }
  }

  /// An anchor, unique in all pages: "T.sum", "Module.parameters", "Tensor.__add".
  package var anchor: String { type.map { "\($0.name).\(metamethod ?? row.name)" } ?? "\(library.alias).\(row.name)" }

  /// What the object is called: `loader` in `loader:batches()`.
  private var receiver: String? {
    if let first = row.signature.parameters.first, row.place.contains(.method), !row.isScript { return first.name }
    let method = type?.rows.first { $0.place.contains(.method) && !$0.isScript }
    return type?.receiver ?? method?.signature.parameters.first?.name ?? type?.name.lowercased()
  }

  /// A script's method names only what stands in the brackets.
  package var methodParameters: [ParameterInfo] {
    row.isScript ? row.signature.parameters : Array(row.signature.parameters.dropFirst())
  }

  /// The calls, as a script writes them: `T.sum(x [, dim] [, {keepdim}])`, `x:sum([dim] [, {keepdim}])`.
  package var calls: [String] {
    if let metamethod {
      let parameters = row.signature.parameters.map(\.name)
      return [Self.operation(metamethod, parameters.first ?? "x", parameters.count > 1 ? parameters[1] : "…")]
    }
    if row.place.contains(.getter) { return [type == nil ? title : "\(receiver ?? "x").\(row.name)"] }
    var calls: [String] = []
    if row.place.contains(.function) { calls.append("\(library.alias).\(row.name)(\(Self.list(row.signature.parameters)))") }
    if row.place.contains(.method) { calls.append("\(receiver ?? "x"):\(row.name)(\(Self.list(methodParameters)))") }
    return calls
  }

  private static func list(_ parameters: [ParameterInfo]) -> String {
    let name = { (parameter: ParameterInfo) in parameter.type == "…" ? "…" : parameter.name }
    var text = parameters.filter { $0.literal == nil }.map(name).joined(separator: ", ")
    for optional in [parameters.filter { $0.literal != nil && !$0.named }.map(name).joined(separator: ", "), braces(parameters.filter(\.named))] where !optional.isEmpty {
      text += text.isEmpty ? "[\(optional)]" : " [, \(optional)]"
    }
    return text
  }
  private static func braces(_ options: [ParameterInfo]) -> String {
    options.isEmpty ? "" : "{\(options.map { "\($0.name) = …" }.joined(separator: ", "))}"
  }

  /// The one-table form: `nn.Conv2d{in_channels, out_channels, kernel_size, stride = 1, …}`.
  package var tableForm: String? {
    guard row.signature.mixed, !row.signature.parameters.isEmpty else { return nil }
    let fields = row.signature.parameters.map { parameter in parameter.literal.map { "\(parameter.name) = \($0)" } ?? parameter.name }
    return "\(library.alias).\(row.name){\(fields.joined(separator: ", "))}"
  }

  /// What the function makes an object of: every layer is a Module.
  package var made: String {
    let type = row.returns
    if let known = library.types.first(where: { $0.name == type }) { return known.base?.name ?? type }
    return type == row.name ? library.types.first?.name ?? type : type
  }

  /// A layer's row: it makes a module of a kind of its own.
  package var isMaker: Bool { type == nil && made == "Module" }

  // MARK: relations

  /// The layer for the function and the reverse, the form in place, the tensor's function of the same name.
  package var related: [Entry] {
    guard isFormula else { return [] }
    let others = Reference.entries.filter { $0.isFormula && $0.anchor != anchor }
    let exact = others.filter { $0.key == key }
    if exact.contains(where: { $0.isLayer != isLayer }) { return exact }
    return exact + others.filter { $0.key != key && $0.isLayer != isLayer && $0.looseKey == looseKey }
  }
  /// Functions, layers and tensors' methods are forms of formulas; methods of other objects only happen to share their names.
  private var isFormula: Bool {
    metamethod == nil && !row.place.contains(.getter) && ["nnlua.tensor", "nnlua.nn", "nnlua.nn.functional", "nnlua.nn.init"].contains(library.name)
      && type?.name != "Module"
  }
  private var isLayer: Bool { row.name.first?.isUppercase == true }
  /// "max_pool2d" and "MaxPool2d" are "maxpool2d".
  private var key: String { row.name.lowercased().replacing("_", with: "") }
  /// "cross_entropy" and "CrossEntropyLoss", "batch_norm" and "BatchNorm2d".
  private var looseKey: String {
    var text = key[...]
    if text.hasSuffix("loss"), text.count > 4 { text = text.dropLast(4) }
    if let end = ["1d", "2d", "3d"].first(where: { text.hasSuffix($0) }) { text = text.dropLast(end.count) }
    return String(text)
  }

  // MARK: operators

  /// Lua's operators by their metamethods.
  private static let symbols = [
    "__add": "+", "__sub": "-", "__mul": "*", "__div": "/", "__mod": "%", "__pow": "^", "__idiv": "//", "__concat": "..", "__eq": "==", "__lt": "<", "__le": "<=",
    "__unm": "-", "__len": "#",
  ]
  private static func operation(_ metamethod: String, _ left: String, _ right: String) -> String {
    switch metamethod {
    case "__unm", "__len": "\(symbols[metamethod]!)\(left)"
    case "__call": "\(left)(…)"
    case "__display": "nnlua.display(\(left))"
    case "__tostring", "__pairs": "\(metamethod.dropFirst(2))(\(left))"
    case "__close": "local \(left) <close>"
    default: symbols[metamethod].map { "\(left) \($0) \(right)" } ?? "\(left).\(metamethod)"
    }
  }
}
