import LinearAlgebra
import Operators
import Testing

/// A nonlinearity says whether it is continuous; solvers rely on it where they measure rounding by displacements.
@Suite("Continuity of activations")
struct ContinuityTests {
  /// Activations without attributes, and those with attributes that decide whether they jump.
  private static let activations: [any Activation] =
    NonlinearityRegistry.elementwise.compactMap { try? $0.init([:]) as? any Activation } + [
      try! Hardshrink(lambda: 0), Threshold(threshold: 0.5, replacement: 0.5),
      Threshold(threshold: 0.5, replacement: 2),
    ]

  @Test("An activation jumps somewhere exactly if it does not say that it is continuous")
  func jumps() {
    // Halves, among which every jump of these functions is, and points between them.
    let points = (-64...64).map { Double($0) / 16 }
    var jumping: Set<String> = []
    for activation in Self.activations {
      func value(_ p: Double) -> Double { activation.value(at: [Matrix([[p]])], shapes: [[1]])[0, 0] }
      let isJumping = points.contains { p in
        let values = [value(p - 1e-9), value(p), value(p + 1e-9)]
        // At a pole, or outside of its domain, a function has no value to jump to.
        guard values.allSatisfy({ $0.isFinite && abs($0) < 1e6 }) else { return false }
        return abs(values[1] - values[0]) > 1e-3 || abs(values[2] - values[1]) > 1e-3
      }
      #expect(isJumping == !activation.isContinuous, "\(activation.description)")
      if isJumping { jumping.insert(type(of: activation).typeName) }
    }
    #expect(jumping == ["sign", "floor", "ceil", "round", "hardshrink", "threshold"])
  }

  @Test("Nonlinearities of several ports that may jump are the comparisons and the choice")
  func severalPorts() {
    let jumping = NonlinearityRegistry.all.filter { type in
      type.inputCount > 1 && (try? type.init([:]).isContinuous) == false
    }
    #expect(Set(jumping.map { $0.typeName }) == ["greater", "greater_equal", "equal", "where"])
  }
}
