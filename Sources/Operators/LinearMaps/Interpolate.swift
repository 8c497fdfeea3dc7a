import LinearAlgebra

/// The spatial axes of `[channels, …]` resampled to other extents, as in `torch.nn.functional.interpolate` with `size`:
/// the nearest element, or linear along each axis, which is called bilinear over two axes and trilinear over three.
public struct Interpolate<S: Scalar>: LinearMap {
  public static var typeName: String { "interpolate" }
  public static var schema: OperatorSchema { interpolateSchema }

  /// How the value between elements is computed.
  public enum Mode: String, Sendable {
    /// That of the element at or before it.
    case nearest
    /// Linear along each axis.
    case linear
  }

  public let inputShape: [Int]
  public let outputShape: [Int]
  /// The extents of the spatial axes of the value: one for all axes, or one for each.
  public let size: [Int]
  /// How the value between elements is computed.
  public let mode: Mode
  /// Whether the centres of the first and last elements are aligned rather than their outer edges; only for linear
  /// interpolation.
  public let alignCorners: Bool
  private let table: SparseRows

  /// The map of samples `[channels, …]` of this shape, with 1 to 3 spatial axes, to spatial axes of extents `size`.
  ///
  /// - Throws: `InvalidConstants` where there are no such axes, an extent is not positive, or `alignCorners` is set for
  ///   the nearest element.
  public init(
    inputShape: [Int], size: IntegerList, mode: Mode = .nearest, alignCorners: Bool = false
  ) throws(InvalidConstants) {
    let rank = inputShape.count - 1
    guard (1...3).contains(rank) else {
      throw InvalidConstants(
        "input: expected samples of shape [channels, …] with 1 to 3 more axes, found \(inputShape)")
    }
    try checkedSize("input", inputShape)
    let given = size.values
    let extents = given.count == 1 ? [Int](repeating: given[0], count: rank) : given
    guard extents.count == rank, extents.allSatisfy({ $0 > 0 }) else {
      throw InvalidConstants(
        "size: expected \(numberOrList(of: rank, "positive integer")), found \(given)")
    }
    guard mode == .linear || !alignCorners else {
      throw InvalidConstants("align_corners: expected false for the mode \"nearest\", found true")
    }
    // The size of the table of weights: a few numbers for each element of a channel.
    try checkedSize("size", extents + [4, mode == .linear ? 1 << rank : 1])
    let outputShape = [inputShape[0]] + extents
    try checkedSize("size", outputShape)
    let resampling = Resampling(
      mode == .linear ? .linear : .nearest,
      coordinates: mode == .nearest ? .asymmetric : alignCorners ? .alignCorners : .halfPixel)
    table = SparseRows(
      zip(inputShape.dropFirst(), extents).map { extent, target in
        resampling.weights(from: extent, to: target)
      }, extents: Array(inputShape.dropFirst()))
    (self.inputShape, self.outputShape, self.size) = (inputShape, outputShape, given)
    (self.mode, self.alignCorners) = (mode, alignCorners)
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try self.init(
      inputShape: inputShape, size: IntegerList(attributes.integers("size")),
      mode: Mode(rawValue: attributes.word("mode"))!, alignCorners: attributes.flag("align_corners"))
  }

  private init<T: Scalar>(_ other: Interpolate<T>) {
    (inputShape, outputShape, size) = (other.inputShape, other.outputShape, other.size)
    (mode, alignCorners, table) = (Mode(rawValue: other.mode.rawValue)!, other.alignCorners, other.table)
  }

  public var attributes: Attributes {
    ["size": .integers(size), "mode": .word(mode.rawValue), "align_corners": .flag(alignCorners)]
  }
  public var parameter: Tensor<S>? { nil }
  /// The entries of its matrix.
  public var weights: [Double] { table.weights }
  public var multiplications: Int { inputShape[0] * table.columns.count }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) {
    table.add(x.elements, planes: x.rows * inputShape[0], to: &p.elements)
  }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) {
    table.addTransposed(g.elements, planes: g.rows * inputShape[0], to: &e.elements)
  }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? { nil }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    forEachElement(inRow: row) { body($0, S($1)) }
  }

  public func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void) {
    forEachElement(inRow: row) { body(EntrySummand(column: $0, factor: $1)) }
  }

  /// Calls `body` with the columns of a row, ascending, and the weight at each.
  private func forEachElement(inRow row: Int, _ body: (_ column: Int, _ weight: Double) -> Void) {
    let (channel, output) = row.quotientAndRemainder(dividingBy: table.rows)
    for entry in table.starts[output]..<table.starts[output + 1] {
      body(channel * table.width + table.columns[entry], table.weights[entry])
    }
  }

  /// The weights of one channel as sums over gathered elements: for each summand the position that each output reads,
  /// and its weight, which is 0 where an output has fewer summands.
  public var gatherings: [(places: [Int], weights: [Double])] {
    let counts = (0..<table.rows).map { table.starts[$0 + 1] - table.starts[$0] }
    return (0..<(counts.max() ?? 0)).map { summand in
      let entries = counts.indices.map { summand < counts[$0] ? table.starts[$0] + summand : nil }
      return (
        entries.map { $0.map { table.columns[$0] } ?? 0 }, entries.map { $0.map { table.weights[$0] } ?? 0 }
      )
    }
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Interpolate<T>(self) }
}

private let interpolateSchema = OperatorSchema(
  "the spatial axes of `[channels, …]` resampled to other extents",
  .integers("size", "the extents of the spatial axes, one for all or one for each"),
  .word(
    "mode", default: "nearest", oneOf: ["nearest", "linear"], "how a place between elements gets its value"),
  .flag(
    "align_corners", default: false,
    "for `linear`, whether the middles of the outer elements meet, not their ends"))
