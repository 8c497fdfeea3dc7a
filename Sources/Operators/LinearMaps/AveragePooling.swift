import LinearAlgebra

/// Average pooling over 1 to 3 spatial axes, as in `torch.nn.AvgPool1d`, `AvgPool2d` and `AvgPool3d`.
///
/// The average is over the elements of a window that lie inside, or with `count_include_pad` over those in the padding
/// too, which count as zeros; what a last window has behind the padding (`ceil_mode`) never counts. `padding` is one integer
/// for all axes, one for each, or those before all axes and then those behind them; `dilation` is ONNX's.
public struct AveragePooling<S: Scalar>: LinearMap {
  public static var typeName: String { "avg_pool" }
  public static var hasParameter: Bool { false }
  public static var constantDescriptions: [ConstantDescription] {
    [
      .integers("kernel_size"), .integers("stride", default: []), .integers("padding", default: [0]),
      .flag("ceil_mode", default: false), .flag("count_include_pad", default: true),
      .integers("dilation", default: [1]),
    ]
  }

  public let constants: [Constant]
  private let geometry: WindowGeometry
  private let countsPadding: Bool

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    self.constants = constants
    let kernel = constants.integers(0)
    geometry = try WindowGeometry(
      inputShape: inputShape, kernel: kernel,
      stride: constants.integers(1).isEmpty ? kernel : constants.integers(1),
      padding: .integers(constants.integers(2)), dilation: constants.integers(5), roundUp: constants.flag(3))
    try geometry.expectPaddingWithinWindow()
    countsPadding = constants.flag(4)
  }

  private init<T: Scalar>(_ other: AveragePooling<T>) {
    (constants, geometry, countsPadding) = (other.constants, other.geometry, other.countsPadding)
  }

  public var inputShape: [Int] { geometry.inputShape }
  public var outputShape: [Int] { geometry.outputShape(channels: geometry.channels) }
  public var parameter: Tensor<S>? { nil }
  public var multiplications: Int { outputSize * geometry.kernelArea }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) {
    addAverages(of: x.elements, x.rows * geometry.channels, geometry, countsPadding, to: &p.elements)
  }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) {
    addShares(of: g.elements, g.rows * geometry.channels, geometry, countsPadding, to: &e.elements)
  }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? { nil }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    let (channel, window) = row.quotientAndRemainder(dividingBy: geometry.outputArea)
    let share = 1 / S(geometry.count(ofWindow: window, withPadding: countsPadding))
    geometry.forEachElement(ofWindow: window) { _, position in
      body(channel * geometry.inputArea + position, share)
    }
  }

  public func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void) {
    let (channel, window) = row.quotientAndRemainder(dividingBy: geometry.outputArea)
    let divisor = geometry.count(ofWindow: window, withPadding: countsPadding)
    geometry.forEachElement(ofWindow: window) { _, position in
      body(EntrySummand(column: channel * geometry.inputArea + position, divisor: divisor))
    }
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { AveragePooling<T>(self) }
}

extension WindowGeometry {
  /// Checks that no window lies in the padding before or behind alone.
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

  /// How many elements a window's average is over.
  fileprivate func count(ofWindow window: Int, withPadding: Bool) -> Int {
    let (line, x) = window.quotientAndRemainder(dividingBy: output[2])
    let (z, y) = line.quotientAndRemainder(dividingBy: output[1])
    return zip(0..<3, [z, y, x]).reduce(1) { count, place in
      count * windowSpan(place.1, axis: place.0).divisor(withPadding: withPadding)
    }
  }
}

extension WindowSpan {
  /// The number of elements that an average is over along this axis; 1 where there are none.
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

/// Calls `body` for each window of each plane with its output's position, the count its average is over, and a function
/// that walks the runs of elements that lie inside.
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
