internal import KernelTable
internal import Kernels
public import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// A view of elements in a storage: element (i, j, …) stands at `offset + i · strides[0] + j · strides[1] + …`.
///
/// Belongs to the thread that runs Lua, as all tensors do.
public final class Tensor: @unchecked Sendable {
  /// The memory, shared by views.
  public private(set) var storage: Storage
  /// In elements.
  public private(set) var offset: Int
  /// Sizes by dimension.
  public private(set) var shape: Shape
  /// Elements from one position to the next, by dimension.
  public private(set) var strides: Shape
  /// What its elements are.
  public private(set) var type: ElementType
  /// Elements lie in row-major order without gaps.
  public private(set) var isContiguous: Bool
  /// How the tape reaches this tensor: a `Leaf` where the script asked for gradients, the op's node for results; nil where no one follows.
  public internal(set) var node: Node?
  /// Made as a view of another tensor; the count of recorded changes in place its storage had seen by then.
  private(set) var viewed: Int?

  /// A view; the caller has made sure that every element lies within the storage.
  init(_ storage: Storage, offset: Int, shape: Shape, strides: Shape, type: ElementType) {
    self.storage = storage
    self.offset = offset
    self.shape = shape
    self.strides = strides
    self.type = type
    isContiguous = Self.contiguous(shape, strides)
    Self.alive &+= 1
  }
  deinit { Self.alive &-= 1 }
  /// Tensors alive, for tests of leaks.
  public nonisolated(unsafe) private(set) static var alive = 0

  /// A new contiguous tensor whose elements are whatever was in memory.
  /// - Errors: not enough memory.
  public init(empty shape: Shape, _ type: ElementType) throws {
    storage = try Storage(bytes: shape.elements &* type.size)
    offset = 0
    self.shape = shape
    strides = shape.contiguousStrides
    self.type = type
    isContiguous = true
    Self.alive &+= 1
  }

  private static func contiguous(_ shape: Shape, _ strides: Shape) -> Bool {
    var step = 1
    var i = shape.count
    while i > 0 {
      i &-= 1
      if shape[i] != 1 {
        if strides[i] != step {
          return shape.elements == 0
        }
        step &*= shape[i]
      }
    }
    return true
  }

  /// Makes this tensor a view of what `other` is: how a parameter changes its type and stays the same parameter.
  func become(_ other: Tensor) {
    storage = other.storage
    offset = other.offset
    shape = other.shape
    strides = other.strides
    type = other.type
    isContiguous = other.isContiguous
  }

  /// No other tensor looks into the storage.
  var ownsStorage: Bool { isKnownUniquelyReferenced(&storage) }

  // MARK: look

  /// The number of elements.
  public var count: Int { shape.elements }
  /// The number of dimensions.
  public var rank: Int { shape.count }
  /// The first element's address.
  public var pointer: UnsafeMutableRawPointer { storage.pointer + offset &* type.size }
  /// The first element. Elements lie one after the other only in a contiguous tensor.
  public func pointer<E: Element>(_: E.Type) -> UnsafeMutablePointer<E> { pointer.assumingMemoryBound(to: E.self) }

  // MARK: make

  /// Zeros of a shape.
  public static func zeros(_ shape: Shape, _ type: ElementType = .default) throws -> Tensor {
    let tensor = try Tensor(empty: shape, type)
    memset(tensor.pointer, 0, tensor.count &* type.size)
    return tensor
  }

  /// One value in every place of a shape.
  public static func full(_ shape: Shape, _ value: Double, _ type: ElementType = .default) throws -> Tensor {
    let tensor = try Tensor(empty: shape, type)
    tensor.fill(value)
    return tensor
  }

  /// A tensor of one element without dimensions.
  public static func scalar(_ value: Double, _ type: ElementType = .default) throws -> Tensor { try full(Shape(), value, type) }

  /// For tests and small constants: values in row-major order.
  public convenience init<E: Element>(_ values: [E], _ shape: Int...) throws {
    let shape = shape.isEmpty ? Shape(values.count) : Shape(shape)
    precondition(shape.elements == values.count)
    try self.init(empty: shape, E.elementType)
    pointer(E.self).update(from: values, count: values.count)
  }

  /// Values in row-major order, for tests and results.
  public func values() throws -> [Double] {
    let source = try contiguous()
    return source.type.dispatch { type in Self.list(source, type) }
  }
  private static func list<E: Element>(_ tensor: Tensor, _: E.Type) -> [Double] {
    let base = tensor.pointer(E.self)
    return (0..<tensor.count).map { base[$0].number }
  }

  // MARK: views and copies without the tape

  /// The same elements, followed by no one.
  public func alias() -> Tensor { Tensor(storage, offset: offset, shape: shape, strides: strides, type: type) }

  func view(offset: Int? = nil, shape: Shape, strides: Shape) -> Tensor {
    let view = Tensor(storage, offset: offset ?? self.offset, shape: shape, strides: strides, type: type)
    view.viewed = storage.recordedChanges
    return view
  }
  var isView: Bool { viewed != nil }

  /// Itself where it is contiguous, otherwise a contiguous copy; the tape does not see it.
  public func contiguous() throws -> Tensor { isContiguous ? self : try copied() }

  /// A contiguous copy; the tape does not see it.
  public func copied() throws -> Tensor {
    let copy = try Tensor(empty: shape, type)
    if isContiguous {
      memcpy(copy.pointer, pointer, count &* type.size)
    } else {
      gather(into: copy.pointer)
    }
    return copy
  }

  /// Writes the elements in row-major order.
  func gather(into target: UnsafeMutableRawPointer) {
    let sizes = shape.array, steps = strides.array
    Copy.gather(elementSize: type.size, rank: rank, shape: sizes, strides: steps, from: pointer, to: target)
  }

  /// Reads the elements of this view, which may have gaps, from row-major order.
  func scatter(from source: UnsafeRawPointer) {
    let sizes = shape.array, steps = strides.array
    Copy.scatter(elementSize: type.size, rank: rank, shape: sizes, strides: steps, from: source, to: pointer)
  }

  /// Sets every element; views with gaps too.
  public func fill(_ value: Double) {
    guard count > 0 else { return }
    if isContiguous {
      if let width = type.width { return Vector.fill(width, pointer, count, value: value) }
      return type.dispatch { type in Self.fill(self, value, type) }
    }
    forEachRun { base, step, length in
      type.dispatch { type in Self.fillRun(base, step, length, value, type) }
    }
  }
  private static func fill<E: Element>(_ tensor: Tensor, _ value: Double, _: E.Type) {
    tensor.pointer(E.self).update(repeating: E(number: value), count: tensor.count)
  }
  private static func fillRun<E: Element>(_ base: UnsafeMutableRawPointer, _ step: Int, _ length: Int, _ value: Double, _: E.Type) {
    let element = E(number: value), pointer = base.assumingMemoryBound(to: E.self)
    for i in 0..<length { pointer[i &* step] = element }
  }

  /// Calls `body(address, stride in elements, length)` for every run along the last dim, in row-major order.
  func forEachRun(_ body: (UnsafeMutableRawPointer, Int, Int) -> Void) {
    guard count > 0 else { return }
    guard rank > 0 else { return body(pointer, 1, 1) }
    let length = shape[rank - 1], step = strides[rank - 1], size = type.size
    var index = Shape(repeating: 0, count: rank), at = 0
    while true {
      body(pointer + at &* size, step, length)
      var dim = rank - 2
      while dim >= 0 {
        index[dim] += 1
        at &+= strides[dim]
        if index[dim] < shape[dim] { break }
        at &-= strides[dim] &* shape[dim]
        index[dim] = 0
        dim -= 1
      }
      if dim < 0 { return }
    }
  }

  // MARK: types

  /// The elements as another type, contiguous; itself where it is of that type already. The tape does not see it.
  public func converted(to target: ElementType) throws -> Tensor {
    if type == target { return self }
    let source = try contiguous()
    let result = try Tensor(empty: shape, target)
    // Not by `dispatch`: the compiler makes a loop for each pair of types that it sees.
    switch source.type {
    case .bool: Self.convert(source, Truth.self, result)
    case .uint8: Self.convert(source, UInt8.self, result)
    case .int64: Self.convert(source, Int64.self, result)
    case .float32: Self.convert(source, Float.self, result)
    case .float64: Self.convert(source, Double.self, result)
    }
    return result
  }
  private static func convert<A: Element>(_ source: Tensor, _ from: A.Type, _ target: Tensor) {
    switch target.type {
    case .bool: convert(source, from, target, Truth.self)
    case .uint8: convert(source, from, target, UInt8.self)
    case .int64: convert(source, from, target, Int64.self)
    case .float32: convert(source, from, target, Float.self)
    case .float64: convert(source, from, target, Double.self)
    }
  }
  private static func convert<A: Element, B: Element>(_ source: Tensor, _: A.Type, _ target: Tensor, _: B.Type) {
    let x = source.pointer(A.self), y = target.pointer(B.self), n = source.count
    if A.elementType.isFloat {
      for i in 0..<n { y[i] = B(number: x[i].number) }
    } else {
      for i in 0..<n { y[i] = B(integer: x[i].integer) }
    }
  }

  /// The one element as a number.
  func number(at index: Int = 0) -> Double {
    let address = storage.pointer + (offset &+ index) &* type.size
    switch type {
    case .bool, .uint8: return Double(address.load(as: UInt8.self))
    case .int64: return Double(address.load(as: Int64.self))
    case .float32: return Double(address.load(as: Float.self))
    case .float64: return address.load(as: Double.self)
    }
  }

  /// `float32 {2,3}`, for errors.
  public var description: String { "\(type.name) \(shape)" }
}

extension Tensor: LuaObject {
  public static var luaName: String { "Tensor" }
  public var luaClass: LuaClass { TensorLibrary.tensorClass }
}

extension Tensor {
  /// Copies the elements of `value` over this tensor's, whatever the tape records: how states are loaded.
  /// - Errors: another shape.
  public func load(_ value: Tensor, _ function: String) throws {
    guard value.shape == shape else { throw LuaError("\(function): shape \(value.shape) does not fit into \(shape)") }
    let values = try value.converted(to: type)
    write(values)
    storage.changed(by: function)
  }

  /// Changes the element type of this very tensor (a parameter stays the same parameter); its gradient is dropped.
  public func changeType(to target: ElementType) throws {
    guard target != type else { return }
    become(try converted(to: target))
    grad = nil
  }
}
