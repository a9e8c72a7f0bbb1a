internal import Kernels
public import KernelTable
public import LuaBridge

/// What a tensor's elements are. The order is the order of promotion.
public enum ElementType: UInt8, CaseIterable, Sendable, Comparable {
  case bool, uint8, int64, float32, float64

  /// The name scripts use: "float32".
  public var name: String {
    switch self {  // a case's own description takes 500 ns
    case .bool: "bool"
    case .uint8: "uint8"
    case .int64: "int64"
    case .float32: "float32"
    case .float64: "float64"
    }
  }
  /// By the name that scripts use: "float32".
  public init?(name: String) {
    guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = type
  }
  /// Bytes of one element.
  public var size: Int {
    switch self {
    case .bool, .uint8: 1
    case .float32: 4
    case .int64, .float64: 8
    }
  }
  /// Whether gradients can flow through it.
  public var isFloat: Bool { self >= .float32 }
  /// Which kernels compute it; nil for the whole-number types.
  public var width: FloatWidth? { self == .float32 ? .float32 : self == .float64 ? .float64 : nil }

  public static func < (a: ElementType, b: ElementType) -> Bool { a.rawValue < b.rawValue }

  /// What new tensors of numbers are, unless told otherwise.
  public nonisolated(unsafe) static var `default`: ElementType = .float32
}

extension ElementType: LuaValue {
  public static var luaName: String { "dtype" }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> ElementType {
    guard let name = stack.string(at: index) else { throw TypeMismatch("dtype") }
    if let type = ElementType(name: name) { return type }
    let known = allCases.map(\.name)
    let hint = closest(to: name, in: known).map { "; did you mean \"\($0)\"?" } ?? ""
    throw TypeMismatch("dtype", detail: "unknown dtype \"\(name)\"\(hint) (known: \(known.joined(separator: ", ")))")
  }
  public func push(_ stack: LuaStack) { stack.push(name) }
  public var luaLiteral: String { "\"\(name)\"" }
}

/// The Swift type behind an element type.
public protocol Element: Comparable, SendableMetatype {
  /// The type of tensors of such elements.
  static var elementType: ElementType { get }
  /// From a number, cut off to what the type can hold.
  init(number: Double)
  /// From an integer, cut off to what the type can hold.
  init(integer: Int64)
  /// As a number.
  var number: Double { get }
  /// Whole numbers without a detour through Double; fractions are cut, what does not fit is clamped.
  var integer: Int64 { get }
}

extension Float: Element {
  public static var elementType: ElementType { .float32 }
  @inline(__always) public init(number: Double) { self = Float(number) }
  @inline(__always) public init(integer: Int64) { self = Float(integer) }
  @inline(__always) public var number: Double { Double(self) }
  @inline(__always) public var integer: Int64 { Int64(saturating: Double(self)) }
}

extension Double: Element {
  public static var elementType: ElementType { .float64 }
  @inline(__always) public init(number: Double) { self = number }
  @inline(__always) public init(integer: Int64) { self = Double(integer) }
  @inline(__always) public var number: Double { self }
  @inline(__always) public var integer: Int64 { Int64(saturating: self) }
}

extension Int64: Element {
  public static var elementType: ElementType { .int64 }
  @inline(__always) public init(number: Double) { self = Int64(saturating: number) }
  @inline(__always) public init(integer: Int64) { self = integer }
  @inline(__always) public var number: Double { Double(self) }
  @inline(__always) public var integer: Int64 { self }

  /// Cuts the fraction; NaN gives 0, what is too large the nearest end: a conversion never traps.
  @inline(__always) public init(saturating value: Double) {
    if value >= 0x1p63 {
      self = .max
    } else if value <= -0x1p63 {
      self = .min
    } else {
      self = value.isNaN ? 0 : Int64(value)
    }
  }
}

extension UInt8: Element {
  public static var elementType: ElementType { .uint8 }
  @inline(__always) public init(number: Double) { self = UInt8(truncatingIfNeeded: Int64(saturating: number)) }
  @inline(__always) public init(integer: Int64) { self = UInt8(truncatingIfNeeded: integer) }
  @inline(__always) public var number: Double { Double(self) }
  @inline(__always) public var integer: Int64 { Int64(self) }
}

/// A truth value in memory: one byte, 0 or 1.
public struct Truth: Element {
  /// 0 or 1.
  public var byte: UInt8
  /// 0 or 1 of a boolean.
  @inline(__always) public init(_ value: Bool) { byte = value ? 1 : 0 }
  @inline(__always) public init(number: Double) { byte = number != 0 ? 1 : 0 }
  @inline(__always) public init(integer: Int64) { byte = integer != 0 ? 1 : 0 }
  @inline(__always) public var number: Double { Double(byte) }
  @inline(__always) public var integer: Int64 { Int64(byte) }
  public static var elementType: ElementType { .bool }
  @inline(__always) public static func < (a: Truth, b: Truth) -> Bool { a.byte < b.byte }
}

extension ElementType {
  /// Calls `body` with the Swift type of the elements.
  @inline(__always)
  public func dispatch<R>(_ body: (any Element.Type) throws -> R) rethrows -> R {
    switch self {
    case .bool: try body(Truth.self)
    case .uint8: try body(UInt8.self)
    case .int64: try body(Int64.self)
    case .float32: try body(Float.self)
    case .float64: try body(Double.self)
    }
  }
}
