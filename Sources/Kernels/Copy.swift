public import KernelTable

#if canImport(Glibc)
  internal import Glibc
#endif

/// Copies between strided and contiguous memory, elements of 1, 4 or 8 bytes, rank up to 8; strides in elements, of any sign, 0 to repeat.
public enum Copy {
  /// to[row-major index] = from[Σ index · stride]
  public static func gather(
    elementSize: Int, rank: Int, shape: UnsafePointer<Int>, strides: UnsafePointer<Int>, from: UnsafeRawPointer, to: UnsafeMutableRawPointer,
    table: KernelTable = Kernels.table
  ) {
    withUnsafeTemporaryAllocation(of: Dimension.self, capacity: max(rank, 1)) { buffer in
      let dimensions = buffer.baseAddress!
      var contiguous = 1
      for i in stride(from: rank - 1, through: 0, by: -1) {
        dimensions[i] = Dimension(size: shape[i], from: strides[i], to: contiguous)
        contiguous &*= shape[i]
      }
      move(elementSize, rank, dimensions, from, to, table)
    }
  }

  /// to[Σ index · stride] = from[row-major index]; no two indices may fall on one element.
  public static func scatter(
    elementSize: Int, rank: Int, shape: UnsafePointer<Int>, strides: UnsafePointer<Int>, from: UnsafeRawPointer, to: UnsafeMutableRawPointer,
    table: KernelTable = Kernels.table
  ) {
    withUnsafeTemporaryAllocation(of: Dimension.self, capacity: max(rank, 1)) { buffer in
      let dimensions = buffer.baseAddress!
      var contiguous = 1
      for i in stride(from: rank - 1, through: 0, by: -1) {
        dimensions[i] = Dimension(size: shape[i], from: contiguous, to: strides[i])
        contiguous &*= shape[i]
      }
      move(elementSize, rank, dimensions, from, to, table)
    }
  }

  /// One dimension of a copy: its size, and the strides on both sides.
  private struct Dimension {
    var size: Int
    var from: Int
    var to: Int
  }

  /// Copies row by row where both sides have the same contiguous dimension, by transposed planes where they have different ones,
  /// and else by strided rows.
  private static func move(
    _ size: Int, _ rank: Int, _ dimensions: UnsafeMutablePointer<Dimension>, _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer,
    _ table: KernelTable
  ) {
    for i in 0..<rank where dimensions[i].size == 0 { return }
    let rank = merge(rank, dimensions)
    guard rank > 0 else {
      to.copyMemory(from: from, byteCount: size)
      return
    }
    var (unitFrom, unitTo) = (-1, -1)
    for i in 0..<rank {
      if dimensions[i].from == 1 { unitFrom = i }
      if dimensions[i].to == 1 { unitTo = i }
    }
    if unitFrom >= 0, unitTo >= 0, unitFrom != unitTo {
      let columns = take(unitFrom, rank, dimensions)
      let rows = take(unitTo > unitFrom ? unitTo - 1 : unitTo, rank - 1, dimensions)
      let band = max(64, Vector.grain / max(1, columns.size) / 64 &* 64)
      pieces(size, rank - 2, dimensions, rows.size, band, columns.size, from, to) { x, y, start, count in
        table.vector.transpose(
          size, x + start &* rows.from &* size, rows.from, y + start &* size, columns.to, count, columns.size)
      }
    } else {
      let row = take(rank - 1, rank, dimensions)
      pieces(size, rank - 1, dimensions, row.size, Vector.grain, 1, from, to) { x, y, start, count in
        let (x, y) = (x + start &* row.from &* size, y + start &* row.to &* size)
        if row.from == 1, row.to == 1, count &* size >= 64 {
          memcpy(y, x, count &* size)
        } else {
          table.vector.strided(size, x, row.from, y, row.to, count)
        }
      }
    }
  }

  /// Leaves out dimensions of one element and joins neighbours that run on into each other on both sides; returns the new rank.
  private static func merge(_ rank: Int, _ d: UnsafeMutablePointer<Dimension>) -> Int {
    var kept = 0
    for i in 0..<rank where d[i].size != 1 {
      if kept > 0, d[kept - 1].from == d[i].from &* d[i].size, d[kept - 1].to == d[i].to &* d[i].size {
        d[kept - 1] = Dimension(size: d[kept - 1].size &* d[i].size, from: d[i].from, to: d[i].to)
      } else {
        d[kept] = d[i]
        kept += 1
      }
    }
    return kept
  }

  /// Takes one dimension out of the list.
  private static func take(_ index: Int, _ rank: Int, _ d: UnsafeMutablePointer<Dimension>) -> Dimension {
    let taken = d[index]
    for i in index..<rank - 1 { d[i] = d[i + 1] }
    return taken
  }

  /// Calls `body(x, y, start, count)` for every index of the outer dimensions and every band of `0 ..< size`;
  /// an element of a band stands for `weight` elements of work.
  private static func pieces(
    _ elementSize: Int, _ rank: Int, _ d: UnsafeMutablePointer<Dimension>, _ size: Int, _ band: Int, _ weight: Int, _ from: UnsafeRawPointer,
    _ to: UnsafeMutableRawPointer, _ body: (UnsafeRawPointer, UnsafeMutableRawPointer, Int, Int) -> Void
  ) {
    let bands = (size &+ band &- 1) / band
    var outer = 1
    for i in 0..<rank { outer &*= d[i].size }
    let grain = max(1, Vector.grain / max(1, min(size, band) &* weight))
    Vector.chunks(outer &* bands, grain: grain) { first, count in
      for piece in first..<first &+ count {
        var rest = piece / bands
        var (x, y) = (0, 0)
        for i in stride(from: rank - 1, through: 0, by: -1) {
          let index = rest % d[i].size
          rest /= d[i].size
          x &+= index &* d[i].from
          y &+= index &* d[i].to
        }
        let start = piece % bands &* band
        body(from + x &* elementSize, to + y &* elementSize, start, min(band, size &- start))
      }
    }
  }
}
