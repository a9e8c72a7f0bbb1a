package import KernelTable

extension Convolution {
  /// columns[n, (c, u, v), (i, j)] = x[n, c, i·sh + u·dh - top, j·sw + v·dw - left], 0 in the padding: (N, C, H, W) to (N, C·kh·kw, outH·outW).
  package static func im2col(_ width: FloatWidth, _ g: ConvolutionGeometry, x: UnsafeRawPointer, columns: UnsafeMutableRawPointer) {
    func run<T: BinaryFloatingPoint>(_ type: T.Type) {
      let x = x.assumingMemoryBound(to: type), columns = columns.assumingMemoryBound(to: type)
      g.planesOfColumns { plane, rowOf, reach in
        let source = x + plane * g.inPlane, target = columns + plane * g.kernelArea * g.outPlane
        for u in 0..<g.kernelHeight {
          for v in 0..<g.kernelWidth {
            let tap = target + (u * g.kernelWidth + v) * g.outPlane
            for i in 0..<g.outHeight {
              let line = tap + i * g.outWidth
              let row = rowOf(i, u)
              if row < 0 || row >= g.inHeight {
                line.update(repeating: 0, count: g.outWidth)
                continue
              }
              let places = reach[v]
              let from = source + row * g.inWidth + v * g.dilationWidth - g.paddingLeft
              line.update(repeating: 0, count: places.lowerBound)
              if g.strideWidth == 1 {
                (line + places.lowerBound).update(from: from + places.lowerBound, count: places.count)
              } else {
                for j in places { line[j] = from[j &* g.strideWidth] }
              }
              (line + places.upperBound).update(repeating: 0, count: g.outWidth - places.upperBound)
            }
          }
        }
      }
    }
    if width == .float32 { run(Float.self) } else { run(Double.self) }
  }

  /// The adjoint of `im2col`: x[n, c, h, w] = Σ of the columns' elements that came from there.
  package static func col2im(_ width: FloatWidth, _ g: ConvolutionGeometry, columns: UnsafeRawPointer, x: UnsafeMutableRawPointer) {
    func run<T: BinaryFloatingPoint>(_ type: T.Type) {
      let x = x.assumingMemoryBound(to: type), columns = columns.assumingMemoryBound(to: type)
      g.planesOfColumns { plane, rowOf, reach in
        let target = x + plane * g.inPlane, source = columns + plane * g.kernelArea * g.outPlane
        target.update(repeating: 0, count: g.inPlane)
        for u in 0..<g.kernelHeight {
          for v in 0..<g.kernelWidth {
            let tap = source + (u * g.kernelWidth + v) * g.outPlane
            for i in 0..<g.outHeight {
              let row = rowOf(i, u)
              if row < 0 || row >= g.inHeight { continue }
              let line = tap + i * g.outWidth
              let to = target + row * g.inWidth + v * g.dilationWidth - g.paddingLeft
              for j in reach[v] { to[j &* g.strideWidth] += line[j] }
            }
          }
        }
      }
    }
    if width == .float32 { run(Float.self) } else { run(Double.self) }
  }
}

extension ConvolutionGeometry {
  /// Spreads the planes (batch · channels) over the cores; gives the row that place i reads at tap u, and for each tap v the places within the data.
  @inline(__always)
  fileprivate func planesOfColumns(_ body: (_ plane: Int, _ rowOf: (Int, Int) -> Int, _ reach: [Range<Int>]) -> Void) {
    let axis = PoolingAxis(
      size: inWidth, count: outWidth, kernel: kernelWidth, stride: strideWidth, padding: paddingLeft, dilation: dilationWidth)
    let reach = (0..<kernelWidth).map {
      let places = axis.places($0)
      return places.isEmpty ? 0..<0 : places
    }
    let planes = batch * inChannels
    let step = max(1, 200_000 / max(1, outPlane * kernelArea))
    Parallel.run((planes + step - 1) / step) { chunk in
      for plane in chunk * step..<min((chunk + 1) * step, planes) {
        body(plane, { $0 * strideHeight + $1 * dilationHeight - paddingTop }, reach)
      }
    }
  }
}
