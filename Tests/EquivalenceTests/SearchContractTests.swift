import Equivalence
import LinearAlgebra
import Networks
import Synchronization
import Testing

/// What holds of every search, whatever it finds: budget, domain, determinism, shrinking, honesty.
@Suite("The search's contract")
struct SearchContractTests {
  private func search(
    _ target: SearchTarget, seed: UInt64 = 1, budget: Int = 1_600, inputs: [[Double]] = [],
    domain: ClosedRange<Double>? = nil
  ) -> SearchReport {
    CounterexampleSearch(
      settings: SearchSettings(seed: seed, budget: budget, inputs: inputs, domain: domain)
    ).run(on: target)
  }

  /// A scalar function of two coordinates against 0, with differences above `tolerance` called real.
  private func target(
    inputs: Int = 2, tolerance: Double = 0, seen: (@Sendable (Matrix<Double>) -> Void)? = nil,
    comparable: @escaping @Sendable ([Double]) -> Bool = { _ in true },
    _ function: @escaping @Sendable ([Double]) -> Double
  ) -> SearchTarget {
    SearchTarget(
      inputSize: inputs,
      evaluate: { x in
        seen?(x)
        let values = x.rowArrays.map(function)
        return PairedOutputs(
          first: Matrix(rows: x.rows, columns: 1, elements: values), second: Matrix(rows: x.rows, columns: 1),
          comparable: x.rowArrays.map(comparable))
      },
      inputGradient: { x, _ in Matrix(rows: x.rows, columns: x.columns) },
      differences: { x in
        seen?(x)
        return x.rowArrays.map { row in
          let value = function(row)
          return comparable(row) && abs(value) > tolerance
            ? OutputDifference(index: 0, first: value, second: 0) : nil
        }
      })
  }

  @Test(
    "One network against itself, its units in another order, never yields a counterexample", arguments: 1...4)
  func identical(inputs: Int) {
    for seed in 0..<UInt64(5) {
      let layers = Chains.random([inputs, 16, 12, 3], seed: seed)
      var permuted = layers
      let order = (0..<16).reversed()
      permuted[0].weight = order.map { layers[0].weight[$0] }
      permuted[0].bias = order.map { layers[0].bias[$0] }
      permuted[1].weight = layers[1].weight.map { row in order.map { row[$0] } }
      let same = search(SearchTarget(Chains.relu(layers), Chains.relu(layers)), seed: seed)
      #expect(same.finding == nil)
      #expect(same.largestRelativeDifference == 0)
      #expect(same.judged == 0)
      let other = search(SearchTarget(Chains.relu(layers), Chains.relu(permuted)), seed: seed)
      #expect(other.finding == nil)
      #expect(other.largestRelativeDifference < 1e-9)
      #expect(other.largestRelativeDifference > 0)
    }
  }

  @Test("A summit too narrow for chance is climbed by the gradient of the difference")
  func ascent() throws {
    // 1 / (1 + |x − 1|²), called a difference above a half: within distance 1 of a point in 30 dimensions.
    let height = { @Sendable (x: [Double]) -> Double in 1 / (1 + x.reduce(0) { $0 + ($1 - 1) * ($1 - 1) }) }
    var summit = target(inputs: 30, tolerance: 0.5, height)
    let evaluate = summit.evaluate
    summit.evaluate = { x in
      // Against 1, so that the relative difference is no constant.
      var outputs = evaluate(x)
      for row in 0..<x.rows { outputs.second[row, 0] = 1 }
      for row in 0..<x.rows { outputs.first[row, 0] += 1 }
      return outputs
    }
    #expect(search(summit).finding == nil)
    summit.inputGradient = { x, cotangent in
      var gradient = Matrix<Double>(rows: x.rows, columns: x.columns)
      for row in 0..<x.rows {
        let h = height(Array(x.row(row)))
        for column in 0..<x.columns {
          gradient[row, column] = -2 * cotangent[row, 0] * h * h * (x[row, column] - 1)
        }
      }
      return gradient
    }
    let finding = try #require(search(summit).finding)
    #expect(finding.strategy == "gradient ascent on the difference")
    #expect(height(finding.input) > 0.5)
  }

  @Test("The same settings give the same report, another seed another search")
  func deterministic() {
    let layers = Chains.random([6, 16, 3], seed: 3)
    let other = Chains.adding([([1, -1, 1, 0, 0, 2], -3, 0.5)], to: layers)
    let target = SearchTarget(Chains.relu(layers), Chains.relu(other))
    #expect(search(target, seed: 8) == search(target, seed: 8))
    let same = SearchTarget(Chains.relu(layers), Chains.relu(layers))
    let inputs = Mutex<[[Double]]>([])
    var watched = same
    watched.evaluate = { x in
      inputs.withLock { $0.append(x.elements) }
      return same.evaluate(x)
    }
    _ = search(watched, seed: 8)
    let first = inputs.withLock { inputs in
      defer { inputs = [] }
      return inputs
    }
    _ = search(watched, seed: 9)
    #expect(inputs.withLock { $0 } != first)
  }

  @Test("The budget is spent and never exceeded", arguments: [0, 1, 7, 160, 161, 1_000, 5_000])
  func budget(rows: Int) throws {
    let layers = Chains.random([4, 8, 2], seed: 1)
    let network = Chains.relu(layers)
    let evaluated = Mutex(0)
    var target = SearchTarget(network, network, probes: [try SearchProbe(network, layer: 0, unit: 3)])
    let (evaluate, gradient, probe) = (target.evaluate, target.inputGradient, target.probes[0].linearization)
    target.evaluate = { x in
      evaluated.withLock { $0 += x.rows }
      return evaluate(x)
    }
    target.inputGradient = { x, cotangent in
      evaluated.withLock { $0 += x.rows }
      return gradient(x, cotangent)
    }
    target.probes = [
      SearchProbe { x in
        evaluated.withLock { $0 += x.rows }
        return probe(x)
      }
    ]
    let report = search(target, budget: rows)
    #expect(report.rows == evaluated.withLock { $0 })
    #expect(report.rows <= rows)
    #expect(Double(report.rows) >= 0.9 * Double(rows))
    #expect(report.coverage.allSatisfy { $0.rows > 0 })
    if rows >= 160 { #expect(report.coverage.count >= 9) }
  }

  @Test("Every input stays in the domain, those of shrinking too", arguments: [0.0...1, 2...3, -7 ... -5])
  func domain(range: ClosedRange<Double>) throws {
    let outside = Mutex(0)
    let target = target(
      inputs: 3,
      seen: { x in
        let count = x.elements.count { !range.contains($0) }
        outside.withLock { $0 += count }
      },
      { $0[0] > range.lowerBound + 0.3 && $0[0] < range.lowerBound + 0.35 ? 1 : 0 })
    let finding = try #require(search(target, domain: range).finding)
    #expect(outside.withLock { $0 } == 0)
    #expect(finding.input[0] > range.lowerBound + 0.3 && finding.input[0] < range.lowerBound + 0.35)
    // The others rest where the range is nearest to 0.
    let rest = min(max(0, range.lowerBound), range.upperBound)
    #expect(finding.input[1...].allSatisfy { $0 == rest })
  }

  @Test("An input that is given is tried as it is, before all others and beyond the budget")
  func given() throws {
    let spot = [123.456, -0.001]
    let target = target { $0[0] == spot[0] ? $0[1] : 0 }
    #expect(search(target).finding == nil)
    let report = search(target, budget: 0, inputs: [[0, 0], spot], domain: -1...1)
    let finding = try #require(report.finding)
    #expect(finding.strategy == "inputs that were given")
    #expect(finding.input[0] == spot[0])
    #expect(report.rows == 2)
  }

  @Test("A counterexample is shrunk to the coordinates that matter, and to short numbers")
  func shrinking() throws {
    let target = target(inputs: 40) { x in x[7] > 0.5 && x[21] < -0.25 ? 1 : 0 }
    for seed in 0..<UInt64(5) {
      let finding = try #require(search(target, seed: seed).finding)
      var expected = [Double](repeating: 0, count: 40)
      (expected[7], expected[21]) = (1, -1)
      #expect(finding.input == expected)
    }
    let narrow = self.target(inputs: 1) { abs($0[0] - 0.27183) < 0.04 ? 1 : 0 }
    #expect(try #require(search(narrow).finding).input == [0.3])
  }

  @Test("Shrinking leaves the difference within a factor of a thousand of what was found")
  func clearAfterShrinking() throws {
    // Everywhere a difference, at 1 a very small one.
    let function = { @Sendable (x: [Double]) -> Double in x[0] == 1 || x[0] == 0 ? 1e-7 : 1 }
    var target = target(inputs: 1, function)
    let one: @Sendable (Matrix<Double>) -> Matrix<Double> = {
      Matrix(rows: $0.rows, columns: 1, repeating: 1)
    }
    target.evaluate = { x in
      var first = one(x)
      for row in 0..<x.rows { first[row, 0] += function(Array(x.row(row))) }
      return PairedOutputs(first: first, second: one(x))
    }
    target.differences = { x in
      x.rowArrays.map { OutputDifference(index: 0, first: 1 + function($0), second: 1) }
    }
    let finding = try #require(search(target, inputs: [[3.25]]).finding)
    #expect(finding.input == [2])
    #expect(finding.difference.first == 2)
  }

  @Test("Rows that cannot be compared are counted and never reported, however they differ")
  func incomparable() {
    let report = search(target(comparable: { _ in false }, { $0[0] + 1 }))
    #expect(report.finding == nil)
    #expect(report.judged == 0)
    #expect(report.incomparable > 800)
    #expect(report.largestRelativeDifference == 0)
  }

  @Test("The judge has the last word, and is asked about few rows")
  func judge() {
    let report = search(target(tolerance: 1e9, { $0[0] * 1e-7 }))
    #expect(report.finding == nil)
    #expect(report.judged > 0)
    #expect(report.judged <= 400)
  }

  @Test("Where one region rounds badly, a small difference in another is found all the same")
  func noise() throws {
    // Nearly everywhere a difference of a half is none; in a strip one of 1e-6 of the value is one.
    var noisy = target(inputs: 2, { _ in 0 })
    noisy.evaluate = { x in
      var outputs = PairedOutputs(
        first: Matrix(rows: x.rows, columns: 1, repeating: 1),
        second: Matrix(rows: x.rows, columns: 1, repeating: 1))
      for row in 0..<x.rows {
        let isSpot = x[row, 0] < -0.9 && x[row, 0] > -1
        outputs.second[row, 0] = isSpot ? 1 + 1e-6 : 0.5
      }
      return outputs
    }
    noisy.differences = { x in
      x.rowArrays.map { row in
        row[0] < -0.9 && row[0] > -1
          ? OutputDifference(index: 0, first: 1, second: 1 + 1e-6) : nil
      }
    }
    for seed in 0..<UInt64(5) { #expect(search(noisy, seed: seed).finding != nil) }
  }

  @Test("A value on one side and none on the other is a difference, the same infinity or NaN on both is none")
  func notFinite() throws {
    let report = search(target { $0[0] > 3 ? .nan : 0 })
    // The judge of these tests calls NaN no difference; the search does not.
    #expect(report.largestRelativeDifference == .infinity)
    var both = target { _ in 0 }
    both.evaluate = { x in
      let first = Matrix(
        rows: x.rows, columns: 2, elements: (0..<2 * x.rows).map { $0 % 2 == 0 ? Double.nan : .infinity })
      return PairedOutputs(first: first, second: first)
    }
    #expect(search(both).largestRelativeDifference == 0)
  }

  @Test("The default budget is ten times a check's samples for large models, and more for small ones")
  func defaultBudget() {
    #expect(SearchSettings.budget(samples: 16, multiplicationsPerRow: 4_000_000_000) == 160)
    #expect(SearchSettings.budget(samples: 16, multiplicationsPerRow: 1_000_000) == 2_000)
    #expect(SearchSettings.budget(samples: 16, multiplicationsPerRow: 0) == 16_000)
  }
}
