internal import LuaBridge
internal import Tensors

/// y = (x - mean) / std, with one mean and deviation for all, or one for each channel (or each feature of rows).
struct Normalize: TransformStep {
  let mean: [Double]
  let std: [Double]

  var draws: Int { 0 }
  var needsFloats: Bool { true }
  var description: String {
    func text(_ list: [Double]) -> String { list.count == 1 ? list[0].luaLiteral : list.luaLiteral }
    return "normalize(\(text(mean)), \(text(std)))"
  }

  func shape(of batch: Shape) throws -> Shape {
    for (name, list) in [("mean", mean), ("std", std)] where list.count != 1 && list.count != batch[1] {
      throw LuaError("normalize: \(name) has \(list.count) numbers, x has \(batch[1]) \(batch.count == 2 ? "features" : "channels") (x \(batch))")
    }
    return batch
  }

  func run(_ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ shape: Shape, _ type: ElementType, _ chance: UnsafePointer<Double>, stride: Int) {
    if type == .float64 { run(x, y, shape, Double.self) } else { run(x, y, shape, Float.self) }
  }

  @inline(__always)
  private func run<F: BinaryFloatingPoint>(_ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ shape: Shape, _: F.Type) {
    let channels = shape[1], plane = shape.count == 2 ? 1 : shape[2] * shape[3]
    var source = x.assumingMemoryBound(to: F.self), target = y.assumingMemoryBound(to: F.self)
    let means = (0..<channels).map { F(mean[mean.count == 1 ? 0 : $0]) }, deviations = (0..<channels).map { F(std[std.count == 1 ? 0 : $0]) }
    for _ in 0..<shape[0] {
      for c in 0..<channels {
        let m = means[c], s = deviations[c]
        for i in 0..<plane { target[i] = (source[i] - m) / s }
        source += plane
        target += plane
      }
    }
  }

  static let row = Row(
    "normalize",
    """
    y = (x - mean) / std, with one number for all or one for each channel: `normalize({0.49, 0.48, 0.45}, {0.25, 0.24, 0.26})`.
    Shapes: x (N,C,H,W), (C,H,W), or rows of features (N,F), (F); the result is alike. Other types than floats become floats.
    Errors: a std of 0; a list that does not fit the channels.
    """, Param("mean", NumberList.self, "a number, a list or a tensor"), Param("std", NumberList.self, "a number, a list or a tensor"), place: .function,
    example: "return data.transforms.normalize(0.1307, 0.3081)(T.rand(4, 1, 8, 8))"
  ) { mean, std in
    guard !mean.numbers.isEmpty, !std.numbers.isEmpty else { throw LuaError("normalize: mean and std need at least one number") }
    guard std.numbers.allSatisfy({ $0 != 0 && !$0.isNaN }) else { throw LuaError("normalize: std must not be 0, got \(std.luaLiteral)") }
    return Transform([.step(Normalize(mean: mean.numbers, std: std.numbers))])
  }
}

/// A number, a list of numbers, or a tensor of one dim.
struct NumberList: LuaValue {
  var numbers: [Double]
  static var luaName: String { "number, list of numbers or Tensor" }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> NumberList {
    if let number = stack.number(at: index) { return NumberList(numbers: [number]) }
    if let x = try? Tensor.decode(stack, index) {
      guard x.rank <= 1 else { throw TypeMismatch(luaName, detail: "a Tensor of one dim expected, got \(x.shape)") }
      return NumberList(numbers: try x.values())
    }
    do { return NumberList(numbers: try [Double].decode(stack, index)) } catch let error as TypeMismatch { throw TypeMismatch(luaName, detail: error.detail) }
  }
  func push(_ stack: LuaStack) { numbers.push(stack) }
  var luaLiteral: String { numbers.count == 1 ? numbers[0].luaLiteral : numbers.luaLiteral }
}
