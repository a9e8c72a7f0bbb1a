import NeuralNetworks
import Tensors
import Testing

extension NeuralNetworksTests {
  /// Resizing, pooling along one axis, bilinear forms, distances and composed activations against PyTorch's values.
  @Suite(.serialized) struct ResizingValues {
    @Test func interpolation() throws {
      let x = try wave(2, 3, 4, 5), line = try wave(2, 3, 7)
      try check("interpolate nearest", [x]) { try Functional.interpolate($0[0], scale: [2]) }
      try check("interpolate nearest size", [x]) { try Functional.interpolate($0[0], size: [7, 3]) }
      try check("interpolate nearest 1d", [line]) { try Functional.interpolate($0[0], size: [11]) }
      try check("interpolate nearest-exact", [x]) { try Functional.interpolate($0[0], size: [7, 3], mode: .nearestExact) }
      try check("interpolate linear", [line]) { try Functional.interpolate($0[0], scale: [1.7], mode: .linear) }
      try check("interpolate linear aligned", [line]) { try Functional.interpolate($0[0], size: [4], mode: .linear, alignCorners: true) }
      try check("interpolate bilinear", [x]) { try Functional.interpolate($0[0], scale: [2, 1.5], mode: .bilinear) }
      try check("interpolate bilinear smaller", [x]) { try Functional.interpolate($0[0], size: [3, 2], mode: .bilinear) }
      try check("interpolate bilinear aligned", [x]) { try Functional.interpolate($0[0], size: [6, 1], mode: .bilinear, alignCorners: true) }
      try check("interpolate bicubic", [x]) { try Functional.interpolate($0[0], size: [9, 7], mode: .bicubic) }
      try check("interpolate bicubic aligned", [x]) { try Functional.interpolate($0[0], size: [3, 8], mode: .bicubic, alignCorners: true) }
      try check("interpolate area", [x]) { try Functional.interpolate($0[0], size: [3, 2], mode: .area) }
      try check("interpolate area 1d", [line]) { try Functional.interpolate($0[0], size: [3], mode: .area) }
      // The same image at its own size, in every mode for images.
      for mode in [Interpolation.nearest, .nearestExact, .bilinear, .bicubic, .area] {
        let same = try Functional.interpolate(x, size: [4, 5], mode: mode)
        for (a, b) in zip(try same.values(), try x.values()) { #expect(close(a, b, 1e-14), "\(mode)") }
      }
    }

    @Test func pooling() throws {
      let x = try wave(2, 3, 7)
      try check("avg_pool1d", [x]) { try Functional.avgPool1d($0[0], kernel: 3, stride: 2, padding: 1, ceilMode: true, countIncludePad: false) }
      try check("adaptive_avg_pool1d", [x]) { try Functional.adaptiveAvgPool1d($0[0], size: 3) }
      try check("adaptive_max_pool1d", [x]) { try Functional.adaptiveMaxPool1d($0[0], size: 3) }
    }

    @Test func bilinearForms() throws {
      let w = try wave(6, 4, 5, phase: 2)
      try check("bilinear", [wave(2, 3, 4), wave(2, 3, 5, phase: 1), w, wave(6, phase: 3)]) { try Functional.bilinear($0[0], $0[1], $0[2], $0[3]) }
      try check("bilinear vector", [wave(4), wave(5, phase: 1), w]) { try Functional.bilinear($0[0], $0[1], $0[2]) }
    }

    @Test func lengthsAndDistances() throws {
      let x = try wave(2, 3, 4, phase: 0.3)
      try check("normalize", [x]) { try Functional.normalize($0[0], dim: 1) }
      try check("normalize 1", [x]) { try Functional.normalize($0[0], p: 1, dim: 2) }
      try check("normalize 3", [x]) { try Functional.normalize($0[0], p: 3, dim: 0) }
      try check("normalize inf", [x]) { try Functional.normalize($0[0], p: .infinity, dim: 2) }
      try check("pairwise_distance", [wave(3, 4), wave(3, 4, phase: 1)]) { try Functional.pairwiseDistance($0[0], $0[1]) }
      try check("pairwise_distance 3", [wave(3, 4), wave(1, 4, phase: 1)]) { try Functional.pairwiseDistance($0[0], $0[1], p: 3, keep: true) }
      let zeros = try Tensor([0.0, 0, 3, 4], 2, 2)
      try zeros.requireGrad()
      let y = try Functional.normalize(zeros, dim: 1)
      #expect(try y.values() == [0, 0, 0.6, 0.8])
      try y.backward(wave(2, 2))
      #expect(try zeros.grad!.values().allSatisfy(\.isFinite))
    }

    @Test func composedActivations() throws {
      try check("mish", [wave(12, scale: 3)]) { try Functional.mish($0[0]) }
      try check("hardsigmoid", [wave(12, scale: 4)]) { try Functional.hardsigmoid($0[0]) }
      try check("hardswish", [wave(12, scale: 4)]) { try Functional.hardswish($0[0]) }
      try check("celu", [wave(12, scale: 3)], twice: false) { try Functional.celu($0[0], alpha: 0.5) }
      try check("threshold", [wave(12, scale: 3)]) { try Functional.threshold($0[0], 0.4, -2) }
      try check("softmin", [wave(2, 3, 4)]) { try Functional.softmin($0[0], dim: 1) }
      try check("glu", [wave(2, 6, 3)]) { try Functional.glu($0[0], dim: 1) }
    }

    @Test func runningValuesOfInstances() throws {
      let mean = try wave(3, phase: 4), variance = try Elementwise.add(wave(3, phase: 5), 2)
      try check("instance_norm eval", [wave(2, 3, 6)]) {
        try Functional.instanceNorm($0[0], runningMean: mean, runningVar: variance, inputStatistics: false)
      }
      _ = try Functional.instanceNorm(wave(2, 3, 6), runningMean: mean, runningVar: variance, momentum: 0.3)
      for (a, b) in zip(try mean.values() + variance.values(), try #require(torchValues["instance_norm running"])) { #expect(close(a, b, 1e-12)) }
    }

    @Test func rowsOfAnEmbeddingAreCut() throws {
      for (name, p) in [("embedding max_norm", 2.0), ("embedding max_norm 1", 1)] {
        let w = try wave(4, 3, phase: 1, scale: 2), before = try w.values()
        let y = try Functional.embedding(labels([1, 4, 4, 3], 2, 2), w, maxNorm: 1.5, normType: p)
        #expect(close(try fingerprint(y), try #require(torchValues[name])[0], 1e-11))
        #expect(try Array(w.values()[3..<6]) == Array(before[3..<6]), "a row that is not used stays as it is")
        #expect(try w.values() != before)
      }
    }

    @Test func transposedConvolutionWithEverything() throws {
      try check("conv_transpose2d full", [wave(2, 4, 3, 3), wave(4, 3, 3, 2, phase: 1), wave(6, phase: 2)]) {
        try Functional.convTranspose2d(
          $0[0], $0[1], $0[2], stride: Pair(2, 3), padding: Pair(1, 0), outputPadding: Pair(1, 2), groups: 2, dilation: Pair(1, 2))
      }
      try check("unfold", [wave(2, 3, 5, 6)]) {
        try Functional.im2col($0[0], kernel: Pair(2, 3), stride: Pair(1, 2), padding: Pair(1, 0), dilation: 2)
      }
    }
  }
}
