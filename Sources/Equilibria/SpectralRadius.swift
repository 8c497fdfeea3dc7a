import LinearAlgebra
import RealModule

/// An estimate of the spectral radius of J = ∂f/∂z, by power iteration.
public struct SpectralRadius: Sendable, Equatable {
  /// The growth of a vector per product with Jᵀ, on average over the last half of the products; 0 where the vector
  /// became exactly 0, as on nilpotent structure.
  public let estimate: Double
  /// The number of products.
  public let products: Int
  /// Whether the last estimates agree to a thousandth: then an eigenvalue of J has about this magnitude. This is not a
  /// proof.
  public let isSettled: Bool
}

extension Linearization {
  /// The spectral radius of J at this point for each sample, estimated by power iteration on Jᵀ, which has the same
  /// eigenvalues.
  ///
  /// The estimate is the geometric mean of the growth over the last m of 2·m products, which averages out the rotation
  /// by complex eigenvalues; m doubles until two estimates agree to a thousandth (Golub & Van Loan 2013, "Matrix
  /// Computations", section 7.3.1). J is that of the whole state: where a cycle of k blocks contains explicit blocks,
  /// its radius is the k-th root of that of the cycle.
  ///
  /// - Parameters:
  ///   - most: The largest number of products; one costs as much as an evaluation of f on the whole batch.
  ///   - seed: The seed of the first vector.
  public func spectralRadii(most: Int = 1024, seed: UInt64 = 0) -> [SpectralRadius] {
    precondition(most >= 16, "power iteration of fewer than 16 products")
    var iterations = [PowerIteration](repeating: PowerIteration(), count: input.rows)
    var vector = startOfPowerIteration(seed: seed)
    var product = 0
    while product < most, iterations.contains(where: { $0.result == nil }) {
      vector = vjp(vector)
      product += 1
      for sample in iterations.indices {
        let norm = norm(of: sample, in: vector)
        iterations[sample].observe(growth: norm, product: product)
        guard norm > 0, norm.isFinite else { continue }
        for block in vector.indices {
          vector[block].replaceRow(sample, with: vector[block].row(sample).map { $0 / S(norm) })
        }
      }
    }
    return iterations.map { $0.result ?? $0.unsettled(products: product) }
  }

  private func startOfPowerIteration(seed: UInt64) -> [Matrix<S>] {
    var generator = SeededGenerator(seed: seed)
    return state.map { value in
      Matrix(
        rows: value.rows, columns: value.columns,
        elements: value.elements.map { _ in S(generator.uniform() - 0.5) })
    }
  }

  /// The Euclidean norm of one sample's part of a state; scaled, so that no square overflows.
  private func norm(of sample: Int, in vector: [Matrix<S>]) -> Double {
    let scale = vector.reduce(0) { max($0, Double(largestMagnitude($1.row(sample)))) }
    guard scale > 0, scale.isFinite else { return scale }
    return scale
      * vector.reduce(0) { sum, block in
        block.row(sample).reduce(sum) { $0 + (Double($1) / scale) * (Double($1) / scale) }
      }.squareRoot()
  }
}

/// The growth of one sample's vector.
private struct PowerIteration {
  private static let tolerance = 1e-3
  private(set) var result: SpectralRadius?
  private var logarithm = 0.0
  private var next = 8
  private var logarithmAtHalf = 0.0
  private var estimate: Double?

  /// Records the factor by which a product has lengthened the vector.
  mutating func observe(growth: Double, product: Int) {
    guard result == nil else { return }
    guard growth > 0, growth.isFinite else {
      result = SpectralRadius(estimate: growth, products: product, isSettled: growth == 0)
      return
    }
    // The first product measures the start, whose length is not 1.
    if product > 1 { logarithm += Double.log(growth) }
    guard product == next else { return }
    let latest = Double.exp((logarithm - logarithmAtHalf) / Double(product - product / 2))
    if let estimate, product > 8, abs(latest - estimate) <= Self.tolerance * latest {
      result = SpectralRadius(estimate: latest, products: product, isSettled: true)
    }
    (estimate, logarithmAtHalf, next) = (latest, logarithm, 2 * product)
  }

  func unsettled(products: Int) -> SpectralRadius {
    SpectralRadius(estimate: estimate ?? .nan, products: products, isSettled: false)
  }
}
