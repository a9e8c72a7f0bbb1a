import NeuralNetworks
import Tensors
import Testing

extension NeuralNetworksTests {
  /// What the tables of values do not show: chance, far-out numbers, fused against plain.
  @Suite(.serialized) struct FunctionalBehaviour {
    @Test func dropoutRepeatsAndItsGradientIsItsMask() throws {
      let x = try wave(300, 7), g = try wave(300, 7, phase: 1)
      try x.requireGrad()
      RandomState.begin(seed: 7)
      let y = try Functional.dropout(x, p: 0.3)
      RandomState.begin(seed: 7)
      #expect(try Functional.dropout(x, p: 0.3).values() == y.values())
      #expect(try Functional.dropout(x, p: 0.3).values() != y.values())
      try y.backward(g)
      let (inputs, results, gradients, seeds) = (try x.values(), try y.values(), try #require(x.grad).values(), try g.values())
      for i in inputs.indices where inputs[i] != 0 { #expect(close(gradients[i], seeds[i] * results[i] / inputs[i], 1e-12)) }
    }

    @Test(arguments: [(1, 28, 5, 0, 1, 2), (3, 17, 3, 1, 1, 3), (2, 12, 3, 0, 2, 2), (2, 9, 2, 1, 1, 1)])
    func fusedConvolutionIsThePlainOne(channels: Int, size: Int, kernel: Int, padding: Int, stride: Int, pool: Int) throws {
      let x = try wave(3, channels, size, size), w = try wave(7, channels, kernel, kernel, phase: 1), b = try wave(7, phase: 2)
      func gradients(_ f: (Tensor, Tensor, Tensor) throws -> Tensor) throws -> [[Double]] {
        let leaves = try [x, w, b].map { leaf in
          let copy = try leaf.copied()
          try copy.requireGrad()
          return copy
        }
        let y = try f(leaves[0], leaves[1], leaves[2])
        try y.backward(wave(y.shape, phase: 3))
        return try [y.values()] + leaves.map { try $0.grad!.values() }
      }
      let step = Pair(stride, stride), window = Pair(pool, pool), border = Padding.size(Pair(padding, padding))
      let plain = try gradients { try Functional.maxPool2d(Activation.relu(Functional.conv2d($0, $1, $2, stride: step, padding: border)), kernel: window) }
      let fused = try gradients { try Functional.convReLUMaxPool($0, $1, $2, stride: step, padding: border, pool: pool) }
      for (a, b) in zip(plain, fused) {
        #expect(a.count == b.count)
        for (p, q) in zip(a, b) { #expect(close(q, p, 1e-11)) }
      }
    }

    @Test func fusedConvolutionNamesWhatIsWrong() throws {
      let x = try wave(1, 1, 4, 4), w = try wave(2, 1, 3, 3)
      #expect(
        message { try Functional.convReLUMaxPool(x, w, pool: 3) }
          == "max_pool2d: the kernel {3,3} is larger than the padded image {2,2} (input {1,1,4,4}, weight {2,1,3,3})")
      #expect(
        message { try Functional.convReLUMaxPool(wave(1, 2, 4, 4), w, pool: 2) } == "conv2d: input has 2 channels, weight expects 1 (input {1,2,4,4}, weight {2,1,3,3})")
    }

    /// A mean of 10,000 over a deviation of 1 leaves float32 three digits: the moments must be taken in float64.
    @Test func normalisationOfFarOutValues() throws {
      let far = try Elementwise.add(wave(64, 2, 5, 5), 10_000)
      let exact = try Functional.batchNorm(far, training: true).values()
      let single = try Functional.batchNorm(far.converted(to: .float32), training: true).values()
      for (a, b) in zip(single, exact) { #expect(abs(a - b) < 2e-3) }
      let mean = try Tensor.zeros(Shape(2), .float32), variance = try Tensor.full(Shape(2), 1, .float32)
      _ = try Functional.batchNorm(far, runningMean: mean, runningVar: variance, training: true, momentum: 1)
      #expect(try mean.values().allSatisfy { abs($0 - 10_000) < 0.1 } && variance.values().allSatisfy { abs($0 - 0.5) < 0.05 })
    }

    @Test func lossesOfFarOutValuesAndTheirGradientsAreFinite() throws {
      let scores = try Tensor([1e30, -1e30, 0, 88, -88, 1e4], 2, 3)
      try scores.requireGrad()
      let loss = try Functional.crossEntropy(scores, labels([2, 3]))
      try loss.backward()
      #expect(try loss.values()[0].isFinite && scores.grad!.values().allSatisfy(\.isFinite))
      let p = try Tensor([0.0, 1, 0, 1]), t = try Tensor([0.0, 1, 1, 0])
      try p.requireGrad()
      let binary = try Functional.bce(p, t, reduction: .none)
      #expect(try binary.values() == [0, 0, 100, 100])
      try Reduction.sum(binary).backward()
      #expect(try p.grad!.values() == [0, 0, -1e12, 1e12])
      let zero = try Tensor([0.0, 0], 1, 2)
      try zero.requireGrad()
      try Functional.cosineSimilarity(zero, wave(1, 2), dim: 1).backward(Tensor([1.0]))
      #expect(try zero.grad!.values().allSatisfy(\.isFinite))
    }

    @Test func labelsOfEveryTypeAreTaken() throws {
      let scores = try wave(3, 4), expected = try Functional.crossEntropy(scores, labels([1, 4, 2])).values()
      for type in [ElementType.uint8, .float32, .float64] {
        #expect(try Functional.crossEntropy(scores, labels([1, 4, 2]).converted(to: type)).values() == expected)
      }
      let given = try labels([1, 4, 2])
      _ = try Functional.crossEntropy(scores, given)
      #expect(try given.values() == [1, 4, 2], "the script's labels stay as they are")
      #expect(try Functional.crossEntropy(scores, labels([-100, -100, -100])).values()[0].isNaN)
    }

    @Test func aSavedTensorThatChangedIsNoticed() throws {
      let x = try wave(2, 3), w = try wave(4, 3, phase: 1)
      try w.requireGrad()
      let y = try Functional.linear(x, w)
      x.storage.changed(by: "add_")
      #expect(message { try y.backward(wave(2, 4)) }.contains("'linear' needs a tensor {2,3} as it was, but 'add_' has changed it"))
    }

    @Test func poolingPassesNaNOnAndGivesTiesToTheFirst() throws {
      let x = try Tensor([1.0, 1, 1, 1, .nan, 2, 3, 4], 2, 2, 2)
      try x.requireGrad()
      let y = try Functional.maxPool2d(x, kernel: 2)
      #expect(try y.values()[0] == 1 && y.values()[1].isNaN)
      try y.backward(Tensor([1.0, 2], 2, 1, 1))
      #expect(try x.grad!.values() == [1, 0, 0, 0, 2, 0, 0, 0])
    }
  }
}
