#if canImport(Glibc)
  internal import Glibc
#endif

/// One vector register as the matrix kernels use it: an element type, and a SIMD type as wide as the level's registers.
///
/// A case-less enum carries the operations, so that generic helpers reach the standard library's concrete SIMD operators:
/// the generic ones of `SIMD` are loops over lanes.
/// Vectors come from memory and go there by memcpy, which becomes one instruction: of the standard library's loads and stores, which are generic,
/// the compiler keeps a function of its own beside large callers, and that one would be shared with the rest of the program.
protocol TileLanes {
  associatedtype Element
  associatedtype Vector
  /// Elements of one vector.
  static var count: Int { get }

  /// The side of the square blocks that `transpose` handles.
  static var square: Int { get }
  static var zero: Vector { get }
  /// From and to memory of any alignment.
  static func load(_ p: UnsafeRawPointer) -> Vector
  static func store(_ v: Vector, _ p: UnsafeMutableRawPointer)
  static var zeroElement: Element { get }
  static func splat(_ value: Element) -> Vector
  /// sum + x · y, in one rounding where the level has such an instruction.
  static func addProduct(_ sum: Vector, _ x: Vector, _ y: Vector) -> Vector
  static func add(_ x: Vector, _ y: Vector) -> Vector
  static func add(_ x: Element, _ y: Element) -> Element
  static func multiply(_ x: Vector, _ y: Vector) -> Vector
  static func multiply(_ x: Element, _ y: Element) -> Element
  static func isNegative(_ x: Element) -> Bool
  /// The sum of all lanes, by halves.
  static func sum(_ x: Vector) -> Element
  /// max(x, 0) that keeps NaN.
  static func relu(_ x: Vector) -> Vector
  /// target[i, j] = source[j, i] for a square of `square` rows; strides between rows.
  static func transpose(_ source: UnsafePointer<Element>, _ sourceRow: Int, _ target: UnsafeMutablePointer<Element>, _ targetRow: Int)
}

#if AVX512 || AVX2
  private let squareSide = 8
#else
  private let squareSide = 4
#endif

#if AVX512
  typealias Tile32 = SIMD16<Float>
  typealias Tile64 = SIMD8<Double>
  /// The tallest tile whose sums stay in registers.
  let tileRows = 14
#elseif AVX2
  typealias Tile32 = SIMD8<Float>
  typealias Tile64 = SIMD4<Double>
  /// The tallest tile whose sums stay in registers.
  let tileRows = 6
#else
  typealias Tile32 = SIMD4<Float>
  typealias Tile64 = SIMD2<Double>
  /// The tallest tile whose sums stay in registers.
  #if arch(arm64)
    let tileRows = 12
  #else
    let tileRows = 4
  #endif
#endif

enum Lanes32: TileLanes {
  typealias Element = Float
  typealias Vector = Tile32
  @inline(__always) static var count: Int { Tile32.scalarCount }
  @inline(__always) static var square: Int { squareSide }
  @inline(__always) static var zero: Tile32 { Tile32() }
  @inline(__always) static func load(_ p: UnsafeRawPointer) -> Tile32 {
    var v = Tile32()
    memcpy(&v, p, MemoryLayout<Tile32>.size)
    return v
  }
  @inline(__always) static func store(_ v: Tile32, _ p: UnsafeMutableRawPointer) {
    var v = v
    memcpy(p, &v, MemoryLayout<Tile32>.size)
  }
  @inline(__always) static var zeroElement: Float { 0 }
  @inline(__always) static func splat(_ value: Float) -> Tile32 { Tile32(repeating: value) }
  @inline(__always) static func addProduct(_ sum: Tile32, _ x: Tile32, _ y: Tile32) -> Tile32 {
    #if AVX512 || AVX2 || arch(arm64)
      return sum.addingProduct(x, y)
    #else
      return sum + x * y
    #endif
  }
  @inline(__always) static func add(_ x: Tile32, _ y: Tile32) -> Tile32 { x + y }
  @inline(__always) static func add(_ x: Float, _ y: Float) -> Float { x + y }
  @inline(__always) static func multiply(_ x: Tile32, _ y: Tile32) -> Tile32 { x * y }
  @inline(__always) static func multiply(_ x: Float, _ y: Float) -> Float { x * y }
  @inline(__always) static func isNegative(_ x: Float) -> Bool { x < 0 }
  @inline(__always) static func sum(_ x: Tile32) -> Float { sumLanes(x) }
  @inline(__always) static func transpose(
    _ source: UnsafePointer<Float>, _ sourceRow: Int, _ target: UnsafeMutablePointer<Float>, _ targetRow: Int
  ) {
    #if AVX512 || AVX2
      transpose8x8(source, sourceRow, target, targetRow)
    #else
      transpose4x4(source, sourceRow, target, targetRow)
    #endif
  }
  @inline(__always) static func relu(_ x: Tile32) -> Tile32 { x.replacing(with: Tile32(), where: x .< Tile32()) }
}

enum Lanes64: TileLanes {
  typealias Element = Double
  typealias Vector = Tile64
  @inline(__always) static var count: Int { Tile64.scalarCount }
  @inline(__always) static var square: Int { 4 }
  @inline(__always) static var zero: Tile64 { Tile64() }
  @inline(__always) static func load(_ p: UnsafeRawPointer) -> Tile64 {
    var v = Tile64()
    memcpy(&v, p, MemoryLayout<Tile64>.size)
    return v
  }
  @inline(__always) static func store(_ v: Tile64, _ p: UnsafeMutableRawPointer) {
    var v = v
    memcpy(p, &v, MemoryLayout<Tile64>.size)
  }
  @inline(__always) static var zeroElement: Double { 0 }
  @inline(__always) static func splat(_ value: Double) -> Tile64 { Tile64(repeating: value) }
  @inline(__always) static func addProduct(_ sum: Tile64, _ x: Tile64, _ y: Tile64) -> Tile64 {
    #if AVX512 || AVX2 || arch(arm64)
      return sum.addingProduct(x, y)
    #else
      return sum + x * y
    #endif
  }
  @inline(__always) static func add(_ x: Tile64, _ y: Tile64) -> Tile64 { x + y }
  @inline(__always) static func add(_ x: Double, _ y: Double) -> Double { x + y }
  @inline(__always) static func multiply(_ x: Tile64, _ y: Tile64) -> Tile64 { x * y }
  @inline(__always) static func multiply(_ x: Double, _ y: Double) -> Double { x * y }
  @inline(__always) static func isNegative(_ x: Double) -> Bool { x < 0 }
  @inline(__always) static func sum(_ x: Tile64) -> Double { sumLanes(x) }
  @inline(__always) static func transpose(
    _ source: UnsafePointer<Double>, _ sourceRow: Int, _ target: UnsafeMutablePointer<Double>, _ targetRow: Int
  ) {
    transpose4x4(source, sourceRow, target, targetRow)
  }
  @inline(__always) static func relu(_ x: Tile64) -> Tile64 { x.replacing(with: Tile64(), where: x .< Tile64()) }
}

@inline(__always) private func sumLanes(_ x: SIMD16<Float>) -> Float { sumLanes(x.lowHalf + x.highHalf) }
@inline(__always) private func sumLanes(_ x: SIMD8<Float>) -> Float { sumLanes(x.lowHalf + x.highHalf) }
@inline(__always) private func sumLanes(_ x: SIMD4<Float>) -> Float { (x[0] + x[2]) + (x[1] + x[3]) }
@inline(__always) private func sumLanes(_ x: SIMD8<Double>) -> Double { sumLanes(x.lowHalf + x.highHalf) }
@inline(__always) private func sumLanes(_ x: SIMD4<Double>) -> Double { sumLanes(x.lowHalf + x.highHalf) }
@inline(__always) private func sumLanes(_ x: SIMD2<Double>) -> Double { x[0] + x[1] }
