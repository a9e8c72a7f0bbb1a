internal import LuaBridge
internal import Tensors

/// What cross entropy and the negative log-likelihood share: rows of class scores with a label each.
struct ClassTargets {
  /// {rows, classes}: the class dim brought to the end, the others joined.
  let scores: Tensor
  let labels: Labels
  /// The labels' shape, and so that of the losses one by one.
  let shape: Shape
  let weights: Tensor?
  /// Σ of the labels' weights, by which the mean divides; without weights the number of labels that count.
  let total: Double

  var rows: Int { scores.shape[0] }
  var classes: Int { scores.shape[1] }

  /// - Errors: labels of another shape than the scores' without their class dim; labels outside 1 … C; weights of another shape than {C}.
  init(_ x: Tensor, _ target: Tensor, weight: Tensor?, ignoring: Int, _ function: String) throws {
    let dim = try Self.classDim(x, function)
    let classes = x.shape[dim]
    shape = Self.labelShape(x.shape, dim)
    guard target.shape == shape else {
      throw LuaError("\(function): labels for input \(x.shape) must have shape \(shape), got \(target.shape)\(Self.remedy(x, target, shape))")
    }
    weights = try Self.weights(weight, classes, x.type, function)
    labels = try Labels(target, classes: classes, ignoring: ignoring, function)
    scores = try Self.classesLast(x, dim).reshaped(Shape(shape.elements, classes))
    guard let weights else {
      total = Double(shape.elements - labels.ignored)
      return
    }
    let values = try weights.values(), positions = labels.positions.pointer(Int64.self)
    var total = 0.0
    for i in 0..<labels.positions.count where positions[i] >= 0 { total += values[Int(positions[i])] }
    self.total = total
  }

  private static func remedy(_ x: Tensor, _ target: Tensor, _ shape: Shape) -> String {
    if target.shape == x.shape { return "; make labels of one-hot rows with target:argmax(2)" }
    return target.count == shape.elements ? "; reshape them" : ""
  }

  /// Dim 2 of a batch, the only dim of a single sample.
  static func classDim(_ x: Tensor, _ function: String) throws -> Int {
    guard x.rank > 0 else { throw LuaError("\(function): input must be {N,C}, {N,C,…} or {C}, got a single number") }
    let dim = x.rank == 1 ? 0 : 1
    guard x.shape[dim] > 0 else { throw LuaError("\(function): input \(x.shape) has no classes") }
    return dim
  }

  static func labelShape(_ x: Shape, _ dim: Int) -> Shape {
    var shape = x
    shape.remove(at: dim)
    return shape
  }

  static func classesLast(_ x: Tensor, _ dim: Int) throws -> Tensor {
    dim == x.rank - 1 ? x : try x.permuted(x.shape.indices.filter { $0 != dim } + [dim])
  }

  static func weights(_ weight: Tensor?, _ classes: Int, _ type: ElementType, _ function: String) throws -> Tensor? {
    guard let weight else { return nil }
    guard weight.shape == Shape(classes) else { throw LuaError("\(function): weight must have one value for each class, {\(classes)}, got \(weight.shape)") }
    return try weight.converted(to: type).contiguous()
  }

  /// The mean's divisor, or 1.
  func divisor(_ reduction: LossReduction, _ function: String) throws -> Double {
    guard reduction == .mean else { return 1 }
    guard rows > 0 else { throw LuaError("\(function): the mean of an empty batch (labels \(shape))") }
    return total
  }
}
