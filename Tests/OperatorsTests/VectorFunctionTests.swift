import Foundation
import LinearAlgebra
import Testing

/// Functions that are computed in vectors: their stated bounds, and that nothing but the argument matters.
@Suite("Vector functions")
struct VectorFunctionTests {
  private static let functions: [String: VectorFunction] = [
    "exp": .exp, "log": .log, "tanh": .tanh, "erf": .erf, "sigmoid": .sigmoid, "log_sigmoid": .logSigmoid,
    "silu": .silu, "softplus": .softplus(beta: 1, threshold: 20), "elu": .elu(alpha: 1), "gelu": .gelu,
  ]
  /// Of those, the ones whose values have a bound in units of their own last place.
  private static let ownUnits = [
    "exp": 1.0, "log": 1, "tanh": 3, "erf": 3, "sigmoid": 3, "silu": 3, "softplus": 3, "elu": 3,
  ]

  /// By name, `[point, value, rest, slope, rest]`: 60-digit arithmetic, as sums of two doubles.
  private static let oracle: [String: [[Double]]] = {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Oracles/vector_functions.json")
    return try! JSONDecoder().decode([String: [[Double]]].self, from: Data(contentsOf: url))
  }()

  private static func values<S: Scalar>(_ function: VectorFunction, at p: [S]) -> (value: [S], slope: [S]) {
    var (value, slope) = ([S](repeating: 0, count: p.count), [S](repeating: 1, count: p.count))
    p.withUnsafeBufferPointer { p in
      value.withUnsafeMutableBufferPointer { S.evaluate(function, at: p, into: $0) }
      slope.withUnsafeMutableBufferPointer { S.multiplyByDerivative(of: function, at: p, into: $0) }
    }
    return (value, slope)
  }

  @Test(
    "Values and slopes are within the stated bounds of 60-digit arithmetic",
    arguments: functions.keys.sorted())
  func bounds(name: String) {
    expectBounds(name, in: Double.self)
    expectBounds(name, in: Float.self)
  }

  private func expectBounds<S: Scalar>(_ name: String, in precision: S.Type) {
    let points = Self.oracle[name]!
    let (values, slopes) = Self.values(Self.functions[name]!, at: points.map { S($0[0]) })
    let unit = Double(S.ulpOfOne)
    for (index, point) in points.enumerated() {
      let error = abs((Double(values[index]) - point[1]) - point[2])
      let slopeError = abs((Double(slopes[index]) - point[3]) - point[4])
      #expect(error <= 2 * unit * max(1, abs(point[1])), "\(name) at \(point[0]): \(values[index])")
      #expect(slopeError <= 2 * unit * max(1, abs(point[3])), "\(name)' at \(point[0]): \(slopes[index])")
      guard let units = Self.ownUnits[name], abs(point[1]) > Double(S.leastNormalMagnitude) else { continue }
      let place = unit * Double.exp2(Double.log2(abs(point[1])).rounded(.down))
      #expect(error <= units * place, "\(name) at \(point[0]): \(error / place) units")
    }
  }

  @Test("A value depends on nothing but its argument", arguments: functions.keys.sorted())
  func places(name: String) {
    expectPlaceless(Self.functions[name]!, in: Double.self)
    expectPlaceless(Self.functions[name]!, in: Float.self)
  }

  private func expectPlaceless<S: Scalar>(_ function: VectorFunction, in precision: S.Type) {
    var generator = SeededGenerator(seed: 3)
    let all = (0..<67).map { _ in S(4 * generator.normal()) }
    let (values, slopes) = Self.values(function, at: all)
    for start in 0..<17 {
      for count in [1, 2, 3, 7, 15, 16, 17, 33, 50] {
        let part = Self.values(function, at: Array(all[start..<start + count]))
        #expect(haveSameBits(part.value, Array(values[start..<start + count])))
        #expect(haveSameBits(part.slope, Array(slopes[start..<start + count])))
      }
    }
  }

  @Test("Limits, overflow and NaN are those of the formulas")
  func limits() {
    let infinity = Double.infinity
    let points = [
      infinity, -infinity, .nan, 0, -0.0, 1000, -1000, 709.75, -745, .leastNonzeroMagnitude, 0x1p-1022, -1,
    ]
    func value(_ function: VectorFunction, _ p: Double) -> Double { Self.values(function, at: [p]).value[0] }
    #expect(
      points.map { value(.exp, $0) }[0...6].map(\.description) == [
        "inf", "0.0", "nan", "1.0", "1.0", "inf", "0.0",
      ])
    #expect(value(.exp, -745) == .leastNonzeroMagnitude && value(.exp, 709.75).isFinite)
    #expect(
      value(.log, 0) == -infinity && value(.log, -0.0) == -infinity && value(.log, infinity) == infinity)
    #expect(value(.log, -1).isNaN && value(.log, .nan).isNaN && value(.log, 1) == 0)
    #expect(abs(value(.log, .leastNonzeroMagnitude) + 744.4400719213812) < 1e-12)
    #expect(
      [infinity, -infinity, 30, -30].map { value(.tanh, $0) } == [1, -1, 1, -1] && value(.tanh, .nan).isNaN)
    #expect(value(.tanh, -0.0).sign == .minus && value(.erf, -0.0).sign == .minus)
    #expect(
      [infinity, -infinity, 7, -7].map { value(.erf, $0) } == [1, -1, 1, -1] && value(.erf, .nan).isNaN)
    #expect([infinity, -infinity, 1000, -1000].map { value(.sigmoid, $0) } == [1, 0, 1, 0])
    for p in points where p.isFinite { #expect(value(.gelu, p).isFinite && value(.silu, p).isFinite) }
  }
}
