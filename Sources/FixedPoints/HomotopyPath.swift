import LinearAlgebra

/// The path of solutions (z, λ) of H = z − (1 − λ) a − λ f(z) = 0 from (a, 0), for one sample.
///
/// It is parametrised by arc length, with z in units of ‖f(a) − a‖∞, so that it can pass the points where it turns back
/// in λ. There I − λJ is singular, but the matrix bordered by the column ∂H/∂λ = a − f(z) and the tangent's row is not.
struct HomotopyPath<S: Scalar> {
  enum Step {
    /// The path was followed up to a point with λ < 1.
    case onward
    /// The tangent leads to this state at λ = 1.
    case arrival(Matrix<S>)
  }

  /// The part of the first step of λ, at the tangent's slope.
  private static var firstStep: S { 0.25 }
  /// A step is halved where its first correction is longer than this part of it, or a correction longer than this part
  /// of the one before.
  private static var contraction: S { 0.5 }
  /// A point is on the path where its last correction is at most this part of the step.
  private static var tolerance: S { 1e-2 }
  /// What the step is multiplied by after so many corrections.
  private static var growth: [S] { [2, 1.5, 1, 0.7] }
  private static var mostCorrections: Int { 6 }
  private static var leastStep: S { 1e-8 }
  /// The step below which a kink of f is expected ahead, behind which the path may run backwards along the tangent.
  private static var kinkStep: S { 1e-4 }
  /// The size of z, in units of the first change, from which the path counts as running to infinity.
  private static var mostSize: S { 1e6 }

  /// The number of points followed.
  private(set) var steps = 0
  /// The number of corrections: evaluations of f and its Jacobian.
  private(set) var corrections = 0
  /// The number of evaluations, with those that Jacobians cost.
  private(set) var evaluations = 1
  /// ‖f(a) − a‖∞.
  let firstResidual: Double

  /// a.
  let beginning: Matrix<S>

  private let problem: FixedPointProblem<S>
  private var start: [S] { beginning.elements }
  private let unit: S
  private var point: [S]
  private var λ: S = 0
  /// The tangent, of length 1: z's part in units, then λ's.
  private var tangent: [S]
  private var step: S
  /// The point before, and the step that led from it to the present one.
  private var previous: (point: [S], λ: S, tangent: [S], step: S)?

  /// The beginning of the path of a sample, whose state `[1, N]` is given.
  init(_ problem: FixedPointProblem<S>, from state: Matrix<S>) {
    self.problem = problem
    beginning = state
    point = state.elements
    let change = difference(problem.value(state).elements, state.elements)
    let residual = largestMagnitude(change[...])
    firstResidual = residual.isFinite ? Double(residual) : .infinity
    unit = residual > 0 ? residual : 1
    // At λ = 0 the tangent is (f(a) − a, 1).
    let direction = divided(change, by: unit) + [1]
    let length = euclideanNorm(direction)
    tangent = divided(direction, by: length)
    step = Self.firstStep * length
  }

  /// Takes evaluations of another solver into account.
  mutating func count(evaluations: Int) {
    self.evaluations += evaluations
  }

  /// Halves the next step; false where it is as short as rounding permits.
  mutating func shorten() -> Bool {
    step /= 2
    return step >= Self.leastStep
  }

  /// Follows the path by a step; nil where it cannot be followed further, or runs to infinity.
  ///
  /// A step that is long beside the bends of f may end off the path, from where no step leads on. Then it is taken again,
  /// shorter.
  mutating func advance() -> Step? {
    while unit.isFinite, !isEndless {
      if let step = tryAdvancing() { return step }
      guard let last = previous, last.step / 8 >= Self.leastStep else { return nil }
      (point, λ, tangent, step, previous) = (last.point, last.λ, last.tangent, last.step / 8, nil)
    }
    return nil
  }

  /// Whether the path counts as running to infinity.
  private var isEndless: Bool {
    largestMagnitude(point[...]) > Self.mostSize * max(unit, largestMagnitude(start[...]))
  }

  private mutating func tryAdvancing() -> Step? {
    var hasTurned = false
    repeat {
      let (slope, rest) = (tangent[point.count], 1 - λ)
      if slope > 0, step * slope >= rest {
        step = rest / slope
        return .arrival(Matrix(rows: 1, columns: point.count, elements: predicted()))
      }
      if let correction = correct(from: predicted(), λ: λ + step * slope) {
        previous = (point, λ, tangent, step)
        (point, λ, tangent) = (correction.point, correction.λ, correction.tangent)
        step *= Self.growth[min(correction.count, Self.growth.count) - 1]
        steps += 1
        return .onward
      }
      if step < Self.kinkStep, !hasTurned {
        guard let (factors, _) = linearized(at: predicted(), λ: λ + step * slope) else { return nil }
        (tangent, hasTurned) = (direction(factors), true)
        step *= 16
      }
    } while shorten()
    return nil
  }

  /// The state that the tangent leads to.
  private func predicted() -> [S] { moved(point, by: step * unit, along: Array(tangent.dropLast())) }

  /// Returns to the path by Newton's method, at right angles to the tangent; nil where it does not contract.
  private mutating func correct(
    from state: [S], λ parameter: S
  ) -> (point: [S], λ: S, tangent: [S], count: Int)? {
    var (z, λ, last) = (state, parameter, step)
    for count in 1...Self.mostCorrections {
      guard let (factors, rest) = linearized(at: z, λ: λ) else { return nil }
      let correction = factors.solve(rest + [0])
      let size = euclideanNorm(correction)
      guard size <= Self.contraction * last else { return nil }
      z = moved(z, by: unit, along: Array(correction.dropLast()))
      λ += correction[z.count]
      last = size
      guard size <= max(Self.tolerance * step, 16 * S.ulpOfOne * (1 + euclideanNorm(z) / unit)) else {
        continue
      }
      return (z, λ, direction(factors), count)
    }
    return nil
  }

  /// The tangent, given the factors of the derivative of H bordered by another tangent.
  ///
  /// The determinant bordered by the tangent keeps its sign along the path (Allgower & Georg 1990, section 2.1), also
  /// across the kinks of a piecewise linear f, which tells forwards from backwards.
  private func direction(_ factors: LUFactorization<S>) -> [S] {
    let solution = factors.solve([S](repeating: 0, count: point.count) + [1])
    return divided(solution, by: euclideanNorm(solution) * S(factors.determinantSign))
  }

  /// The factors of the derivative of H bordered by the tangent, and −H; nil where they are singular or not finite.
  private mutating func linearized(at z: [S], λ: S) -> (factors: LUFactorization<S>, rest: [S])? {
    let state = Matrix(rows: 1, columns: z.count, elements: z)
    let value = problem.value(state).elements
    let (jacobian, cost) = problem.jacobian!.matrix(state, 0)
    corrections += 1
    evaluations += 1 + cost
    let toStart = divided(difference(start, value), by: unit)
    // z − (1 − λ) a − λ f = (z − a) + λ (a − f).
    let rest = moved(divided(difference(start, z), by: unit), by: -λ, along: toStart)
    let bordered = bordered(jacobian, λ: λ, column: toStart)
    guard bordered.isFinite else { return nil }
    let factors = LUFactorization(bordered)
    return factors.reciprocalCondition > 0 ? (factors, rest) : nil
  }

  /// `[I − λJ, column; tangentᵀ]`.
  private func bordered(_ jacobian: Matrix<S>, λ: S, column: [S]) -> Matrix<S> {
    borderedMatrix(jacobian, scaledBy: -λ, column: column, row: tangent)
  }
}

/// `[I + scale · A, column; rowᵀ]`.
@specialized(where S == Double)
@specialized(where S == Float)
func borderedMatrix<S: Scalar>(
  _ A: Matrix<S>, scaledBy scale: S, column: [S], row: [S]
) -> Matrix<S> {
  let (order, width) = (A.rows, A.rows + 1)
  var result = Matrix<S>(rows: width, columns: width)
  result.elements.withUnsafeMutableBufferPointer { entries in
    for i in 0..<order {
      for j in 0..<order { entries[i * width + j] = scale * A.elements[i * order + j] }
      entries[i * width + i] += 1
      entries[i * width + order] = column[i]
    }
    for j in 0..<width { entries[order * width + j] = row[j] }
  }
  return result
}
