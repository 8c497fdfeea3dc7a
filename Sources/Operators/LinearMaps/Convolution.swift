import LinearAlgebra

/// Convolution over 1, 2 or 3 spatial axes, as in `torch.nn.Conv1d`, `Conv2d` and `Conv3d`, without the bias.
///
/// Reads `[channels, …]`, weight `[outputs, channels / groups, …kernel]`. Each group of each sample is one matrix
/// product with the unfolded windows; the Toeplitz matrix is never formed.
public struct Convolution<S: Scalar>: LinearMap {
  public static var typeName: String { "convolution" }
  public static var constantDescriptions: [ConstantDescription] {
    [
      .integers("stride", default: [1]), .integers("padding", default: [0]),
      .integers("dilation", default: [1]),
      .integers("groups", default: [1]),
    ]
  }

  public let inputShape: [Int]
  public let constants: [Constant]
  /// `[outputs, channels / groups, …kernel]`.
  public let weight: Tensor<S>
  let geometry: WindowGeometry
  let groups: Int

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    guard let parameter, parameter.shape.count == inputShape.count + 1, inputShape.count >= 2 else {
      throw InvalidConstants(
        "weight: expected \(inputShape.count + 1) axes for samples of shape \(inputShape), "
          + "found shape \(parameter?.shape ?? [])")
    }
    let groups = constants.integers(3)
    guard groups.count == 1, groups[0] >= 1, inputShape[0] % groups[0] == 0,
      parameter.shape[0] % groups[0] == 0
    else {
      throw InvalidConstants(
        "groups: expected a divisor of \(inputShape[0]) and \(parameter.shape[0]), found \(groups)")
    }
    guard parameter.shape[1] == inputShape[0] / groups[0] else {
      throw InvalidConstants(
        "weight: expected \(inputShape[0] / groups[0]) input channels, found \(parameter.shape[1])")
    }
    self.inputShape = inputShape
    self.constants = constants
    self.groups = groups[0]
    weight = parameter
    geometry = try WindowGeometry(
      inputShape: inputShape, kernel: Array(parameter.shape.dropFirst(2)), stride: constants.integers(0),
      padding: constants.integers(1), dilation: constants.integers(2))
  }

  /// The same convolution with another weight of the same shape.
  private init<T: Scalar>(_ other: Convolution<T>, weight: Tensor<S>) {
    inputShape = other.inputShape
    constants = other.constants
    geometry = other.geometry
    groups = other.groups
    self.weight = weight
  }

  public var outputShape: [Int] { geometry.outputShape(channels: weight.shape[0]) }
  public var parameter: Tensor<S>? { weight }

  private var channelsOfGroup: Int { weight.shape[1] }
  private var outputsOfGroup: Int { weight.shape[0] / groups }
  /// The rows of a group's unfolded windows.
  private var depth: Int { channelsOfGroup * geometry.kernelArea }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) {
    let area = geometry.outputArea
    withUnfolded(x) { sample, group, columns in
      weight.elements.withUnsafeBufferPointer { weight in
        p.elements.withUnsafeMutableBufferPointer { p in
          S.gemm(
            transposeA: false, transposeB: false, m: outputsOfGroup, n: area, k: depth, alpha: 1,
            a: weight.baseAddress! + group * outputsOfGroup * depth, lda: depth, b: columns, ldb: area,
            beta: 1,
            c: p.baseAddress! + sample * outputSize + group * outputsOfGroup * area, ldc: area)
        }
      }
    }
  }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) {
    let area = geometry.outputArea
    var columns = [S](repeating: 0, count: depth * area)
    for sample in 0..<g.rows {
      for group in 0..<groups {
        columns.withUnsafeMutableBufferPointer { columns in
          weight.elements.withUnsafeBufferPointer { weight in
            g.elements.withUnsafeBufferPointer { g in
              S.gemm(
                transposeA: true, transposeB: false, m: depth, n: area, k: outputsOfGroup, alpha: 1,
                a: weight.baseAddress! + group * outputsOfGroup * depth, lda: depth,
                b: g.baseAddress! + sample * outputSize + group * outputsOfGroup * area, ldb: area, beta: 0,
                c: columns.baseAddress!, ldc: area)
            }
          }
          e.elements.withUnsafeMutableBufferPointer { e in
            foldAdding(
              columns.baseAddress!, channels: channelsOfGroup, geometry,
              to: e.baseAddress! + sample * inputSize + group * channelsOfGroup * geometry.inputArea)
          }
        }
      }
    }
  }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? {
    let area = geometry.outputArea
    var gradient = Tensor<S>(zeros: weight.shape)
    withUnfolded(x) { sample, group, columns in
      g.elements.withUnsafeBufferPointer { g in
        gradient.elements.withUnsafeMutableBufferPointer { gradient in
          S.gemm(
            transposeA: false, transposeB: true, m: outputsOfGroup, n: depth, k: area, alpha: 1,
            a: g.baseAddress! + sample * outputSize + group * outputsOfGroup * area, lda: area, b: columns,
            ldb: area, beta: 1, c: gradient.baseAddress! + group * outputsOfGroup * depth, ldc: depth)
        }
      }
    }
    return gradient
  }

  /// Calls `body` for every group of every sample with its unfolded windows, `[depth, outputArea]`.
  private func withUnfolded(_ x: Matrix<S>, _ body: (_ sample: Int, _ group: Int, UnsafePointer<S>) -> Void) {
    var columns = [S](repeating: 0, count: depth * geometry.outputArea)
    for sample in 0..<x.rows {
      for group in 0..<groups {
        columns.withUnsafeMutableBufferPointer { columns in
          x.elements.withUnsafeBufferPointer { x in
            unfold(
              x.baseAddress! + sample * inputSize + group * channelsOfGroup * geometry.inputArea,
              channels: channelsOfGroup, geometry, into: columns.baseAddress!)
          }
          body(sample, group, UnsafePointer(columns.baseAddress!))
        }
      }
    }
  }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    let (output, window) = row.quotientAndRemainder(dividingBy: geometry.outputArea)
    let firstChannel = output / outputsOfGroup * channelsOfGroup
    for channel in 0..<channelsOfGroup {
      let base = (firstChannel + channel) * geometry.inputArea
      let weights = (output * channelsOfGroup + channel) * geometry.kernelArea
      geometry.forEachElement(ofWindow: window) { element, position in
        if let position { body(base + position, weight.elements[weights + element]) }
      }
    }
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    Convolution<T>(self, weight: weight.cast(to: type))
  }
}
