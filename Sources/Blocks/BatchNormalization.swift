import LinearAlgebra
import Operators

/// Batch normalisation in inference mode (Ioffe & Szegedy 2015): `weight·(x − mean)/√(variance + epsilon) + bias` along
/// axis 0, with the running statistics as constants.
///
/// It is affine in x, so it is a block of one port: the weight stands in it twice, as the factor of x and, times
/// `−mean/√(variance + epsilon)`, as a constant summand.
public struct BatchNormalization: Sendable {
  /// The shape of one sample, `[channels, …]`.
  public let shape: [Int]
  /// `1/√(variance + epsilon)` of each channel.
  public let factors: [Double]
  /// `−mean/√(variance + epsilon)` of each channel.
  public let shifts: [Double]

  /// Batch normalisation with these statistics, a number for each channel.
  ///
  /// - Precondition: `variance + epsilon` is positive in every channel.
  public init(shape: [Int], mean: [Double], variance: [Double], epsilon: Double) {
    precondition(
      mean.count == shape[0] && variance.count == shape[0], "statistics of another number of channels")
    self.shape = shape
    factors = variance.map { 1 / ($0 + epsilon).squareRoot() }
    shifts = zip(mean, factors).map { -$0 * $1 }
  }

  /// The block.
  ///
  /// - Parameters:
  ///   - weight: `[channels]`; ones by default, which are then no parameter.
  ///   - bias: `[channels]`; none by default.
  public func block(
    name: String, reading source: Source, weight: Tensor<Double>?, bias: Tensor<Double>?,
    weightName: String?, biasName: String?, nonlinearity: any Nonlinearity = Identity()
  ) -> Block<Double> {
    let channels = [shape[0]]
    let weight = weight ?? Tensor(shape: channels, elements: [Double](repeating: 1, count: shape[0]))
    // Shapes that fit by construction.
    let scale = try! Scale<Double>(inputShape: shape, weight: weight, dim: 0, factors: factors)
    let spread = { (factors: [Double]) in
      try! Expand<Double>(inputShape: channels, shape: shape, dim: 0, factors: factors)
    }
    var offsets: [Offset<Double>] = []
    if shifts.contains(where: { $0 != 0 }) {
      offsets.append(Offset(tensor: weight, map: spread(shifts), parameter: weightName))
    }
    if let bias { offsets.append(Offset(tensor: bias, map: spread([]), parameter: biasName)) }
    return Block(
      name: name, shape: shape, nonlinearity: nonlinearity,
      terms: [Term(source: source, map: scale, parameter: weightName)], offsets: offsets)
  }
}
