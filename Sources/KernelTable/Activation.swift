/// What a product applies to its result as it is written.
public enum Activation: Int32, Sendable {
  case none
  /// max(x, 0); NaN stays NaN.
  case relu
}
