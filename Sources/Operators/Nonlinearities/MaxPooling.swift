import LinearAlgebra

/// Max pooling over 1 to 3 spatial axes, as in `torch.nn.MaxPool1d`, `MaxPool2d` and `MaxPool3d`; padding is never the
/// maximum. Among equal elements the first one of the window receives the gradient, as in PyTorch.
///
/// `padding` is one integer for all axes, one for each, or those before all axes and then those after them. A window
/// whose elements all lie in the padding has the value −∞.
public struct MaxPooling: Nonlinearity {
  public static let typeName = "max_pool"
  public static let schema = OperatorSchema(
    "the largest of windows; of equal ones the first has the gradient",
    .kernelSize, .poolingStride, .padding, .dilation, .ceilMode)

  /// The extents of the window: one for all axes, or one for each.
  public let kernelSize: [Int]
  /// The distance from one window to the next; empty where it is `kernelSize`.
  public let stride: [Int]
  /// One number for all axes, one for each, or those before all axes and then those after them.
  public let padding: [Int]
  /// The distance between the elements of a window.
  public let dilation: [Int]
  /// Whether a last window that extends beyond the end is included.
  public let ceilMode: Bool

  /// The pooling with windows of these extents; without a stride they are adjacent.
  ///
  /// - Throws: `InvalidConstants` where there are more or fewer integers than a tensor has spatial axes, 1 to 3, or one
  ///   is too small or too large. Whether windows fit a tensor is checked by `outputShape(portShapes:)`, where its
  ///   shape is known.
  public init(
    kernelSize: IntegerList, stride: IntegerList? = nil, padding: IntegerList = 0, dilation: IntegerList = 1,
    ceilMode: Bool = false
  ) throws(InvalidConstants) {
    self.kernelSize = try integers("kernel_size", kernelSize, counts: 1...3, least: 1)
    self.stride = try integers("stride", stride ?? [], counts: 0...3, least: 1)
    self.padding = try integers("padding", padding, counts: 1...6, least: 0)
    self.dilation = try integers("dilation", dilation, counts: 1...3, least: 1)
    self.ceilMode = ceilMode
  }

  public init(attributes: Attributes) throws(InvalidConstants) {
    try self.init(
      kernelSize: IntegerList(attributes.integers("kernel_size")),
      stride: IntegerList(attributes.integers("stride")),
      padding: IntegerList(attributes.integers("padding")),
      dilation: IntegerList(attributes.integers("dilation")),
      ceilMode: attributes.flag("ceil_mode"))
  }

  public var attributes: Attributes {
    [
      "kernel_size": .integers(kernelSize), "stride": .integers(stride), "padding": .integers(padding),
      "dilation": .integers(dilation), "ceil_mode": .flag(ceilMode),
    ]
  }

  private func geometry(_ shape: [Int]) -> WindowGeometry? {
    guard
      let geometry = try? WindowGeometry(
        inputShape: shape, kernel: kernelSize, stride: stride.isEmpty ? kernelSize : stride,
        padding: .integers(padding), dilation: dilation, roundUp: ceilMode),
      (try? geometry.expectPaddingWithinWindow()) != nil
    else { return nil }
    return geometry
  }

  public var isPiecewiseLinear: Bool { true }

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    guard portShapes.count == 1, let geometry = geometry(portShapes[0]) else { return nil }
    return geometry.outputShape(channels: geometry.channels)
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    let (p, geometry) = (ports[0], fittingGeometry(shapes[0]))
    return Matrix(
      rows: p.rows, columns: geometry.channels * geometry.outputArea,
      elements: findMaxima(p.elements, planes: p.rows * geometry.channels, geometry))
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    let (p, geometry) = (ports[0], fittingGeometry(shapes[0]))
    var g = Matrix<S>(rows: p.rows, columns: p.columns)
    addToWinners(
      cotangent.elements, of: p.elements, planes: p.rows * geometry.channels, geometry, to: &g.elements)
    return [g]
  }

  /// The positions of the windows of one channel of a port of this shape: for each window the offsets of its elements
  /// into the channel, ascending, without those in the padding.
  public func windows(ofPort shape: [Int]) -> [[Int]] {
    let geometry = fittingGeometry(shape)
    return (0..<geometry.outputArea).map { window in
      var offsets: [Int] = []
      geometry.forEachElement(ofWindow: window) { offsets.append($1) }
      return offsets
    }
  }

  private func fittingGeometry(_ shape: [Int]) -> WindowGeometry {
    guard let geometry = geometry(shape) else { preconditionFailure("windows that do not fit") }
    return geometry
  }
}

/// The integers of an attribute, one or as many as a tensor may have axes.
private func integers(
  _ name: String, _ given: IntegerList, counts: ClosedRange<Int>, least: Int
) throws(InvalidConstants) -> [Int] {
  let values = given.values
  guard counts.contains(values.count), values.allSatisfy({ (least...1 << 20).contains($0) }) else {
    throw InvalidConstants(
      "\(name): expected \(counts.lowerBound) to \(counts.upperBound) integers of at least \(least), found \(values)"
    )
  }
  return values
}
