import LinearAlgebra

/// Transposed convolution over 1, 2 or 3 spatial axes, as in `torch.nn.ConvTranspose1d`, `ConvTranspose2d` and
/// `ConvTranspose3d`, without the bias: the transpose of a convolution from its output to its input.
///
/// Reads `[channels, …]`, weight `[channels, outputs / groups, …kernel]`. `padding` is one integer for all axes, one
/// for each, or those before all axes and then those after them.
public struct TransposedConvolution<S: Scalar>: LinearMap {
  public static var typeName: String { "conv_transpose" }
  public static var schema: OperatorSchema { transposedConvolutionSchema }

  /// The number of extra coordinates after those that the windows need: one for all axes, or one for each.
  public let outputPadding: [Int]
  /// The convolution that this is the transpose of.
  private let adjoint: Convolution<S>

  /// The transposed convolution of samples `[channels, …]` of this shape.
  ///
  /// - Parameters:
  ///   - weight: `[channels, outputs / groups, …kernel]`.
  ///   - stride: One integer for all axes, or one for each; likewise `outputPadding` and `dilation`.
  ///   - padding: One integer for all axes, one for each, or those before all axes and then those after them.
  ///   - groups: A divisor of the channels.
  /// - Throws: `InvalidConstants` where they do not match; the text begins with the argument's name.
  public init(
    inputShape: [Int], weight: Tensor<S>, stride: IntegerList = 1, padding: IntegerList = 0,
    outputPadding: IntegerList = 0, groups: Int = 1, dilation: IntegerList = 1
  ) throws(InvalidConstants) {
    let weight = try Convolution.weight(weight, inputShape: inputShape)
    let groups = try positive("groups", [groups])
    guard weight.shape[0] == inputShape[0] else {
      throw InvalidConstants("weight: expected \(inputShape[0]) input channels, found \(weight.shape[0])")
    }
    guard inputShape[0] % groups == 0 else {
      throw InvalidConstants("groups: expected a divisor of \(inputShape[0]), found \(groups)")
    }
    let geometry = try WindowGeometry(
      transposedInputShape: inputShape, outputs: try checkedSize("weight", [weight.shape[1], groups]),
      kernel: Array(weight.shape.dropFirst(2)), stride: stride.values, padding: padding.values,
      extra: outputPadding.values, dilation: dilation.values)
    self.outputPadding = outputPadding.values
    adjoint = try Convolution(
      weight: weight, geometry: geometry, stride: stride.values, padding: .integers(padding.values),
      dilation: dilation.values, groups: groups)
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try self.init(
      inputShape: inputShape, weight: try Convolution.weight(parameter, inputShape: inputShape),
      stride: IntegerList(attributes.integers("stride")),
      padding: IntegerList(attributes.integers("padding")),
      outputPadding: IntegerList(attributes.integers("output_padding")),
      groups: try positive("groups", attributes.integers("groups")),
      dilation: IntegerList(attributes.integers("dilation")))
  }

  private init(_ adjoint: Convolution<S>, outputPadding: [Int]) {
    self.adjoint = adjoint
    self.outputPadding = outputPadding
  }

  /// The weight, `[channels, outputs / groups, …kernel]`.
  public var weight: Tensor<S> { adjoint.weight }
  /// The distance in the result from one coordinate of the input to the next: one for all axes, or one for each.
  public var stride: [Int] { adjoint.stride }
  /// The number of coordinates cut off: one for all axes, one for each, or those before all axes and then those after.
  public var padding: [Int] {
    if case .integers(let values) = adjoint.padding { values } else { [] }
  }
  /// The distance between the elements of a window: one for all axes, or one for each.
  public var dilation: [Int] { adjoint.dilation }
  /// The number of groups of channels, which are convolved separately.
  public var groups: Int { adjoint.groups }

  public var attributes: Attributes {
    [
      "stride": .integers(stride), "padding": .integers(padding), "output_padding": .integers(outputPadding),
      "groups": .integers([groups]), "dilation": .integers(dilation),
    ]
  }

  public var inputShape: [Int] { adjoint.outputShape }
  public var outputShape: [Int] { adjoint.inputShape }
  public var parameter: Tensor<S>? { adjoint.weight }
  public var multiplications: Int { adjoint.multiplications }
  public var biasShape: [Int] { [outputShape[0]] }
  public var biasDims: [Int] { [0] }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) { adjoint.addTransposed(of: x, to: &p) }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) { adjoint.add(of: g, to: &e) }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? {
    adjoint.parameterGradient(cotangent: x, input: g)
  }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    forEachElement(inRow: row) { body($0, adjoint.weight.elements[$1]) }
  }

  public func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void) {
    forEachElement(inRow: row) { body(EntrySummand(column: $0, element: $1)) }
  }

  /// Calls `body` with the columns of a row and the weight's element at each.
  private func forEachElement(inRow row: Int, _ body: (_ column: Int, _ element: Int) -> Void) {
    // Row r of the transpose is column r of the convolution: the windows that cover position r.
    let (geometry, weight) = (adjoint.geometry, adjoint.weight)
    let (output, position) = row.quotientAndRemainder(dividingBy: geometry.inputArea)
    let (line, x) = position.quotientAndRemainder(dividingBy: geometry.input[2])
    let (z, y) = line.quotientAndRemainder(dividingBy: geometry.input[1])
    let (outputsOfGroup, channelsOfGroup) = (weight.shape[1], weight.shape[0] / adjoint.groups)
    let (group, outputInGroup) = output.quotientAndRemainder(dividingBy: outputsOfGroup)
    let planes = geometry.covering(z, axis: 0)
    let rows = geometry.covering(y, axis: 1)
    let columns = geometry.covering(x, axis: 2)
    for channel in group * channelsOfGroup..<(group + 1) * channelsOfGroup {
      let weights = (channel * outputsOfGroup + outputInGroup) * geometry.kernelArea
      for (windowZ, kernelZ) in planes {
        for (windowY, kernelY) in rows {
          let windows =
            channel * geometry.outputArea + (windowZ * geometry.output[1] + windowY) * geometry.output[2]
          let elements = weights + (kernelZ * geometry.kernel[1] + kernelY) * geometry.kernel[2]
          for (windowX, kernelX) in columns {
            body(windows + windowX, elements + kernelX)
          }
        }
      }
    }
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    TransposedConvolution<T>(
      Convolution<T>(adjoint, weight: adjoint.weight.cast(to: type)), outputPadding: outputPadding)
  }
}

extension WindowGeometry {
  /// The windows along an axis that cover a position, ascending, each with the kernel element at that position.
  fileprivate func covering(_ position: Int, axis: Int) -> [(window: Int, element: Int)] {
    (0..<kernel[axis]).reversed().compactMap { element in
      let offset = position + before[axis] - element * dilation[axis]
      guard offset >= 0, offset % stride[axis] == 0, offset / stride[axis] < output[axis] else { return nil }
      return (offset / stride[axis], element)
    }
  }
}

private let transposedConvolutionSchema = OperatorSchema(
  "transposed convolution of `[channels, …]`", weight: "[channels][outputs/groups][…kernel]",
  .stride, .padding,
  .integers(
    "output_padding", default: [0], "how many coordinates the result has behind those of the windows"),
  .groups, .dilation)
