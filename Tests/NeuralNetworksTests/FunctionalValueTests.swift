import NeuralNetworks
import Tensors
import Testing

extension NeuralNetworksTests {
  /// Results and gradients against PyTorch's, gradients (and their gradients) against central differences.
  @Suite(.serialized) struct FunctionalValues {
    @Test func linear() throws {
      let w = try wave(5, 4, phase: 1), b = try wave(5, phase: 2)
      try check("linear", [wave(3, 4), w, b]) { try Functional.linear($0[0], $0[1], $0[2]) }
      try check("linear vector", [wave(4), w]) { try Functional.linear($0[0], $0[1]) }
      try check("linear 3d", [wave(2, 3, 4), w, b]) { try Functional.linear($0[0], $0[1], $0[2]) }
    }

    @Test func convolution() throws {
      let w = try wave(4, 3, 3, 3, phase: 1), b = try wave(4, phase: 2)
      try check("conv2d", [wave(2, 3, 6, 7), w, b]) { try Functional.conv2d($0[0], $0[1], $0[2]) }
      try check("conv2d unbatched", [wave(3, 6, 7), w, b]) { try Functional.conv2d($0[0], $0[1], $0[2]) }
      try check("conv2d strided", [wave(2, 4, 9, 8), wave(6, 2, 3, 2, phase: 1), wave(6, phase: 2)]) {
        try Functional.conv2d($0[0], $0[1], $0[2], stride: Pair(2, 1), padding: .size(Pair(1, 2)), dilation: Pair(2, 1), groups: 2)
      }
      try check("conv2d same", [wave(1, 2, 5, 6), wave(3, 2, 4, 3, phase: 1)]) {
        try Functional.conv2d($0[0], $0[1], padding: .same, dilation: Pair(1, 2))
      }
      try check("conv2d depthwise", [wave(2, 3, 6, 6), wave(3, 1, 3, 3, phase: 1)]) {
        try Functional.conv2d($0[0], $0[1], padding: .size(1), groups: 3)
      }
      try check("conv1d", [wave(2, 3, 9), wave(4, 3, 3, phase: 1), b]) {
        try Functional.conv1d($0[0], $0[1], $0[2], stride: 2, padding: .size(2), dilation: 2)
      }
      try check("conv_transpose2d", [wave(2, 4, 4, 3), wave(4, 3, 3, 2, phase: 1), wave(6, phase: 2)]) {
        try Functional.convTranspose2d(
          $0[0], $0[1], $0[2], stride: Pair(2, 3), padding: Pair(1, 0), outputPadding: Pair(1, 2), groups: 2, dilation: Pair(1, 2))
      }
      try check("conv relu max_pool2d", [wave(2, 2, 8, 9), wave(5, 2, 3, 3, phase: 1), wave(5, phase: 2)]) {
        try Functional.convReLUMaxPool($0[0], $0[1], $0[2], padding: .size(1), pool: 2)
      }
    }

    @Test func windows() throws {
      try check("im2col", [wave(2, 2, 5, 6)]) {
        try Functional.im2col($0[0], kernel: Pair(3, 2), stride: Pair(2, 1), padding: Pair(1, 0), dilation: Pair(1, 2))
      }
      try check("col2im", [wave(2, 12, 12)]) {
        try Functional.col2im($0[0], size: Pair(5, 6), kernel: Pair(3, 2), stride: Pair(2, 1), padding: Pair(1, 0), dilation: Pair(1, 2))
      }
    }

    @Test func pooling() throws {
      try check("max_pool2d", [wave(2, 3, 6, 7)]) { try Functional.maxPool2d($0[0], kernel: 2) }
      try check("max_pool2d full", [wave(2, 3, 9, 8)]) {
        try Functional.maxPool2d($0[0], kernel: Pair(3, 2), stride: Pair(2, 3), padding: 1, dilation: Pair(2, 1), ceilMode: true)
      }
      try check("max_pool2d unbatched", [wave(3, 6, 7)]) { try Functional.maxPool2d($0[0], kernel: 3, stride: 1) }
      try check("max_pool1d", [wave(2, 3, 10)]) { try Functional.maxPool1d($0[0], kernel: 3, stride: 2, padding: 1) }
      try check("avg_pool2d", [wave(2, 3, 7, 8)]) { try Functional.avgPool2d($0[0], kernel: Pair(3, 2), stride: 2, padding: 1, ceilMode: true) }
      try check("avg_pool2d exclude", [wave(2, 3, 7, 8)]) { try Functional.avgPool2d($0[0], kernel: 3, padding: 1, countIncludePad: false) }
      try check("adaptive_avg_pool2d", [wave(2, 3, 7, 5)]) { try Functional.adaptiveAvgPool2d($0[0], size: Pair(3, 2)) }
      try check("adaptive_max_pool2d", [wave(2, 3, 7, 5)]) { try Functional.adaptiveMaxPool2d($0[0], size: Pair(3, 2)) }
    }

    @Test func normalisation() throws {
      let w = try wave(3, phase: 1), b = try wave(3, phase: 2)
      for (name, x) in [("2d", try wave(5, 3)), ("3d", try wave(4, 3, 5)), ("4d", try wave(2, 3, 4, 5))] {
        try check("batch_norm \(name)", [x, w, b]) { try Functional.batchNorm($0[0], weight: $0[1], bias: $0[2], training: true) }
      }
      let mean = try Tensor([0.1, -0.2, 0.3]), variance = try Tensor([0.5, 1.5, 2.5])
      try check("batch_norm eval", [wave(2, 3, 4, 5), w, b]) {
        try Functional.batchNorm($0[0], runningMean: mean, runningVar: variance, weight: $0[1], bias: $0[2], eps: 1e-3)
      }
      _ = try Functional.batchNorm(wave(2, 3, 4, 5), runningMean: mean, runningVar: variance, training: true, momentum: 0.3)
      for (a, b) in zip(try mean.values() + variance.values(), try #require(torchValues["batch_norm running"])) { #expect(close(a, b, 1e-12)) }
      try check("layer_norm", [wave(4, 3, 5), wave(3, 5, phase: 1), wave(3, 5, phase: 2)]) {
        try Functional.layerNorm($0[0], shape: [3, 5], weight: $0[1], bias: $0[2])
      }
      try check("group_norm", [wave(2, 4, 3, 2), wave(4, phase: 1), wave(4, phase: 2)]) {
        try Functional.groupNorm($0[0], groups: 2, weight: $0[1], bias: $0[2])
      }
      try check("instance_norm", [wave(2, 3, 3, 2), w, b]) { try Functional.instanceNorm($0[0], weight: $0[1], bias: $0[2]) }
      try check("rms_norm", [wave(4, 3, 5), wave(3, 5, phase: 1)]) { try Functional.rmsNorm($0[0], shape: [3, 5], weight: $0[1]) }
      try check("layer_norm plain", [wave(4, 6)]) { try Functional.layerNorm($0[0], shape: [6]) }
    }

    @Test func activations() throws {
      try check("softmax", [wave(3, 4, 5)]) { try Softmax.softmax(Elementwise.mul($0[0], 3), dim: 1) }
      try check("log_softmax", [wave(3, 4, 5)]) { try Softmax.logSoftmax(Elementwise.mul($0[0], 3), dim: 2) }
      let x = try wave(4, 5, phase: 0.2, scale: 3)
      let table: [(String, Activation)] = [
        ("relu", .relu), ("sigmoid", .sigmoid), ("tanh", .tanh), ("selu", .selu), ("silu", .silu), ("softsign", .softsign), ("logsigmoid", .logSigmoid),
        ("leaky_relu", .leakyReLU(slope: 0.2)), ("elu", .elu(alpha: 1.3)), ("gelu", .gelu(approximate: false)),
        ("gelu_tanh", .gelu(approximate: true)), ("softplus", .softplus(beta: 2, threshold: 3)), ("hardtanh", .hardtanh(min: -0.5, max: 1.5)),
      ]
      for (name, activation) in table { try check(name, [x]) { try activation($0[0]) } }
      try check("relu6", [x]) { try Activation.relu6(Elementwise.mul($0[0], 4)) }
      let y = try Activation.step(Tensor([-1.0, 0, 2, .nan]))
      #expect(try y.values() == [0, 0, 1, 0])
      try check("prelu", [wave(2, 3, 4, phase: 0.2), wave(3, phase: 1)]) { try Functional.prelu($0[0], $0[1]) }
      try check("prelu one", [wave(2, 3, 4, phase: 0.2), wave(1, phase: 1)]) { try Functional.prelu($0[0], $0[1]) }
    }

    @Test func losses() throws {
      let a = try wave(3, 4, scale: 2), b = try wave(3, 4, phase: 2, scale: 2), c = try wave(3, 4, phase: 4)
      let b1 = try wave(3, 4, phase: 2)
      let p = try Activation.sigmoid(a), q = try Activation.sigmoid(b), w = try Tensor([1.0, 2, 0.5, 0]), pos = try Tensor([3.0, 1, 0.5, 2])
      for reduction in LossReduction.allCases {
        try check("mse_loss \(reduction)", [a, b1]) { try Functional.mseLoss($0[0], $0[1], reduction: reduction) }
        try check("l1_loss \(reduction)", [a, b1]) { try Functional.l1Loss($0[0], $0[1], reduction: reduction) }
        try check("bce \(reduction)", [p, q]) { try Functional.bce($0[0], $0[1], reduction: reduction) }
      }
      try check("sse_loss", [a, b1]) { try Functional.sseLoss($0[0], $0[1]) }
      try check("smooth_l1_loss", [a, b1]) { try Functional.smoothL1Loss($0[0], $0[1], beta: 0.7) }
      try check("huber_loss", [a, b1]) { try Functional.huberLoss($0[0], $0[1], delta: 1.2) }
      try check("bce weight", [p, q]) { try Functional.bce($0[0], $0[1], weight: w) }
      try check("bce_with_logits", [a, q]) { try Functional.bceWithLogits($0[0], $0[1]) }
      try check("bce_with_logits weights", [a, q]) { try Functional.bceWithLogits($0[0], $0[1], weight: w, posWeight: pos) }
      let answers = try Softmax.softmax(b1, dim: 1)
      try check("kl_div", [a, answers]) { try Functional.klDiv($0[0], $0[1], batchMean: true) }
      try check("kl_div log", [a, b1]) { try Functional.klDiv($0[0], $0[1], logTarget: true) }
      let signs = try Tensor([1.0, -1, 1])
      try check("cosine_embedding_loss", [a, b1]) { try Functional.cosineEmbeddingLoss($0[0], $0[1], signs, margin: 0.1) }
      try check("triplet_margin_loss", [a, b1, c]) { try Functional.tripletMarginLoss($0[0], $0[1], $0[2], margin: 2, swap: true) }
      try check("triplet_margin_loss p", [a, b1, c]) {
        try Functional.tripletMarginLoss($0[0], $0[1], $0[2], margin: 2, p: 3, reduction: .none)
      }
      try check("cosine_similarity", [a, b1]) { try Functional.cosineSimilarity($0[0], $0[1], dim: 1) }
      try check("cosine_similarity broadcast", [wave(3, 1, 4), wave(2, 4, phase: 1)]) {
        try Functional.cosineSimilarity($0[0], $0[1], dim: 2)
      }
    }

    @Test func classification() throws {
      let a = try wave(3, 4, scale: 2), b = try wave(3, 4, phase: 2)
      let answers = try Softmax.softmax(b, dim: 1), w = try Tensor([1.0, 2, 0.5, 3])
      let all = try labels([3, 1, 4]), some = try labels([3, -100, 4]), images = try labels([1, 2, 3, 1, 2, 2, 1, 3], 2, 2, 2)
      for reduction in LossReduction.allCases {
        try check("cross_entropy \(reduction)", [a]) { try Functional.crossEntropy($0[0], all, reduction: reduction) }
        try check("cross_entropy all \(reduction)", [a]) {
          try Functional.crossEntropy($0[0], some, weight: w, labelSmoothing: 0.1, reduction: reduction)
        }
        try check("cross_entropy probabilities \(reduction)", [a, answers]) {
          try Functional.crossEntropy($0[0], $0[1], weight: w, labelSmoothing: 0.1, reduction: reduction)
        }
        try check("nll_loss \(reduction)", [a]) { try Functional.nllLoss(Softmax.logSoftmax($0[0], dim: 1), some, weight: w, reduction: reduction) }
      }
      try check("cross_entropy images", [wave(2, 3, 2, 2)]) {
        try Functional.crossEntropy($0[0], images, weight: Tensor([1.0, 2, 0.5]), labelSmoothing: 0.2)
      }
      try check("cross_entropy images none", [wave(2, 3, 2, 2)]) { try Functional.crossEntropy($0[0], images, reduction: .none) }
      try check("nll_loss images", [wave(2, 3, 2, 2)]) { try Functional.nllLoss($0[0], images, reduction: .none) }
      try check("cross_entropy one", [wave(4)]) { try Functional.crossEntropy($0[0], labels([3]).reshaped(Shape())) }
    }

    @Test func embedding() throws {
      try check("embedding", [wave(5, 3)]) { try Functional.embedding(labels([1, 5, 3, 1], 2, 2), $0[0]) }
      try check("embedding padding", [wave(5, 3)], differences: false) { try Functional.embedding(labels([1, 5, 3, 1]), $0[0], paddingIndex: 0) }
    }
  }
}
