import LinearAlgebra

/// Transposed convolution over 2 spatial axes, as in `torch.nn.ConvTranspose2d`, without the bias: the transpose of
/// a convolution from its output to its input.
///
/// Weight `[channels, outputs / groups, height, width]`.
public struct TransposedConvolution<S: Scalar>: LinearMap {
  public static var typeName: String { "transposed_convolution" }
  public static var constantDescriptions: [ConstantDescription] {
    [
      .integers("stride", default: [1]), .integers("padding", default: [0]),
      .integers("output_padding", default: [0]), .integers("dilation", default: [1]),
      .integers("groups", default: [1]),
    ]
  }

  public let constants: [Constant]
  /// The convolution of which this is the transpose.
  private let adjoint: Convolution<S>

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    guard let parameter, parameter.shape.count == 4, inputShape.count == 3,
      parameter.shape[0] == inputShape[0]
    else {
      throw InvalidConstants(
        "weight: expected 4 axes for samples of 3 axes, found shapes \(parameter?.shape ?? []) and \(inputShape)"
      )
    }
    let groups = constants.integers(4)
    guard groups.count == 1, groups[0] >= 1 else {
      throw InvalidConstants("groups: expected a positive integer, found \(groups)")
    }
    let (stride, padding) = (
      try Self.pair("stride", constants.integers(0)), try Self.pair("padding", constants.integers(1))
    )
    let (extra, dilation) = (
      try Self.pair("output_padding", constants.integers(2)), try Self.pair("dilation", constants.integers(3))
    )
    var outputShape = [parameter.shape[1] * groups[0]]
    for axis in 0..<2 {
      guard extra[axis] >= 0, extra[axis] < max(stride[axis], dilation[axis]) else {
        throw InvalidConstants("output_padding: expected less than stride or dilation, found \(extra[axis])")
      }
      let extent =
        (inputShape[axis + 1] - 1) * stride[axis] - 2 * padding[axis]
        + dilation[axis] * (parameter.shape[axis + 2] - 1) + extra[axis] + 1
      guard extent > 0 else {
        throw InvalidConstants("padding: expected an output, found an extent of \(extent)")
      }
      outputShape.append(extent)
    }
    self.constants = constants
    adjoint = try Convolution(
      inputShape: outputShape, parameter: parameter,
      constants: [.integers(stride), .integers(padding), .integers(dilation), .integers(groups)])
    guard adjoint.outputShape == inputShape else {
      throw InvalidConstants(
        "output_padding: expected samples of shape \(adjoint.outputShape), found \(inputShape)")
    }
  }

  private static func pair(_ name: String, _ values: [Int]) throws(InvalidConstants) -> [Int] {
    guard (1...2).contains(values.count), values.allSatisfy({ (0...1 << 20).contains($0) }) else {
      throw InvalidConstants("\(name): expected 1 or 2 integers, found \(values)")
    }
    return values.count == 1 ? [values[0], values[0]] : values
  }

  public var inputShape: [Int] { adjoint.outputShape }
  public var outputShape: [Int] { adjoint.inputShape }
  public var parameter: Tensor<S>? { adjoint.weight }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) { adjoint.addTransposed(of: x, to: &p) }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) { adjoint.add(of: g, to: &e) }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? {
    adjoint.parameterGradient(cotangent: x, input: g)
  }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    // Row r of the transpose is column r of the convolution: the windows that cover position r.
    let geometry = adjoint.geometry
    let (output, position) = row.quotientAndRemainder(dividingBy: geometry.inputArea)
    let (y, x) = position.quotientAndRemainder(dividingBy: geometry.input[2])
    let (outputsOfGroup, channelsOfGroup) = (
      adjoint.weight.shape[1], adjoint.weight.shape[0] / adjoint.groups
    )
    let (group, outputInGroup) = output.quotientAndRemainder(dividingBy: outputsOfGroup)
    let rows = geometry.covering(y, axis: 1)
    let columns = geometry.covering(x, axis: 2)
    for channel in group * channelsOfGroup..<(group + 1) * channelsOfGroup {
      let weights = (channel * outputsOfGroup + outputInGroup) * geometry.kernelArea
      for (windowY, kernelY) in rows {
        for (windowX, kernelX) in columns {
          body(
            channel * geometry.outputArea + windowY * geometry.output[2] + windowX,
            adjoint.weight.elements[weights + kernelY * geometry.kernel[2] + kernelX])
        }
      }
    }
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    // The same shapes and constants were valid before.
    try! TransposedConvolution<T>(
      inputShape: inputShape, parameter: parameter?.cast(to: type), constants: constants)
  }
}

extension WindowGeometry {
  /// The windows along an axis that cover a position, ascending, each with the kernel element that does.
  func covering(_ position: Int, axis: Int) -> [(window: Int, element: Int)] {
    (0..<kernel[axis]).reversed().compactMap { element in
      let offset = position + before[axis] - element * dilation[axis]
      guard offset >= 0, offset % stride[axis] == 0, offset / stride[axis] < output[axis] else { return nil }
      return (offset / stride[axis], element)
    }
  }
}
