internal import LuaBridge

/// Sums of products over named indices: einsum("ij,jk->ik", a, b)[i][k] = Σ_j a[i][j] b[j][k].
///
/// Two operands are one batched matrix product: indices of both that stay are the batch, those of both that go are summed, the rest are rows and
/// columns. Of more operands the pair whose product is cheapest comes first. All steps are ops that the tape follows.
enum Einsum {
  /// Letters are their character's number; dims under an ellipsis count from the last, below 0.
  private typealias Index = Int

  private struct Operand {
    var x: Tensor
    var indices: [Index]
  }

  static func sum(_ equation: String, _ tensors: [Tensor]) throws -> Tensor {
    let call = Call(equation, tensors)
    let (terms, target) = try call.parsed()
    guard !tensors.isEmpty else { throw call.error("no operands") }
    guard terms.count == tensors.count else {
      throw call.error("\(terms.count) operand\(terms.count == 1 ? "" : "s") named, \(tensors.count) given")
    }
    let type = tensors.reduce(ElementType.bool) { max($0, $1.type) }
    guard type != .bool else { throw call.error("bool tensors have no products; convert them first, for example x:float()") }

    var operands: [Operand] = []
    for (place, term) in terms.enumerated() { operands.append(Operand(x: try tensors[place].to(type), indices: try call.indices(term, place))) }
    let sizes = try call.sizes(operands.map(\.indices))
    let output = try call.output(target, terms, operands.map(\.indices))

    for i in operands.indices {
      try takeDiagonals(&operands[i])
      // A dim of size 1 beside a larger one of the same name is repeated: the product does that without it.
      for place in operands[i].indices.indices.reversed() where operands[i].x.shape[place] == 1 && sizes[operands[i].indices[place]] != 1 {
        operands[i].x = try operands[i].x.selected(place, 0)
        operands[i].indices.remove(at: place)
      }
    }
    for i in operands.indices {
      let others = Set(operands.indices.filter { $0 != i }.flatMap { operands[$0].indices })
      try sumOut(&operands[i], keeping: others.union(output))
    }
    while operands.count > 1 {
      let (a, b) = cheapestPair(operands, sizes)
      let right = operands.remove(at: b), left = operands.remove(at: a)
      let kept = Set(operands.flatMap(\.indices)).union(output)
      operands.insert(try product(left, right, keeping: kept, output, call), at: a)
    }
    // Indices that stay in the order asked for.
    let result = operands[0]
    return try result.x.permuted(output.map { index in result.indices.firstIndex(of: index)! })
  }

  /// The pair with the fewest multiplications; the leftmost of equals.
  private static func cheapestPair(_ operands: [Operand], _ sizes: [Index: Int]) -> (Int, Int) {
    guard operands.count > 2 else { return (0, 1) }
    var best = (0, 1), least = Double.infinity
    for b in 1..<operands.count {
      for a in 0..<b {
        let cost = Set(operands[a].indices + operands[b].indices).reduce(1.0) { $0 * Double(max(sizes[$1] ?? 1, 1)) }
        if cost < least { (best, least) = ((a, b), cost) }
      }
    }
    return best
  }

  /// An index twice in one operand: its diagonal.
  private static func takeDiagonals(_ operand: inout Operand) throws {
    var place = 0
    while place < operand.indices.count {
      if let first = operand.indices[..<place].firstIndex(of: operand.indices[place]) {
        operand.x = try Diagonals.joined(operand.x, first, place)
        operand.indices.remove(at: place)
      } else {
        place += 1
      }
    }
  }

  private static func sumOut(_ operand: inout Operand, keeping kept: Set<Index>) throws {
    let gone = operand.indices.indices.filter { !kept.contains(operand.indices[$0]) }
    guard !gone.isEmpty else { return }
    operand.x = try Reduction.sum(operand.x, dims: gone)
    operand.indices = operand.indices.filter(kept.contains)
  }

  private static func product(_ a: Operand, _ b: Operand, keeping kept: Set<Index>, _ output: [Index], _ call: Call) throws -> Operand {
    // The operand that gives the output's last index stands on the right: its columns then lie as the output's.
    if let last = output.last, a.indices.contains(last), !b.indices.contains(last) { return try ordered(b, a, kept, call) }
    return try ordered(a, b, kept, call)
  }

  private static func ordered(_ a: Operand, _ b: Operand, _ kept: Set<Index>, _ call: Call) throws -> Operand {
    let batch = a.indices.filter { b.indices.contains($0) && kept.contains($0) }, summed = a.indices.filter { b.indices.contains($0) && !kept.contains($0) }
    let rows = a.indices.filter { !b.indices.contains($0) }, columns = b.indices.filter { !a.indices.contains($0) }
    func sizes(_ operand: Operand, _ indices: [Index]) -> [Int] { indices.map { operand.x.shape[operand.indices.firstIndex(of: $0)!] } }
    func arranged(_ operand: Operand, _ order: [Index]) throws -> Tensor { try operand.x.permuted(order.map { index in operand.indices.firstIndex(of: index)! }) }
    let indices = batch + rows + columns
    let shape = try call.shape(sizes(a, batch + rows) + sizes(b, columns))
    let x = try arranged(a, batch + rows + summed), z = try arranged(b, batch + summed + columns)
    if summed.isEmpty {
      let ones = Array(repeating: 1, count: columns.count), before = Array(repeating: 1, count: rows.count)
      let left = try x.reshaped(Shape(sizes(a, batch + rows) + ones)), right = try z.reshaped(Shape(sizes(b, batch) + before + sizes(b, columns)))
      return Operand(x: try Elementwise.mul(left, right), indices: indices)
    }
    let m = sizes(a, rows).reduce(1, *), k = sizes(a, summed).reduce(1, *), n = sizes(b, columns).reduce(1, *)
    let count = sizes(a, batch)
    let lead = count.count <= Shape.maximumRank - 2 ? count : [count.reduce(1, *)]
    let y = try Matrices.matmul(x.reshaped(Shape(lead + [m, k])), z.reshaped(Shape(lead + [k, n])), name: "einsum")
    return Operand(x: try y.reshaped(shape), indices: indices)
  }

  /// An equation with what it is applied to, for its errors.
  private struct Call {
    let equation: String
    let tensors: [Tensor]
    init(_ equation: String, _ tensors: [Tensor]) {
      self.equation = equation
      self.tensors = tensors
    }

    func error(_ text: String) -> LuaError {
      let shapes = tensors.map(\.shape.description).joined(separator: " and ")
      return LuaError("einsum: \(text) (equation \"\(equation)\"\(tensors.isEmpty ? "" : ", shape\(tensors.count == 1 ? "" : "s") \(shapes)"))")
    }

    /// One operand's letters, and where its ellipsis stands among them.
    struct Term {
      var letters: [Index] = []
      var ellipsis: Int?
    }

    func parsed() throws -> (terms: [Term], output: Term?) {
      let text = equation.filter { !$0.isWhitespace }
      let sides = text.split(separator: "->", omittingEmptySubsequences: false)
      guard sides.count <= 2 else { throw error("\"->\" stands twice") }
      let terms = try sides[0].split(separator: ",", omittingEmptySubsequences: false).map(term)
      return (terms, sides.count == 2 ? try term(sides[1]) : nil)
    }

    private func term(_ text: Substring) throws -> Term {
      var result = Term(), rest = text
      while let character = rest.first {
        if rest.hasPrefix("...") {
          guard result.ellipsis == nil else { throw error("\"...\" stands twice in \"\(text)\"") }
          result.ellipsis = result.letters.count
          rest = rest.dropFirst(3)
        } else if character.isASCII, character.isLetter, let value = character.asciiValue {
          result.letters.append(Int(value))
          rest = rest.dropFirst()
        } else {
          throw error("'\(character)' is no index: letters, \"...\", \",\" and one \"->\" are known")
        }
      }
      return result
    }

    func indices(_ term: Term, _ place: Int) throws -> [Index] {
      let shape = tensors[place].shape, hidden = shape.count - term.letters.count
      guard term.ellipsis == nil ? hidden == 0 : hidden >= 0 else {
        throw error("operand \(place + 1) has \(shape.count) dims, \(term.letters.count) \(term.letters.count == 1 ? "is" : "are") named")
      }
      guard let at = term.ellipsis else { return term.letters }
      return term.letters[..<at] + (0..<hidden).map { $0 - hidden } + term.letters[at...]
    }

    private func name(_ index: Index) -> String { index < 0 ? "dim \(index) of \"...\"" : "index '\(Character(UnicodeScalar(UInt8(index))))'" }

    /// The size of every index; 1 goes with any other.
    func sizes(_ operands: [[Index]]) throws -> [Index: Int] {
      var found: [Index: (size: Int, operand: Int)] = [:]
      for (place, indices) in operands.enumerated() {
        var own: [Index: Int] = [:]
        for (dim, index) in indices.enumerated() {
          let size = tensors[place].shape[dim]
          if let before = own[index], before != size {
            throw error("\(name(index)) has sizes \(before) and \(size) in operand \(place + 1)")
          }
          own[index] = size
          if let before = found[index], before.size != 1 {
            guard before.size == size || size == 1 else {
              throw error("\(name(index)) has size \(before.size) in operand \(before.operand + 1) and \(size) in operand \(place + 1)")
            }
          } else {
            found[index] = (size, place)
          }
        }
      }
      return found.mapValues(\.size)
    }

    /// The output's indices; where none are written, those under "..." and then every letter that stands once, in alphabetical order.
    func output(_ target: Term?, _ terms: [Term], _ operands: [[Index]]) throws -> [Index] {
      let all = operands.flatMap { $0 }, hidden = Set(all.filter { $0 < 0 }).sorted()
      guard let target else { return hidden + Set(all.filter { index in index >= 0 && all.count { $0 == index } == 1 }).sorted() }
      for (place, letter) in target.letters.enumerated() {
        guard all.contains(letter) else { throw error("\(name(letter)) of the output is in no operand") }
        guard !target.letters[..<place].contains(letter) else { throw error("\(name(letter)) stands twice in the output") }
      }
      guard let at = target.ellipsis else { return target.letters }
      return target.letters[..<at] + hidden + target.letters[at...]
    }

    func shape(_ sizes: [Int]) throws -> Shape {
      guard sizes.count <= Shape.maximumRank else { throw error("a product on the way has \(sizes.count) dims, at most \(Shape.maximumRank) are possible") }
      return try Shape.checked(sizes, "einsum")
    }
  }

  static let rows: [Row] = [
    Row(
      "einsum",
      """
      Sums of products over named indices, in Einstein's notation: "ij,jk->ik" is the matrix product, "ii" the trace, "bi,bj->bij" an outer product for each b. \
      Indices that the output does not name are summed; "..." stands for any dims, which broadcast. \
      Without "->" the output has the indices that stand once, in alphabetical order.
      Shapes: one letter for each dim; equal letters have equal sizes, or 1.
      Errors: sizes that differ, an index of the output that no operand has, another number of dims or operands than written.
      """,
      Param("equation", String.self, "letters for the dims of each operand, \",\" between operands, \"->\" before the output"),
      Param("tensors", LuaRest.self, "the operands, or one list of them"), place: .function,
      example: "return T.einsum(\"bij,bjk->bik\", T.ones(5, 2, 3), T.ones(5, 3, 4))"
    ) { equation, rest in
      let stack = rest.stack
      if rest.indices.count == 1, let index = rest.indices.first, stack.type(at: index) == .table {
        do { return try sum(equation, [Tensor].decode(stack, index)) } catch let mismatch as TypeMismatch {
          throw ArgumentError(2, mismatch.detail ?? "Tensor or list of Tensors expected")
        }
      }
      return try sum(
        equation,
        rest.indices.map { index in
          guard let x = try? Tensor.decode(stack, index) else { throw ArgumentError(Int(index), "Tensor expected, got \(stack.given(at: index))") }
          return x
        })
    }
  ]
}
