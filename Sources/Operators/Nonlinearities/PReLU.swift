import LinearAlgebra

/// `z = max(p, 0) + q ⊙ min(p, 0)`: PReLU, whose slopes are the second port; the slope at 0 is q, as in PyTorch.
///
/// In files the slopes are the parameter `weight`: one number, or one for each index of the first axis.
public struct PReLU: ElementwisePair {
  public static let typeName = "prelu"
  public static let schema = OperatorSchema(
    "p above 0, else weight·p; weight `[1]` or `[channels]`; slope weight at 0")
  public static let inputCount = 1
  public static let parameterPorts = [
    ParameterPort("weight", isRequired: true) { shape, _ in
      let single = ParameterPort.Layout(shape: [1], dims: [0])
      return shape.first == 1 ? [single] : [single, .channels(of: shape)]
    }
  ]

  /// The function.
  public init() {}

  public var isPiecewiseLinear: Bool { true }

  public func value<S: Scalar>(_ p: S, _ q: S) -> S {
    p > 0 ? p : p * q
  }

  public func derivatives<S: Scalar>(_ p: S, _ q: S) -> (S, S) {
    p > 0 ? (1, 0) : (q, p)
  }
}
