import DeepEquilibrium
import Testing

/// What `property` does with a network that fails.
@Suite struct ShrinkingTests {
  private static func has(_ activation: String) -> (Network<Double>) -> Bool {
    { network in
      network.layers.contains { layer in
        if case .explicit(let block) = layer {
          type(of: block.nonlinearity).typeName == activation
        } else {
          false
        }
      }
    }
  }

  private static let small: NetworkGenerator = {
    var generator = NetworkGenerator()
    generator.graphShare = 0
    (generator.maximumDepth, generator.maximumWidth) = (6, 6)
    return generator
  }()

  /// The first networks of the generator that a predicate holds for.
  private static func networks(
    _ count: Int, from generator: NetworkGenerator = small,
    where holds: (Network<Double>) -> Bool
  ) -> [Network<Double>] {
    var found: [Network<Double>] = []
    for seed in 0..<2000 as Range<UInt64> where found.count < count {
      let network = generator.network(seed: seed)
      if holds(network) { found.append(network) }
    }
    return found
  }

  @Test(
    "Where one layer is to blame, one layer of width 1 without a bias is left",
    arguments: ["tanh", "softplus", "relu"])
  func oneLayer(activation: String) throws {
    let isToBlame = Self.has(activation)
    for network in Self.networks(3, where: isToBlame) {
      let smallest = network.shrunk(while: isToBlame)
      #expect(isToBlame(smallest))
      #expect(smallest.layers.count == 1)
      guard case .explicit(let block) = smallest.layers[0] else {
        Issue.record("an implicit layer")
        continue
      }
      #expect(block.size == 1)
      #expect(block.offsets.isEmpty)
      #expect(block.terms.allSatisfy { term in term.map.matrix.elements.allSatisfy { $0 == $0.rounded() } })
    }
  }

  @Test("Where the number of layers is to blame, as many are left")
  func manyLayers() {
    for network in Self.networks(3, where: { $0.layers.count >= 3 }) {
      #expect(network.shrunk { $0.layers.count >= 3 }.layers.count == 3)
    }
  }

  @Test("Where everything fails, the smallest network there is is left")
  func everything() {
    for network in Self.networks(8, where: { _ in true }) {
      #expect(network.shrunk { _ in true }.layers.count == 1)
    }
  }

  @Test("Where nothing smaller fails, the network itself is left")
  func nothing() throws {
    let network = NetworkGenerator().network(seed: 1)
    let smallest = network.shrunk { _ in false }
    #expect(smallest.layers.map(\.name) == network.layers.map(\.name))
    #expect(smallest.layers.map(\.size) == network.layers.map(\.size))
  }

  @Test("What is left fails, and nothing simpler than it was missed for its order: it is the same every time")
  func deterministic() throws {
    let isToBlame: (Network<Double>) -> Bool = { network in
      network.layers.count >= 2 && network.layers.contains { $0.size >= 3 }
    }
    for network in Self.networks(3, where: isToBlame) {
      let (first, second) = (network.shrunk(while: isToBlame), network.shrunk(while: isToBlame))
      #expect(isToBlame(first))
      #expect(text(of: first) == text(of: second))
      #expect(first.shrunk(while: isToBlame).layers.count == first.layers.count)
    }
  }

  @Test("Implicit layers are left where they are to blame, and shrinking ends")
  func implicitLayers() {
    let isImplicit: (Network<Double>) -> Bool = { network in
      network.layers.contains { if case .implicit = $0 { true } else { false } }
    }
    var generator = Self.small
    generator.implicitShare = 0.5
    for network in Self.networks(3, from: generator, where: isImplicit) {
      let smallest = network.shrunk(while: isImplicit)
      #expect(isImplicit(smallest))
      #expect(smallest.layers.count == 1)
    }
  }

  @Test(
    "Of a graph the operator to blame is left, with few others, and the rest can be written and read",
    arguments: ["conv", "avg_pool", "softmax", "layer_norm", "matmul", "product", "max_pool", "scale"])
  func graphs(name: String) throws {
    let isToBlame: (Network<Double>) -> Bool = { network in
      network.layers.contains { layer in
        guard case .explicit(let block) = layer else { return false }
        return type(of: block.nonlinearity).typeName == name
          || block.terms.contains { type(of: $0.map).typeName == name }
      }
    }
    var generator = Self.small
    (generator.graphShare, generator.implicitShare) = (1, 0.1)
    for network in Self.networks(3, from: generator, where: isToBlame) {
      var calls = 0
      let smallest = network.shrunk {
        calls += 1
        return isToBlame($0)
      }
      #expect(isToBlame(smallest))
      #expect(smallest.layers.count == 1)
      #expect(calls < 400)
      let written = try ModelFile.read(FileContents(text(of: smallest), named: "smallest"))
      guard case .network(let again) = written else {
        Issue.record("another format than was written")
        continue
      }
      #expect(again.isIdentical(to: smallest))
    }
  }

  @Test("Whatever a graph shrinks to is written and read")
  func everyStep() throws {
    var generator = Self.small
    (generator.graphShare, generator.implicitShare) = (1, 0.2)
    for seed in 0..<25 as Range<UInt64> {
      var numbers = SeededGenerator(seed: seed)
      _ = generator.network(seed: seed).shrunk { network in
        let written = try? ModelFile.read(FileContents(text(of: network), named: "step"))
        guard case .network(let again) = written, again.isIdentical(to: network) else {
          Issue.record("seed \(seed): a step that is no network")
          return false
        }
        return numbers.uniform() < 0.5
      }
    }
  }

  @Test("A fault that changes its mind ends too")
  func fickle() {
    let network = NetworkGenerator().network(seed: 5)
    var calls = 0
    _ = network.shrunk { _ in
      calls += 1
      return calls % 3 == 0
    }
    #expect(calls < 10_000)
  }

  private func text(of network: Network<Double>) -> [UInt8] {
    let sink = MemorySink()
    try? ModelFile.network(network).write(to: sink)
    return sink.bytes
  }
}
