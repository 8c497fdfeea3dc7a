import LinearAlgebra

/// The path of solutions (z, μ) of H = z − f(z) − μ d = 0 for a piecewise linear f and one sample, from μ > 0 down to 0.
///
/// Where f is linear the path is straight: (I − J) ż = d μ̇. It bends at the kinks of f, which are located on the line
/// ahead by comparing f with its linear continuation. All lengths are in units of ‖f(a) − a‖∞, where a is the start.
struct PiecewiseLinearPath<S: Scalar> {
  enum Step {
    /// The path was followed to the end of a piece.
    case onward
    /// The piece leads to this state, where μ = 0.
    case arrival(Matrix<S>)
  }

  /// A state z, f(z), and the μ that belongs to them.
  private struct Point {
    var state: [S]
    var value: [S]
    var μ: S
  }

  /// f on the line ahead, beside its linear continuation.
  private struct Trial {
    var length: S
    var state: [S]
    var value: [S]
    /// What f deviates by from its linear continuation.
    var remainder: [S]
    /// What each coordinate of the deviation is rounded relative to.
    var explained: [S]
    /// Whether the deviation is more than rounding explains.
    var isBeyond: Bool
  }

  /// The magnitudes of μ at which a path may begin.
  private static var beginnings: [S] { [1e3, 1e6, 1e9] }
  /// How much further a first piece must reach to count as one that comes from infinity.
  private static var outward: S { 1e3 }
  /// A deviation up to so many units of roundoff of what a coordinate adds up is rounding.
  private static var rounding: S { 256 * S.ulpOfOne }
  /// A difference of lengths, or of slopes, that is small.
  private static var near: S { 1e-6 }
  /// The distance behind a kink at which the next piece's Jacobian is computed, as a part of the last piece's length.
  private static var ahead: S { 1e-3 }
  /// The factor of that distance for another attempt.
  private static var nearer: S { 1.0 / 64 }
  /// The length of a piece that counts as infinite, relative to the size of the state.
  private static var endless: S { 1e9 }
  /// The length of a piece that counts as rounding, relative to the size of the state.
  private static var least: S { 1e4 * S.ulpOfOne }
  private static var mostTrials: Int { 100 }

  /// The number of pieces followed.
  private(set) var pieces = 0
  /// The number of evaluations, with those that Jacobians cost.
  private(set) var evaluations = 1
  /// The number of Jacobians.
  private(set) var jacobians = 0

  /// a.
  let start: Matrix<S>
  /// ‖f(a) − a‖∞.
  let firstResidual: Double

  private let problem: FixedPointProblem<S>
  private let unit: S
  private let d: [S]
  private var point: Point
  private var tangent: [S] = []
  /// The sign of the determinant bordered by the tangent along the path.
  private var orientation: S = 1
  private var length: S = 1
  /// The largest gain of each coordinate so far, ∑ⱼ |Jᵢⱼ|, with which rounding of the state affects it. A coordinate that is
  /// saturated has none, but its kink is rounded like the sums beyond it.
  private var gains: [S]
  /// Whether the last Jacobian was zero.
  private var isConstant = false

  /// The beginning of the path for a direction d that is drawn, where μ is so large that f is constant beyond. Nil where
  /// f is not.
  init?(_ problem: FixedPointProblem<S>, from start: Matrix<S>, seed: UInt64) {
    self.problem = problem
    self.start = start
    let value = problem.value(start).elements
    let residual = largestMagnitude(difference(value, start.elements)[...])
    guard residual.isFinite else { return nil }
    firstResidual = Double(residual)
    unit = residual > 0 ? residual : 1
    var generator = SeededGenerator(seed: seed)
    d = value.map { _ in
      let size = S(0.5 + generator.uniform())
      return generator.uniform() < 0.5 ? -size : size
    }
    gains = value.map { _ in 1 }
    point = Point(state: start.elements, value: value, μ: 1)
    _ = linearized(at: start.elements, row: downwards)
    for μ in Self.beginnings where begin(at: μ) { return }
    return nil
  }

  /// The row that borders the derivative before there is a tangent: μ decreases.
  private var downwards: [S] { [S](repeating: 0, count: d.count) + [-1] }

  /// Solves z = f(z) + μ d where f is constant, and begins there if f is constant from there outwards.
  private mutating func begin(at μ: S) -> Bool {
    let value = f(moved(point.value, by: μ * unit, along: d))
    let z = moved(value, by: μ * unit, along: d)
    guard f(z) == value, let factors = linearized(at: z, row: downwards), isConstant else { return false }
    point = Point(state: z, value: value, μ: μ)
    orientation = S(factors.determinantSign)
    tangent = direction(factors)
    length = Self.outward * μ * euclideanNorm(d)
    return !trial(-length).isBeyond
  }

  /// Follows the path to the end of a piece; nil where it cannot be followed further, or runs to infinity.
  mutating func advance() -> Step? {
    if pieces == 0 { return pass() }
    // Behind the kink the Jacobian is that of the next piece, unless that piece is shorter.
    var distance = Self.ahead * length
    let before = tangent
    while distance * unit > 4 * S.ulpOfOne * largestMagnitude(point.state[...]) {
      tangent = before
      let state = moved(point.state, by: distance * unit, along: Array(before.dropLast()))
      guard let factors = linearized(at: state, row: before) else { return nil }
      tangent = direction(factors)
      if let step = pass() { return step }
      distance *= Self.nearer
    }
    return nil
  }

  /// Goes along the tangent to the end of the piece, or to μ = 0; nil where f is not linear along it, or the piece is
  /// infinite.
  private mutating func pass() -> Step? {
    let slope = tangent[d.count]
    var farthest: Trial?
    if slope < 0 {
      let arrival = trial(-point.μ / slope)
      if !arrival.isBeyond {
        return .arrival(Matrix(rows: 1, columns: d.count, elements: arrival.state))
      }
      farthest = arrival
    }
    let size = unit + largestMagnitude(point.state[...])
    var low: Trial?
    var high = ahead(2 * length, before: farthest)
    while !high.isBeyond {
      guard high.length * unit <= Self.endless * size else { return nil }
      low = high
      high = ahead(4 * high.length, before: farthest)
    }
    // A stretch within rounding of the kink before is not a piece.
    guard let end = kink(after: low, before: high), end.length * unit > Self.least * size else {
      return nil
    }
    point = Point(state: end.state, value: end.value, μ: point.μ + end.length * slope)
    length = end.length
    pieces += 1
    return .onward
  }

  /// f at a distance along the tangent, or at the farthest point of interest.
  private mutating func ahead(_ length: S, before farthest: Trial?) -> Trial {
    if let farthest, farthest.length <= length { return farthest }
    return trial(length)
  }

  /// The last point at which f is linear on the line ahead, between a point at which it is, if there is one, and a point
  /// at which it is not; nil where it is not linear at all.
  private mutating func kink(after near: Trial?, before far: Trial) -> Trial? {
    var (low, high, before) = (near, far, S?.none)
    for _ in 0..<Self.mostTrials {
      let least = low?.length ?? 0
      let middle = trial((least + high.length) / 2)
      guard middle.length > least, middle.length < high.length else { break }
      guard middle.isBeyond else {
        low = middle
        continue
      }
      // Where two points lie on the next piece, it meets this one where the line through them has no deviation.
      let outer = high
      high = middle
      let index = indexOfLargest(outer.remainder)
      let (first, second) = (middle.remainder[index], outer.remainder[index])
      let estimate = middle.length - first * (outer.length - middle.length) / (second - first)
      let isNext = isMultiple(
        outer.remainder, of: middle.remainder,
        times: (outer.length - estimate) / (middle.length - estimate), within: Self.near,
        middle.explained, outer.explained, rounding: Self.rounding)
      if estimate <= least + Self.near * middle.length {
        // Three points are on one line where two estimates agree.
        if isNext, let before, abs(estimate - before) <= Self.near * middle.length { return low }
        before = isNext ? estimate : nil
      } else if estimate < middle.length {
        let candidate = trial(estimate)
        if candidate.isBeyond {
          high = candidate
        } else if isNext {
          return candidate
        } else {
          low = candidate
        }
      }
    }
    return low
  }

  /// f at a distance along the tangent.
  private mutating func trial(_ length: S) -> Trial {
    let (z, slope) = (Array(tangent.dropLast()), tangent[d.count])
    let state = moved(point.state, by: length * unit, along: z)
    let value = f(state)
    // J ż = ż − d μ̇.
    let change = moved(z, by: -slope, along: d)
    let remainder = difference(value, moved(point.value, by: length * unit, along: change))
    let explained = roundedSizes(
      value, gains, times: largestMagnitude(state[...]) + unit, change, times: length * unit)
    return Trial(
      length: length, state: state, value: value, remainder: remainder, explained: explained,
      isBeyond: isAnyLarger(remainder, than: explained, times: Self.rounding))
  }

  private mutating func f(_ state: [S]) -> [S] {
    evaluations += 1
    return problem.value(Matrix(rows: 1, columns: d.count, elements: state)).elements
  }

  /// The direction of the path, given the factors of the derivative of H bordered by another.
  private func direction(_ factors: LUFactorization<S>) -> [S] {
    let solution = factors.solve([S](repeating: 0, count: d.count) + [1])
    return divided(solution, by: euclideanNorm(solution) * orientation * S(factors.determinantSign))
  }

  /// The factors of the derivative of H at a state, bordered by a row; nil where they are singular or not finite.
  private mutating func linearized(at state: [S], row: [S]) -> LUFactorization<S>? {
    let state = Matrix(rows: 1, columns: d.count, elements: state)
    let (jacobian, cost) = problem.jacobian!.matrix(state, 0)
    jacobians += 1
    evaluations += cost
    raise(&gains, toRowSumsOf: jacobian)
    isConstant = largestMagnitude(jacobian.elements[...]) == 0
    let matrix = borderedMatrix(jacobian, scaledBy: -1, column: d.map { -$0 }, row: row)
    guard matrix.isFinite else { return nil }
    let factors = LUFactorization(matrix)
    return factors.reciprocalCondition > 0 ? factors : nil
  }
}

/// |value| + gains · size + |change · scale|: what each coordinate of a deviation is rounded relative to.
@specialized(where S == Double)
@specialized(where S == Float)
private func roundedSizes<S: Scalar>(
  _ value: [S], _ gains: [S], times size: S, _ change: [S], times scale: S
) -> [S] {
  var sizes = value
  for index in sizes.indices {
    sizes[index] = abs(value[index]) + gains[index] * size + abs(change[index] * scale)
  }
  return sizes
}

/// Whether the magnitude of any number exceeds its bound times `share`, or is not a number.
@specialized(where S == Double)
@specialized(where S == Float)
private func isAnyLarger<S: Scalar>(_ numbers: [S], than bounds: [S], times share: S) -> Bool {
  for index in numbers.indices where !(abs(numbers[index]) <= share * bounds[index]) { return true }
  return false
}

/// Whether `far` is `near` times `factor`, up to a relative error and rounding of both.
@specialized(where S == Double)
@specialized(where S == Float)
private func isMultiple<S: Scalar>(
  _ far: [S], of near: [S], times factor: S, within error: S, _ nearSizes: [S], _ farSizes: [S], rounding: S
) -> Bool {
  for index in far.indices {
    let bound = error * abs(far[index]) + rounding * (nearSizes[index] * abs(factor) + farSizes[index])
    if !(abs(near[index] * factor - far[index]) <= bound) { return false }
  }
  return true
}

/// Where the largest magnitude is.
@specialized(where S == Double)
@specialized(where S == Float)
private func indexOfLargest<S: Scalar>(_ numbers: [S]) -> Int {
  var largest = 0
  for index in numbers.indices where abs(numbers[index]) > abs(numbers[largest]) { largest = index }
  return largest
}

/// Raises each number to the sum of magnitudes in its row where that is larger.
@specialized(where S == Double)
@specialized(where S == Float)
private func raise<S: Scalar>(_ numbers: inout [S], toRowSumsOf matrix: Matrix<S>) {
  for row in numbers.indices {
    var sum = S(0)
    for column in 0..<matrix.columns { sum += abs(matrix.elements[row * matrix.columns + column]) }
    if sum > numbers[row] { numbers[row] = sum }
  }
}
