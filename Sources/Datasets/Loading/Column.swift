internal import LuaBridge
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// One tensor of a dataset, a row for each sample, and how its rows become what a network sees.
struct Column {
  enum Form: Sendable {
    /// As they are stored.
    case stored
    /// Stored bytes are divided by a number and become floats.
    case scaled(by: Float)
    /// Stored bytes, classes from 0, become positions from 1.
    case positions
    /// Stored classes (bytes from 0, or int64 from 1) become rows of zeros and a one.
    case oneHot(classes: Int)
  }
  /// Contiguous.
  let stored: Tensor
  let form: Form
  /// The shape of one sample.
  let sample: Shape

  /// - sample: a shape with as many elements as a stored row, where it is not the row's own.
  init(_ stored: Tensor, _ form: Form = .stored, sample: Shape? = nil) {
    self.stored = stored
    self.form = form
    if case .oneHot(let classes) = form {
      self.sample = Shape(classes)
    } else {
      self.sample = sample ?? Shape(stored.shape.array.dropFirst())
    }
  }

  /// What a batch's elements are.
  var type: ElementType {
    switch form {
    case .stored: stored.type
    case .scaled, .oneHot: .default
    case .positions: .int64
    }
  }

  func shape(of count: Int) -> Shape {
    var shape = sample
    shape.insert(count, at: 0)
    return shape
  }

  var gather: Gather {
    Gather(stored: stored.pointer, storedType: stored.type, type: type, form: form, width: sample.elements)
  }

  func batch(_ positions: ArraySlice<Int>, _ rows: [Int]?) throws -> Tensor {
    let batch = try Tensor(empty: shape(of: positions.count), type)
    gather.fill(batch.pointer, positions, rows)
    return batch
  }
}

/// Picks a column's rows and brings them to their form in one pass. It holds no tensor, so it may run on any thread.
struct Gather: @unchecked Sendable {
  let stored: UnsafeRawPointer
  let storedType: ElementType
  let type: ElementType
  let form: Column.Form
  /// Elements of one sample.
  let width: Int

  /// - rows: which stored row stands at each position; nil where they are the same.
  func fill(_ target: UnsafeMutableRawPointer, _ positions: ArraySlice<Int>, _ rows: [Int]?) {
    let bytes = stored.assumingMemoryBound(to: UInt8.self)
    switch form {
    case .stored:
      let size = width * type.size
      for (i, position) in positions.enumerated() { memcpy(target + i * size, stored + (rows?[position] ?? position) * size, size) }
    case .scaled(let divisor):
      if type == .float64 {
        scale(bytes, target.assumingMemoryBound(to: Double.self), Double(divisor), positions, rows)
      } else {
        scale(bytes, target.assumingMemoryBound(to: Float.self), divisor, positions, rows)
      }
    case .positions:
      let labels = target.assumingMemoryBound(to: Int64.self)
      for (i, position) in positions.enumerated() { labels[i] = Int64(bytes[rows?[position] ?? position]) + 1 }
    case .oneHot:
      memset(target, 0, positions.count * width * type.size)
      let labels = stored.assumingMemoryBound(to: Int64.self)
      for (i, position) in positions.enumerated() {
        let row = rows?[position] ?? position
        let place = i * width + (storedType == .int64 ? Int(labels[row]) - 1 : Int(bytes[row]))
        if type == .float64 { target.assumingMemoryBound(to: Double.self)[place] = 1 } else { target.assumingMemoryBound(to: Float.self)[place] = 1 }
      }
    }
  }

  @inline(__always)
  private func scale<F: BinaryFloatingPoint>(
    _ bytes: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<F>, _ divisor: F, _ positions: ArraySlice<Int>, _ rows: [Int]?
  ) {
    var target = target
    for position in positions {
      let row = bytes + (rows?[position] ?? position) * width
      for i in 0..<width { target[i] = F(row[i]) / divisor }
      target += width
    }
  }
}
