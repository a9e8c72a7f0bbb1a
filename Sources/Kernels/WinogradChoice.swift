internal import KernelTable

extension Convolution {
  /// How a convolution is worked out.
  package enum Algorithm {
    case automatic, direct, winograd
  }
}

extension ConvolutionGeometry {
  /// What Winograd's algorithm can do at all.
  func admitsWinograd(_ width: FloatWidth) -> Bool {
    width == .float32 && kernelHeight == 3 && kernelWidth == 3 && strideHeight == 1 && strideWidth == 1 && dilationHeight == 1
      && dilationWidth == 1 && groups == 1
  }

  /// The one place where the algorithm of a convolution, of its gradients and of its fusion with pooling is chosen.
  ///
  /// Below 16 channels on either side, lanes are empty and the transforms cost more than the products they save; where tiles of 4 x 4 hang
  /// over so far that they hold more than twice the places, nothing is saved either.
  func usesWinograd(_ width: FloatWidth, _ algorithm: Convolution.Algorithm) -> Bool {
    if algorithm == .direct || !admitsWinograd(width) { return false }
    if algorithm == .winograd { return true }
    let tiled = (outHeight + 3) / 4 * ((outWidth + 3) / 4) * 16
    return inChannels >= 16 && outChannels >= 16 && tiled <= 2 * outPlane
  }
}
