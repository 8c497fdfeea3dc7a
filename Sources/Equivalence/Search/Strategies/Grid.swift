import LinearAlgebra

/// A regular grid for inputs of one to three coordinates: fine around 0, then over wider and wider ranges.
struct Grid: SearchStrategy {
  let name = "grid"
  let weight = 15.0

  /// Half of a bump 0.1 wide, so that it is hit away from its edges.
  private static let spacing = 0.05
  /// The offset of grid points from round numbers, as a fraction of the spacing, because kinks are at round
  /// numbers.
  private static let offset = 0.381_966

  func isApplicable(to target: SearchTarget, domain: ClosedRange<Double>?) -> Bool {
    (1...3).contains(target.inputSize)
  }

  func search(_ state: inout SearchState) {
    if let range = state.domain.range {
      return scan(range, outside: nil, rows: state.allowance, &state)
    }
    var inner: ClosedRange<Double>?
    var radius = 1.0
    while !state.isOver, radius < 1e7 {
      // Each ring takes at most two thirds of the rest, because a coarse scan of wide ranges is better than
      // none.
      scan(-radius...radius, outside: inner, rows: max(state.allowance * 2 / 3, 32), &state)
      inner = -radius...radius
      radius *= 3
    }
  }

  /// Tests at most `rows` points of a grid over `range` in every coordinate, excluding those within
  /// `inner`.
  private func scan(
    _ range: ClosedRange<Double>, outside inner: ClosedRange<Double>?, rows: Int, _ state: inout SearchState
  ) {
    let width = range.upperBound - range.lowerBound
    var perAxis = width / Self.spacing < 4096 ? Int((width / Self.spacing).rounded(.up)) : 4096
    let share = inner.map { 1 - power(($0.upperBound - $0.lowerBound) / width, state.size) } ?? 1
    while perAxis > 2, share * power(Double(perAxis), state.size) > Double(rows) { perAxis -= 1 }
    let step = width / Double(perAxis)
    var batch: [[Double]] = []
    for index in 0..<Int(power(Double(perAxis), state.size)) {
      var rest = index
      let point = (0..<state.size).map { _ -> Double in
        defer { rest /= perAxis }
        return range.lowerBound + step * (Double(rest % perAxis) + Self.offset)
      }
      if let inner, point.allSatisfy({ inner.contains($0) }) { continue }
      batch.append(point)
      if batch.count == 128 {
        state.test(batch)
        batch = []
        if state.isOver { return }
      }
    }
    state.test(batch)
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }
}
