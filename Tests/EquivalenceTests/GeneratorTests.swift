import Blocks
import Conversion
import Equivalence
import FixedPoints
import LinearAlgebra
import Networks
import Operators
import RandomNetworks
import Testing

/// What the generator of random networks draws.
@Suite("Random networks")
struct GeneratorTests {
  @Test("Every linear map and every nonlinearity in the registries is drawn")
  func everyOperator() {
    var drawn: Set<String> = []
    for seed in 0..<700 as Range<UInt64> {
      for block in NetworkGenerator().network(seed: seed).blocks {
        drawn.insert("φ \(type(of: block.nonlinearity).typeName)")
        for term in block.terms { drawn.insert("map \(type(of: term.map).typeName)") }
      }
    }
    for type in LinearMapRegistry.all {
      #expect(
        drawn.contains("map \(type.typeName)"),
        "\(type.typeName) is never drawn: give it a rule in Draws+LinearMaps.swift, parts(of:reading:)")
    }
    for type in NonlinearityRegistry.all {
      #expect(
        drawn.contains("φ \(type.typeName)"),
        "\(type.typeName) is never drawn: give it a rule in Draws+Nonlinearities.swift, attributes(of:for:)")
    }
  }

  @Test("Values are finite, and networks as small as the settings say")
  func sizes() {
    var settings = NetworkGenerator()
    (settings.maximumDepth, settings.maximumWidth) = (5, 6)
    for seed in 0..<300 as Range<UInt64> {
      let network = settings.network(seed: seed)
      #expect((1...5).contains(network.layers.count))
      #expect(network.inputSize <= 96)
      #expect(network.layers.allSatisfy { $0.size <= 200 })
      var generator = SeededGenerator(seed: seed)
      let x = Matrix<Double>(
        rows: 3, columns: network.inputSize,
        elements: (0..<3 * network.inputSize).map { _ in generator.normal() })
      let pass = network.forward(x, solvingBy: .structured(Picard()))
      #expect(allFinite(pass.output.elements), "seed \(seed)")
    }
  }

  @Test("A linear map has no more entries than it multiplies, whatever its type")
  func multiplications() {
    for seed in 0..<200 as Range<UInt64> {
      for term in NetworkGenerator().network(seed: seed).blocks.flatMap(\.terms) {
        var entries = 0
        for row in 0..<term.map.outputSize { term.map.forEachEntry(inRow: row) { _, _ in entries += 1 } }
        #expect(entries <= term.map.multiplications, "\(type(of: term.map).typeName), seed \(seed)")
      }
    }
  }

  @Test("A seed decides the network")
  func determinism() {
    for seed in 0..<40 as Range<UInt64> {
      let network = NetworkGenerator().network(seed: seed)
      #expect(network.isIdentical(to: NetworkGenerator().network(seed: seed)))
    }
  }
}

extension Network<Double> {
  /// The equations of all layers, those of implicit ones too.
  fileprivate var blocks: [Block<Double>] {
    layers.flatMap { layer in
      switch layer {
      case .explicit(let block): [block]
      case .implicit(let layer): layer.model.blocks
      }
    }
  }
}
