/// The two element types that have kernels.
public enum FloatWidth: UInt8, Sendable {
  case float32, float64
  /// Bytes of one element.
  public var stride: Int { self == .float32 ? 4 : 8 }
}
