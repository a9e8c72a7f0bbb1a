/// The text that is compiled for a cell.
///
/// The cell becomes the body of a function whose upvalues are the earlier cells' locals, so that it can be joined to them:
///
///     local a, b <const>, keep = ...  return function(...) CELL end
///
/// A function declares at most 200 locals: more of them are declared by functions around functions. Behind each of the cell's own top-level
/// `local` statements stands a call that hands a closure over them to the session, `keep(1, function() return x, y end);`. So they outlive the
/// cell as upvalues, also where an error or a `return` ends it early; and inside the cell they are registers, as fast as in any script.
/// A to-be-closed variable would be closed at the cell's end: `close` becomes `const`, and closing is the session's. Lines stay what they are.
struct CellChunk {
  let bytes: [UInt8]
  /// What `keep` is called in this text.
  let keep: String
  /// How many functions stand around the cell's.
  let levels: Int

  /// - variables: the session's locals that the cell names, with true for those that cannot be assigned to.
  init(_ cell: [UInt8], _ syntax: CellSyntax, variables: [(name: String, isConstant: Bool)], firstLine: Int) {
    var keep = "_keep"
    while syntax.names.contains(keep) { keep += "_" }
    self.keep = keep
    var text: [UInt8] = Array(repeating: 0x0A, count: max(firstLine - 1, 0))
    var declared = variables.map { $0.name + ($0.isConstant ? " <const>" : "") }
    declared.append(keep)
    let most = 190  // Lua allows 200, and needs some of its own
    var levels = 0
    for start in stride(from: 0, to: declared.count, by: most) {
      // `...` is no constant: a constant's name would be replaced by its value
      text += "local \(declared[start..<min(start + most, declared.count)].joined(separator: ", ")) = ... return function(...) ".utf8
      levels += 1
    }
    self.levels = levels
    var place = 0
    func copy(to end: Int) {
      text += cell[place..<end]
      place = end
    }
    for (i, local) in syntax.locals.enumerated() {
      copy(to: local.range.lowerBound)
      if !local.closeWords.isEmpty { text += "\(keep)(\(-i - 1)) ".utf8 }
      for word in local.closeWords {
        copy(to: word.lowerBound)
        text += "const".utf8
        place = word.upperBound
      }
      copy(to: local.range.upperBound)
      text += " \(keep)(\(i + 1), function() return \(local.names.joined(separator: ", ")) end);".utf8
    }
    switch syntax.ending {
    case .statement: copy(to: cell.count)
    case .returned(let start, _):
      copy(to: start)
      text += "nil, ".utf8
      copy(to: cell.count)
    case .expression(let start, let end, _):
      copy(to: start)
      text += "return nil, ".utf8  // `nil,` makes it no tail call: the cell stays in the traceback
      copy(to: end)
    }
    text += "\n".utf8
    for _ in 0..<levels { text += " end".utf8 }
    bytes = text
  }
}
