import LinearAlgebra

/// Max pooling over 1 to 3 spatial axes, as in `torch.nn.MaxPool2d`; padding never wins. Of equal elements the first
/// one of the window takes the gradient, as in PyTorch.
public struct MaxPooling: Nonlinearity {
  public static let typeName = "max_pool"
  public static let constantDescriptions: [ConstantDescription] = [
    .integers("kernel_size"), .integers("stride", default: []), .integers("padding", default: [0]),
    .integers("dilation", default: [1]), .flag("ceil_mode", default: false),
  ]

  public let constants: [Constant]

  public init(constants: [Constant]) throws(InvalidConstants) {
    self.constants = constants
    let values = (0..<4).flatMap { constants.integers($0) }
    guard values.allSatisfy({ $0 >= 0 }) else {
      throw InvalidConstants("max_pool: expected integers of at least 0, found \(values)")
    }
  }

  private func geometry(_ shape: [Int]) -> WindowGeometry? {
    let kernel = constants.integers(0)
    return try? WindowGeometry(
      inputShape: shape, kernel: kernel,
      stride: constants.integers(1).isEmpty ? kernel : constants.integers(1),
      padding: constants.integers(2), dilation: constants.integers(3), roundUp: constants.flag(4))
  }

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    guard portShapes.count == 1, let geometry = geometry(portShapes[0]) else { return nil }
    return geometry.outputShape(channels: geometry.channels)
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    let winners = winners(ports[0], shapes[0])
    return Matrix(
      rows: ports[0].rows, columns: winners.count / max(1, ports[0].rows),
      elements: winners.map { ports[0].elements[$0] })
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    var g = Matrix<S>(rows: ports[0].rows, columns: ports[0].columns)
    for (output, winner) in winners(ports[0], shapes[0]).enumerated() {
      g.elements[winner] += cotangent.elements[output]
    }
    return [g]
  }

  /// For each output element of the batch the position of the largest element of its window; a NaN is largest.
  private func winners<S: Scalar>(_ p: Matrix<S>, _ shape: [Int]) -> [Int] {
    guard let geometry = geometry(shape) else { preconditionFailure("windows that do not fit") }
    let windows = (0..<geometry.outputArea).map { window in
      var positions: [Int] = []
      geometry.forEachElement(ofWindow: window) { _, position in
        if let position { positions.append(position) }
      }
      return positions
    }
    var winners: [Int] = []
    winners.reserveCapacity(p.rows * geometry.channels * windows.count)
    for plane in 0..<p.rows * geometry.channels {
      let base = plane * geometry.inputArea
      for window in windows {
        var best = base + window[0]
        for position in window.dropFirst()
        where p.elements[base + position] > p.elements[best] || p.elements[base + position].isNaN {
          best = base + position
        }
        winners.append(best)
      }
    }
    return winners
  }
}
