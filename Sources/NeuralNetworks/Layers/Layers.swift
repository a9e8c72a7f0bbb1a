internal import LuaBridge
internal import Tensors

/// Every layer, container and loss of `nnlua.nn`: adding one is its file and a line here.
package enum Layers {
  static let rows: [Row] =
    [
      Sequential.row, ModuleList.row, ModuleDict.row, Residual.row, Lambda.row, Identity.row, Parameter.row,
      Linear.row, Bilinear.row, Embedding.row, Flatten.row, Unflatten.row,
      Conv1d.row, Conv2d.row, ConvTranspose2d.row, MaxPool2d.row, AvgPool2d.row,
      PixelShuffle.row, BatchNorm1d.row, BatchNorm2d.row, LayerNorm.row, GroupNorm.row, RMSNorm.row, GaussianNoise.row,
      RNN.row, LSTM.row, GRU.row, RNNCell.row, LSTMCell.row, GRUCell.row,
      MultiheadAttention.row, TransformerEncoderLayer.row, TransformerEncoder.row, PositionalEncoding.row,
    ] + ResizingLayers.rows + InstanceNorm.rows + Dropout.rows + ActivationLayer.rows + FormulaLayer.activationRows + Loss.rows
}

/// A tensor that training changes, for modules written in Lua.
enum Parameter {
  static let row = Row(
    "Parameter",
    "A tensor that training changes: a leaf that shares the data's memory. As a field of a module of nn.class it is one of its parameters.\nErrors: whole numbers.",
    Param("data", Tensor.self, "float32 or float64"), Param("requires_grad", default: true, "false freezes it"), place: .function,
    example: "return nn.Parameter(T.zeros(3)).requires_grad"
  ) { data, on in
    let parameter = data.alias()
    try parameter.requireGrad(on)
    return parameter
  }
}
