import LinearAlgebra
public protocol FixedPointSolver: Sendable {
  var name: String { get }
  func solve<S: Scalar>(_ transition: (Matrix<S>) -> Matrix<S>, from start: Matrix<S>, until rule: StoppingRule) -> FixedPointSolution<S>
}
public struct StoppingRule: Sendable, Equatable {
  public var relativeTolerance: Double, absoluteTolerance: Double
  public var maximumIterations: Int
  public init(relativeTolerance: Double, absoluteTolerance: Double, maximumIterations: Int) { self.relativeTolerance = relativeTolerance; self.absoluteTolerance = absoluteTolerance; self.maximumIterations = maximumIterations }
  public static func rounding<S: Scalar>(of: S.Type, maximumIterations: Int = 10000) -> StoppingRule { .init(relativeTolerance: 64 * Double(S.ulpOfOne), absoluteTolerance: 1e-300, maximumIterations: maximumIterations) }
  public static func exact(maximumIterations: Int) -> StoppingRule { .init(relativeTolerance: 0, absoluteTolerance: 0, maximumIterations: maximumIterations) }
}
public struct ResidualTrace: Sendable, Equatable { public var entries: [Double] = [] }
public struct FixedPointSolution<S: Scalar>: Sendable {
  public var state: Matrix<S>
  public var samples: [SampleOutcome]
  public var iterations: Int
  public var evaluations: Int
  public var trace: ResidualTrace
  public var solver: String
}
public struct SampleOutcome: Sendable, Equatable { public var reason: StopReason; public var iterations: Int; public var residual: Double; public var spectralRadiusEstimate: Double?; public var description: String { "\(reason)" } }
public enum StopReason: Sendable, Equatable { case converged, outOfIterations, oscillating(period: Int), diverging, notFinite , singular }
public struct Picard: FixedPointSolver {
  public var name: String { "picard" }
  public var damping: Double = 1
  public init() {}
  public func solve<S: Scalar>(_ transition: (Matrix<S>) -> Matrix<S>, from start: Matrix<S>, until rule: StoppingRule) -> FixedPointSolution<S> {
    var z = start
    for k in 0...rule.maximumIterations {
      let f = transition(z); let d = f - z
      let r = Double(largestMagnitude(d.elements[...])), m = Double(largestMagnitude(z.elements[...]))
      if r <= rule.absoluteTolerance + rule.relativeTolerance * m {
        return .init(state: z, samples: .init(repeating: .init(reason: .converged, iterations: k, residual: r), count: z.rows), iterations: k, evaluations: k+1, trace: .init(), solver: name)
      }
      z = f
    }
    return .init(state: z, samples: .init(repeating: .init(reason: .outOfIterations, iterations: 0, residual: 0), count: z.rows), iterations: 0, evaluations: 0, trace: .init(), solver: name)
  }
}
public struct Newton: FixedPointSolver { public init() {}
  public var name: String { "newton" }
  public func solve<S: Scalar>(_ transition: (Matrix<S>) -> Matrix<S>, from start: Matrix<S>, until rule: StoppingRule) -> FixedPointSolution<S> { Picard().solve(transition, from: start, until: rule) }
}
