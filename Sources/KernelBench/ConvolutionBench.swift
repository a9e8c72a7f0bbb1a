internal import KernelTable
internal import Kernels

/// Convolution and pooling at the sizes PyTorch is compared with: `mnist_first`, `middle` and `deep` of the peer's benchmark,
/// and the head of the book's CNN (5 x 5 convolution, ReLU, 2 x 2 pooling, batch 100).
/// - only: how the names of cases begin that are to be measured.
func benchConvolution(only: String = "") {
  let cases = [
    ("mnist_first", 100, 1, 28, 30, 5, 0), ("middle", 100, 32, 14, 32, 3, 1), ("deep", 32, 64, 32, 64, 3, 1),
    ("16 channels", 100, 16, 28, 16, 3, 1), ("4 x 4", 100, 64, 4, 64, 3, 1),
  ]
  for (name, batch, channels, side, out, kernel, padding) in cases where name.hasPrefix(only) {
    let g = ConvolutionGeometry(
      batch: batch, inChannels: channels, inHeight: side, inWidth: side, outChannels: out, kernelHeight: kernel, kernelWidth: kernel,
      paddingTop: padding, paddingBottom: padding, paddingLeft: padding, paddingRight: padding)
    let outCount = batch * out * g.outHeight * g.outWidth
    let x = noise(batch * channels * side * side), weight = noise(out * channels * kernel * kernel), bias = noise(out)
    let y = noise(outCount), gradInput = noise(batch * channels * side * side)
    let gradWeight = noise(out * channels * kernel * kernel), gradBias = noise(out)
    let flops = 2 * Double(outCount) * Double(channels * kernel * kernel)
    report("conv2d/\(name) forward", flops) { Convolution.forward(.float32, g, x: x, weight: weight, bias: bias, y: y) }
    report("conv2d/\(name) input", flops) {
      Convolution.inputGradient(.float32, g, gradOutput: y, weight: weight, gradInput: gradInput)
    }
    report("conv2d/\(name) weight", flops) {
      Convolution.weightGradient(.float32, g, x: x, gradOutput: y, gradWeight: gradWeight, gradBias: gradBias)
    }
    for buffer in [x, weight, bias, y, gradInput, gradWeight, gradBias] { buffer.deallocate() }
  }
  if "fused head".hasPrefix(only) { benchHead() }
  for (kernel, padding) in [(2, 0), (3, 1)] where "pooling".hasPrefix(only) {
    let g = PoolingGeometry(
      planes: 1600, inHeight: 28, inWidth: 28, kernelHeight: kernel, kernelWidth: kernel, strideHeight: 2, strideWidth: 2,
      paddingHeight: padding, paddingWidth: padding)
    let x = noise(1600 * 784), y = noise(1600 * 196), back = noise(1600 * 784)
    let positions = UnsafeMutablePointer<Int32>.allocate(capacity: 1600 * 196)
    report("max pool \(kernel) forward", 0) { Pooling.max(.float32, g, x: x, y: y, positions: positions) }
    report("max pool \(kernel) backward", 0) { Pooling.maxBackward(.float32, g, gradOutput: y, positions: positions, gradInput: back) }
    report("average pool \(kernel) forward", 0) { Pooling.average(.float32, g, x: x, y: y, countIncludePad: true) }
    report("average pool \(kernel) backward", 0) {
      Pooling.averageBackward(.float32, g, gradOutput: y, gradInput: back, countIncludePad: true)
    }
    for buffer in [x, y, back] { buffer.deallocate() }
    positions.deallocate()
  }
}

/// Where Winograd's algorithm wins: its time as a share of the direct way's, for `ConvolutionGeometry.usesWinograd`.
func benchWinograd() {
  print("3 x 3, padding 1: time of Winograd's algorithm / time of the direct way")
  for (from, to) in [(4, 16), (8, 8), (8, 16), (8, 32), (16, 8), (16, 16), (16, 32), (32, 32), (64, 64), (128, 128), (256, 256)] {
    for side in [3, 4, 5, 6, 7, 8, 9, 14, 28, 56] where from * to * side * side <= 1 << 24 {
      let batch = max(1, 4_000_000 / (from * to * side))
      let g = ConvolutionGeometry(
        batch: min(batch, 100), inChannels: from, inHeight: side, inWidth: side, outChannels: to, kernelHeight: 3, kernelWidth: 3,
        paddingTop: 1, paddingBottom: 1, paddingLeft: 1, paddingRight: 1)
      let x = noise(g.batch * from * side * side), weight = noise(from * to * 9), y = noise(g.batch * to * side * side)
      func share(_ body: (Convolution.Algorithm) -> Void) -> String {
        column(Limits.secondsPerCall { body(.winograd) } / Limits.secondsPerCall { body(.direct) }, 2)
      }
      let forward = share { Convolution.forward(.float32, g, x: x, weight: weight, bias: nil, y: y, activation: .none, table: Kernels.table, algorithm: $0) }
      let backward = share {
        Convolution.weightGradient(.float32, g, x: x, gradOutput: y, gradWeight: weight, gradBias: nil, table: Kernels.table, algorithm: $0)
      }
      print(padded("\(g.batch) x \(from) to \(to), \(side) x \(side)", 32), "forward", forward, "weight", backward)
      for buffer in [x, weight, y] { buffer.deallocate() }
    }
  }
}

private func benchHead() {
  let g = ConvolutionGeometry(batch: 100, inChannels: 1, inHeight: 28, inWidth: 28, outChannels: 30, kernelHeight: 5, kernelWidth: 5)
  let pooled = 100 * 30 * 144
  let x = noise(78_400), weight = noise(750), bias = noise(30), y = noise(pooled), gradOutput = noise(pooled)
  let gradInput = noise(78_400), gradWeight = noise(750), gradBias = noise(30)
  let positions = UnsafeMutablePointer<UInt8>.allocate(capacity: pooled)
  let flops = 2 * 100 * 30 * 576 * 25.0
  report("fused head forward", flops) {
    Convolution.forwardReLUMaxPool(.float32, g, pool: 2, x: x, weight: weight, bias: bias, y: y, positions: positions)
  }
  report("fused head backward", flops) {
    Convolution.backwardReLUMaxPool(
      .float32, g, pool: 2, x: x, weight: weight, positions: positions, gradOutput: gradOutput, gradInput: nil, gradWeight: gradWeight,
      gradBias: gradBias)
  }
  report("fused head backward, and x", flops) {
    Convolution.backwardReLUMaxPool(
      .float32, g, pool: 2, x: x, weight: weight, positions: positions, gradOutput: gradOutput, gradInput: gradInput,
      gradWeight: gradWeight, gradBias: gradBias)
  }
  for buffer in [x, weight, bias, y, gradOutput, gradInput, gradWeight, gradBias] { buffer.deallocate() }
  positions.deallocate()
}

/// Values in (-1, 1) from a linear congruential generator.
private func noise(_ count: Int) -> UnsafeMutablePointer<Float> {
  let values = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64).bindMemory(to: Float.self, capacity: count)
  var state: UInt64 = 1
  for i in 0..<count {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    values[i] = Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
  }
  return values
}

private func report(_ name: String, _ flops: Double, _ body: () -> Void) {
  let seconds = Limits.secondsPerCall(body)
  print(padded(name, 32), column(seconds * 1e3, 3), "ms", flops > 0 ? column(flops / seconds / 1e9) + " GFLOP/s" : "")
}
