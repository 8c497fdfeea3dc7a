import LinearAlgebra

/// Convolution over 1, 2 or 3 spatial axes, as in `torch.nn.Conv1d`, `Conv2d` and `Conv3d`, without the bias.
///
/// Reads `[channels, …]`, weight `[outputs, channels / groups, …kernel]`. Each group of each sample is a matrix
/// product with the unfolded windows; the Toeplitz matrix is never formed.
///
/// `padding` is one integer for all axes, one for each, those before all axes and then those after them, or `"same"` or
/// `"valid"` as in PyTorch. With `"same"` there is one window for each coordinate, and an odd padding has its smaller
/// half before the axis.
public struct Convolution<S: Scalar>: LinearMap {
  public static var typeName: String { "conv" }
  public static var schema: OperatorSchema { convolutionSchema }

  /// The distance from one window to the next: one for all axes, or one for each.
  public let stride: [Int]
  /// The width of the padding.
  public let padding: WindowPadding
  /// The distance between the elements of a window: one for all axes, or one for each.
  public let dilation: [Int]
  /// The number of groups of channels, which are convolved separately.
  public let groups: Int
  /// `[outputs, channels / groups, …kernel]`.
  public let weight: Tensor<S>
  let geometry: WindowGeometry

  /// The convolution of samples `[channels, …]` of this shape.
  ///
  /// - Parameters:
  ///   - weight: `[outputs, channels / groups, …kernel]`.
  ///   - stride: One integer for all axes, or one for each; likewise `dilation`.
  ///   - padding: Integers, `.same` or `.valid`: see `WindowPadding`.
  ///   - groups: A divisor of the channels and of the outputs.
  /// - Throws: `InvalidConstants` where they do not match; the text begins with the argument's name.
  public init(
    inputShape: [Int], weight: Tensor<S>, stride: IntegerList = 1, padding: WindowPadding = 0,
    dilation: IntegerList = 1, groups: Int = 1
  ) throws(InvalidConstants) {
    let weight = try Self.weight(weight, inputShape: inputShape)
    let groups = try positive("groups", [groups])
    guard inputShape[0] % groups == 0, weight.shape[0] % groups == 0 else {
      throw InvalidConstants(
        "groups: expected a divisor of \(inputShape[0]) and \(weight.shape[0]), found \(groups)")
    }
    guard weight.shape[1] == inputShape[0] / groups else {
      throw InvalidConstants(
        "weight: expected \(inputShape[0] / groups) input channels, found \(weight.shape[1])")
    }
    let geometry = try WindowGeometry(
      inputShape: inputShape, kernel: Array(weight.shape.dropFirst(2)), kernelName: "weight",
      stride: stride.values, padding: padding, dilation: dilation.values)
    try self.init(
      weight: weight, geometry: geometry, stride: stride.values, padding: padding, dilation: dilation.values,
      groups: groups)
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try self.init(
      inputShape: inputShape, weight: try Self.weight(parameter, inputShape: inputShape),
      stride: IntegerList(attributes.integers("stride")), padding: WindowPadding(attributes["padding"]!),
      dilation: IntegerList(attributes.integers("dilation")),
      groups: try positive("groups", attributes.integers("groups")))
  }

  /// The convolution with these windows, which the weight must match.
  init(
    weight: Tensor<S>, geometry: WindowGeometry, stride: [Int], padding: WindowPadding, dilation: [Int],
    groups: Int
  ) throws(InvalidConstants) {
    self.weight = weight
    self.geometry = geometry
    (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
    try checkedSize("weight", geometry.outputShape(channels: weight.shape[0]))
    // At least one line of windows is unfolded at a time.
    guard depth <= TensorSize.maximum / geometry.output[2] else {
      throw InvalidConstants(
        "weight: expected at most \(TensorSize.maximum) numbers in a line of windows, "
          + "found \(geometry.output[2]) windows of \(depth)")
    }
  }

  /// The same convolution with another weight of the same shape.
  init<T: Scalar>(_ other: Convolution<T>, weight: Tensor<S>) {
    geometry = other.geometry
    (stride, padding, dilation, groups) = (other.stride, other.padding, other.dilation, other.groups)
    self.weight = weight
  }

  /// The weight, checked to have the number of axes that samples of this shape require.
  static func weight(_ parameter: Tensor<S>?, inputShape: [Int]) throws(InvalidConstants) -> Tensor<S> {
    guard let parameter, parameter.shape.count == inputShape.count + 1, inputShape.count >= 2,
      parameter.shape.allSatisfy({ $0 > 0 })
    else {
      throw InvalidConstants(
        "weight: expected \(inputShape.count + 1) axes for samples of shape \(inputShape), "
          + "found \(parameter.map { "shape \($0.shape)" } ?? "none")")
    }
    return parameter
  }

  public var attributes: Attributes {
    [
      "stride": .integers(stride), "padding": padding.constant, "dilation": .integers(dilation),
      "groups": .integers([groups]),
    ]
  }
  public var inputShape: [Int] { geometry.inputShape }
  public var outputShape: [Int] { geometry.outputShape(channels: weight.shape[0]) }
  public var parameter: Tensor<S>? { weight }
  public var multiplications: Int { outputSize * depth }
  public var biasShape: [Int] { [weight.shape[0]] }
  public var biasDims: [Int] { [0] }

  private var channelsOfGroup: Int { weight.shape[1] }
  private var outputsOfGroup: Int { weight.shape[0] / groups }
  /// The rows of a group's unfolded windows.
  private var depth: Int { channelsOfGroup * geometry.kernelArea }

  public func value(of x: Matrix<S>) -> Matrix<S> {
    Matrix(rows: x.rows, columns: outputSize) { multiply(x, into: $0.baseAddress!, beta: 0) }
  }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) {
    p.elements.withUnsafeMutableBufferPointer { multiply(x, into: $0.baseAddress!, beta: 1) }
  }

  /// p ← W·(windows of x) + β p.
  private func multiply(_ x: Matrix<S>, into p: UnsafeMutablePointer<S>, beta: S) {
    let (area, size, outputs) = (geometry.outputArea, outputSize, outputsOfGroup)
    weight.elements.withUnsafeBufferPointer { weight in
      withUnfolded(x) { sample, group, windows, columns in
        let weight = weight.baseAddress! + group * outputs * depth
        let target = p + sample * size + group * outputs * area + windows.lowerBound
        guard windows.count < outputs else {
          S.gemm(
            transposeA: false, transposeB: false, m: outputs, n: windows.count, k: depth, alpha: 1, a: weight,
            lda: depth, b: columns, ldb: windows.count, beta: beta, c: target, ldc: area)
          return
        }
        // W is the larger factor; as the right factor it is processed in cache-sized blocks.
        withUnsafeTemporaryAllocation(of: S.self, capacity: windows.count * outputs) { product in
          S.gemm(
            transposeA: true, transposeB: true, m: windows.count, n: outputs, k: depth, alpha: 1, a: columns,
            lda: windows.count, b: weight, ldb: depth, beta: 0, c: product.baseAddress!, ldc: outputs)
          addColumns(of: product, to: target, rows: outputs, distance: area, beta: beta)
        }
      }
    }
  }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) {
    let (area, size, inputSize) = (geometry.outputArea, outputSize, inputSize)
    if readsEachCoordinateOnce {
      e.elements.withUnsafeMutableBufferPointer { multiplyTransposed(g, into: $0.baseAddress!, beta: 1) }
      return
    }
    forEachTile(samples: g.rows) { sample, group, lines, columns in
      let windows = lines.lowerBound * geometry.output[2]..<lines.upperBound * geometry.output[2]
      weight.elements.withUnsafeBufferPointer { weight in
        g.elements.withUnsafeBufferPointer { g in
          S.gemm(
            transposeA: true, transposeB: false, m: depth, n: windows.count, k: outputsOfGroup, alpha: 1,
            a: weight.baseAddress! + group * outputsOfGroup * depth, lda: depth,
            b: g.baseAddress! + sample * size + group * outputsOfGroup * area + windows.lowerBound, ldb: area,
            beta: 0, c: columns, ldc: windows.count)
        }
      }
      e.elements.withUnsafeMutableBufferPointer { e in
        foldAdding(
          columns, channels: channelsOfGroup, geometry, lines: lines,
          to: e.baseAddress! + sample * inputSize + group * channelsOfGroup * geometry.inputArea)
      }
    }
  }

  public func transposedValue(of g: Matrix<S>) -> Matrix<S> {
    guard readsEachCoordinateOnce else {
      var e = Matrix<S>(rows: g.rows, columns: inputSize)
      addTransposed(of: g, to: &e)
      return e
    }
    return Matrix(rows: g.rows, columns: inputSize) {
      multiplyTransposed(g, into: $0.baseAddress!, beta: 0)
    }
  }

  /// e ← Wᵀ g + β e, where a window is one coordinate.
  private func multiplyTransposed(_ g: Matrix<S>, into e: UnsafeMutablePointer<S>, beta: S) {
    let (area, size, inputSize) = (geometry.outputArea, outputSize, inputSize)
    weight.elements.withUnsafeBufferPointer { weight in
      g.elements.withUnsafeBufferPointer { g in
        for sample in 0..<g.count / size {
          for group in 0..<groups {
            S.gemm(
              transposeA: true, transposeB: false, m: depth, n: area, k: outputsOfGroup, alpha: 1,
              a: weight.baseAddress! + group * outputsOfGroup * depth, lda: depth,
              b: g.baseAddress! + sample * size + group * outputsOfGroup * area, ldb: area, beta: beta,
              c: e + sample * inputSize + group * channelsOfGroup * area, ldc: area)
          }
        }
      }
    }
  }

  /// Whether the windows are the coordinates themselves, in order: a 1×1 convolution of stride 1.
  private var readsEachCoordinateOnce: Bool {
    geometry.kernelArea == 1 && geometry.stride == [1, 1, 1] && geometry.input == geometry.output
      && geometry.before == [0, 0, 0]
  }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? {
    let (area, size) = (geometry.outputArea, outputSize)
    var gradient = Tensor<S>(zeros: weight.shape)
    withUnfolded(x) { sample, group, windows, columns in
      g.elements.withUnsafeBufferPointer { g in
        gradient.elements.withUnsafeMutableBufferPointer { gradient in
          S.gemm(
            transposeA: false, transposeB: true, m: outputsOfGroup, n: depth, k: windows.count, alpha: 1,
            a: g.baseAddress! + sample * size + group * outputsOfGroup * area + windows.lowerBound, lda: area,
            b: columns, ldb: windows.count, beta: 1,
            c: gradient.baseAddress! + group * outputsOfGroup * depth, ldc: depth)
        }
      }
    }
    return gradient
  }

  /// Calls `body` for every tile of every group of every sample with its unfolded windows, `[depth, windows]`.
  private func withUnfolded(
    _ x: Matrix<S>,
    _ body: (_ sample: Int, _ group: Int, _ windows: Range<Int>, _ columns: UnsafePointer<S>) -> Void
  ) {
    let inputSize = inputSize
    if readsEachCoordinateOnce {
      x.elements.withUnsafeBufferPointer { x in
        for sample in 0..<x.count / inputSize {
          for group in 0..<groups {
            body(
              sample, group, 0..<geometry.outputArea,
              x.baseAddress! + sample * inputSize + group * channelsOfGroup * geometry.inputArea)
          }
        }
      }
      return
    }
    forEachTile(samples: x.rows) { sample, group, lines, columns in
      x.elements.withUnsafeBufferPointer { x in
        unfold(
          x.baseAddress! + sample * inputSize + group * channelsOfGroup * geometry.inputArea,
          channels: channelsOfGroup, geometry, lines: lines, into: columns)
      }
      let windows = lines.lowerBound * geometry.output[2]..<lines.upperBound * geometry.output[2]
      body(sample, group, windows, UnsafePointer(columns))
    }
  }

  /// Calls `body` with a buffer for the columns of some lines of windows, few enough to keep it small.
  private func forEachTile(
    samples: Int,
    _ body: (_ sample: Int, _ group: Int, _ lines: Range<Int>, _ columns: UnsafeMutablePointer<S>) -> Void
  ) {
    let lines = geometry.output[0] * geometry.output[1]
    let line = depth * geometry.output[2]
    let tile = min(lines, max(1, max(Self.tileSize, depth * Self.leastWindows) / line))
    withUnsafeTemporaryAllocation(of: S.self, capacity: tile * line) { columns in
      for sample in 0..<samples {
        for group in 0..<groups {
          for first in Swift.stride(from: 0, to: lines, by: tile) {
            body(sample, group, first..<min(lines, first + tile), columns.baseAddress!)
          }
        }
      }
    }
  }

  /// The number of elements unfolded at once: as many as fit in a core's L2 cache.
  private static var tileSize: Int { 1 << 17 }
  /// The least number of windows unfolded at once, so that reading the weight for each tile pays.
  private static var leastWindows: Int { 256 }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    forEachElement(inRow: row) { body($0, weight.elements[$1]) }
  }

  public func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void) {
    forEachElement(inRow: row) { body(EntrySummand(column: $0, element: $1)) }
  }

  /// Calls `body` with the columns of a row and the weight's element at each.
  private func forEachElement(inRow row: Int, _ body: (_ column: Int, _ element: Int) -> Void) {
    let (output, window) = row.quotientAndRemainder(dividingBy: geometry.outputArea)
    let firstChannel = output / outputsOfGroup * channelsOfGroup
    for channel in 0..<channelsOfGroup {
      let base = (firstChannel + channel) * geometry.inputArea
      let weights = (output * channelsOfGroup + channel) * geometry.kernelArea
      geometry.forEachElement(ofWindow: window) { element, position in
        body(base + position, weights + element)
      }
    }
  }

  /// The sizes of a channel of the input, of a channel of the output and of a window, and the number of groups.
  public var windowCounts: (inputArea: Int, outputArea: Int, kernelArea: Int, groups: Int) {
    (geometry.inputArea, geometry.outputArea, geometry.kernelArea, groups)
  }

  /// Calls `body` for the elements of a window that do not lie in the padding, with their offsets into a channel.
  public func forEachElement(ofWindow window: Int, _ body: (_ element: Int, _ offset: Int) -> Void) {
    geometry.forEachElement(ofWindow: window, body)
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    Convolution<T>(self, weight: weight.cast(to: type))
  }
}

/// target ← sourceᵀ + β target: target is `[rows, …]`, its rows `distance` apart.
@specialized(where S == Double)
@specialized(where S == Float)
private func addColumns<S: Scalar>(
  of source: UnsafeMutableBufferPointer<S>, to target: UnsafeMutablePointer<S>, rows: Int, distance: Int,
  beta: S
) {
  for row in 0..<rows {
    let line = target + row * distance
    for column in 0..<source.count / rows {
      let summand = source[column * rows + row]
      line[column] = beta == 0 ? summand : summand + beta * line[column]
    }
  }
}

private let convolutionSchema = OperatorSchema(
  "convolution of `[channels, …]` over 1, 2 or 3 axes", weight: "[outputs][channels/groups][…kernel]",
  .stride,
  .integers(
    "padding", default: [0], orOneOf: ["same", "valid"],
    "a number for each axis, or all before and then all behind, or `\"same\"` or `\"valid\"`"),
  .dilation, .groups)
