import Equivalence
import LinearAlgebra
import Networks
import Operators
import Testing

/// What the search for a counterexample finds in small pairs of networks whose difference is known by construction.
@Suite("Search for a counterexample")
struct SearchTests {
  /// Layers as `Chains` takes them.
  private typealias Layers = [(weight: [[Double]], bias: [Double])]

  private func search(
    _ target: SearchTarget, seed: UInt64 = 1, budget: Int = 1_600, inputs: [[Double]] = [],
    domain: ClosedRange<Double>? = nil
  ) -> SearchReport {
    CounterexampleSearch(
      settings: SearchSettings(seed: seed, budget: budget, inputs: inputs, domain: domain)
    ).run(on: target)
  }

  /// A unit vector's multiple.
  private func axis(_ index: Int, _ value: Double, of count: Int) -> [Double] {
    (0..<count).map { $0 == index ? value : 0 }
  }

  /// A chain, and the same with the hidden unit relu(±x_k − distance).
  private func waking(
    _ inputs: Int, at distance: Double, seed: UInt64
  ) -> (base: Network<Double>, other: Network<Double>, axis: Int, sign: Double) {
    let base = Chains.random([inputs, 8, 2], seed: seed)
    let (index, sign) = (Int(seed) % inputs, seed % 2 == 0 ? 1.0 : -1)
    let other = Chains.adding([(axis(index, sign, of: inputs), -distance, 1)], to: base)
    return (Chains.relu(base), Chains.relu(other), index, sign)
  }

  /// Hidden units of a hat 0.1 wide and as high as `height` around `centre` of coordinate k.
  private func hat(
    _ index: Int, around centre: Double, of inputs: Int
  ) -> [(weight: [Double], bias: Double, output: Double)] {
    zip([-0.05, 0, 0.05], [20.0, -40, 20]).map { (axis(index, 1, of: inputs), -centre - $0, $1) }
  }

  @Test(
    "A ReLU that wakes beyond 40 in one direction is found, by that coordinate alone", arguments: [1, 8, 100])
  func waking(inputs: Int) throws {
    for seed in 0..<UInt64(6) {
      let (base, other, index, sign) = waking(inputs, at: 40, seed: seed)
      let finding = try #require(search(SearchTarget(base, other), seed: seed).finding)
      #expect(finding.input.indices.filter { finding.input[$0] != 0 } == [index])
      let place = sign * finding.input[index]
      #expect(place > 40)
      // The unit is the only difference, and its weight 1.
      #expect(abs(finding.difference.second - finding.difference.first - (place - 40)) < 1e-9 * place)
    }
  }

  @Test("A bump 0.1 wide is found wherever it stands in one dimension")
  func bumpOnLine() throws {
    var generator = SeededGenerator(seed: 4)
    for seed in 0..<UInt64(12) {
      let centre = 8 * generator.uniform() - 4
      let base = Chains.random([1, 8, 2], seed: seed)
      let target = SearchTarget(
        Chains.relu(base), Chains.relu(Chains.adding(hat(0, around: centre, of: 1), to: base)))
      let finding = try #require(search(target, seed: seed, budget: 4_000).finding, "around \(centre)")
      #expect(abs(finding.input[0] - centre) < 0.05)
    }
  }

  @Test("A bump 0.1 wide in one of ten coordinates is found")
  func bumpInOneCoordinate() throws {
    var generator = SeededGenerator(seed: 5)
    for seed in 0..<UInt64(6) {
      let centre = 2 * generator.uniform() - 1
      let index = Int(seed)
      let base = Chains.random([10, 8, 2], seed: seed)
      let target = SearchTarget(
        Chains.relu(base), Chains.relu(Chains.adding(hat(index, around: centre, of: 10), to: base)))
      let finding = try #require(search(target, seed: seed).finding, "around \(centre)")
      #expect(abs(finding.input[index] - centre) < 0.05)
      #expect(finding.input.enumerated().allSatisfy { $0.offset == index || $0.element == 0 })
    }
  }

  /// A chain of three layers, and the same with relu(Σ parts − threshold) of new first-layer units.
  private func gated(
    _ inputs: Int, seed: UInt64, _ parts: [(weight: [Double], bias: Double, output: Double)],
    threshold: Double
  ) -> (base: Network<Double>, other: Network<Double>) {
    let base = Chains.random([inputs, 6, 4, 2], seed: seed)
    var layers = Chains.adding(parts.map { ($0.weight, $0.bias, 0) }, to: base)
    layers[1].weight.append([Double](repeating: 0, count: 6) + parts.map(\.output))
    layers[1].bias.append(-threshold)
    for row in layers[2].weight.indices { layers[2].weight[row].append(1) }
    return (Chains.relu(base), Chains.relu(layers))
  }

  @Test("A bump 0.1 wide is found in the plane")
  func bumpInPlane() throws {
    var generator = SeededGenerator(seed: 6)
    for seed in 0..<UInt64(4) {
      let centre = [2 * generator.uniform() - 1, 2 * generator.uniform() - 1]
      // Hats of height 1, of which the sum is above 1 where |x − centre|₁ < 0.05.
      let parts = hat(0, around: centre[0], of: 2) + hat(1, around: centre[1], of: 2)
      let pair = gated(2, seed: seed, parts, threshold: 1)
      let finding = try #require(
        search(SearchTarget(pair.base, pair.other), seed: seed, budget: 16_000).finding, "around \(centre)")
      #expect(abs(finding.input[0] - centre[0]) + abs(finding.input[1] - centre[1]) < 0.05)
    }
  }

  @Test("Three coordinates that have to exceed 1 at once are found, and no other is away from 0")
  func conjunction() throws {
    for seed in 0..<UInt64(6) {
      let axes = [1, 4, 6]
      // Steps from 0 to 1 between 1 and 1.1.
      let parts = axes.flatMap { index in
        [(axis(index, 10, of: 8), -10.0, 1.0), (axis(index, 10, of: 8), -11.0, -1.0)]
      }
      let pair = gated(8, seed: seed, parts, threshold: 2.5)
      let finding = try #require(search(SearchTarget(pair.base, pair.other), seed: seed).finding)
      #expect(finding.input.indices.filter { finding.input[$0] != 0 } == axes)
      #expect(axes.allSatisfy { finding.input[$0] > 1 })
    }
  }

  @Test("The sign of one weight of a 2×16 network is found wherever it matters on a dense grid")
  func signFlips() {
    let layers = Chains.random([2, 16, 16, 2], seed: 9)
    let base = Chains.relu(layers)
    let dense = Matrix<Double>(rows: 6_400, columns: 2) { points in
      for index in 0..<6_400 {
        points[2 * index] = Double(index / 80) / 10 - 4
        points[2 * index + 1] = Double(index % 80) / 10 - 4
      }
    }
    var generator = SeededGenerator(seed: 10)
    var visible = 0
    for seed in 0..<UInt64(40) {
      var flipped = layers
      let layer = Int.random(in: 0..<3, using: &generator)
      let row = Int.random(in: flipped[layer].weight.indices, using: &generator)
      let column = Int.random(in: flipped[layer].weight[row].indices, using: &generator)
      flipped[layer].weight[row][column].negate()
      let target = SearchTarget(base, Chains.relu(flipped))
      let values = target.evaluate(dense)
      guard (0..<dense.rows).contains(where: { SearchTarget.difference(values, row: $0) != nil }) else {
        continue
      }
      visible += 1
      let report = search(target, seed: seed)
      #expect(report.finding != nil, "layer \(layer), row \(row), column \(column)")
    }
    #expect(visible > 20)
  }

  @Test("What no random input shows within the budget is found by driving the unit that differs")
  func probes() throws {
    // The unit wakes where the sum of 200 coordinates with random signs exceeds 300, all of them within [−1, 1.6].
    var generator = SeededGenerator(seed: 12)
    let base = Chains.random([200, 8, 2], seed: 13)
    let signs = (0..<200).map { _ in Bool.random(using: &generator) ? 1.0 : -1 }
    let other = Chains.relu(Chains.adding([(signs, -150, 1)], to: base))
    var target = SearchTarget(Chains.relu(base), other)
    let blind = search(target, domain: -1...1)
    #expect(blind.finding == nil)
    #expect(blind.rows == 1_600)
    target.probes = [try SearchProbe(other, layer: 0, unit: 8)]
    let report = search(target, domain: -1...1)
    let finding = try #require(report.finding)
    #expect(finding.strategy == "driving the units that differ")
    #expect(zip(finding.input, signs).reduce(0) { $0 + $1.0 * $1.1 } > 150)
    #expect(finding.input.allSatisfy { (-1...1).contains($0) })
    #expect(report.rows < blind.rows)
  }
}
