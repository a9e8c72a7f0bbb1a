public import LuaBridge
internal import Runtime

/// What there is to say about the name at a place. Nothing of the script's runs, and nothing is raised.
extension Session {
  /// Signature and documentation from the rows; of live values what they are; of functions written in Lua their parameters, place and comment.
  /// Inside the brackets of a call, where the cursor stands on no name that is known, the function called. nil where nothing is known.
  ///
  /// - offset: the cursor's place, in code points.
  public func inspect(_ code: String, at offset: Int) -> DisplayBundle? {
    let base = state.stack.top
    defer { state.stack.top = base }
    let scalars = code.unicodeScalars
    let place = String(scalars.prefix(max(0, offset))).utf8.count
    let tokens = LuaTokens(Array(code.utf8)).list.filter { $0.kind != .comment }
    let resolver = Resolver(session: self, tokens: tokens)
    // The name under the cursor, or the one that ends at it.
    let touched = tokens.firstIndex { $0.range.contains(place) && $0.kind != .symbol } ?? tokens.lastIndex { $0.range.upperBound == place && $0.kind != .symbol }
    if let touched {
      if tokens[touched].kind == .string, touched > 0, tokens[touched - 1].text == "require" || touched > 1 && tokens[touched - 2].text == "require",
        let known = resolver.module(tokens[touched].text), let page = resolver.page(of: known, named: tokens[touched].text, code)
      {
        return page.bundle
      }
      if tokens[touched].kind == .name, let expression = LuaExpression(tokens, endingBefore: touched + 1), let known = resolver.resolve(expression),
        let page = resolver.page(of: known, named: Self.text(tokens[expression.range]), code)
      {
        return page.bundle
      }
    }
    // Behind `]` what was picked, behind `)` the function that was called.
    if let end = tokens.lastIndex(where: { $0.range.upperBound == place }), let open = LuaExpression.opening(tokens, end) {
      let last = tokens[end].text == "]" ? end + 1 : open
      if let expression = LuaExpression(tokens, endingBefore: last), let known = resolver.resolve(expression),
        let page = resolver.page(of: known, named: Self.text(tokens[expression.range]), code)
      {
        return page.bundle
      }
    }
    let before = tokens.firstIndex { $0.range.lowerBound >= place } ?? tokens.count
    guard let call = LuaCall(tokens, around: before), let known = resolver.resolve(call.function) else { return nil }
    return resolver.page(of: known, named: Self.text(tokens[call.function.range]), code)?.bundle
  }

  /// The name of a variable that holds a value of the session's own: no function, no module.
  public func isOwn(_ name: String) -> Bool {
    let stack = state.stack, base = stack.top
    defer { stack.top = base }
    guard LuaTokens.isName(name), push(path: [name]), ![.nil, .function].contains(stack.type(at: -1)) else { return false }
    if case .module? = Reference.topic(of: LuaAny(stack: stack, index: stack.top)) { return false }
    return true
  }

  private static func text(_ tokens: ArraySlice<LuaToken>) -> String {
    tokens.map { $0.kind == .string ? "\"\($0.text)\"" : $0.text }.joined()
  }
}

extension Resolver {
  /// The row behind a value that can be called.
  func entry(of known: Known) -> Entry? {
    switch known {
    case .function(let entry): return entry
    case .library(let library): return library.call.flatMap { Reference.entry(of: $0) }
    case .value(let index):
      switch Reference.topic(of: LuaAny(stack: stack, index: index)) {
      case .entry(let entry) where stack.type(at: index) == .function: return entry
      case .module(let library): return library.call.flatMap { Reference.entry(of: $0) }
      default: return nil
      }
    default: return nil
    }
  }

  func page(of known: Known, named name: String, _ code: String) -> InspectionPage? {
    switch known {
    case .function(let entry): InspectionPage(.entry(entry))
    case .object(let type): Reference.typeTopic((type.base ?? type).name).map { InspectionPage($0, value: [.code("\(name): \(type.name)")]) }
    case .maker(let type): Reference.typeTopic(type.name).map { InspectionPage($0, value: [.code("\(name): class")]) }
    case .library(let library): InspectionPage(.module(library))
    case .string: InspectionPage(blocks: [.code("\(name): string")])
    case .instance(let index), .value(let index): ValueInspection(stack, index, name, code).page
    }
  }
}
