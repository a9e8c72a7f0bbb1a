package import LuaBridge
internal import Tensors

/// `nnlua.nn.functional`: every function of layers, collected from their homes.
package enum FunctionalLibrary {
  package static let all: [Row] =
    [
      Functional.linearRows, Functional.conv1dRows, Functional.conv2dRows, Functional.convTranspose2dRows,
      Functional.bilinearRows, Functional.interpolateRows, Functional.maxPoolRows, Functional.avgPoolRows, Functional.pool1dRows, Functional.adaptivePoolRows,
      Functional.unfoldRows,
      Functional.batchNormRows, Functional.layerNormRows, Functional.groupNormRows, Functional.instanceNormRows, Functional.rmsNormRows,
      Functional.normalizeRows,
      Functional.activationRows, Functional.composedActivationRows, Functional.preluRows, Functional.dropoutRows,
      Functional.embeddingRows, Functional.cosineSimilarityRows, Functional.attentionRows,
      Functional.squaredErrorRows, Functional.absoluteErrorRows, Functional.binaryCrossEntropyRows, Functional.crossEntropyRows,
      Functional.nllLossRows, Functional.klDivRows, Functional.marginLossRows,
    ].flatMap { $0 } + TensorLibrary.all.filter { tensorFunctions.contains($0.name) }

  /// Functions of tensors that users of layers look for here too.
  private static let tensorFunctions: Set = ["one_hot", "pad", "softmax", "log_softmax"]

  package static let library = Library("nnlua.nn.functional", "The layers' formulas as functions.", rows: all, alias: "F")
}
