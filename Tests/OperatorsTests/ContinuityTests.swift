import LinearAlgebra
import Operators
import TestSupport
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

  /// Along a line of ports a piecewise linear function has few places where its slope changes; any other that is
  /// continuous bends nearly everywhere somewhere.
  @Test("A nonlinearity is piecewise linear exactly if it says so", arguments: OperatorExample.all)
  func piecewiseLinear(example: OperatorExample) throws {
    guard let φ = try example.nonlinearity(), φ.isContinuous else { return }
    let steps = 2_000
    // The examples hold NaN and infinity too, which have no lines through them.
    let sizes = example.shapes.map { $0.reduce(1, *) }
    var generator = SeededGenerator(seed: 7)
    var isBent = false
    for _ in 0..<4 {
      let ports = sizes.enumerated().map { port, size in
        let isParameter = port >= type(of: φ).inputCount
        let base = (0..<size).map { _ in 0.2 + generator.uniform() }
        let direction = (0..<size).map { _ in isParameter ? 0 : 2 * generator.uniform() - 1 }
        let elements = (0..<steps).flatMap { step in
          let t = 16 * Double(step) / Double(steps) - 8
          return zip(base, direction).map { $0 + t * $1 }
        }
        return Matrix(rows: steps, columns: size, elements: elements)
      }
      let value = φ.value(at: ports, shapes: example.shapes)
      for column in 0..<value.columns {
        let bends = (1..<steps - 1).count {
          let (before, here, after) = (value[$0 - 1, column], value[$0, column], value[$0 + 1, column])
          let bend = abs(before - 2 * here + after)
          return bend > 1e-11 * (abs(before) + abs(here) + abs(after))
        }
        if bends > 100 { isBent = true }
      }
    }
    #expect(isBent == !φ.isPiecewiseLinear)
  }
}
