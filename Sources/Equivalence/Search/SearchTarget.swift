import LinearAlgebra

/// Two functions f and g of one input, as the search for a counterexample sees them. It does not know their
/// structure, or why they may differ.
public struct SearchTarget: Sendable {
  /// The number of input coordinates.
  public var inputSize: Int
  /// Both functions on a batch `[batch, input]`.
  public var evaluate: @Sendable (_ x: Matrix<Double>) -> PairedOutputs
  /// The gradient of ⟨u, f(x)⟩ − ⟨u, g(x)⟩ with respect to x, `[batch, input]`, for a cotangent u `[batch, output]`.
  public var inputGradient: @Sendable (_ x: Matrix<Double>, _ cotangent: Matrix<Double>) -> Matrix<Double>
  /// The judge: for each row of a batch the difference of f and g that rounding cannot explain, nil if
  /// there is none.
  ///
  /// It may be expensive, so only few rows are judged: those where f and g differ most.
  public var differences: @Sendable (_ x: Matrix<Double>) -> [OutputDifference?]
  /// Hidden units that may show the difference when their sign is forced, the most informative first: those
  /// without a counterpart, then their sources. The first four are driven in every way, the others once
  /// each.
  public var probes: [SearchProbe]

  /// A target with these parts.
  public init(
    inputSize: Int, evaluate: @escaping @Sendable (Matrix<Double>) -> PairedOutputs,
    inputGradient: @escaping @Sendable (Matrix<Double>, Matrix<Double>) -> Matrix<Double>,
    differences: @escaping @Sendable (Matrix<Double>) -> [OutputDifference?], probes: [SearchProbe] = []
  ) {
    self.inputSize = inputSize
    self.evaluate = evaluate
    self.inputGradient = inputGradient
    self.differences = differences
    self.probes = probes
  }
}

/// What two functions return for one batch.
public struct PairedOutputs: Sendable {
  /// The first function's values, `[batch, output]`.
  public var first: Matrix<Double>
  /// The second function's values, `[batch, output]`.
  public var second: Matrix<Double>
  /// Whether both functions have a value in each row, so that the two can be compared.
  public var comparable: [Bool]

  /// Two batches of values, comparable in every row by default.
  public init(first: Matrix<Double>, second: Matrix<Double>, comparable: [Bool]? = nil) {
    self.first = first
    self.second = second
    self.comparable = comparable ?? [Bool](repeating: true, count: first.rows)
  }
}

/// One output coordinate on which two functions differ.
public struct OutputDifference: Sendable, Equatable {
  /// The output coordinate, from 0.
  public var index: Int
  /// The first function's value there.
  public var first: Double
  /// The second function's value there.
  public var second: Double

  /// A difference at a coordinate.
  public init(index: Int, first: Double, second: Double) {
    self.index = index
    self.first = first
    self.second = second
  }
}

/// A hidden unit: a function of the input into the real numbers that matters most around 0, usually a
/// pre-activation.
public struct SearchProbe: Sendable {
  /// The unit's value in each row of a batch `[batch, input]`, and its gradient with respect to the input,
  /// `[batch, input]`.
  public var linearization: @Sendable (_ x: Matrix<Double>) -> (values: [Double], gradients: Matrix<Double>)

  /// A probe evaluated by this closure.
  public init(
    linearization: @escaping @Sendable (Matrix<Double>) -> (values: [Double], gradients: Matrix<Double>)
  ) {
    self.linearization = linearization
  }
}
