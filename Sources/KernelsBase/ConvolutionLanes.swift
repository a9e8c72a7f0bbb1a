/// What convolution and pooling ask of a vector beyond `TileLanes`: lane moves, maximum, and the bit patterns that carry positions.
///
/// Lane moves are spelled as literals: only those become one permutation each, the half and even/odd accessors of `SIMD` become loops.
protocol LaneMoves {
  associatedtype Element
  associatedtype Vector
  /// a[0], b[0], a[1], b[1], … of the lower halves.
  static func interleaveLow(_ a: Vector, _ b: Vector) -> Vector
  /// The same of the upper halves.
  static func interleaveHigh(_ a: Vector, _ b: Vector) -> Vector
  /// A block of 16 x 16, for lanes that are 16.
  static func transposed(_ rows: Vectors16<Vector>) -> Vectors16<Vector>
  /// `value` in the lanes where the sign of `mask` is set.
  static func merge(_ rest: Vector, _ value: Vector, _ mask: Vector) -> Vector
  /// Lanes 0, 2, 4, … of a followed by b.
  static func even(_ a: Vector, _ b: Vector) -> Vector
  /// Lanes 1, 3, 5, … of a followed by b.
  static func odd(_ a: Vector, _ b: Vector) -> Vector
  /// Replaces `best` by `value`, and its mark by `mark`, where value is larger or NaN.
  static func take(_ best: inout Vector, _ marks: inout Vector, _ value: Vector, _ mark: Vector)
  /// Relu (NaN stays), and `mark` where the result is 0.
  static func reluMark(_ best: inout Vector, _ marks: inout Vector, _ mark: Vector)
  /// The positive part of one element; NaN stays.
  static func relu(_ x: Element) -> Element
  /// The lanes of `value` where `results`, ReLU's, are not 0 or less; 0 in the others.
  static func wherePositive(_ results: Vector, _ value: Vector) -> Vector
  static func isNotPositive(_ result: Element) -> Bool
  /// A vector whose lanes hold the bit pattern `bits`.
  static func bits(_ bits: Int) -> Vector
  /// A vector whose lane l holds the bit pattern `first + l · step`.
  static func bits(_ first: Int, step: Int) -> Vector
  /// Adds to the bit patterns.
  static func addBits(_ marks: Vector, _ count: Int) -> Vector
  /// source[0], source[step], source[2 · step], …
  static func strided(_ source: UnsafePointer<Element>, _ step: Int) -> Vector
  static var lowest: Vector { get }
  /// max(x, floor) that keeps NaN.
  static func atLeast(_ x: Vector, _ floor: Vector) -> Vector
  /// `Vector.count` positions widened to bit patterns, and back.
  static func loadPositions(_ source: UnsafePointer<Int32>) -> Vector
  static func storePositions(_ marks: Vector, _ target: UnsafeMutablePointer<Int32>)
  /// The first `count` of them.
  static func storePositions(_ marks: Vector, _ count: Int, _ target: UnsafeMutablePointer<Int32>)
  static var oneElement: Element { get }
  static func isLarger(_ value: Element, _ best: Element) -> Bool
  /// The low bytes of the lanes' bit patterns.
  static func storeBytes(_ marks: Vector, _ target: UnsafeMutablePointer<UInt8>)
}

#if AVX512
  typealias Counts32 = SIMD16<Int32>
  typealias Counts64 = SIMD8<Int64>
  typealias Positions32 = SIMD16<Int32>
  typealias Positions64 = SIMD8<Int32>
  typealias MaskBytes32 = SIMD16<UInt8>
  typealias MaskBytes64 = SIMD8<UInt8>
  @inline(__always) private var counts32: Counts32 { Counts32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) }
  @inline(__always) private var counts64: Counts64 { Counts64(0, 1, 2, 3, 4, 5, 6, 7) }
#elseif AVX2
  typealias Counts32 = SIMD8<Int32>
  typealias Counts64 = SIMD4<Int64>
  typealias Positions32 = SIMD8<Int32>
  typealias Positions64 = SIMD4<Int32>
  typealias MaskBytes32 = SIMD8<UInt8>
  typealias MaskBytes64 = SIMD4<UInt8>
  @inline(__always) private var counts32: Counts32 { Counts32(0, 1, 2, 3, 4, 5, 6, 7) }
  @inline(__always) private var counts64: Counts64 { Counts64(0, 1, 2, 3) }
#else
  typealias Counts32 = SIMD4<Int32>
  typealias Counts64 = SIMD2<Int64>
  typealias Positions32 = SIMD4<Int32>
  typealias Positions64 = SIMD2<Int32>
  typealias MaskBytes32 = SIMD4<UInt8>
  typealias MaskBytes64 = SIMD2<UInt8>
  @inline(__always) private var counts32: Counts32 { Counts32(0, 1, 2, 3) }
  @inline(__always) private var counts64: Counts64 { Counts64(0, 1) }
#endif

/// What the kernels of convolution and pooling are generic over. A protocol that inherits `TileLanes` would leave metadata
/// of the standard library's types as weak symbols in the level modules.
typealias ConvolutionLanes = TileLanes & LaneMoves

extension Lanes32: LaneMoves {
  #if !AVX512
    @inline(__always) static func transposed(_ rows: Vectors16<Tile32>) -> Vectors16<Tile32> { rows }
  #endif
  @inline(__always) static func interleaveLow(_ a: Tile32, _ b: Tile32) -> Tile32 {
    #if AVX512
      Tile32(a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3], a[4], b[4], a[5], b[5], a[6], b[6], a[7], b[7])
    #elseif AVX2
      Tile32(a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3])
    #else
      Tile32(a[0], b[0], a[1], b[1])
    #endif
  }
  @inline(__always) static func interleaveHigh(_ a: Tile32, _ b: Tile32) -> Tile32 {
    #if AVX512
      Tile32(a[8], b[8], a[9], b[9], a[10], b[10], a[11], b[11], a[12], b[12], a[13], b[13], a[14], b[14], a[15], b[15])
    #elseif AVX2
      Tile32(a[4], b[4], a[5], b[5], a[6], b[6], a[7], b[7])
    #else
      Tile32(a[2], b[2], a[3], b[3])
    #endif
  }
  @inline(__always) static func even(_ a: Tile32, _ b: Tile32) -> Tile32 {
    #if AVX512
      Tile32(a[0], a[2], a[4], a[6], a[8], a[10], a[12], a[14], b[0], b[2], b[4], b[6], b[8], b[10], b[12], b[14])
    #elseif AVX2
      Tile32(a[0], a[2], a[4], a[6], b[0], b[2], b[4], b[6])
    #else
      Tile32(a[0], a[2], b[0], b[2])
    #endif
  }
  @inline(__always) static func odd(_ a: Tile32, _ b: Tile32) -> Tile32 {
    #if AVX512
      Tile32(a[1], a[3], a[5], a[7], a[9], a[11], a[13], a[15], b[1], b[3], b[5], b[7], b[9], b[11], b[13], b[15])
    #elseif AVX2
      Tile32(a[1], a[3], a[5], a[7], b[1], b[3], b[5], b[7])
    #else
      Tile32(a[1], a[3], b[1], b[3])
    #endif
  }
  @inline(__always) static func strided(_ source: UnsafePointer<Float>, _ step: Int) -> Tile32 {
    let p = source
    #if AVX512
      return Tile32(
        p[0], p[step], p[2 &* step], p[3 &* step], p[4 &* step], p[5 &* step], p[6 &* step], p[7 &* step],
        p[8 &* step], p[9 &* step], p[10 &* step], p[11 &* step], p[12 &* step], p[13 &* step], p[14 &* step], p[15 &* step])
    #elseif AVX2
      return Tile32(p[0], p[step], p[2 &* step], p[3 &* step], p[4 &* step], p[5 &* step], p[6 &* step], p[7 &* step])
    #else
      return Tile32(p[0], p[step], p[2 &* step], p[3 &* step])
    #endif
  }
  @inline(__always) static func take(_ best: inout Tile32, _ marks: inout Tile32, _ value: Tile32, _ mark: Tile32) {
    let wins = (value .> best) .| (value .!= value)
    best.replace(with: value, where: wins)
    marks.replace(with: mark, where: wins)
  }
  @inline(__always) static func reluMark(_ best: inout Tile32, _ marks: inout Tile32, _ mark: Tile32) {
    let dead = best .<= Tile32()
    best.replace(with: Tile32(), where: dead)
    marks.replace(with: mark, where: dead)
  }
  @inline(__always) static func merge(_ rest: Tile32, _ value: Tile32, _ mask: Tile32) -> Tile32 {
    rest.replacing(with: value, where: unsafeBitCast(mask, to: Counts32.self) .< Counts32())
  }
  @inline(__always) static func relu(_ x: Float) -> Float { x < 0 ? 0 : x }
  @inline(__always) static func wherePositive(_ results: Tile32, _ value: Tile32) -> Tile32 { value.replacing(with: Tile32(), where: results .<= Tile32()) }
  @inline(__always) static func isNotPositive(_ result: Float) -> Bool { result <= 0 }
  @inline(__always) static func bits(_ bits: Int) -> Tile32 { Tile32(repeating: Float(bitPattern: UInt32(truncatingIfNeeded: bits))) }
  @inline(__always) static func bits(_ first: Int, step: Int) -> Tile32 {
    let iota: Counts32 = counts32
    let all = Counts32(repeating: Int32(truncatingIfNeeded: first)) &+ iota &* Counts32(repeating: Int32(truncatingIfNeeded: step))
    return unsafeBitCast(all, to: Tile32.self)
  }
  @inline(__always) static func addBits(_ marks: Tile32, _ count: Int) -> Tile32 {
    unsafeBitCast(unsafeBitCast(marks, to: Counts32.self) &+ Counts32(repeating: Int32(truncatingIfNeeded: count)), to: Tile32.self)
  }
  @inline(__always) static func atLeast(_ x: Tile32, _ floor: Tile32) -> Tile32 { x.replacing(with: floor, where: x .< floor) }
  @inline(__always) static var lowest: Tile32 { Tile32(repeating: -.infinity) }
  @inline(__always) static func loadPositions(_ source: UnsafePointer<Int32>) -> Tile32 {
    let narrow = UnsafeRawPointer(source).loadUnaligned(as: Positions32.self)
    return unsafeBitCast(Counts32(truncatingIfNeeded: narrow), to: Tile32.self)
  }
  @inline(__always) static func storePositions(_ marks: Tile32, _ target: UnsafeMutablePointer<Int32>) {
    let narrow = Positions32(truncatingIfNeeded: unsafeBitCast(marks, to: Counts32.self))
    UnsafeMutableRawPointer(target).storeBytes(of: narrow, as: Positions32.self)
  }
  @inline(__always) static func storePositions(_ marks: Tile32, _ count: Int, _ target: UnsafeMutablePointer<Int32>) {
    let all = unsafeBitCast(marks, to: Counts32.self)
    var lane = 0
    while lane < count {
      target[lane] = Int32(truncatingIfNeeded: all[lane])
      lane &+= 1
    }
  }
  @inline(__always) static var oneElement: Float { 1 }
  /// Larger, or NaN.
  @inline(__always) static func isLarger(_ value: Float, _ best: Float) -> Bool { value > best || value != value }
  @inline(__always) static func storeBytes(_ marks: Tile32, _ target: UnsafeMutablePointer<UInt8>) {
    let narrow = MaskBytes32(truncatingIfNeeded: unsafeBitCast(marks, to: Counts32.self))
    UnsafeMutableRawPointer(target).storeBytes(of: narrow, as: MaskBytes32.self)
  }
  /// Bytes widened to bit patterns; spelled as literals, for the generic conversion is not inlined here.
  @inline(__always) static func loadBytes(_ source: UnsafePointer<UInt8>) -> Tile32 {
    let b = UnsafeRawPointer(source).loadUnaligned(as: MaskBytes32.self)
    @inline(__always) func at(_ i: Int) -> Int32 { Int32(truncatingIfNeeded: b[i]) }
    #if AVX512
      let wide = Counts32(
        at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9), at(10), at(11), at(12), at(13), at(14), at(15))
    #elseif AVX2
      let wide = Counts32(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7))
    #else
      let wide = Counts32(at(0), at(1), at(2), at(3))
    #endif
    return unsafeBitCast(wide, to: Tile32.self)
  }
  /// The lanes of `value` whose bit pattern in `marks` is `bits`, 0 in the others.
  @inline(__always) static func whereEqual(_ marks: Tile32, _ bits: Int, _ value: Tile32) -> Tile32 {
    let other = unsafeBitCast(marks, to: Counts32.self) .!= Counts32(repeating: Int32(truncatingIfNeeded: bits))
    return value.replacing(with: Tile32(), where: other)
  }
}

extension Lanes64: LaneMoves {

  @inline(__always) static func transposed(_ rows: Vectors16<Tile64>) -> Vectors16<Tile64> { rows }

  @inline(__always) static func interleaveLow(_ a: Tile64, _ b: Tile64) -> Tile64 {
    #if AVX512
      Tile64(a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3])
    #elseif AVX2
      Tile64(a[0], b[0], a[1], b[1])
    #else
      Tile64(a[0], b[0])
    #endif
  }
  @inline(__always) static func interleaveHigh(_ a: Tile64, _ b: Tile64) -> Tile64 {
    #if AVX512
      Tile64(a[4], b[4], a[5], b[5], a[6], b[6], a[7], b[7])
    #elseif AVX2
      Tile64(a[2], b[2], a[3], b[3])
    #else
      Tile64(a[1], b[1])
    #endif
  }
  @inline(__always) static func even(_ a: Tile64, _ b: Tile64) -> Tile64 {
    #if AVX512
      Tile64(a[0], a[2], a[4], a[6], b[0], b[2], b[4], b[6])
    #elseif AVX2
      Tile64(a[0], a[2], b[0], b[2])
    #else
      Tile64(a[0], b[0])
    #endif
  }
  @inline(__always) static func odd(_ a: Tile64, _ b: Tile64) -> Tile64 {
    #if AVX512
      Tile64(a[1], a[3], a[5], a[7], b[1], b[3], b[5], b[7])
    #elseif AVX2
      Tile64(a[1], a[3], b[1], b[3])
    #else
      Tile64(a[1], b[1])
    #endif
  }
  @inline(__always) static func strided(_ source: UnsafePointer<Double>, _ step: Int) -> Tile64 {
    let p = source
    #if AVX512
      return Tile64(p[0], p[step], p[2 &* step], p[3 &* step], p[4 &* step], p[5 &* step], p[6 &* step], p[7 &* step])
    #elseif AVX2
      return Tile64(p[0], p[step], p[2 &* step], p[3 &* step])
    #else
      return Tile64(p[0], p[step])
    #endif
  }
  @inline(__always) static func take(_ best: inout Tile64, _ marks: inout Tile64, _ value: Tile64, _ mark: Tile64) {
    let wins = (value .> best) .| (value .!= value)
    best.replace(with: value, where: wins)
    marks.replace(with: mark, where: wins)
  }
  @inline(__always) static func reluMark(_ best: inout Tile64, _ marks: inout Tile64, _ mark: Tile64) {
    let dead = best .<= Tile64()
    best.replace(with: Tile64(), where: dead)
    marks.replace(with: mark, where: dead)
  }
  @inline(__always) static func merge(_ rest: Tile64, _ value: Tile64, _ mask: Tile64) -> Tile64 {
    rest.replacing(with: value, where: unsafeBitCast(mask, to: Counts64.self) .< Counts64())
  }
  @inline(__always) static func relu(_ x: Double) -> Double { x < 0 ? 0 : x }
  @inline(__always) static func wherePositive(_ results: Tile64, _ value: Tile64) -> Tile64 { value.replacing(with: Tile64(), where: results .<= Tile64()) }
  @inline(__always) static func isNotPositive(_ result: Double) -> Bool { result <= 0 }
  @inline(__always) static func bits(_ bits: Int) -> Tile64 { Tile64(repeating: Double(bitPattern: UInt64(truncatingIfNeeded: bits))) }
  @inline(__always) static func bits(_ first: Int, step: Int) -> Tile64 {
    let iota: Counts64 = counts64
    let all = Counts64(repeating: Int64(truncatingIfNeeded: first)) &+ iota &* Counts64(repeating: Int64(truncatingIfNeeded: step))
    return unsafeBitCast(all, to: Tile64.self)
  }
  @inline(__always) static func addBits(_ marks: Tile64, _ count: Int) -> Tile64 {
    unsafeBitCast(unsafeBitCast(marks, to: Counts64.self) &+ Counts64(repeating: Int64(truncatingIfNeeded: count)), to: Tile64.self)
  }
  @inline(__always) static func atLeast(_ x: Tile64, _ floor: Tile64) -> Tile64 { x.replacing(with: floor, where: x .< floor) }
  @inline(__always) static var lowest: Tile64 { Tile64(repeating: -.infinity) }
  @inline(__always) static func loadPositions(_ source: UnsafePointer<Int32>) -> Tile64 {
    let narrow = UnsafeRawPointer(source).loadUnaligned(as: Positions64.self)
    return unsafeBitCast(Counts64(truncatingIfNeeded: narrow), to: Tile64.self)
  }
  @inline(__always) static func storePositions(_ marks: Tile64, _ target: UnsafeMutablePointer<Int32>) {
    let narrow = Positions64(truncatingIfNeeded: unsafeBitCast(marks, to: Counts64.self))
    UnsafeMutableRawPointer(target).storeBytes(of: narrow, as: Positions64.self)
  }
  @inline(__always) static func storePositions(_ marks: Tile64, _ count: Int, _ target: UnsafeMutablePointer<Int32>) {
    let all = unsafeBitCast(marks, to: Counts64.self)
    var lane = 0
    while lane < count {
      target[lane] = Int32(truncatingIfNeeded: all[lane])
      lane &+= 1
    }
  }
  @inline(__always) static var oneElement: Double { 1 }
  /// Larger, or NaN.
  @inline(__always) static func isLarger(_ value: Double, _ best: Double) -> Bool { value > best || value != value }
  @inline(__always) static func storeBytes(_ marks: Tile64, _ target: UnsafeMutablePointer<UInt8>) {
    let narrow = MaskBytes64(truncatingIfNeeded: unsafeBitCast(marks, to: Counts64.self))
    UnsafeMutableRawPointer(target).storeBytes(of: narrow, as: MaskBytes64.self)
  }
}
