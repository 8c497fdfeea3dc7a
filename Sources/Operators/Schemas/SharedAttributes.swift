/// Attributes with the same meaning in several operators.
extension OperatorSchema.Attribute {
  /// The axis along which an operator works.
  static let axis = integers("dim", default: [-1], "the axis")

  /// The axes over which an operator reduces.
  static let axes = integers("dim", "the axes")

  /// Whether a reduction keeps its axes.
  static let keepdim = flag("keepdim", default: false, "whether they stay with extents of 1")

  /// The extents that a normalisation is over.
  static let normalizedShape = integers("normalized_shape", "the extents of the last axes")

  /// The number that a normalisation adds to the variance.
  static let eps = number("eps", default: 1e-5, "added to the variance; not negative")

  /// The extents of a pooling's window.
  static let kernelSize = integers("kernel_size", "the extents of the window")

  /// The distance from one window of a pooling to the next.
  static let poolingStride = integers(
    "stride", default: [], "the distance from one window to the next; without it the window's extents")

  /// The distance from one window of a convolution to the next.
  static let stride = integers("stride", default: [1], "the distance from one window to the next")

  /// The padding around a windowed tensor.
  static let padding = integers(
    "padding", default: [0], "a number for each axis, or all before and then all behind")

  /// The distance between the elements of a window.
  static let dilation = integers("dilation", default: [1], "the distance between a window's elements")

  /// The treatment of the end of an axis.
  static let ceilMode = flag(
    "ceil_mode", default: false, "whether a last window that reaches over the end counts")

  /// The number of groups of channels.
  static let groups = integers(
    "groups", default: [1], "the groups that the channels fall into, each by itself")
}
