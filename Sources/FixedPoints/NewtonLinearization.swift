import LinearAlgebra

extension Matrix {
  /// I − A.
  @specialized(where S == Double)
  @specialized(where S == Float)
  static func identityMinus(_ A: Matrix) -> Matrix {
    var result = A
    let order = A.columns
    result.elements.withUnsafeMutableBufferPointer { entries in
      for index in entries.indices { entries[index] = -entries[index] }
      for index in 0..<A.rows { entries[index * order + index] += 1 }
    }
    return result
  }
}

/// Whether I − J is singular.
enum Singularity: Sendable {
  /// There is no evidence of it.
  case none
  /// To the precision of the difference quotients.
  case near
  /// A pivot is exactly 0, or the Krylov space closed without a solution.
  case exact
}

/// The solution d of (I − J)·d = F, and how reliable it is.
struct LinearStep<S: Scalar>: Sendable {
  let direction: [S]
  let singularity: Singularity
}

/// I − J at one iterate of one sample, column by column from forward differences.
struct DifferencedJacobian<S: Scalar>: Sendable {
  private let base: Evaluation<S>
  private let width: S
  private var column = 0
  private var matrix: Matrix<S>

  init(at base: Evaluation<S>) {
    self.base = base
    width = differenceWidth(size: max(largestMagnitude(base.point[...]), largestMagnitude(base.value[...])))
    matrix = Matrix(rows: base.point.count, columns: base.point.count)
  }

  /// Where the transition is needed for the next column; nil once all columns are known.
  var probe: [S]? {
    guard column < base.point.count else { return nil }
    var point = base.point
    point[column] += width
    return point
  }

  /// Takes the transition's value at `probe`.
  mutating func receive(_ value: [S]) {
    // The actual width after rounding.
    let width = (base.point[column] + self.width) - base.point[column]
    storeColumn(column, of: &matrix, change: difference(value, base.value), width: width)
    column += 1
  }

  /// Solves the equations by LU; nil where the Jacobian is not finite.
  func step() -> LinearStep<S>? {
    guard matrix.isFinite else { return nil }
    let factors = LUFactorization(matrix)
    guard factors.reciprocalCondition > 0 else { return LinearStep(direction: [], singularity: .exact) }
    // The quotients' errors are relative to the larger of I and J, which may cancel in I − J.
    let size = largestMagnitude(matrix.elements[...])
    let isNear = factors.reciprocalCondition * min(1, size) <= quotientPrecision(of: S.self)
    return LinearStep(direction: factors.solve(base.difference), singularity: isNear ? .near : .none)
  }
}

/// The solution of (I − J)·d = F for an explicit Jacobian; nil where it is not finite.
func newtonStep<S: Scalar>(at base: Evaluation<S>, jacobian J: Matrix<S>) -> LinearStep<S>? {
  guard J.isFinite else { return nil }
  let factors = LUFactorization(Matrix.identityMinus(J))
  guard factors.reciprocalCondition > 0 else { return LinearStep(direction: [], singularity: .exact) }
  let isNear = factors.reciprocalCondition <= 16 * S.ulpOfOne
  return LinearStep(direction: factors.solve(base.difference), singularity: isNear ? .near : .none)
}

/// The products J·v at one iterate of one sample, and the GMRES iteration that requests them.
struct KrylovStep<S: Scalar>: Sendable {
  private let base: Evaluation<S>
  private let size: S
  private var iteration: GMRESIteration<S>

  init(at base: Evaluation<S>, memory: Int) {
    self.base = base
    size = max(euclideanNorm(base.point), euclideanNorm(base.value))
    // The forcing term is no finer than the quotients' error; a coarse one costs a few more updates.
    let forcing = max(1e-4, Double(quotientPrecision(of: S.self)))
    let method = GMRES(restart: memory, relativeTolerance: forcing, maximumProducts: memory)
    iteration = GMRESIteration(method: method, rightSide: base.difference, verified: false)
  }

  /// Where the transition is needed for the next product; nil once GMRES has finished.
  var probe: [S]? {
    guard let direction = iteration.direction else { return nil }
    return moved(base.point, by: width(for: direction), along: direction)
  }

  /// Takes the transition's value at `probe`.
  mutating func receive(_ value: [S]) {
    guard let direction = iteration.direction else { return }
    let change = difference(value, base.value)
    iteration.receive(moved(direction, by: -1 / width(for: direction), along: change))
  }

  /// The solution; nil where GMRES did not improve on 0.
  func step() -> LinearStep<S>? {
    let outcome = iteration.outcome
    guard outcome.relativeResidual < 1 || outcome.isSingular else { return nil }
    if outcome.isSingular { return LinearStep(direction: outcome.solution, singularity: .exact) }
    let stretch = euclideanNorm(outcome.solution) / euclideanNorm(base.difference)
    let isNear = stretch * quotientPrecision(of: S.self) >= 1
    return LinearStep(direction: outcome.solution, singularity: isNear ? .near : .none)
  }

  /// ε such that ε·v is √ulp of the state (Knoll & Keyes 2004, section 2.3).
  private func width(for direction: [S]) -> S {
    let length = euclideanNorm(direction)
    return differenceWidth(size: size) / (length > 0 ? length : 1)
  }
}

/// The error of difference quotients of J relative to its size: rounding of about √ulp, and some curvature.
private func quotientPrecision<S: Scalar>(of: S.Type) -> S {
  16 * S.ulpOfOne.squareRoot()
}

/// √ulp of a state of the given size, which balances truncation and rounding; √ulp of 1 for the zero state.
///
/// A power of two, so that the quotients of simple linear maps are exact.
private func differenceWidth<S: Scalar>(size: S) -> S {
  let width = S.ulpOfOne.squareRoot() * (size > 0 ? size : 1)
  return S(sign: .plus, exponent: width.exponent, significand: 1)
}

/// Stores column `column` of I − J, J's column being `change` / `width`.
@specialized(where S == Double)
@specialized(where S == Float)
private func storeColumn<S: Scalar>(_ column: Int, of matrix: inout Matrix<S>, change: [S], width: S) {
  for row in change.indices { matrix.elements[row * matrix.columns + column] = -change[row] / width }
  matrix.elements[column * matrix.columns + column] += 1
}
