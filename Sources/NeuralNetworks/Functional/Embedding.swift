internal import Kernels
internal import LuaBridge
public import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

extension Functional {
  /// y[…] = weight[positions[…]]: rows of a table. The gradient of a row is the sum of the gradients of its uses.
  ///
  /// - paddingIndex: a position (from 0) whose row gets no gradient.
  /// - maxNorm: rows in use whose norm (of exponent `normType`) is larger are first cut to it, in place and outside the tape.
  /// - Shapes: positions any, weight (V, D); y (positions…, D).
  /// - Errors: positions (from 1, as scripts give them) outside 1 … V.
  public static func embedding(_ positions: Tensor, _ weight: Tensor, paddingIndex: Int? = nil, maxNorm: Double? = nil, normType: Double = 2) throws -> Tensor {
    let isTimed = Profiler.begin(op: "embedding")
    defer { if isTimed { Profiler.end() } }
    guard weight.rank == 2 else { throw LuaError("embedding: weight must be {V,D}, got \(weight.shape)") }
    if let paddingIndex, paddingIndex < 0 || paddingIndex >= weight.shape[0] {
      throw LuaError("embedding: padding_idx \(paddingIndex &+ 1) is outside 1..\(weight.shape[0])")
    }
    let places = try Labels(positions, classes: weight.shape[0], "embedding", noun: "position").positions
    let shape = try Shape.checked(positions.shape.array + [weight.shape[1]], "embedding")
    if let maxNorm { try cut(weight, places, to: maxNorm, normType) }
    return try rows(of: weight, places, padding: paddingIndex).reshaped(shape)
  }

  static func checkNorm(_ most: Double, _ p: Double, _ function: String) throws {
    guard most >= 0 else { throw LuaError("\(function): max_norm must be 0 or more, got \(most.luaLiteral)") }
    guard p > 0 else { throw LuaError("\(function): norm_type must be above 0, got \(p.luaLiteral)") }
  }

  /// A script's position of the padding row, from 1 or from the end, as one from 0.
  static func paddingPlace(_ position: Int?, _ rows: Int, _ function: String) throws -> Int? {
    guard let position else { return nil }
    let place = position < 0 ? position &+ rows : position - 1
    guard place >= 0, place < rows else { throw LuaError("\(function): padding_idx \(position) is outside 1..\(rows)") }
    return place
  }

  /// Rows in use, multiplied by most / norm where their norm is larger.
  private static func cut(_ weight: Tensor, _ places: Tensor, to most: Double, _ p: Double) throws {
    try checkNorm(most, p, "embedding")
    guard weight.type.isFloat else { throw LuaError("embedding: max_norm needs a float weight, got \(weight.type.name)") }
    try Tape.recording(false) { try weight.checkWritable("embedding") }
    var changed = false
    for place in Set(UnsafeBufferPointer(start: places.pointer(Int64.self), count: places.count)).sorted() {
      let row = try weight.alias().selected(0, Int(place)), norm = try Reduction.norm(row, p).values()[0]
      guard norm > most else { continue }
      // PyTorch's: the small number keeps the quotient below 1.
      try row.load(Elementwise.mul(row, most / (norm + 1e-7)), "embedding")
      changed = true
    }
    if changed { weight.storage.changed(by: "embedding") }
  }

  /// y[i] = weight[places[i]]
  private static func rows(of weight: Tensor, _ places: Tensor, padding: Int?) throws -> Tensor {
    let columns = weight.shape[1], y = try Tensor(empty: Shape(places.count, columns), weight.type), source = try weight.contiguous()
    let bytes = columns * weight.type.size, positions = places.pointer(Int64.self), perChunk = max(1, Vector.grain / max(1, columns))
    withExtendedLifetime(source) {
      Parallel.run((places.count + perChunk - 1) / perChunk, waking: places.count > 4 * perChunk) { chunk in
        for i in chunk * perChunk..<min((chunk + 1) * perChunk, places.count) {
          memcpy(y.pointer + i * bytes, source.pointer + Int(positions[i]) * bytes, bytes)
        }
      }
    }
    if Tape.follows(weight) {
      let count = weight.shape[0]
      try y.follow("embedding", [weight], saving: [places]) { node, g in [try added(g, node.saved(0), rows: count, padding: padding)] }
    }
    return y
  }

  /// y[places[i]] += g[i], the row of the padding left at 0.
  private static func added(_ g: Tensor, _ places: Tensor, rows: Int, padding: Int?) throws -> Tensor {
    let y = try Tensor.zeros(Shape(rows, g.shape[1]), g.type)
    let source = try g.contiguous()
    if g.type == .float64 { add(Double.self, source, places, y, padding) } else { add(Float.self, source, places, y, padding) }
    if Tape.follows(g) {
      try y.follow("embedding", [g], saving: [places]) { node, h in
        let places = try node.saved(0), taken = try self.rows(of: h, places, padding: nil)
        guard let padding else { return [taken] }
        let counts = try Tensor((0..<places.count).map { places.pointer(Int64.self)[$0] == Int64(padding) ? 0.0 : 1.0 }, places.count, 1)
        return [try Elementwise.mul(taken, counts.to(h.type))]
      }
    }
    return y
  }
  /// Each chunk takes some columns of all rows: no two write to one place, and every sum keeps the order of its terms.
  private static func add<E: Element & BinaryFloatingPoint>(_: E.Type, _ g: Tensor, _ places: Tensor, _ y: Tensor, _ padding: Int?) {
    let columns = g.shape[1], positions = places.pointer(Int64.self), work = places.count * columns
    // Shorter pieces of rows cost more than a second thread brings.
    let chunks = max(1, min(columns / 128, work / (4 * Vector.grain)))
    Parallel.run(chunks, waking: work > 8 * Vector.grain) { chunk in
      let first = columns * chunk / chunks, count = columns * (chunk + 1) / chunks - first
      let source = g.pointer(E.self) + first, target = y.pointer(E.self) + first
      for i in 0..<places.count where Int(positions[i]) != padding {
        let from = source + i &* columns, to = target + Int(positions[i]) &* columns
        for c in 0..<count { to[c] += from[c] }
      }
    }
  }

  static let embeddingDoc = """
    Rows of a table, one for each position: y[…] = weight[positions[…]]. The gradient of a row is the sum of those of its uses.
    Shapes: positions any, whole numbers from 1; weight {V, D}; y {positions…, D}.
    Errors: positions outside 1 … V, fractions; a weight that is no matrix.
    Paper: Bengio et al. 2003, "A Neural Probabilistic Language Model"
    """

  static let embeddingRows = [
    Row(
      "embedding", embeddingDoc, Param("positions", Tensor.self, "whole numbers 1..V, any shape"),
      Param("weight", Tensor.self, "{V, D}"), Param("padding_idx", default: Int?.none, "a position whose row gets no gradient"),
      Param("max_norm", default: Double?.none, "rows in use are cut to this norm, in place"), Param("norm_type", default: 2.0, "the norm's exponent"),
      place: .function, example: "return F.embedding(T.tensor({1, 3, 1}), T.ones(3, 2))"
    ) { positions, weight, padding, most, p in
      let place = try weight.rank == 2 ? paddingPlace(padding, weight.shape[0], "embedding") : nil
      return try embedding(positions, weight, paddingIndex: place, maxNorm: most, normType: p)
    }
  ]
}
