import LinearAlgebra

/// Newton's method for one sample.
struct NewtonIteration<S: Scalar>: SampleMethod {
  private enum Phase {
    case atIterate, differencing, differentiating, inKrylovSpace
    case searching(direction: [S], length: S)
  }

  /// The sample is given up after this many failures in succession at a singular I − J. Near-singularity may be mere
  /// scaling, as in a deep nilpotent map, whose plain steps need time to converge.
  private static var mostExactlySingular: Int { 3 }
  private static var mostNearlySingular: Int { 7 }

  /// How many residuals are compared where a Jacobian is cheap; steps by differences must reduce the last one.
  private static var mostRecent: Int { 3 }

  private let parameters: Newton
  private let isJacobianWritten: Bool
  private var phase = Phase.atIterate
  private var base: Evaluation<S>?
  private var jacobian: DifferencedJacobian<S>?
  private var krylov: KrylovStep<S>?
  private var runLength = 8
  private var plainSteps = 0
  private var singularity = Singularity.none
  private var singularFailures = 0
  /// The residuals of the last iterates; a step must fall below the largest of them.
  private var recent: [Double] = []

  init(parameters: Newton, isJacobianWritten: Bool) {
    self.parameters = parameters
    self.isJacobianWritten = isJacobianWritten
  }

  var kind: IterationKind { .accelerated }

  var suspicion: StopReason? { singularFailures > 1 ? .singular : nil }

  mutating func proposal(after evaluation: Evaluation<S>, limit: Double) -> Proposal<S> {
    switch phase {
    case .atIterate: return arrive(at: evaluation)
    case .differencing: return receiveColumn(evaluation, limit: limit)
    case .differentiating: preconditionFailure("an evaluation in the place of a Jacobian")
    case .inKrylovSpace: return receiveProduct(evaluation, limit: limit)
    case .searching(let direction, let length): return judge(evaluation, direction: direction, length: length)
    }
  }

  /// At a new iterate: another plain step during a run, otherwise the linear equations.
  private mutating func arrive(at evaluation: Evaluation<S>) -> Proposal<S> {
    guard evaluation.isFinite else { return .failure(.notFinite) }
    base = evaluation
    recent.append(evaluation.residual)
    if recent.count > (isJacobianWritten ? Self.mostRecent : 1) { recent.removeFirst() }
    singularity = .none
    if plainSteps > 0 {
      plainSteps -= 1
      phase = .atIterate
      return .iterate(evaluation.value)
    }
    if isJacobianWritten {
      phase = .differentiating
      return .derivative
    }
    if evaluation.point.count <= parameters.denseLimit {
      let columns = DifferencedJacobian(at: evaluation)
      guard let probe = columns.probe else { return stepPlainly() }
      (jacobian, phase) = (columns, .differencing)
      return .probe(probe)
    }
    let products = KrylovStep(at: evaluation, memory: parameters.krylovMemory)
    guard let probe = products.probe else { return stepPlainly() }
    (krylov, phase) = (products, .inKrylovSpace)
    return .probe(probe)
  }

  mutating func proposal(given jacobian: Matrix<S>, limit: Double) -> Proposal<S> {
    search(along: base.flatMap { newtonStep(at: $0, jacobian: jacobian) }, limit: limit)
  }

  private mutating func receiveColumn(_ evaluation: Evaluation<S>, limit: Double) -> Proposal<S> {
    jacobian?.receive(evaluation.value)
    if let probe = jacobian?.probe { return .probe(probe) }
    let step = jacobian?.step()
    jacobian = nil
    return search(along: step, limit: limit)
  }

  private mutating func receiveProduct(_ evaluation: Evaluation<S>, limit: Double) -> Proposal<S> {
    krylov?.receive(evaluation.value)
    if let probe = krylov?.probe { return .probe(probe) }
    let step = krylov?.step()
    krylov = nil
    return search(along: step, limit: limit)
  }

  /// Proposes the full step; an excessively long one is another sign of singularity.
  private mutating func search(along step: LinearStep<S>?, limit: Double) -> Proposal<S> {
    guard let step, let base else { return stepPlainly() }
    singularity = step.singularity
    guard step.singularity != .exact else { return stepPlainly() }
    let next = moved(base.point, by: 1, along: step.direction)
    guard isWithin(limit, next) else {
      singularity = .near
      return stepPlainly()
    }
    phase = .searching(direction: step.direction, length: 1)
    return .iterate(next)
  }

  /// Accepts the candidate if it reduces the residual enough, otherwise tries half the step.
  private mutating func judge(_ evaluation: Evaluation<S>, direction: [S], length: S) -> Proposal<S> {
    guard let base else { return .failure(.notFinite) }
    let reference = recent.max() ?? base.residual
    if evaluation.residual <= (1 - 1e-4 * Double(length)) * reference {
      if singularity == .none { singularFailures = 0 }
      return arrive(at: evaluation)
    }
    let half = length / 2
    guard half >= 1 / 4096 else { return stepPlainly() }
    phase = .searching(direction: direction, length: half)
    return .retry(moved(base.point, by: half, along: direction))
  }

  /// Begins a run of plain steps from the last accepted iterate, since Newton's direction is useless there.
  private mutating func stepPlainly() -> Proposal<S> {
    guard let base else { return .failure(.notFinite) }
    singularFailures = singularity == .none ? 0 : singularFailures + 1
    let limit = singularity == .exact ? Self.mostExactlySingular : Self.mostNearlySingular
    if singularFailures >= limit { return .failure(.singular) }
    if singularity == .exact {
      plainSteps = 0
    } else {
      plainSteps = runLength - 1
      runLength *= 2
    }
    phase = .atIterate
    return .iterate(base.value)
  }
}
