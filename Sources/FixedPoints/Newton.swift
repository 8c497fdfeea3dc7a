import LinearAlgebra

/// Newton's method for F(z) = f(z) − z = 0, with a Jacobian by forward differences and a line search.
///
/// Each update solves (I − J)·d = F and tries z + d, z + d/2, … until the residual falls (Armijo's
/// condition in the max norm). Up to `denseLimit` components, J is built column by column and factorised
/// (LU). Beyond, the equations are solved by GMRES with products J·v ≈ (f(z + ε·v) − f(z)) / ε: the
/// Jacobian-free Newton–Krylov method (Knoll & Keyes 2004, sections 2.2 and 2.3). Where no step along d
/// helps, a run of plain steps z ← f(z) takes over, twice as long each time.
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
  /// - Complexity: An update takes N + 1 calls of the transition and O(N³), or, beyond `denseLimit`, about as
  ///   many calls as GMRES needs (at most `krylovMemory`) and O(N · `krylovMemory`) beside each.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    iterate(problem, from: start, until: rule, solver: name) { NewtonIteration<S>(parameters: self) }
  }
}
