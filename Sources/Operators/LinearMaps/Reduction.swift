import LinearAlgebra

/// A linear map that sums lines of a tensor, each element times the same factor: `Sum` and `Mean`.
public protocol Reduction: LinearMap {
  /// The lines and their factor.
  var summation: Summation<S> { get }

  /// The map of samples of this shape over the axes `dim`; with `keepdim` they stay with extents of 1.
  ///
  /// - Throws: `InvalidConstants` where no axis is given, or one that the samples do not have.
  init(inputShape: [Int], dim: IntegerList, keepdim: Bool) throws(InvalidConstants)
}

/// The sum over some axes of a tensor, times a factor.
public struct Summation<S: Scalar>: Sendable {
  let inputShape: [Int]
  let dim: [Int]
  let keepdim: Bool
  let lines: Lines
  let share: S
  /// The divisor of the sum: the reciprocal of the factor.
  let divisor: Int

  /// The sum over the axes `dim`, or the mean; with `keepdim` they stay with extents of 1.
  init(inputShape: [Int], dim: [Int], keepdim: Bool, isMean: Bool) throws(InvalidConstants) {
    try checkedSize("input", inputShape)
    let axes = try reducedAxes(dim, rank: inputShape.count)
    self.inputShape = inputShape
    self.dim = dim
    self.keepdim = keepdim
    lines = Lines(shape: inputShape, along: axes, keepsAxes: keepdim)
    divisor = isMean ? lines.offsets.count : 1
    share = 1 / S(divisor)
  }

  private init<T: Scalar>(_ other: Summation<T>) {
    (inputShape, dim, keepdim, lines) = (other.inputShape, other.dim, other.keepdim, other.lines)
    divisor = other.divisor
    share = 1 / S(divisor)
  }

  /// The same sum in another precision.
  func cast<T: Scalar>(to type: T.Type) -> Summation<T> {
    Summation<T>(self)
  }
}

/// The axes that the attribute `dim` names: at least one.
func reducedAxes(_ values: [Int], rank: Int) throws(InvalidConstants) -> [Int] {
  guard !values.isEmpty else { throw InvalidConstants("dim: expected at least one axis, found none") }
  return try distinctAxes("dim", values, rank: rank)
}

extension Reduction {
  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try self.init(
      inputShape: inputShape, dim: IntegerList(attributes.integers("dim")),
      keepdim: attributes.flag("keepdim"))
  }

  /// The axes, counted from the end where they are negative.
  public var dim: [Int] { summation.dim }
  /// Whether they keep extents of 1.
  public var keepdim: Bool { summation.keepdim }
  public var inputShape: [Int] { summation.inputShape }
  public var outputShape: [Int] { summation.lines.outputShape }
  public var attributes: Attributes { ["dim": .integers(dim), "keepdim": .flag(keepdim)] }
  public var parameter: Tensor<S>? { nil }
  public var multiplications: Int { inputSize }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) {
    addLines(of: x.elements, summation, samples: x.rows, to: &p.elements)
  }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) {
    addAlongLines(g.elements, summation, samples: g.rows, to: &e.elements)
  }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? { nil }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    let start = summation.lines.starts[row]
    for offset in summation.lines.offsets { body(start + offset, summation.share) }
  }

  public func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void) {
    let start = summation.lines.starts[row]
    for offset in summation.lines.offsets {
      body(EntrySummand(column: start + offset, divisor: summation.divisor))
    }
  }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func addLines<S: Scalar>(
  of source: [S], _ summation: Summation<S>, samples: Int, to target: inout [S]
) {
  let (starts, offsets) = (summation.lines.starts, summation.lines.offsets)
  let size = starts.count * offsets.count
  for sample in 0..<samples {
    for (output, start) in starts.enumerated() {
      let first = sample * size + start
      var sum: S = 0
      for offset in offsets { sum += source[first + offset] }
      target[sample * starts.count + output] += sum * summation.share
    }
  }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func addAlongLines<S: Scalar>(
  _ source: [S], _ summation: Summation<S>, samples: Int, to target: inout [S]
) {
  let (starts, offsets) = (summation.lines.starts, summation.lines.offsets)
  let size = starts.count * offsets.count
  for sample in 0..<samples {
    for (output, start) in starts.enumerated() {
      let first = sample * size + start
      let value = source[sample * starts.count + output] * summation.share
      for offset in offsets { target[first + offset] += value }
    }
  }
}
