import LinearAlgebra

/// Newton's method for F(z) = f(z) − z = 0, with a line search.
///
/// Each update solves (I − J)·d = F and tries z + d, z + d/2, … until the residual falls (Armijo's condition in the max
/// norm). A Jacobian that the problem computes explicitly is factorised (LU), and the residual has to fall below the
/// largest of the last three (Grippo, Lampariello & Lucidi 1986, "A nonmonotone line search technique for Newton's
/// method"), since pieces and saturation may raise it temporarily. Where f is piecewise linear, the method ends with
/// the exact solution once it is on the right piece (Qi & Sun 1993, "A nonsmooth version of Newton's method").
/// Otherwise, up to `denseLimit` components, J is built column by column from forward differences. For more components,
/// the equations are solved by GMRES with products J·v ≈ (f(z + ε·v) − f(z)) / ε: the Jacobian-free Newton–Krylov
/// method (Knoll & Keyes 2004, sections 2.2 and 2.3). Where no step along d reduces the residual, a run of plain steps
/// z ← f(z) follows, twice as long each time.
///
/// Where a sample fails, the iterate with the smallest residual is returned.
public struct Newton: FixedPointSolver {
  /// The largest number of components for which I − J is stored and factorised; 8·N² bytes a sample.
  public let denseLimit: Int
  /// The largest dimension of the Krylov space in which the equations are solved.
  public let krylovMemory: Int

  /// Newton's method with `denseLimit` ≥ 0 and `krylovMemory` ≥ 1.
  public init(denseLimit: Int = 128, krylovMemory: Int = 40) {
    precondition(denseLimit >= 0 && krylovMemory >= 1, "Newton's method without a linear solver")
    self.denseLimit = denseLimit
    self.krylovMemory = krylovMemory
  }

  /// `newton`.
  public var name: String { "newton" }

  /// Iterates as described for the type.
  ///
  /// - Complexity: An update takes a call of the transition, the Jacobian (or N calls in its place), and O(N³). Beyond
  ///   `denseLimit` it takes about as many calls as GMRES needs (at most `krylovMemory`) and O(N · `krylovMemory`) for
  ///   each.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    let isWritten = problem.jacobian != nil
    return iterate(problem, from: start, until: rule, solver: name) {
      NewtonIteration<S>(parameters: self, isJacobianWritten: isWritten)
    }
  }
}
