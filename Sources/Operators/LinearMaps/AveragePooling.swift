import LinearAlgebra

/// Average pooling over 1 to 3 spatial axes, as in `torch.nn.AvgPool1d`, `AvgPool2d` and `AvgPool3d`.
///
/// The average is over the elements of a window that lie inside, or with `count_include_pad` also over those in the
/// padding, which count as zeros. Elements of a last window beyond the padding (`ceil_mode`) never count. `padding` is
/// one integer for all axes, one for each, or those before all axes and then those after them; `dilation` is as in
/// ONNX.
public struct AveragePooling<S: Scalar>: LinearMap {
  public static var typeName: String { "avg_pool" }
  public static var schema: OperatorSchema { averagePoolingSchema }

  /// The extents of the window: one for all axes, or one for each.
  public let kernelSize: [Int]
  /// The distance from one window to the next; empty where it is `kernelSize`.
  public let stride: [Int]
  /// One number for all axes, one for each, or those before all axes and then those after them.
  public let padding: [Int]
  /// Whether a last window that extends beyond the end is included.
  public let ceilMode: Bool
  /// Whether the padding counts as zeros or is excluded.
  public let countIncludePad: Bool
  /// The distance between the elements of a window: one for all axes, or one for each.
  public let dilation: [Int]
  private let geometry: WindowGeometry

  /// The pooling of samples `[channels, …]` of this shape; without a stride the windows are adjacent.
  ///
  /// - Throws: `InvalidConstants` where the windows do not match the samples; the text begins with the argument's name.
  public init(
    inputShape: [Int], kernelSize: IntegerList, stride: IntegerList? = nil, padding: IntegerList = 0,
    ceilMode: Bool = false, countIncludePad: Bool = true, dilation: IntegerList = 1
  ) throws(InvalidConstants) {
    self.kernelSize = kernelSize.values
    self.stride = stride?.values ?? []
    self.padding = padding.values
    self.ceilMode = ceilMode
    self.countIncludePad = countIncludePad
    self.dilation = dilation.values
    geometry = try WindowGeometry(
      inputShape: inputShape, kernel: self.kernelSize,
      stride: self.stride.isEmpty ? self.kernelSize : self.stride,
      padding: .integers(self.padding), dilation: self.dilation, roundUp: ceilMode)
    try geometry.expectPaddingWithinWindow()
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try self.init(
      inputShape: inputShape, kernelSize: IntegerList(attributes.integers("kernel_size")),
      stride: IntegerList(attributes.integers("stride")),
      padding: IntegerList(attributes.integers("padding")),
      ceilMode: attributes.flag("ceil_mode"), countIncludePad: attributes.flag("count_include_pad"),
      dilation: IntegerList(attributes.integers("dilation")))
  }

  private init<T: Scalar>(_ other: AveragePooling<T>) {
    (kernelSize, stride, padding, dilation) = (other.kernelSize, other.stride, other.padding, other.dilation)
    (ceilMode, countIncludePad, geometry) = (other.ceilMode, other.countIncludePad, other.geometry)
  }

  public var attributes: Attributes {
    [
      "kernel_size": .integers(kernelSize), "stride": .integers(stride), "padding": .integers(padding),
      "ceil_mode": .flag(ceilMode), "count_include_pad": .flag(countIncludePad),
      "dilation": .integers(dilation),
    ]
  }
  public var inputShape: [Int] { geometry.inputShape }
  public var outputShape: [Int] { geometry.outputShape(channels: geometry.channels) }
  public var parameter: Tensor<S>? { nil }
  public var multiplications: Int { outputSize * geometry.kernelArea }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) {
    addAverages(of: x.elements, x.rows * geometry.channels, geometry, countIncludePad, to: &p.elements)
  }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) {
    addShares(of: g.elements, g.rows * geometry.channels, geometry, countIncludePad, to: &e.elements)
  }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? { nil }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    let (channel, window) = row.quotientAndRemainder(dividingBy: geometry.outputArea)
    let share = 1 / S(geometry.count(ofWindow: window, withPadding: countIncludePad))
    geometry.forEachElement(ofWindow: window) { _, position in
      body(channel * geometry.inputArea + position, share)
    }
  }

  public func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void) {
    let (channel, window) = row.quotientAndRemainder(dividingBy: geometry.outputArea)
    let divisor = geometry.count(ofWindow: window, withPadding: countIncludePad)
    geometry.forEachElement(ofWindow: window) { _, position in
      body(EntrySummand(column: channel * geometry.inputArea + position, divisor: divisor))
    }
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { AveragePooling<T>(self) }
}

extension WindowGeometry {
  /// Checks that no window lies entirely in the padding.
  func expectPaddingWithinWindow() throws(InvalidConstants) {
    for axis in 0..<3 {
      let reach = dilation[axis] * (kernel[axis] - 1) + 1
      guard before[axis] < reach, behind[axis] < reach else {
        throw InvalidConstants(
          "padding: expected less than the window's extent, \(reach), found \(max(before[axis], behind[axis]))"
        )
      }
    }
  }

  /// The number of elements in a window's average.
  fileprivate func count(ofWindow window: Int, withPadding: Bool) -> Int {
    let (line, x) = window.quotientAndRemainder(dividingBy: output[2])
    let (z, y) = line.quotientAndRemainder(dividingBy: output[1])
    return zip(0..<3, [z, y, x]).reduce(1) { count, place in
      count * windowSpan(place.1, axis: place.0).divisor(withPadding: withPadding)
    }
  }
}

extension WindowSpan {
  /// The number of averaged elements along this axis; 1 where there are none.
  fileprivate func divisor(withPadding: Bool) -> Int { max(1, withPadding ? countWithPadding : count) }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func addAverages<S: Scalar>(
  of source: [S], _ planes: Int, _ geometry: WindowGeometry, _ countsPadding: Bool, to target: inout [S]
) {
  forEachWindow(planes: planes, geometry, countsPadding) { output, count, runs in
    var sum: S = 0
    runs { position, length, step in
      for index in 0..<length { sum += source[position + index * step] }
    }
    target[output] += sum * (1 / S(count))
  }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func addShares<S: Scalar>(
  of source: [S], _ planes: Int, _ geometry: WindowGeometry, _ countsPadding: Bool, to target: inout [S]
) {
  forEachWindow(planes: planes, geometry, countsPadding) { output, count, runs in
    let share = source[output] * (1 / S(count))
    runs { position, length, step in
      for index in 0..<length { target[position + index * step] += share }
    }
  }
}

/// Calls `body` for each window of each plane with its output's position, the number of averaged elements, and a
/// function that iterates over the runs of elements inside the plane.
@inline(__always)
private func forEachWindow(
  planes: Int, _ geometry: WindowGeometry, _ countsPadding: Bool,
  _ body: (
    _ output: Int, _ count: Int, _ runs: ((_ position: Int, _ length: Int, _ step: Int) -> Void) -> Void
  ) -> Void
) {
  let (depths, rows, columns) = (geometry.spans(axis: 0), geometry.spans(axis: 1), geometry.spans(axis: 2))
  let (input, dilation) = (geometry.input, geometry.dilation)
  var output = 0
  for plane in 0..<planes {
    let first = plane * geometry.inputArea
    for depth in depths {
      for row in rows {
        for column in columns {
          let count =
            depth.divisor(withPadding: countsPadding) * row.divisor(withPadding: countsPadding)
            * column.divisor(withPadding: countsPadding)
          body(output, count) { run in
            for z in 0..<depth.count {
              for y in 0..<row.count {
                let line = (depth.first + z * dilation[0]) * input[1] + row.first + y * dilation[1]
                run(first + line * input[2] + column.first, column.count, dilation[2])
              }
            }
          }
          output += 1
        }
      }
    }
  }
}

private let averagePoolingSchema = OperatorSchema(
  "the mean of windows", .kernelSize, .poolingStride, .padding, .ceilMode,
  .flag("count_include_pad", default: true, "whether the padding counts as zeros, or not at all"), .dilation)
