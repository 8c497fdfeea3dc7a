import LinearAlgebra

/// Max pooling over 1 to 3 spatial axes, as in `torch.nn.MaxPool1d`, `MaxPool2d` and `MaxPool3d`; padding never wins. Of
/// equal elements the first one of the window takes the gradient, as in PyTorch.
///
/// `padding` is one integer for all axes, one for each, or those before all axes and then those behind them. A window
/// whose elements all lie in the padding has the value −∞.
public struct MaxPooling: Nonlinearity {
  public static let typeName = "max_pool"
  public static let constantDescriptions: [ConstantDescription] = [
    .integers("kernel_size"), .integers("stride", default: []), .integers("padding", default: [0]),
    .integers("dilation", default: [1]), .flag("ceil_mode", default: false),
  ]

  public let constants: [Constant]

  public init(constants: [Constant]) throws(InvalidConstants) {
    self.constants = constants
    for (position, least, counts) in [(0, 1, 1...3), (1, 1, 0...3), (2, 0, 1...6), (3, 1, 1...3)] {
      let (name, values) = (Self.constantDescriptions[position].name, constants.integers(position))
      guard counts.contains(values.count), values.allSatisfy({ (least...1 << 20).contains($0) }) else {
        throw InvalidConstants(
          "\(name): expected \(counts.lowerBound) to \(counts.upperBound) integers of at least \(least), found \(values)"
        )
      }
    }
  }

  private func geometry(_ shape: [Int]) -> WindowGeometry? {
    let kernel = constants.integers(0)
    guard
      let geometry = try? WindowGeometry(
        inputShape: shape, kernel: kernel,
        stride: constants.integers(1).isEmpty ? kernel : constants.integers(1),
        padding: .integers(constants.integers(2)), dilation: constants.integers(3), roundUp: constants.flag(4)
      ),
      (try? geometry.expectPaddingWithinWindow()) != nil
    else { return nil }
    return geometry
  }

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

  /// Where the windows of one channel of a port of this shape lie: for each window the offsets of its elements into the
  /// channel, ascending, without those in the padding.
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
