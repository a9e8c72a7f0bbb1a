internal import KernelTable

extension Convolution {
  /// How a convolution is worked out.
  package enum Algorithm {
    case automatic, direct, winograd
  }
}

/// The one place where the algorithm of a convolution, of its gradients and of its fusion with pooling is chosen: by shape alone, so that
/// fused and unfused chains agree bit for bit. `nnlua-bench-kernels winograd` measures what stands here.
extension ConvolutionGeometry {
  private var tiles: Int { (outHeight + 3) / 4 * ((outWidth + 3) / 4) }

  /// Results and the gradient of the input.
  func usesWinograd(_ width: FloatWidth, _ algorithm: Convolution.Algorithm) -> Bool {
    let able =
      width == .float32 && kernelHeight == 3 && kernelWidth == 3 && strideHeight == 1 && strideWidth == 1 && dilationHeight == 1
      && dilationWidth == 1 && groups == 1
    if algorithm != .automatic || !able { return able && algorithm == .winograd }
    // With fewer than 16 channels on a side lanes are empty, and transforms cost more than the products they save.
    let channels = min(inChannels, outChannels)
    if channels < 16 { return false }
    // Working memory stays below 30 MB: what grows with channels on one side alone is not cut.
    if max(inChannels, outChannels) > 1024 { return false }
    // Tiles of 4 x 4 hang over: 9 x 9 places in 12 x 12 are computed in vain for 16 channels, and still worth it for 32.
    if 10 * 16 * tiles > (channels < 32 ? 14 : 18) * outPlane { return false }
    // Transforming a filter costs as much as it saves on 8 to 16 tiles.
    return batch * tiles >= 16
  }

  /// The gradient of the weight: 36 sums in place of 9 for each pair of channels want 16 tiles and more in each of up to 16 partial sums.
  func sumsByWinograd(_ width: FloatWidth, _ algorithm: Convolution.Algorithm) -> Bool {
    usesWinograd(width, algorithm) && (algorithm == .winograd || batch * tiles >= 16 * min(16, batch))
  }
}
