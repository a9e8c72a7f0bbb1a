public import LuaBridge
public import Tensors

/// How an image of another size is made.
public enum Interpolation: String, LuaValue, CaseIterable, Sendable {
  case nearest, nearestExact = "nearest-exact", linear, bilinear, bicubic, area

  public static var luaName: String { "\"nearest\", \"nearest-exact\", \"linear\", \"bilinear\", \"bicubic\" or \"area\"" }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> Interpolation {
    guard let name = stack.string(at: index) else { throw TypeMismatch(luaName) }
    guard let mode = Interpolation(rawValue: name) else { throw TypeMismatch(luaName, detail: "\(luaName) expected, got \"\(name)\"") }
    return mode
  }
  public func push(_ stack: LuaStack) { stack.push(rawValue) }
  public var luaLiteral: String { "\"\(rawValue)\"" }
}

/// A factor for all axes, or a list with one for each.
public struct Factors: LuaValue, Sendable {
  /// One for every dimension of the image, or one for all.
  public var list: [Double]
  /// Factors of the size, by dimension.
  public init(_ list: [Double]) { self.list = list }
  public static var luaName: String { "number or list of numbers" }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> Factors {
    if let factor = stack.number(at: index) { return Factors([factor]) }
    do { return Factors(try [Double].decode(stack, index)) } catch let error as TypeMismatch { throw TypeMismatch(luaName, detail: error.detail) }
  }
  public func push(_ stack: LuaStack) { list.push(stack) }
  public var luaLiteral: String { list.count == 1 ? list[0].luaLiteral : list.luaLiteral }
}

extension Functional {
  /// Images or sequences of another size.
  ///
  ///     source(i) = (i + ½) / scale − ½, with `alignCorners` i (size − 1) / (size' − 1)
  ///
  /// nearest takes ⌊i / scale⌋; linear and bilinear weigh the two neighbours of the source along each axis, bicubic four (Keys 1981, a = −¾);
  /// area takes the means of `adaptiveAvgPool2d`. `scale` is the factor where one was given, else size' / size.
  ///
  /// - Shapes: x (N, C, L) or (N, C, H, W); y the same with the new size.
  public static func interpolate(
    _ x: Tensor, size: [Int]? = nil, scale: [Double]? = nil, mode: Interpolation = .nearest, alignCorners: Bool? = nil, _ name: String = "interpolate"
  ) throws -> Tensor {
    guard x.rank == 3 || x.rank == 4 else { throw LuaError("\(name): input must be {N,C,L} or {N,C,H,W}, got \(x.shape)") }
    let fits =
      switch mode {
      case .linear: x.rank == 3;
      case .bilinear, .bicubic: x.rank == 4;
      default: true
      }
    guard fits else { throw LuaError("\(name): mode \"\(mode.rawValue)\" takes \(mode == .linear ? "{N,C,L}" : "{N,C,H,W}"), got \(x.shape)") }
    let smooth = [.linear, .bilinear, .bicubic].contains(mode)
    guard smooth || alignCorners == nil else { throw LuaError("\(name): align_corners is for \"linear\", \"bilinear\" and \"bicubic\", not \"\(mode.rawValue)\"") }
    let axes = Array(x.shape.array.dropFirst(2))
    guard axes.allSatisfy({ $0 > 0 }) else { throw LuaError("\(name): an empty image cannot be resized (input \(x.shape))") }
    let sizes = try newSizes(axes, size, scale, x.shape, name)
    _ = try Shape.checked([x.shape[0], x.shape[1]] + sizes, name)
    let images = try (x.rank == 4 ? x : x.unsqueezed(2)).to(floatType(x)), y: Tensor
    if mode == .area {
      y = try adaptiveAvgPool2d(images, size: sizes.count == 2 ? Pair(sizes[0], sizes[1]) : Pair(1, sizes[0]))
    } else {
      let both = try axes.indices.map { i in
        let factor = scale.map { $0.count == 1 ? $0[0] : $0[i] }
        return try taps(axes[i], sizes[i], step: factor.map { 1 / $0 } ?? Double(axes[i]) / Double(sizes[i]), mode, aligned: alignCorners ?? false, images.type)
      }
      y = try Resampling.resample(images, both.count == 2 ? both[0] : .identity(images.type), both[both.count - 1])
    }
    return x.rank == 4 ? y : try y.reshaped(Shape(y.shape[0], y.shape[1], y.shape[3]))
  }

  private static func newSizes(_ axes: [Int], _ size: [Int]?, _ scale: [Double]?, _ shape: Shape, _ name: String) throws -> [Int] {
    func each<N>(_ list: [N], _ what: String) throws -> [N] {
      guard list.count == 1 || list.count == axes.count else { throw LuaError("\(name): \(what) has \(list.count) values for \(axes.count) axes (input \(shape))") }
      return list.count == axes.count ? list : axes.map { _ in list[0] }
    }
    switch (size, scale) {
    case (let size?, nil):
      let sizes = try each(size, "size")
      for size in sizes where size < 1 || size > Pair.largest { throw LuaError("\(name): size must be in 1..\(Pair.largest), got \(size)") }
      return sizes
    case (nil, let scale?):
      return try zip(axes, each(scale, "scale_factor")).map { axis, factor in
        let size = Double(axis) * factor
        guard factor > 0, size < Double(Pair.largest) else { throw LuaError("\(name): scale_factor must be above 0 and give a size that fits, got \(factor.luaLiteral)") }
        guard size >= 1 else { throw LuaError("\(name): scale_factor \(factor.luaLiteral) leaves nothing of size \(axis) (input \(shape))") }
        return Int(size)
      }
    default: throw LuaError("\(name): give either size or scale_factor")
    }
  }

  private static func taps(_ size: Int, _ count: Int, step: Double, _ mode: Interpolation, aligned: Bool, _ type: ElementType) throws -> Taps {
    func source(_ i: Int) -> Double {
      aligned ? (count > 1 ? Double(i) * Double(size - 1) / Double(count - 1) : 0) : (Double(i) + 0.5) * step - 0.5
    }
    switch mode {
    case .nearest, .area: return try Taps(count, of: size, per: 1, type) { [(Int(Swift.min(Double($0) * step, Double(size))), 1)] }
    case .nearestExact: return try Taps(count, of: size, per: 1, type) { [(Int(Swift.min((Double($0) + 0.5) * step, Double(size))), 1)] }
    case .linear, .bilinear:
      return try Taps(count, of: size, per: 2, type) { i in
        let at = Swift.min(Swift.max(source(i), 0), Double(size - 1)), first = Int(at), share = at - Double(first)
        return [(first, 1 - share), (first + 1, share)]
      }
    case .bicubic:
      return try Taps(count, of: size, per: 4, type) { i in
        let at = source(i), first = at.rounded(.down), t = at - first, place = Int(Swift.min(Swift.max(first, -4), Double(size) + 4))
        return [(place - 1, cubic(t + 1)), (place, cubic(t)), (place + 1, cubic(1 - t)), (place + 2, cubic(2 - t))]
      }
    }
  }

  /// Keys' kernel with a = −¾ at a distance of 0 … 2.
  private static func cubic(_ x: Double) -> Double {
    let a = -0.75
    return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((x - 5) * x + 8) * x * a - 4 * a
  }

  static let interpolateDoc = """
    Images or sequences of another size: each element comes from its place in the old one (i + ½) / scale - ½.
    "nearest" takes the element below, "linear" (sequences), "bilinear" and "bicubic" (images) weigh the neighbours, "area" takes means.
    Shapes: x {N, C, L} or {N, C, H, W}; y the same with size, or ⌊size · scale_factor⌋.
    Errors: another shape; both or none of size and scale_factor; a size below 1; align_corners with a mode that has none.
    Paper: Keys 1981 (bicubic), "Cubic convolution interpolation for digital image processing"
    """

  static let interpolateRows = ["interpolate", "upsample"].map { name in
    Row(
      name, interpolateDoc, Param("x", Tensor.self, "{N, C, L} or {N, C, H, W}"), Param("size", default: Sizes?.none, "the new size: a number or {h, w}"),
      Param("scale_factor", default: Factors?.none, "new size / old size: a number or {h, w}"), Param("mode", default: Interpolation.nearest, "how elements are made"),
      Param("align_corners", default: Bool?.none, "the corners' elements keep their values"), place: .function,
      example: "return F.\(name)(T.ones(1, 1, 2, 2), {scale_factor = 2, mode = \"bilinear\"})"
    ) { x, size, scale, mode, align in try interpolate(x, size: size?.list, scale: scale?.list, mode: mode, alignCorners: align, name) }
  }
}
