import LinearAlgebra

/// Compares one quantity, row by row, each row with a scale and a rounding level of its own.
struct Comparison {
  let level: RoundingLevel
  /// How many rows held values that are not finite on both sides, and were not compared.
  private(set) var notFinite = 0

  init(level: RoundingLevel) {
    self.level = level
  }

  /// The row's worst discrepancy over all rows, the one that exceeds its allowance most; nil where no row is finite.
  ///
  /// - Parameters:
  ///   - network, model: The two sides, in the precision of the check.
  ///   - others: The quantity in the other precision, by the network and where possible by this path.
  ///   - rowsAreSamples: Whether a row is a sample; otherwise the quantity is one tensor in a single row.
  mutating func worst<S: Scalar, T: Scalar>(
    _ quantity: String, path: String, network: Matrix<S>, model: Matrix<S>, others: [Matrix<T>],
    rowsAreSamples: Bool
  ) -> Discrepancy? {
    let (a, b) = (network.cast(to: Double.self), model.cast(to: Double.self))
    let others = others.map { $0.cast(to: Double.self) }
    var worst: Discrepancy?
    for row in 0..<a.rows {
      guard
        let found = discrepancy(
          quantity, path: path, network: a.row(row), model: b.row(row), others: others.map { $0.row(row) },
          sample: rowsAreSamples ? row : nil)
      else {
        notFinite += 1
        continue
      }
      if worst.map({ found.excess > $0.excess }) ?? true { worst = found }
    }
    return worst
  }

  private func discrepancy(
    _ quantity: String, path: String, network: ArraySlice<Double>, model: ArraySlice<Double>,
    others: [ArraySlice<Double>], sample: Int?
  ) -> Discrepancy? {
    let isSame = haveSameBits(network, model)
    let scale = largestMagnitude(network)
    let modelScale = isSame ? scale : largestMagnitude(model)
    if !scale.isFinite, !modelScale.isFinite { return nil }
    let (index, absolute) = isSame ? (0, 0) : worstDifference(network, model)
    let measured = others.map { largestDifference(network, $0) }.max() ?? .infinity
    let bound = scale.isFinite ? scale : modelScale
    return Discrepancy(
      quantity: quantity, path: path, absolute: absolute,
      relative: absolute == 0 ? 0 : absolute / bound,
      ulps: absolute == 0 ? 0 : absolute / level.ulp(of: bound),
      allowed: level.allowance(measured: measured, scale: bound), sample: sample, index: index,
      network: network[network.startIndex + index], equilibrium: model[model.startIndex + index])
  }
}

/// The largest difference between two rows, and where it is; infinite where one of them alone is NaN.
private func worstDifference(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> (Int, Double) {
  var (index, absolute) = (0, 0.0)
  for (offset, (a, b)) in zip(a, b).enumerated() {
    let difference = a.bitPattern == b.bitPattern ? 0 : abs(a - b)
    // Not `max`: a NaN on one side only must win.
    if !(difference <= absolute) {
      absolute = difference.isNaN ? .infinity : difference
      index = offset
    }
  }
  return (index, absolute)
}

/// The largest difference between two rows; infinite where one is NaN.
private func largestDifference(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
  zip(a, b).reduce(0) { largest, pair in
    let difference = abs(pair.0 - pair.1)
    return max(largest, difference.isNaN ? .infinity : difference)
  }
}

extension Discrepancy {
  /// How many times the allowance the difference is; infinite where nothing is allowed.
  var excess: Double { absolute == 0 ? 0 : absolute / allowed }
}
