import LinearAlgebra

/// The transition's value at a point of one sample.
struct Evaluation<S: Scalar>: Sendable {
  /// z, `[N]`.
  let point: [S]
  /// f(z), `[N]`.
  let value: [S]
  /// ‖f(z) − z‖∞; infinite where f(z) or the difference is not finite.
  let residual: Double

  init(point: [S], value: [S]) {
    self.point = point
    self.value = value
    let distance = Double(largestDistance(value, point))
    residual = distance.isFinite ? distance : .infinity
  }

  /// Whether f(z) and the residual are finite.
  var isFinite: Bool { residual.isFinite }
  /// F(z) = f(z) − z.
  var difference: [S] { FixedPoints.difference(value, point) }
}

/// Where a method wants the transition evaluated next.
enum Proposal<S: Scalar>: Sendable {
  /// A new iterate: one more update.
  case iterate([S])
  /// Another candidate for the update already counted, such as a shorter step of a line search.
  case retry([S])
  /// A point that is no iterate, such as one displaced for a difference quotient; its residual is ignored.
  case probe([S])
  /// The Jacobian at the point evaluated last.
  case derivative
  /// No further point: the method cannot continue.
  case failure(StopReason)
}

/// What a method's iterates depend on, which determines what they are evidence of.
enum IterationKind: Sendable {
  /// z ← f(z). The last iterate is the answer, a recurring iterate is a cycle, and the ratio of residuals
  /// estimates the spectral radius of J.
  case plain
  /// z ← a function of z alone, other than f. As `plain`, without the estimate.
  case stationary
  /// z ← a function of the history. On failure the iterate with the smallest residual is the answer.
  case accelerated
}

/// The iteration of one sample by one method, as a state machine that receives one evaluation at a time.
///
/// The driver owns the loop and evaluates all samples' points in one call of the transition, so that
/// samples may be at different stages of their methods.
protocol SampleMethod<S> {
  associatedtype S: Scalar
  /// What the iterates depend on.
  var kind: IterationKind { get }
  /// The cause that the method suspects where it has used up its updates.
  var suspicion: StopReason? { get }
  /// The next point, given the transition's value at the last one proposed (at first, at the start).
  ///
  /// Unless it is a value of the transition itself, no iterate may exceed `limit` in its largest magnitude
  /// (see `ProblemScale`).
  mutating func proposal(after evaluation: Evaluation<S>, limit: Double) -> Proposal<S>
  /// The next point, given the requested Jacobian, `[N, N]`.
  mutating func proposal(given jacobian: Matrix<S>, limit: Double) -> Proposal<S>
}

extension SampleMethod {
  var suspicion: StopReason? { nil }

  mutating func proposal(given jacobian: Matrix<S>, limit: Double) -> Proposal<S> {
    preconditionFailure("a Jacobian for a method that does not ask for one")
  }
}

/// Whether all elements are finite and none exceeds `limit` in magnitude.
func isWithin<S: Scalar>(_ limit: Double, _ point: [S]) -> Bool {
  let size = largestMagnitude(point[...])
  return size.isFinite && Double(size) <= limit
}
