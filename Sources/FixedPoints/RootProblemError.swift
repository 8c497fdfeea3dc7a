/// Why the root of an implicit equation, or its derivative, could not be computed.
public enum RootProblemError: Error, Sendable, Equatable {
  /// Newton's method stopped at `state` with this residual ‖g(x, z)‖∞.
  case notConverged(iterations: Int, residual: Double, state: [Double])
  /// ∂g/∂z is singular at `state`: with this reciprocal condition number, or singular within the rounding of
  /// z.
  case singular(state: [Double], reciprocalCondition: Double)
  /// g or a derivative of it is infinite or NaN at `state`.
  case notFinite(quantity: String, state: [Double])
  /// A closure returned, or a caller passed, something of the wrong size.
  case wrongSize(quantity: String, expected: String, found: String)
}

extension RootProblemError: CustomStringConvertible {
  /// One line: what is wrong, and where.
  public var description: String {
    switch self {
    case .notConverged(let iterations, let residual, let state):
      let evidence = "the residual is \(threeDigits(residual)) at z = \(listed(state))"
      return "no root of g(x, z) = 0 found: after \(iterations) Newton steps \(evidence)"
    case .singular(let state, let reciprocalCondition):
      let measure = "reciprocal condition \(threeDigits(reciprocalCondition))"
      return
        "∂g/∂z is singular at z = \(listed(state)) (\(measure)): the implicit function theorem does not apply there"
    case .notFinite(let quantity, let state):
      return "\(quantity) is infinite or NaN at z = \(listed(state))"
    case .wrongSize(let quantity, let expected, let found):
      return "\(quantity) has size \(found), expected \(expected)"
    }
  }
}

/// The numbers in brackets, at most six of them.
private func listed(_ numbers: [Double]) -> String {
  let shown = numbers.prefix(6).map(threeDigits).joined(separator: ", ")
  return numbers.count > 6 ? "[\(shown), … \(numbers.count) in all]" : "[\(shown)]"
}
