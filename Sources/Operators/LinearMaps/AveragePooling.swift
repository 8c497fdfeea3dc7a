import LinearAlgebra

/// Average pooling over 1 to 3 spatial axes, as in `torch.nn.AvgPool2d`.
public struct AveragePooling<S: Scalar>: LinearMap {
  public static var typeName: String { "average_pooling" }
  public static var hasParameter: Bool { false }
  public static var constantDescriptions: [ConstantDescription] {
    [
      .integers("kernel_size"), .integers("stride", default: []), .integers("padding", default: [0]),
      .flag("count_include_pad", default: true),
    ]
  }

  public let inputShape: [Int]
  public let constants: [Constant]
  private let geometry: WindowGeometry
  private let countsPadding: Bool

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    self.inputShape = inputShape
    self.constants = constants
    let kernel = constants.integers(0)
    geometry = try WindowGeometry(
      inputShape: inputShape, kernel: kernel,
      stride: constants.integers(1).isEmpty ? kernel : constants.integers(1), padding: constants.integers(2),
      dilation: [1])
    countsPadding = constants.flag(3)
  }

  public var outputShape: [Int] { geometry.outputShape(channels: geometry.channels) }
  public var parameter: Tensor<S>? { nil }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) {
    forEachSummand(samples: x.rows) { input, output, share in
      p.elements[output] += share * x.elements[input]
    }
  }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) {
    forEachSummand(samples: g.rows) { input, output, share in
      e.elements[input] += share * g.elements[output]
    }
  }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? { nil }

  /// Calls `body` for every element of every window: where it is read, where it is added, and its share.
  private func forEachSummand(samples: Int, _ body: (_ input: Int, _ output: Int, _ share: S) -> Void) {
    for window in 0..<geometry.outputArea {
      let (positions, share) = positions(ofWindow: window)
      for plane in 0..<samples * geometry.channels {
        for position in positions {
          body(plane * geometry.inputArea + position, plane * geometry.outputArea + window, share)
        }
      }
    }
  }

  /// The positions within a channel that a window covers, and the share of each in the average.
  private func positions(ofWindow window: Int) -> ([Int], S) {
    var positions: [Int] = []
    geometry.forEachElement(ofWindow: window) { _, position in
      if let position { positions.append(position) }
    }
    return (positions, 1 / S(countsPadding ? geometry.kernelArea : max(1, positions.count)))
  }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    let (channel, window) = row.quotientAndRemainder(dividingBy: geometry.outputArea)
    let (positions, share) = positions(ofWindow: window)
    for position in positions { body(channel * geometry.inputArea + position, share) }
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    // The same shapes and constants were valid before.
    try! AveragePooling<T>(inputShape: inputShape, parameter: nil, constants: constants)
  }
}
