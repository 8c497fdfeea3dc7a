import LinearAlgebra

/// GMRES as a state machine that requests one product with A at a time, so that a caller who computes
/// products in batches can run many iterations at once.
package struct GMRESIteration<S: Scalar>: Sendable {
  /// The vector to be multiplied by A next; nil once finished.
  package private(set) var direction: [S]?

  private let method: GMRES
  private let isVerified: Bool
  private let rightSide: [S]
  private let size: S
  private var solution: [S]
  private var residual: S
  private var products = 0
  private var isSingular = false
  private var isChecking = false
  /// The Krylov space of the current cycle and its triangular least-squares problem.
  private var basis: [[S]] = []
  private var problem = RotatedHessenberg<S>()

  /// The iteration from x = 0. Where it is not `verified`, it ends with the first cycle and trusts that
  /// cycle's own estimate of the residual, which saves a product and suffices for products of limited
  /// accuracy.
  package init(method: GMRES, rightSide: [S], verified: Bool) {
    self.method = method
    isVerified = verified
    self.rightSide = rightSide
    size = euclideanNorm(rightSide)
    solution = [S](repeating: 0, count: rightSide.count)
    residual = size
    if size > 0, size.isFinite { beginCycle(residual: rightSide) }
  }

  /// The solution so far.
  package var outcome: GMRESSolution<S> {
    let relative = size == 0 ? 0 : Double(residual / size)
    return GMRESSolution(
      solution: solution, relativeResidual: relative, products: products,
      converged: relative <= method.relativeTolerance, isSingular: isSingular)
  }

  /// Receives A · `direction`.
  package mutating func receive(_ product: [S]) {
    guard let asked = direction else { return }
    products += 1
    isChecking ? check(asked, product: product) : extend(by: product)
  }

  /// One Arnoldi step.
  private mutating func extend(by product: [S]) {
    let length = euclideanNorm(product)
    guard length.isFinite else { return endCycle() }
    var next = product
    var column = orthogonalize(&next, against: basis)
    let rest = euclideanNorm(next)
    let closes = rest <= 64 * S.ulpOfOne * length || basis.count == rightSide.count
    column.append(closes ? 0 : rest)
    problem.append(column)
    let isSolved = Double(problem.residual) <= method.relativeTolerance * Double(size)
    if closes, problem.residual > S.ulpOfOne.squareRoot() * size { isSingular = true }
    guard !closes, !isSolved, basis.count < method.restart, products < method.maximumProducts - 1
    else { return endCycle() }
    basis.append(divided(next, by: rest))
    direction = basis.last
  }

  /// Requests the product that yields the true residual, or finishes.
  private mutating func endCycle() {
    var candidate = solution
    for (coefficient, vector) in zip(problem.coefficients, basis) {
      accumulate(vector, scaledBy: coefficient, into: &candidate)
    }
    if isVerified {
      direction = candidate
      isChecking = true
    } else {
      (solution, residual, direction) = (candidate, problem.residual, nil)
    }
  }

  /// Accepts `candidate` if its true residual is smaller, and continues from it if that is worthwhile.
  private mutating func check(_ candidate: [S], product: [S]) {
    let rest = difference(rightSide, product)
    let length = euclideanNorm(rest)
    direction = nil
    guard length < residual else { return }
    let isProgress = length < 0.999 * residual
    (solution, residual) = (candidate, length)
    let isSolved = Double(length) <= method.relativeTolerance * Double(size)
    if isSolved { isSingular = false }
    guard isProgress, !isSolved, !isSingular, products < method.maximumProducts - 1 else { return }
    beginCycle(residual: rest)
  }

  private mutating func beginCycle(residual rest: [S]) {
    basis = [divided(rest, by: residual)]
    problem = RotatedHessenberg(residual: residual)
    isChecking = false
    direction = basis[0]
  }
}

/// The least-squares problem min ‖β·e₁ − H·y‖ of a Hessenberg matrix that grows column by column, kept
/// triangular by Givens rotations (Saad & Schultz 1986, section 3.2).
private struct RotatedHessenberg<S: Scalar>: Sendable {
  private var columns: [[S]] = []
  private var rotations: [(cosine: S, sine: S)] = []
  private var rightSide: [S]

  init(residual: S = 0) {
    rightSide = [residual]
  }

  /// The smallest residual over all y.
  var residual: S { abs(rightSide[rightSide.count - 1]) }

  /// Appends column j of H, of j + 2 entries.
  mutating func append(_ hessenberg: [S]) {
    var column = hessenberg
    for (row, rotation) in rotations.enumerated() {
      let (upper, lower) = (column[row], column[row + 1])
      column[row] = rotation.cosine * upper + rotation.sine * lower
      column[row + 1] = rotation.cosine * lower - rotation.sine * upper
    }
    let last = column.count - 2
    // A negligible pivot counts as 0; its equation cannot be satisfied and remains in the residual.
    let length = S.hypot(column[last], column[last + 1])
    let isZero = length <= 64 * S.ulpOfOne * euclideanNorm(hessenberg)
    let rotation = isZero ? (0, 1) : (column[last] / length, column[last + 1] / length)
    rotations.append(rotation)
    column[last] = isZero ? 0 : length
    column.removeLast()
    columns.append(column)
    let top = rightSide[last]
    rightSide[last] = rotation.0 * top
    rightSide.append(-rotation.1 * top)
  }

  /// y; its entries at zero pivots, which a singular matrix has, are 0.
  var coefficients: [S] {
    var result = Array(rightSide.dropLast())
    for index in columns.indices.reversed() {
      let pivot = columns[index][index]
      result[index] = pivot == 0 ? 0 : result[index] / pivot
      for row in 0..<index { result[row] -= result[index] * columns[index][row] }
    }
    return result
  }
}
