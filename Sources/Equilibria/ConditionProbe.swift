import Blocks
import FixedPoints
import LinearAlgebra
import Operators

// An iteration shows nothing of a direction in which its start needed no correction: z₀ = z₀ beside contracting
// coordinates keeps whatever it began with. A random vector has a share of every direction.

/// What the solution of `(I − Jᵀ) g = e` for one random e shows of I − J.
struct ConditionProbe {
  /// An estimate of ‖M (I − J)⁻ᵀ M⁻¹‖ in the Frobenius norm, without the share of the unit matrix: in the mean over e,
  /// ‖g‖² is its square (Kenney & Laub 1994, "Small-sample statistical condition estimates for general matrix
  /// functions").
  var condition: Double
  /// Whether g was found; where it was not, the condition may be larger.
  var isSettled: Bool
  /// Whether the Krylov space closed without g: I − J is singular to rounding.
  var isSingular: Bool
}

extension GroupDerivative {
  /// The largest number of products that a probe takes. Groups that are too large for factors are probed for longer,
  /// since nothing else judges them.
  private static func mostProducts(order: Int) -> Int { order > GroupTransition<S>.judgedOrder ? 200 : 60 }
  /// The largest number of coordinates in the Krylov spaces of all samples that are probed together.
  private static var mostNumbers: Int { 1 << 23 }
  /// The condition up to which single precision resolves I − J.
  private static var resolved: Double { 0x1p16 }

  /// Probes the condition of I − J for each sample in coordinates relative to M, `[batch, N]`.
  ///
  /// GMRES runs until its residual is below the share that e has of a single direction, except for one e in forty.
  func conditionProbes(relativeTo magnitudes: Matrix<S>) -> (probes: [ConditionProbe], evaluations: Int) {
    let order = magnitudes.columns
    let share = max(1, Self.mostNumbers / max(1, order * Self.mostProducts(order: order)))
    var probes: [ConditionProbe] = []
    var evaluations = 0
    for first in stride(from: 0, to: batch, by: share) {
      let rows = Array(first..<min(first + share, batch))
      let part = rows.count == batch ? self : selecting(rows)
      let (found, products) = part.probesInSinglePrecision(
        scales: rows.map { balancingScales(of: magnitudes.row($0)) }, order: order)
      probes += found
      evaluations = max(evaluations, products)
    }
    return (probes, evaluations)
  }

  /// The probes of all samples at once, in single precision where a product is large, and again in precision `S` where
  /// single precision does not resolve I − J.
  private func probesInSinglePrecision(
    scales: [[S]], order: Int
  ) -> (probes: [ConditionProbe], products: Int) {
    guard S.self == Double.self, multiplications >= Preparation<S>.leastMultiplications else {
      return probesTogether(scales: scales, order: order)
    }
    var (probes, products) = cast(to: Float.self).probesTogether(
      scales: scales.map { $0.map { Float($0) } }, order: order)
    let open = probes.indices.filter { !probes[$0].isSettled || probes[$0].condition >= Self.resolved }
    guard !open.isEmpty else { return (probes, products) }
    let again = selecting(open).probesTogether(scales: open.map { scales[$0] }, order: order)
    for (sample, probe) in zip(open, again.probes) { probes[sample] = probe }
    products += again.products
    return (probes, products)
  }

  /// The probes of all samples; their products share an evaluation.
  private func probesTogether(scales: [[S]], order: Int) -> (probes: [ConditionProbe], products: Int) {
    let method = GMRES(
      restart: Self.mostProducts(order: order), relativeTolerance: 0x1p-5 / Double(order).squareRoot(),
      maximumProducts: Self.mostProducts(order: order))
    // The same signs for every sample: what is found for one does not depend on its place in the batch.
    var generator = SeededGenerator(seed: 0x5EED)
    let signs = (0..<order).map { _ in generator.next() & 1 == 0 ? S(1) : -1 }
    var iterations = scales.map { _ in GMRESIteration(method: method, rightSide: signs, verified: false) }
    var (part, rows) = (self, Array(scales.indices))
    var products = 0
    while true {
      let active = rows.indices.filter { iterations[rows[$0]].direction != nil }
      guard !active.isEmpty else { break }
      if active.count <= rows.count / 2 {
        part = part.selecting(active)
        rows = active.map { rows[$0] }
      }
      var vectors = Matrix<S>(rows: rows.count, columns: order)
      for (position, row) in rows.enumerated() {
        guard let direction = iterations[row].direction else { continue }
        vectors.replaceRow(position, with: zip(direction, scales[row]).map { $0 / $1 })
      }
      let images = part.pullBack(vectors, adding: Matrix(rows: rows.count, columns: order))
      products += 1
      for (position, row) in rows.enumerated() {
        guard let direction = iterations[row].direction else { continue }
        iterations[row].receive(
          zip(direction, zip(images.row(position), scales[row])).map { $0 - $1.0 * $1.1 })
      }
    }
    return (iterations.map { ConditionProbe($0.outcome) }, products)
  }
}

extension ConditionProbe {
  /// What the solution for a right side of signs shows.
  init<S: Scalar>(_ outcome: GMRESSolution<S>) {
    let squares = outcome.solution.reduce(0.0) { $0 + Double($1) * Double($1) }
    condition = max(1, squares - Double(outcome.solution.count)).squareRoot()
    isSingular = outcome.isSingular
    isSettled = outcome.converged && !isSingular && condition.isFinite
  }
}
