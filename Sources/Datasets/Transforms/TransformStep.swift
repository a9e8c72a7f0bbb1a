internal import LuaBridge
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// One step of a transform, on raw memory, so that it can run on any thread: it holds no tensor.
protocol TransformStep: Sendable {
  /// As scripts write it: `random_shift(2)`.
  var description: String { get }
  /// Random numbers that each sample takes.
  var draws: Int { get }
  /// Computes with float elements only.
  var needsFloats: Bool { get }
  /// The shape of what comes of a batch (N, …).
  func shape(of batch: Shape) throws -> Shape
  /// - chance: `draws` numbers over 0 ≤ u < 1 for each sample, `stride` apart.
  func run(_ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ shape: Shape, _ type: ElementType, _ chance: UnsafePointer<Double>, stride: Int)
}

extension TransformStep {
  /// Batch, channels, height, width.
  func images(_ shape: Shape) throws -> (n: Int, c: Int, h: Int, w: Int) {
    guard shape.count == 4 else { throw LuaError("\(name): pictures (N,C,H,W) or one (C,H,W) expected, got \(shape)\(shape.count == 2 ? " (flattened?)" : "")") }
    return (shape[0], shape[1], shape[2], shape[3])
  }
  /// `random_shift`
  var name: String { String(description.prefix { $0 != "(" }) }
}

/// Steps in a row over batches of one shape: what is needed to run them, all checked.
struct TransformPlan: Sendable {
  let steps: [any TransformStep]
  /// The shape before each step, and after the last.
  let shapes: [Shape]
  let type: ElementType
  let draws: Int

  init(_ steps: [any TransformStep], _ batch: Shape, _ type: ElementType, _ function: String) throws {
    self.steps = steps
    self.type = type
    draws = steps.reduce(0) { $0 + $1.draws }
    var shapes = [batch]
    for step in steps { shapes.append(try Shape.checked(step.shape(of: shapes.last!).array, function)) }
    self.shapes = shapes
    for shape in shapes where shape.elements > 1 << 28 && !steps.isEmpty {
      throw LuaError("\(function): a transform would make a batch of shape \(shape); at most \(1 << 28) elements are made at once")
    }
  }

  var shape: Shape { shapes.last! }

  /// The random numbers of batch n of an epoch; each sample's stand together.
  func chance(_ key: UInt64, _ n: Int) throws -> [Double] { try RandomState.borrowed(key, n) { try chance() } }
  /// From the stream as it stands.
  func chance() throws -> [Double] {
    draws == 0 ? [] : try RandomState.uniform(Shape.checked([shapes[0][0], draws], "transform"), .float64).values()
  }

  /// - fill: writes the batch that the first step begins with.
  func run(into target: UnsafeMutableRawPointer, _ chance: [Double], fill: (UnsafeMutableRawPointer) -> Void) {
    guard !steps.isEmpty else { return fill(target) }
    func memory(_ shape: Shape) -> UnsafeMutableRawPointer { .allocate(byteCount: max(shape.elements * type.size, 1), alignment: 64) }
    var from = memory(shapes[0])
    fill(from)
    chance.withUnsafeBufferPointer { chance in
      var used = 0
      let none = UnsafePointer<Double>(bitPattern: 8)!
      for (i, step) in steps.enumerated() {
        let to = i == steps.count - 1 ? target : memory(shapes[i + 1])
        // Without elements there may still be any number of samples to count through.
        if shapes[i + 1].elements > 0 { step.run(from, to, shapes[i], type, chance.baseAddress.map { $0 + used } ?? none, stride: draws) }
        used += step.draws
        from.deallocate()
        from = to
      }
    }
  }
}

extension RandomState {
  /// Runs `body` with a stream of its own, the n-th of a key; the global one goes on as if nothing was drawn.
  static func borrowed<R>(_ key: UInt64, _ n: Int, _ body: () throws -> R) rethrows -> R {
    let (seed, offset) = (seed, offset)
    restore(seed: key, offset: UInt64(truncatingIfNeeded: n) << 32)
    defer { restore(seed: seed, offset: offset) }
    return try body()
  }
}
