import LinearAlgebra

/// A layer given as an equation: for an input x of n numbers, the state z of m numbers with g(x, z) = 0.
///
/// The root form of an implicit layer; a fixed point z = f(z, x) is the case g(x, z) = f(z, x) − z.
/// An equation may have several roots, as the circle x² + y² = 1 has two branches: the start decides
/// which one `solve` finds, and the derivatives are those of the branch that `z` lies on.
public struct RootProblem<S: Scalar>: Sendable {
  /// g: from x `[n]` and z `[m]` to `[m]`.
  public let equation: @Sendable (_ x: [S], _ z: [S]) -> [S]
  /// ∂g/∂z: from x `[n]` and z `[m]` to a matrix `[m, m]`, a row for each equation.
  public let stateDerivative: @Sendable (_ x: [S], _ z: [S]) -> Matrix<S>
  /// ∂g/∂x: from x `[n]` and z `[m]` to a matrix `[m, n]`, a row for each equation.
  public let inputDerivative: @Sendable (_ x: [S], _ z: [S]) -> Matrix<S>

  /// The problem of the equation g with its partial derivatives.
  public init(
    equation: @escaping @Sendable (_ x: [S], _ z: [S]) -> [S],
    stateDerivative: @escaping @Sendable (_ x: [S], _ z: [S]) -> Matrix<S>,
    inputDerivative: @escaping @Sendable (_ x: [S], _ z: [S]) -> Matrix<S>
  ) {
    self.equation = equation
    self.stateDerivative = stateDerivative
    self.inputDerivative = inputDerivative
  }

  /// A root z `[m]` of g(x, ·), by Newton's method from `start` `[m]` with a halving line search.
  ///
  /// Stops where g is exactly 0, where the step is within 64 units in the last place of z, or where g is
  /// down to its own rounding (see `roundingLevel`) and no step reduces it further.
  ///
  /// - Throws: `RootProblemError`: `.notConverged`, `.singular` where ∂g/∂z has no inverse at an iterate,
  ///   `.notFinite`, or `.wrongSize` where a closure returns the wrong size.
  /// - Complexity: O(m³) a step.
  public func solve(
    x: [S], from start: [S], maximumIterations: Int = 100
  ) throws(RootProblemError) -> [S] {
    var z = start
    var g = try value(x: x, z: z)
    guard allFinite(g) else { throw .notFinite(quantity: "g(x, z)", state: doubles(z)) }
    for iteration in 0..<maximumIterations {
      guard largestMagnitude(g[...]) > 0 else { return z }
      let factors = try factorizedStateDerivative(x: x, z: z)
      let step = factors.solve(g)
      let isLast = largestMagnitude(step[...]) <= 64 * S.ulpOfOne * largestMagnitude(z[...])
      guard let next = try improved(x: x, z: z, g: g, step: step) else {
        let isDone = isLast ? true : try isRounding(g, x: x, z: z)
        if isDone { return z }
        throw notConverged(iterations: iteration, z: z, g: g)
      }
      (z, g) = next
      if isLast { return z }
    }
    guard try isRounding(g, x: x, z: z) else {
      throw notConverged(iterations: maximumIterations, z: z, g: g)
    }
    return z
  }

  /// The first of z − step, z − step/2, … that reduces ‖g‖∞, with its g; nil if none does.
  private func improved(x: [S], z: [S], g: [S], step: [S]) throws(RootProblemError) -> (z: [S], g: [S])? {
    let size = largestMagnitude(g[...])
    var length: S = 1
    while length >= 1 / 4096 {
      let candidate = moved(z, by: -length, along: step)
      let next = try value(x: x, z: candidate)
      if largestMagnitude(next[...]) <= (1 - length / 10_000) * size { return (candidate, next) }
      length /= 2
    }
    return nil
  }

  private func isRounding(_ g: [S], x: [S], z: [S]) throws(RootProblemError) -> Bool {
    let level = try roundingLevel(x: x, z: z)
    return zip(g, level).allSatisfy { abs($0) <= 16 * $1 }
  }

  private func notConverged(iterations: Int, z: [S], g: [S]) -> RootProblemError {
    .notConverged(iterations: iterations, residual: Double(largestMagnitude(g[...])), state: doubles(z))
  }
}
