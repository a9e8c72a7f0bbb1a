internal import KernelTable

// One loop serves all ways of addressing: a repeated value becomes a vector that is read again and again from the first-level cache,
// and short rows are laid one behind the other first. So every operation is compiled once for each width.

/// y[r, c] = op(a[r aRow + c aColumn], b[r bRow + c bColumn])
func binary(
  _ op: Int32, _ width: UInt8, _ a: UnsafeRawPointer, _ aRow: Int, _ aColumn: Int, _ b: UnsafeRawPointer, _ bRow: Int, _ bColumn: Int,
  _ y: UnsafeMutableRawPointer, _ rows: Int, _ columns: Int
) {
  let op = unsafeBitCast(UInt8(truncatingIfNeeded: op), to: BinaryOp.self)
  let grid = Grid(a: a, aRow: aRow, aColumn: aColumn, b: b, bRow: bRow, bColumn: bColumn, rows: rows, columns: columns)
  if width == FloatWidth.float32.rawValue {
    grid.forEachRow(F32.count, 4) { a, aStep, b, bStep, first, n in binary32(op, a, aStep, b, bStep, y + first &* 4, n) }
  } else {
    grid.forEachRow(F64.count, 8) { a, aStep, b, bStep, first, n in binary64(op, a, aStep, b, bStep, y + first &* 8, n) }
  }
}

@inline(never)
private func binary32(
  _ op: BinaryOp, _ a: UnsafeRawPointer, _ aStep: Int, _ b: UnsafeRawPointer, _ bStep: Int, _ y: UnsafeMutableRawPointer, _ n: Int
) {
  binary(F32.self, op, a, aStep, b, bStep, y, n)
}

@inline(never)
private func binary64(
  _ op: BinaryOp, _ a: UnsafeRawPointer, _ aStep: Int, _ b: UnsafeRawPointer, _ bStep: Int, _ y: UnsafeMutableRawPointer, _ n: Int
) {
  binary(F64.self, op, a, aStep, b, bStep, y, n)
}

@inline(__always)
private func binary<V: Lanes>(
  _: V.Type, _ op: BinaryOp, _ a: UnsafeRawPointer, _ aStep: Int, _ b: UnsafeRawPointer, _ bStep: Int, _ y: UnsafeMutableRawPointer, _ n: Int
) {
  switch op {
  case .add: map(a, aStep, b, bStep, y, n) { (a: V, b: V) in a + b }
  case .sub: map(a, aStep, b, bStep, y, n) { (a: V, b: V) in a - b }
  case .mul: map(a, aStep, b, bStep, y, n) { (a: V, b: V) in a * b }
  case .div: map(a, aStep, b, bStep, y, n) { (a: V, b: V) in a / b }
  case .pow: map(a, aStep, b, bStep, y, n) { (a: V, b: V) in V.pow(a, b) }
  case .atan2: map(a, aStep, b, bStep, y, n) { (a: V, b: V) in V.atan2(a, b) }
  case .maximum: map(a, aStep, b, bStep, y, n) { (a: V, b: V) in V.maximum(a, b) }
  case .minimum: map(a, aStep, b, bStep, y, n) { (a: V, b: V) in V.minimum(a, b) }
  case .fmod: map(a, aStep, b, bStep, y, n) { (a: V, b: V) in V.fmod(a, b) }
  case .remainder:
    map(a, aStep, b, bStep, y, n) { (a: V, b: V) in
      let r = V.fmod(a, b)
      // a remainder of the other sign moves by one divisor, as Lua does
      return .select((r < .zero) & (b > .zero) | (r > .zero) & (b < .zero), r + b, r)
    }
  case .floorDivide: map(a, aStep, b, bStep, y, n) { (a: V, b: V) in (a / b).floor }
  case .squaredDifference:
    map(a, aStep, b, bStep, y, n) { (a: V, b: V) in
      let d = a - b
      return d * d
    }
  }
}

/// y[r, c] = op(a[…], b[…]) ? 1 : 0 in bytes.
func compare(
  _ op: Int32, _ width: UInt8, _ a: UnsafeRawPointer, _ aRow: Int, _ aColumn: Int, _ b: UnsafeRawPointer, _ bRow: Int, _ bColumn: Int,
  _ y: UnsafeMutableRawPointer, _ rows: Int, _ columns: Int
) {
  let op = unsafeBitCast(UInt8(truncatingIfNeeded: op), to: CompareOp.self)
  let grid = Grid(a: a, aRow: aRow, aColumn: aColumn, b: b, bRow: bRow, bColumn: bColumn, rows: rows, columns: columns)
  let bytes = y.assumingMemoryBound(to: UInt8.self)
  if width == FloatWidth.float32.rawValue {
    grid.forEachRow(F32.count, 4) { a, aStep, b, bStep, first, n in compare32(op, a, aStep, b, bStep, bytes + first, n) }
  } else {
    grid.forEachRow(F64.count, 8) { a, aStep, b, bStep, first, n in compare64(op, a, aStep, b, bStep, bytes + first, n) }
  }
}

@inline(never)
private func compare32(
  _ op: CompareOp, _ a: UnsafeRawPointer, _ aStep: Int, _ b: UnsafeRawPointer, _ bStep: Int, _ y: UnsafeMutablePointer<UInt8>, _ n: Int
) {
  compare(F32.self, op, a, aStep, b, bStep, y, n)
}

@inline(never)
private func compare64(
  _ op: CompareOp, _ a: UnsafeRawPointer, _ aStep: Int, _ b: UnsafeRawPointer, _ bStep: Int, _ y: UnsafeMutablePointer<UInt8>, _ n: Int
) {
  compare(F64.self, op, a, aStep, b, bStep, y, n)
}

@inline(__always)
private func compare<V: Lanes>(
  _: V.Type, _ op: CompareOp, _ a: UnsafeRawPointer, _ aStep: Int, _ b: UnsafeRawPointer, _ bStep: Int, _ y: UnsafeMutablePointer<UInt8>,
  _ n: Int
) {
  switch op {
  case .eq: mask(a, aStep, b, bStep, y, n) { (a: V, b: V) in a == b }
  case .ne: mask(a, aStep, b, bStep, y, n) { (a: V, b: V) in a != b }
  case .lt: mask(a, aStep, b, bStep, y, n) { (a: V, b: V) in a < b }
  case .le: mask(a, aStep, b, bStep, y, n) { (a: V, b: V) in a <= b }
  case .gt: mask(a, aStep, b, bStep, y, n) { (a: V, b: V) in a > b }
  case .ge: mask(a, aStep, b, bStep, y, n) { (a: V, b: V) in a >= b }
  }
}

/// y = f(a, b) in bytes of 0 and 1; addressed as in `map`.
@inline(__always)
private func mask<V: Lanes>(
  _ a: UnsafeRawPointer, _ aStep: Int, _ b: UnsafeRawPointer, _ bStep: Int, _ y: UnsafeMutablePointer<UInt8>, _ n: Int, _ f: (V, V) -> V.Mask
) {
  var (a, b) = (a, b)
  var i = 0
  while i &+ V.count <= n {
    f(V(a, 0), V(b, 0)).store(y, i)
    a += aStep &* V.stride
    b += bStep &* V.stride
    i &+= V.count
  }
  if i == n { return }
  var bytes = VectorRoom()
  let m = f(V(first: n &- i, a, 0), V(first: n &- i, b, 0))
  withUnsafeMutableBytes(of: &bytes) { buffer in
    let bytes = buffer.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
    m.store(bytes, 0)
    var k = 0
    while i &+ k < n {
      y[i &+ k] = bytes[k]
      k &+= 1
    }
  }
}

/// Two operands of a rows × columns operation; column steps are 0 or 1.
struct Grid {
  var a: UnsafeRawPointer
  var aRow: Int
  var aColumn: Int
  var b: UnsafeRawPointer
  var bRow: Int
  var bColumn: Int
  var rows: Int
  var columns: Int

  /// Calls `body(a, aStep, b, bStep, first element of y, n)` for rows, or for several short ones at once. A step is `lanes`, or 0 for a vector
  /// of one repeated value.
  @inline(__always)
  func forEachRow(_ lanes: Int, _ stride: Int, _ body: (UnsafeRawPointer, Int, UnsafeRawPointer, Int, Int, Int) -> Void) {
    if rows > 1, columns < 64 {
      inTiles(lanes, stride, body)
      return
    }
    var (roomA, roomB) = (VectorRoom(), VectorRoom())
    withUnsafeMutableBytes(of: &roomA) { bufferA in
      withUnsafeMutableBytes(of: &roomB) { bufferB in
        let (roomA, roomB) = (bufferA.baseAddress.unsafelyUnwrapped, bufferB.baseAddress.unsafelyUnwrapped)
        var r = 0
        while r < rows {
          let (a, b) = (a + r &* aRow &* stride, b + r &* bRow &* stride)
          if aColumn == 0 { Grid.lay(a, 0, 0, 0, 1, lanes, roomA, stride) }
          if bColumn == 0 { Grid.lay(b, 0, 0, 0, 1, lanes, roomB, stride) }
          body(
            aColumn == 0 ? UnsafeRawPointer(roomA) : a, aColumn &* lanes, bColumn == 0 ? UnsafeRawPointer(roomB) : b, bColumn &* lanes,
            r &* columns, columns)
          r &+= 1
        }
      }
    }
  }

  /// Short rows: both operands are laid out in tiles of whole rows first; a row that repeats, once for all.
  @inline(__always)
  private func inTiles(_ lanes: Int, _ stride: Int, _ body: (UnsafeRawPointer, Int, UnsafeRawPointer, Int, Int, Int) -> Void) {
    let tileRows = 128 / columns
    var (tileA, tileB) = (Tile(), Tile())
    withUnsafeMutableBytes(of: &tileA) { bufferA in
      withUnsafeMutableBytes(of: &tileB) { bufferB in
        let (ta, tb) = (bufferA.baseAddress.unsafelyUnwrapped, bufferB.baseAddress.unsafelyUnwrapped)
        let straightA = aRow == columns && aColumn == 1
        let straightB = bRow == columns && bColumn == 1
        var r = 0
        while r < rows {
          let n = tileRows < rows &- r ? tileRows : rows &- r
          if !straightA, r == 0 || aRow != 0 { Grid.lay(a, r, aRow, aColumn, n, columns, ta, stride) }
          if !straightB, r == 0 || bRow != 0 { Grid.lay(b, r, bRow, bColumn, n, columns, tb, stride) }
          let pa = straightA ? a + r &* columns &* stride : UnsafeRawPointer(ta)
          let pb = straightB ? b + r &* columns &* stride : UnsafeRawPointer(tb)
          body(pa, lanes, pb, lanes, r &* columns, n &* columns)
          r &+= n
        }
      }
    }
  }

  /// Lays `rows` short rows one behind the other.
  @inline(never)
  private static func lay(
    _ x: UnsafeRawPointer, _ first: Int, _ row: Int, _ column: Int, _ rows: Int, _ columns: Int, _ tile: UnsafeMutableRawPointer, _ stride: Int
  ) {
    var k = 0
    for r in first..<first &+ rows {
      for c in 0..<columns {
        let from = (r &* row &+ c &* column) &* stride
        if stride == 4 {
          tile.storeBytes(of: x.loadUnaligned(fromByteOffset: from, as: UInt32.self), toByteOffset: k &* 4, as: UInt32.self)
        } else {
          tile.storeBytes(of: x.loadUnaligned(fromByteOffset: from, as: UInt64.self), toByteOffset: k &* 8, as: UInt64.self)
        }
        k &+= 1
      }
    }
  }
}

/// Room for 128 elements of float64.
private struct Tile {
  var x0 = SIMD32<UInt64>()
  var x1 = SIMD32<UInt64>()
  var x2 = SIMD32<UInt64>()
  var x3 = SIMD32<UInt64>()
}
