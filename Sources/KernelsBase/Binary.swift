internal import KernelTable

/// y[r, c] = op(a[r aRow + c aColumn], b[r bRow + c bColumn])
func binary(
  _ op: Int32, _ width: UInt8, _ a: UnsafeRawPointer, _ aRow: Int, _ aColumn: Int, _ b: UnsafeRawPointer, _ bRow: Int, _ bColumn: Int,
  _ y: UnsafeMutableRawPointer, _ rows: Int, _ columns: Int
) {
  let op = unsafeBitCast(UInt8(truncatingIfNeeded: op), to: BinaryOp.self)
  let grid = Grid(a: a, aRow: aRow, aColumn: aColumn, b: b, bRow: bRow, bColumn: bColumn, rows: rows, columns: columns)
  if width == FloatWidth.float32.rawValue { binary32(op, grid, y) } else { binary64(op, grid, y) }
}

@inline(never) private func binary32(_ op: BinaryOp, _ grid: Grid, _ y: UnsafeMutableRawPointer) { binary(F32.self, op, grid, y) }
@inline(never) private func binary64(_ op: BinaryOp, _ grid: Grid, _ y: UnsafeMutableRawPointer) { binary(F64.self, op, grid, y) }

@inline(__always)
private func binary<V: Lanes>(_: V.Type, _ op: BinaryOp, _ grid: Grid, _ y: UnsafeMutableRawPointer) {
  switch op {
  case .add: grid.map(y) { (a: V, b: V) in a + b }
  case .sub: grid.map(y) { (a: V, b: V) in a - b }
  case .mul: grid.map(y) { (a: V, b: V) in a * b }
  case .div: grid.map(y) { (a: V, b: V) in a / b }
  case .pow: grid.map(y) { (a: V, b: V) in V.pow(a, b) }
  case .atan2: grid.map(y) { (a: V, b: V) in V.atan2(a, b) }
  case .maximum: grid.map(y) { (a: V, b: V) in V.maximum(a, b) }
  case .minimum: grid.map(y) { (a: V, b: V) in V.minimum(a, b) }
  case .fmod: grid.map(y) { (a: V, b: V) in V.fmod(a, b) }
  case .remainder:
    grid.map(y) { (a: V, b: V) in
      let r = V.fmod(a, b)
      // a remainder of the other sign moves by one divisor, as Lua does
      return .select((r < .zero) & (b > .zero) | (r > .zero) & (b < .zero), r + b, r)
    }
  case .floorDivide: grid.map(y) { (a: V, b: V) in (a / b).floor }
  case .squaredDifference:
    grid.map(y) { (a: V, b: V) in
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
  if width == FloatWidth.float32.rawValue { compare32(op, grid, bytes) } else { compare64(op, grid, bytes) }
}

@inline(never) private func compare32(_ op: CompareOp, _ grid: Grid, _ y: UnsafeMutablePointer<UInt8>) { compare(F32.self, op, grid, y) }
@inline(never) private func compare64(_ op: CompareOp, _ grid: Grid, _ y: UnsafeMutablePointer<UInt8>) { compare(F64.self, op, grid, y) }

@inline(__always)
private func compare<V: Lanes>(_: V.Type, _ op: CompareOp, _ grid: Grid, _ y: UnsafeMutablePointer<UInt8>) {
  switch op {
  case .eq: grid.mask(y) { (a: V, b: V) in a == b }
  case .ne: grid.mask(y) { (a: V, b: V) in a != b }
  case .lt: grid.mask(y) { (a: V, b: V) in a < b }
  case .le: grid.mask(y) { (a: V, b: V) in a <= b }
  case .gt: grid.mask(y) { (a: V, b: V) in a > b }
  case .ge: grid.mask(y) { (a: V, b: V) in a >= b }
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

  @inline(__always)
  func map<V: Lanes>(_ y: UnsafeMutableRawPointer, _ f: (V, V) -> V) {
    forEach { (a: V, b: V, i, n) in
      let r = f(a, b)
      if n == V.count { r.store(y, i) } else { r.store(first: n, y, i) }
    }
  }

  @inline(__always)
  func mask<V: Lanes>(_ y: UnsafeMutablePointer<UInt8>, _ f: (V, V) -> V.Mask) {
    forEach { (a: V, b: V, i, n) in
      let m = f(a, b)
      if n == V.count {
        m.store(y, i)
      } else {
        var bytes = SIMD16<UInt8>()
        withUnsafeMutableBytes(of: &bytes) { buffer in
          let bytes = buffer.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
          m.store(bytes, 0)
          var k = 0
          while k < n {
            y[i &+ k] = bytes[k]
            k &+= 1
          }
        }
      }
    }
  }

  /// Calls `body(a, b, first element, how many)` for all vectors of all rows.
  @inline(__always)
  private func forEach<V: Lanes>(_ body: (V, V, Int, Int) -> Void) {
    if rows > 1, columns < 64 {
      inTiles(body)
      return
    }
    var r = 0
    while r < rows {
      let a = self.a + r &* aRow &* V.stride
      let b = self.b + r &* bRow &* V.stride
      Grid.row(a, aColumn, b, bColumn, r &* columns, columns, body)
      r &+= 1
    }
  }

  /// One row; `first` is its first element's index in y.
  @inline(__always)
  private static func row<V: Lanes>(
    _ a: UnsafeRawPointer, _ aStep: Int, _ b: UnsafeRawPointer, _ bStep: Int, _ first: Int, _ n: Int, _ body: (V, V, Int, Int) -> Void
  ) {
    var i = 0
    let whole = n &- n % V.count
    if aStep == 1, bStep == 1 {
      while i < whole {
        body(V(a, i), V(b, i), first &+ i, V.count)
        i &+= V.count
      }
    } else if aStep == 1 {
      let vb = V(repeating: b, 0)
      while i < whole {
        body(V(a, i), vb, first &+ i, V.count)
        i &+= V.count
      }
    } else {
      let va = V(repeating: a, 0)
      let vb = V(repeating: b, 0)
      while i < whole {
        body(va, bStep == 1 ? V(b, i) : vb, first &+ i, V.count)
        i &+= V.count
      }
    }
    if i < n {
      let rest = n &- i
      let va = aStep == 1 ? V(first: rest, a, i) : V(repeating: a, 0)
      let vb = bStep == 1 ? V(first: rest, b, i) : V(repeating: b, 0)
      body(va, vb, first &+ i, rest)
    }
  }

  /// Short rows: both operands are laid out in tiles of whole rows first; a row that repeats, once for all.
  @inline(__always)
  private func inTiles<V: Lanes>(_ body: (V, V, Int, Int) -> Void) {
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
          if !straightA, r == 0 || aRow != 0 { Grid.lay(a, r, aRow, aColumn, n, columns, ta, V.stride) }
          if !straightB, r == 0 || bRow != 0 { Grid.lay(b, r, bRow, bColumn, n, columns, tb, V.stride) }
          let pa = straightA ? a + r &* columns &* V.stride : UnsafeRawPointer(ta)
          let pb = straightB ? b + r &* columns &* V.stride : UnsafeRawPointer(tb)
          Grid.row(pa, 1, pb, 1, r &* columns, n &* columns, body)
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
