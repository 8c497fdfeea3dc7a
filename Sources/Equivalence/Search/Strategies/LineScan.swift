import LinearAlgebra

/// Fine steps along lines: along axes through the best inputs and through random ones, and between the best
/// inputs. The steps are refined around the largest difference.
struct LineScan: SearchStrategy {
  let name = "fine steps along lines"
  let weight = 2.0

  /// Finer than half of a bump 0.1 wide.
  private static let spacing = 0.045

  func search(_ state: inout SearchState) {
    let axes = (0..<state.size).shuffled(using: &state.generator)
    var turn = 0
    while !state.isOver {
      let anchor = anchor(turn, &state)
      if turn % 4 == 3, state.best.count > 1 {
        scanBetween(state.best[0].input, state.best[1 + turn / 4 % (state.best.count - 1)].input, &state)
      } else {
        scanAxis(axes[turn % axes.count], through: anchor, &state)
      }
      turn += 1
    }
  }

  /// The origin until every axis has been scanned once; then alternately the best inputs and random ones.
  private func anchor(_ turn: Int, _ state: inout SearchState) -> [Double] {
    if turn < state.size { return [Double](repeating: 0, count: state.size) }
    if turn % 2 == 0, !state.best.isEmpty { return state.best[turn / 2 % state.best.count].input }
    return (0..<state.size).map { _ in state.generator.normal() }
  }

  private func scanAxis(_ axis: Int, through anchor: [Double], _ state: inout SearchState) {
    // The step count leaves enough allowance for at least a few axes.
    let steps = min(90, max(16, state.allowance / 6))
    let range = state.domain.range ?? -2...2
    let spacing = (range.upperBound - range.lowerBound) / Double(steps)
    let start = range.lowerBound + spacing * state.generator.uniform()
    scan((0..<steps).map { start + spacing * Double($0) }, &state) { place in
      var row = anchor
      row[axis] = place
      return row
    }
  }

  private func scanBetween(_ first: [Double], _ second: [Double], _ state: inout SearchState) {
    scan((0..<32).map { -0.5 + Double($0) / 16 }, &state) { t in
      zip(first, second).map { a, b in a + t * (b - a) }
    }
  }

  /// Tests points along a line, then between the neighbours of the one with the largest difference.
  private func scan(_ places: [Double], _ state: inout SearchState, point: (Double) -> [Double]) {
    var places = places
    for _ in 0..<3 where !state.isOver {
      let scores = state.test(places.map(point))
      guard let best = scores.indices.max(by: { scores[$0] < scores[$1] }), scores[best] > 0 else { return }
      let low = places[max(best - 1, 0)]
      let high = places[min(best + 1, places.count - 1)]
      places = (1...8).map { low + (high - low) * Double($0) / 9 }
    }
  }
}
