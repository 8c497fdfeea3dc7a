/// The precision of a computation in floating point.
public enum Precision: String, Sendable, CaseIterable {
  /// Double precision.
  case float64
  /// Single precision.
  case float32
}
