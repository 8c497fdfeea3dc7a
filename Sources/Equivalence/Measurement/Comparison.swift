import LinearAlgebra
import Operators

/// Compares the two sides of one quantity, component by component, each with an allowance of its own.
struct Comparison {
  let level: RoundingLevel

  /// What lies next to a component: the larger side's rounding, and the least difference.
  struct Neighbours {
    let level: [Double]
    let gap: [Double]
  }

  /// Whether some component differs by more than a few units in its last place, so that it takes a measurement to say what
  /// that is.
  func needsMeasurement(_ first: [Double], _ second: [Double]) -> Bool {
    if haveSameBits(first, second) { return false }
    let scale = scale(first, second)
    return zip(first, second).contains { a, b in
      abs(a - b) > level.floor(magnitude: max(abs(a), abs(b)), scale: scale)
    }
  }

  /// The component that exceeds most what rounding can explain.
  ///
  /// - Parameter neighbours: What lies next to the components; nil where no component needs it.
  func worst(
    _ quantity: Quantity, path: EvaluationPath, first: [Double], second: [Double], sample: Int?,
    neighbours: Neighbours?
  ) -> Discrepancy {
    let scale = scale(first, second)
    var worst = (agreement: Agreement.identical, index: 0, absolute: 0.0, allowed: 0.0, excess: 0.0)
    if !haveSameBits(first, second) {
      for index in first.indices where first[index].bitPattern != second[index].bitPattern {
        let absolute = abs(first[index] - second[index])
        let magnitude = max(abs(first[index]), abs(second[index]))
        let allowed =
          neighbours.map { level.allowance(measured: $0.level[index], magnitude: magnitude, scale: scale) }
          ?? level.floor(magnitude: magnitude, scale: scale)
        let agreement = agreement(
          absolute, allowed: allowed, floor: level.floor(magnitude: magnitude, scale: scale), scale: scale,
          gap: neighbours?.gap[index] ?? absolute)
        let excess = absolute == 0 ? 0 : absolute / allowed
        if (agreement, excess, absolute) > (worst.agreement, worst.excess, worst.absolute) {
          worst = (agreement, index, absolute, allowed, excess)
        }
      }
    }
    return Discrepancy(
      quantity: quantity, path: path, agreement: worst.agreement, absolute: worst.absolute,
      relative: worst.absolute == 0 ? 0 : worst.absolute / scale,
      ulps: worst.absolute == 0 ? 0 : worst.absolute / level.ulp(of: scale), allowed: worst.allowed,
      sample: sample, index: worst.index, first: first.isEmpty ? 0 : first[worst.index],
      second: second.isEmpty ? 0 : second[worst.index])
  }

  private func agreement(
    _ absolute: Double, allowed: Double, floor: Double, scale: Double, gap: Double
  ) -> Agreement {
    // +0 and −0 are one number.
    if absolute == 0 { return .identical }
    if absolute <= max(floor, min(allowed, level.cap * scale)) { return .rounding }
    if absolute <= allowed { return .undecided }
    return gap > max(floor, min(allowed, level.cap * scale)) ? .differs : .kink
  }

  private func scale(_ first: [Double], _ second: [Double]) -> Double {
    max(largestMagnitude(first[...]), largestMagnitude(second[...]))
  }
}

extension Comparison.Neighbours {
  init<S, T>(_ statistics: Neighbourhood<S, T>.Statistics) {
    self.init(level: statistics.level, gap: statistics.gap)
  }
}
