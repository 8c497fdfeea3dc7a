import LinearAlgebra
import Operators
import Testing

/// The ends of domains, the poles, the kinks: what PyTorch 2.15 returns there in float64, value and gradient.
@Suite("Elementary functions where they end")
struct ElementaryFunctionTests {
  static let infinity = Double.infinity

  /// Whether two numbers are the same, zeros of either sign and all NaNs alike.
  func same(_ left: Double, _ right: Double) -> Bool { left == right || (left.isNaN && right.isNaN) }

  @Test("Functions of one number")
  func ofOne() throws {
    let (inf, nan) = (Double.infinity, Double.nan)
    let cases: [(String, [String: Constant], [(p: Double, value: Double, derivative: Double)])] = [
      ("sqrt", [:], [(0, 0, inf), (-1, nan, nan), (inf, inf, 0)]),
      ("reciprocal", [:], [(0, inf, -inf), (-0.0, -inf, -inf), (inf, 0, 0)]),
      ("log", [:], [(0, -inf, inf), (-1, nan, -1), (inf, inf, 0)]),
      ("exp", [:], [(1000, inf, inf), (-1000, 0, 0)]),
      ("asin", [:], [(1, .pi / 2, inf), (-1, -.pi / 2, inf), (2, nan, nan)]),
      ("acos", [:], [(1, 0, -inf), (-1, .pi, -inf), (2, nan, nan)]),
      ("atan", [:], [(1e200, .pi / 2, 0), (inf, .pi / 2, 0)]),
      ("acosh", [:], [(1, 0, inf), (0.5, nan, nan)]),
      ("atanh", [:], [(1, inf, inf), (-1, -inf, inf)]),
      ("asinh", [:], [(-inf, -inf, 0)]),
      ("abs", [:], [(0, 0, 0), (-0.0, 0, 0)]),
      ("sign", [:], [(0, 0, 0), (-0.0, 0, 0), (nan, nan, 0), (inf, 1, 0)]),
      ("round", [:], [(0.5, 0, 0), (1.5, 2, 0), (2.5, 2, 0), (-0.5, 0, 0), (nan, nan, 0)]),
      (
        "clamp", ["min": .number(-1), "max": .number(1)],
        [(-1, -1, 0), (1, 1, 0), (0, 0, 1), (nan, nan, 0), (inf, 1, 0)]
      ),
      (
        "pow", ["exponent": .number(-1)],
        [(0, inf, -inf), (-0.0, -inf, -inf), (-2, -0.5, -0.25), (-inf, 0, 0)]
      ),
      ("pow", ["exponent": .number(-2)], [(0, inf, -inf), (-0.0, inf, inf), (-2, 0.25, 0.25)]),
      ("pow", ["exponent": .number(0)], [(0, 1, 0), (-2, 1, 0), (inf, 1, 0)]),
      ("pow", ["exponent": .number(0.5)], [(0, 0, inf), (-2, nan, nan), (inf, inf, 0)]),
      ("pow", ["exponent": .number(1)], [(0, 0, 1), (-2, -2, 1), (-inf, -inf, 1)]),
      ("pow", ["exponent": .number(1.5)], [(0, 0, 0), (-2, nan, nan), (inf, inf, inf)]),
      ("pow", ["exponent": .number(2)], [(0, 0, 0), (-2, 4, -4), (-inf, inf, -inf)]),
      ("pow", ["exponent": .number(3)], [(0, 0, 0), (-2, -8, 12), (-inf, -inf, inf)]),
    ]
    for (name, attributes, points) in cases {
      let function = try #require(NonlinearityRegistry.type(named: name)).init(attributes)
      for point in points {
        let p = Matrix<Double>([[point.p]])
        let value = function.value(at: [p], shapes: [[1]])[0, 0]
        let derivative = function.vjp(Matrix([[1]]), at: [p], shapes: [[1]])[0][0, 0]
        #expect(same(value, point.value), "\(function.description) at \(point.p): \(value)")
        // Beyond the largest square a slope of 10⁻³⁰⁰ is as good as 0.
        #expect(
          same(derivative, point.derivative) || abs(derivative - point.derivative) < 1e-300,
          "\(function.description)' at \(point.p): \(derivative)")
      }
    }
  }

  @Test("Functions of two numbers")
  func ofTwo() throws {
    let (inf, nan) = (Double.infinity, Double.nan)
    let cases: [(String, [(p: Double, q: Double, value: Double, slopes: (Double, Double))])] = [
      (
        "power",
        [
          (0, 0, 1, (0, 0)), (0, 1, 0, (1, 0)), (0, 2, 0, (0, 0)), (0, -1, inf, (-inf, -inf)),
          (-2, 3, -8, (12, nan)), (-2, 0.5, nan, (nan, nan)), (-2, 0, 1, (0, nan)),
        ]
      ),
      (
        "maximum",
        [(1, 1, 1, (0.5, 0.5)), (nan, 1, nan, (1, 1)), (1, nan, nan, (1, 1)), (inf, inf, inf, (0.5, 0.5))]
      ),
      ("greater", [(1, 1, 0, (0, 0)), (2, 1, 1, (0, 0)), (nan, 1, 0, (0, 0)), (inf, -inf, 1, (0, 0))]),
      ("greater_equal", [(1, 1, 1, (0, 0)), (1, 2, 0, (0, 0)), (1, nan, 0, (0, 0)), (-0.0, 0, 1, (0, 0))]),
      ("equal", [(1, 1, 1, (0, 0)), (1, 2, 0, (0, 0)), (nan, nan, 0, (0, 0)), (-0.0, 0, 1, (0, 0))]),
      ("minimum", [(1, 1, 1, (0.5, 0.5)), (nan, 1, nan, (1, 1)), (1, nan, nan, (1, 1)), (2, 3, 2, (1, 0))]),
    ]
    for (name, points) in cases {
      let function = try #require(NonlinearityRegistry.type(named: name)).init([:])
      for point in points {
        let ports = [Matrix<Double>([[point.p]]), Matrix<Double>([[point.q]])]
        let value = function.value(at: ports, shapes: [[1], [1]])[0, 0]
        let slopes = function.vjp(Matrix([[1]]), at: ports, shapes: [[1], [1]]).map { $0[0, 0] }
        #expect(same(value, point.value), "\(name) of \(point.p) and \(point.q): \(value)")
        #expect(
          same(slopes[0], point.slopes.0) && same(slopes[1], point.slopes.1),
          "\(name) of \(point.p) and \(point.q): \(slopes)")
      }
    }
  }

  @Test("Infinite and undefined elements of a line")
  func lines() throws {
    let (inf, nan) = (Double.infinity, Double.nan)
    func run(_ name: String, _ p: [Double]) throws -> (value: [Double], slopes: [Double]) {
      let function = try #require(NonlinearityRegistry.type(named: name)).init(["dim": .integers([-1])])
      let value = function.value(at: [Matrix([p])], shapes: [[p.count]])
      let ones = Matrix<Double>(rows: 1, columns: value.columns, repeating: 1)
      return (value.elements, function.vjp(ones, at: [Matrix([p])], shapes: [[p.count]])[0].elements)
    }
    #expect(try run("logsumexp", [-inf, -inf, 1]) == ([1], [0, 0, 1]))
    #expect(try run("logsumexp", [-inf, -inf]).value == [-inf])
    #expect(try run("logsumexp", [inf, 1]).value == [inf])
    #expect(try run("softmax", [-inf, 0, 0]).value == [0, 0.5, 0.5])
    #expect(try run("softmax", [nan, 1]).value.allSatisfy(\.isNaN))
    #expect(try run("amax", [nan, 1]).value[0].isNaN)
    #expect(try run("amax", [1, nan]).value[0].isNaN)
    #expect(try run("amax", [1, nan]).slopes.allSatisfy(\.isNaN))
    #expect(try run("amin", [inf, inf]) == ([inf], [0.5, 0.5]))
  }

  @Test("Slopes of random chords within the domain stay within `slopes`")
  func slopes() throws {
    let domains: [String: ClosedRange<Double>] = [
      "log": 1e-6...50, "sqrt": 0...50, "asin": -1...1, "acos": -1...1, "acosh": 1...50,
      "atanh": -0.999...0.999,
    ]
    for type in NonlinearityRegistry.elementwise {
      let required = type.schema.attributes.filter { $0.defaultValue == nil }
      let function = try type.init(
        Dictionary(uniqueKeysWithValues: required.map { ($0.name, Constant.number(3)) }))
      guard let slopes = function.slopes else { continue }
      var generator = SeededGenerator(seed: 11)
      for _ in 0..<2000 {
        let domain = domains[type.typeName] ?? -5...5
        let p = Double.random(in: domain, using: &generator)
        let q = min(
          domain.upperBound,
          max(domain.lowerBound, p + generator.normal() * [0.01, 1].randomElement(using: &generator)!))
        guard p != q else { continue }
        let values = function.value(at: [Matrix<Double>([[p, q]])], shapes: [[2]])
        let slope = (values[0, 1] - values[0, 0]) / (q - p)
        let slack = 1e-12 * max(1, abs(values[0, 0])) / abs(q - p)
        #expect(
          slope >= slopes.lowerBound - slack && slope <= slopes.upperBound + slack,
          "\(function.description): \(p), \(q)")
      }
    }
  }
}
