internal import LuaBridge

/// Every layer, container and loss of `nnlua.nn`: adding one is its file and a line here.
public enum Layers {
  static let rows: [Row] =
    [
      Sequential.row, ModuleList.row, Residual.row, Lambda.row, Identity.row,
      Linear.row, Flatten.row, Unflatten.row,
      Conv2d.row, MaxPool2d.row, AvgPool2d.row,
      BatchNorm1d.row, BatchNorm2d.row, Dropout.row,
      RNN.row, LSTM.row, GRU.row, RNNCell.row, LSTMCell.row, GRUCell.row,
      MultiheadAttention.row, TransformerEncoderLayer.row, TransformerEncoder.row, PositionalEncoding.row,
    ] + ActivationLayer.rows + Loss.rows
}
