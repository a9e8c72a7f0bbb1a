/// Convolution into few channels: lanes are places of the image, read side by side, and weights are broadcast.
///
///     out[m, q] = bias[m] + Σ_l weights[l, m] · source[q + offsets[l]]
///
/// q runs over the window as it lies in memory, row ends included: what is computed there is dropped by the caller.
/// With a panel of channels (`gatherTile`) one channel would fill one lane of sixteen.

@inline(__always)
private func putRow<L: ConvolutionLanes>(_ lanes: L.Type, _ value: L.Vector, _ relu: Bool, _ out: UnsafeMutablePointer<L.Element>) {
  storeVector(L.self, relu ? L.relu(value) : value, out)
}

/// `channels` (1, 2 or 4) x `vectors` registers of sums; both are literals at every call.
@inline(__always)
private func rowTile<L: ConvolutionLanes>(
  _ lanes: L.Type, channels: Int, vectors: Int, _ source: UnsafePointer<L.Element>, _ offsets: UnsafePointer<Int>, _ count: Int,
  _ weights: UnsafePointer<L.Element>, _ bias: UnsafePointer<L.Element>?, _ relu: Bool, _ out: UnsafeMutablePointer<L.Element>,
  _ outRow: Int
) {
  var a0 = L.zero, b0 = L.zero, c0 = L.zero, d0 = L.zero
  if let bias {
    a0 = L.splat(bias[0])
    if channels > 1 { b0 = L.splat(bias[1]) }
    if channels > 2 {
      c0 = L.splat(bias[2])
      d0 = L.splat(bias[3])
    }
  }
  var a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0
  var b1 = b0, b2 = b0, b3 = b0, b4 = b0, b5 = b0, b6 = b0, b7 = b0
  var c1 = c0, c2 = c0, c3 = c0, d1 = d0, d2 = d0, d3 = d0
  var w = weights
  var l = 0
  while l < count {
    let x = source + offsets[l]
    let u = L.splat(w[0])
    let v = channels > 1 ? L.splat(w[1]) : u
    let s = channels > 2 ? L.splat(w[2]) : u, t = channels > 2 ? L.splat(w[3]) : u
    w += channels
    let x0 = loadVector(L.self, x)
    a0 = L.addProduct(a0, u, x0)
    if channels > 1 { b0 = L.addProduct(b0, v, x0) }
    if channels > 2 {
      c0 = L.addProduct(c0, s, x0)
      d0 = L.addProduct(d0, t, x0)
    }
    if vectors > 1 {
      let x1 = loadVector(L.self, x + L.count)
      a1 = L.addProduct(a1, u, x1)
      if channels > 1 { b1 = L.addProduct(b1, v, x1) }
      if channels > 2 {
        c1 = L.addProduct(c1, s, x1)
        d1 = L.addProduct(d1, t, x1)
      }
    }
    if vectors > 2 {
      let x2 = loadVector(L.self, x + 2 &* L.count), x3 = loadVector(L.self, x + 3 &* L.count)
      a2 = L.addProduct(a2, u, x2)
      a3 = L.addProduct(a3, u, x3)
      if channels > 1 {
        b2 = L.addProduct(b2, v, x2)
        b3 = L.addProduct(b3, v, x3)
      }
      if channels > 2 {
        c2 = L.addProduct(c2, s, x2)
        c3 = L.addProduct(c3, s, x3)
        d2 = L.addProduct(d2, t, x2)
        d3 = L.addProduct(d3, t, x3)
      }
    }
    if vectors > 4 {
      let x4 = loadVector(L.self, x + 4 &* L.count), x5 = loadVector(L.self, x + 5 &* L.count)
      let x6 = loadVector(L.self, x + 6 &* L.count), x7 = loadVector(L.self, x + 7 &* L.count)
      a4 = L.addProduct(a4, u, x4)
      a5 = L.addProduct(a5, u, x5)
      a6 = L.addProduct(a6, u, x6)
      a7 = L.addProduct(a7, u, x7)
      if channels > 1 {
        b4 = L.addProduct(b4, v, x4)
        b5 = L.addProduct(b5, v, x5)
        b6 = L.addProduct(b6, v, x6)
        b7 = L.addProduct(b7, v, x7)
      }
    }
    l &+= 1
  }
  putRow(L.self, a0, relu, out)
  if vectors > 1 { putRow(L.self, a1, relu, out + (0 &* outRow &+ 1 &* L.count)) }
  if vectors > 2 {
    putRow(L.self, a2, relu, out + (0 &* outRow &+ 2 &* L.count))
    putRow(L.self, a3, relu, out + (0 &* outRow &+ 3 &* L.count))
  }
  if vectors > 4 {
    putRow(L.self, a4, relu, out + (0 &* outRow &+ 4 &* L.count))
    putRow(L.self, a5, relu, out + (0 &* outRow &+ 5 &* L.count))
    putRow(L.self, a6, relu, out + (0 &* outRow &+ 6 &* L.count))
    putRow(L.self, a7, relu, out + (0 &* outRow &+ 7 &* L.count))
  }
  if channels > 1 {
    putRow(L.self, b0, relu, out + (1 &* outRow &+ 0 &* L.count))
    if vectors > 1 { putRow(L.self, b1, relu, out + (1 &* outRow &+ 1 &* L.count)) }
    if vectors > 2 {
      putRow(L.self, b2, relu, out + (1 &* outRow &+ 2 &* L.count))
      putRow(L.self, b3, relu, out + (1 &* outRow &+ 3 &* L.count))
    }
    if vectors > 4 {
      putRow(L.self, b4, relu, out + (1 &* outRow &+ 4 &* L.count))
      putRow(L.self, b5, relu, out + (1 &* outRow &+ 5 &* L.count))
      putRow(L.self, b6, relu, out + (1 &* outRow &+ 6 &* L.count))
      putRow(L.self, b7, relu, out + (1 &* outRow &+ 7 &* L.count))
    }
  }
  if channels > 2 {
    putRow(L.self, c0, relu, out + (2 &* outRow &+ 0 &* L.count))
    putRow(L.self, d0, relu, out + (3 &* outRow &+ 0 &* L.count))
    if vectors > 1 {
      putRow(L.self, c1, relu, out + (2 &* outRow &+ 1 &* L.count))
      putRow(L.self, d1, relu, out + (3 &* outRow &+ 1 &* L.count))
    }
    if vectors > 2 {
      putRow(L.self, c2, relu, out + (2 &* outRow &+ 2 &* L.count))
      putRow(L.self, c3, relu, out + (2 &* outRow &+ 3 &* L.count))
      putRow(L.self, d2, relu, out + (3 &* outRow &+ 2 &* L.count))
      putRow(L.self, d3, relu, out + (3 &* outRow &+ 3 &* L.count))
    }
  }
}

// Registers of places in one tile: with 32 registers 8 sums a channel for 1 or 2 channels and 4 for 4, with 16 half of that.
#if AVX512
  private var rowVectors1: Int { 8 }
  private var rowVectors2: Int { 8 }
  private var rowVectors4: Int { 4 }
#else
  private var rowVectors1: Int { 8 }
  private var rowVectors2: Int { 4 }
  private var rowVectors4: Int { 2 }
#endif

@inline(never)
private func rowTile1<L: ConvolutionLanes>(
  _ lanes: L.Type, _ source: UnsafePointer<L.Element>, _ offsets: UnsafePointer<Int>, _ count: Int, _ weights: UnsafePointer<L.Element>,
  _ bias: UnsafePointer<L.Element>?, _ relu: Bool, _ out: UnsafeMutablePointer<L.Element>, _ outRow: Int
) {
  rowTile(L.self, channels: 1, vectors: rowVectors1, source, offsets, count, weights, bias, relu, out, outRow)
}

@inline(never)
private func rowTile2<L: ConvolutionLanes>(
  _ lanes: L.Type, _ source: UnsafePointer<L.Element>, _ offsets: UnsafePointer<Int>, _ count: Int, _ weights: UnsafePointer<L.Element>,
  _ bias: UnsafePointer<L.Element>?, _ relu: Bool, _ out: UnsafeMutablePointer<L.Element>, _ outRow: Int
) {
  rowTile(L.self, channels: 2, vectors: rowVectors2, source, offsets, count, weights, bias, relu, out, outRow)
}

@inline(never)
private func rowTile4<L: ConvolutionLanes>(
  _ lanes: L.Type, _ source: UnsafePointer<L.Element>, _ offsets: UnsafePointer<Int>, _ count: Int, _ weights: UnsafePointer<L.Element>,
  _ bias: UnsafePointer<L.Element>?, _ relu: Bool, _ out: UnsafeMutablePointer<L.Element>, _ outRow: Int
) {
  rowTile(L.self, channels: 4, vectors: rowVectors4, source, offsets, count, weights, bias, relu, out, outRow)
}

/// `rowTile` over `places` places. Reads up to 8 registers behind the last one's terms and writes as many behind the last place of a channel.
@inline(__always)
func rowProduct<L: ConvolutionLanes>(
  _ lanes: L.Type, _ channels: Int, _ source: UnsafeRawPointer, _ places: Int, _ offsets: UnsafePointer<Int>, _ count: Int,
  _ weights: UnsafeRawPointer, _ bias: UnsafeRawPointer?, _ relu: Bool, _ out: UnsafeMutableRawPointer, _ outRow: Int
) {
  let source = source.assumingMemoryBound(to: L.Element.self), out = out.assumingMemoryBound(to: L.Element.self)
  let weights = weights.assumingMemoryBound(to: L.Element.self)
  var biases: UnsafePointer<L.Element>?
  if let bias { biases = bias.assumingMemoryBound(to: L.Element.self) }
  var q = 0
  while q < places {
    if channels == 1 {
      rowTile1(L.self, source + q, offsets, count, weights, biases, relu, out + q, outRow)
      q &+= rowVectors1 &* L.count
    } else if channels == 2 {
      rowTile2(L.self, source + q, offsets, count, weights, biases, relu, out + q, outRow)
      q &+= rowVectors2 &* L.count
    } else {
      rowTile4(L.self, source + q, offsets, count, weights, biases, relu, out + q, outRow)
      q &+= rowVectors4 &* L.count
    }
  }
}
