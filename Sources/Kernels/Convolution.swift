package import KernelTable

#if canImport(Glibc)
  internal import Glibc
#endif

/// Two-dimensional convolution and its gradients; images are (batch, channels, height, width) and contiguous.
///
/// Columns (im2col) are never written: the kernels broadcast single elements from the image or a window of it (`GatherProduct`).
/// Work goes image by image, and within an image in regions that stay in the second-level cache.
package enum Convolution {
  /// y = act(x ∗ weight + bias): y[n, o, i, j] = Σ x[n, c, i·sh + u·dh - top, j·sw + v·dw - left] · weight[o, c, u, v] + bias[o].
  package static func forward(
    _ width: FloatWidth, _ g: ConvolutionGeometry, x: UnsafeRawPointer, weight: UnsafeRawPointer, bias: UnsafeRawPointer?,
    y: UnsafeMutableRawPointer, activation: ConvolutionActivation = .none
  ) {
    forward(width, g, x: x, weight: weight, bias: bias, y: y, activation: activation, table: Kernels.table)
  }

  package static func forward(
    _ width: FloatWidth, _ g: ConvolutionGeometry, x: UnsafeRawPointer, weight: UnsafeRawPointer, bias: UnsafeRawPointer?,
    y: UnsafeMutableRawPointer, activation: ConvolutionActivation, table: KernelTable, algorithm: Algorithm = .automatic
  ) {
    if g.batch < 1 || g.outPlane < 1 || g.outChannels < 1 { return }
    if g.usesWinograd(width, algorithm) {
      return Winograd.forward(g, table).run(source: g.images(x), weight: weight, bias: bias, relu: activation == .relu, result: y)
    }
    let kernels = table.convolution.set(width)
    withForwardRun(width, g, weight: weight, bias: bias, relu: activation == .relu, rowwise: true, kernels) { $0.run(source: x, result: y) }
  }

  /// ∂x[n, c, i, j] = Σ gradOutput[n, o, …] · weight[o, c, u, v] over the places that read x[n, c, i, j].
  package static func inputGradient(
    _ width: FloatWidth, _ g: ConvolutionGeometry, gradOutput: UnsafeRawPointer, weight: UnsafeRawPointer,
    gradInput: UnsafeMutableRawPointer
  ) {
    inputGradient(width, g, gradOutput: gradOutput, weight: weight, gradInput: gradInput, table: Kernels.table)
  }

  package static func inputGradient(
    _ width: FloatWidth, _ g: ConvolutionGeometry, gradOutput: UnsafeRawPointer, weight: UnsafeRawPointer,
    gradInput: UnsafeMutableRawPointer, table: KernelTable, algorithm: Algorithm = .automatic
  ) {
    if g.batch < 1 || g.inPlane < 1 || g.inChannels < 1 { return }
    if g.outPlane > 0 && g.outChannels > 0 && g.usesWinograd(width, algorithm) {
      return Winograd.inputGradient(g, table).run(
        source: g.results(gradOutput), weight: weight, bias: nil, relu: false, result: gradInput)
    }
    let kernels = table.convolution.set(width)
    if g.outPlane > 0 && TapProducts.suit(g, lanes: kernels.lanes) {
      return TapProducts(g: g, width: width, table: table).run(gradOutput: gradOutput, weight: weight, gradInput: gradInput)
    }
    let ys = Axis.backward(
      size: g.inHeight, kernel: g.kernelHeight, stride: g.strideHeight, padding: g.paddingTop, dilation: g.dilationHeight,
      count: g.outHeight)
    let xs = Axis.backward(
      size: g.inWidth, kernel: g.kernelWidth, stride: g.strideWidth, padding: g.paddingLeft, dilation: g.dilationWidth,
      count: g.outWidth)
    let empty = (ys + xs).contains { $0.taps.isEmpty } || g.outPlane < 1
    if empty { memset(gradInput, 0, g.batch * g.inChannels * g.inPlane * width.stride) }
    if g.outPlane < 1 { return }
    let panels = ChannelPanels(g.inGroup, lanes: kernels.lanes, step: 1)
    for y in ys where !y.taps.isEmpty {
      for x in xs where !x.taps.isEmpty {
        let pass = Pass(y: y, x: x, sourceChannels: g.outGroup, resultChannels: g.inGroup)
        Scratch.withBuffer(g.groups * panels.width * pass.depth * width.stride) { packed in
          width.pack(
            pass, panels, groups: g.groups, weight: weight, kernelWidth: g.kernelWidth,
            groupStride: g.outGroup * g.inGroup * g.kernelArea, resultStride: g.kernelArea, sourceStride: g.inGroup * g.kernelArea,
            to: packed)
          PassRun(
            pass: pass, width: width, kernels: kernels, batch: g.batch, groups: g.groups, panels: panels, weights: packed, bias: nil,
            relu: false, resultPlane: g.inPlane, resultWidth: g.inWidth
          ).run(source: gradOutput, result: gradInput)
        }
      }
    }
  }

  package enum Part: Sendable {
    case forward, forwardPooled, inputGradient, weightGradient
  }

  /// The working memory that a part takes in one piece: weights packed, or their gradient's sums, with channels filled up to whole registers.
  /// Callers ask the system for it first: what it refuses a kernel ends the process.
  package static func workingBytes(_ part: Part, _ width: FloatWidth, _ g: ConvolutionGeometry) -> Int {
    let lanes = Kernels.table.convolution.set(width).lanes, depth = g.inGroup * g.kernelArea
    let elements =
      switch part {
      case .forward: ChannelPanels(g.outGroup, lanes: lanes, step: g.strideWidth).width * depth
      case .forwardPooled: ChannelPanels(g.outGroup, lanes: lanes, step: 0).width * depth
      case .inputGradient: ChannelPanels(g.inGroup, lanes: lanes, step: 1).width * g.outGroup * g.kernelArea
      case .weightGradient: ChannelPanels(g.outGroup, lanes: lanes, step: 0).width * (depth + 1)
      }
    return g.groups * elements * width.stride
  }

  /// The forward pass of a geometry with its weights packed.
  static func withForwardRun(
    _ width: FloatWidth, _ g: ConvolutionGeometry, weight: UnsafeRawPointer, bias: UnsafeRawPointer?, relu: Bool,
    rowwise: Bool, _ kernels: ConvolutionKernels.Set, _ body: (PassRun) -> Void
  ) {
    let pass = g.forwardPass
    let panels = ChannelPanels(g.outGroup, lanes: kernels.lanes, step: rowwise ? g.strideWidth : 0)
    let size = width.stride
    let biasBytes = bias == nil ? 0 : g.groups * panels.width * size
    let weightBytes = g.groups * panels.width * pass.depth * size
    Scratch.withBuffer(weightBytes + biasBytes) { packed in
      width.pack(
        pass, panels, groups: g.groups, weight: weight, kernelWidth: g.kernelWidth, groupStride: g.outGroup * g.inGroup * g.kernelArea,
        resultStride: g.inGroup * g.kernelArea, sourceStride: g.kernelArea, to: packed)
      let wide = packed + weightBytes
      if let bias {
        memset(wide, 0, biasBytes)
        for group in 0..<g.groups { memcpy(wide + group * panels.width * size, bias + group * g.outGroup * size, g.outGroup * size) }
      }
      body(
        PassRun(
          pass: pass, width: width, kernels: kernels, batch: g.batch, groups: g.groups, panels: panels, weights: packed,
          bias: bias == nil ? nil : UnsafeRawPointer(wide), relu: relu, resultPlane: g.outPlane, resultWidth: g.outWidth))
    }
  }
}

extension ConvolutionGeometry {
  var forwardPass: Pass {
    Pass(
      y: .forward(
        size: inHeight, kernel: kernelHeight, stride: strideHeight, padding: paddingTop, dilation: dilationHeight, count: outHeight),
      x: .forward(size: inWidth, kernel: kernelWidth, stride: strideWidth, padding: paddingLeft, dilation: dilationWidth, count: outWidth),
      sourceChannels: inGroup, resultChannels: outGroup)
  }
}

extension ConvolutionKernels {
  func set(_ width: FloatWidth) -> Set { width == .float32 ? float32 : float64 }
}

extension FloatWidth {
  func pack(
    _ pass: Pass, _ panels: ChannelPanels, groups: Int, weight: UnsafeRawPointer, kernelWidth: Int, groupStride: Int, resultStride: Int,
    sourceStride: Int, to: UnsafeMutableRawPointer
  ) {
    if self == .float32 {
      packWeights(
        Float.self, pass, panels, groups: groups, weight: weight, kernelWidth: kernelWidth, groupStride: groupStride,
        resultStride: resultStride, sourceStride: sourceStride, to: to)
    } else {
      packWeights(
        Double.self, pass, panels, groups: groups, weight: weight, kernelWidth: kernelWidth, groupStride: groupStride,
        resultStride: resultStride, sourceStride: sourceStride, to: to)
    }
  }
}
