import Blocks
import Equivalence
import Networks

/// What a run of the property test has seen.
package struct PropertySummary {
  /// How many layers all networks have.
  package private(set) var layers = 0
  /// How many of them are equilibria.
  package private(set) var implicitLayers = 0
  /// The names of all operators in the networks.
  package private(set) var operators: Set<String> = []
  /// How many networks have no matrix form but a rounded one.
  package internal(set) var rounded = 0
  /// How many outputs and gradients were compared where the numbers decide.
  package private(set) var comparisons = 0
  /// How many of these were the same to the last bit.
  package private(set) var identical = 0
  /// The largest difference, as a share of what rounding explains.
  package private(set) var worstRatio = 0.0

  package init() {}

  package mutating func add(_ network: Network<Double>) {
    layers += network.layers.count
    for layer in network.layers {
      switch layer {
      case .explicit(let block): add([block])
      case .implicit(let layer):
        implicitLayers += 1
        add(layer.model.blocks)
      }
    }
  }

  private mutating func add(_ blocks: [Block<Double>]) {
    for block in blocks {
      operators.insert(type(of: block.nonlinearity).typeName)
      operators.formUnion(block.terms.map { type(of: $0.map).typeName })
    }
  }

  /// Counts the comparisons that decide, which are those that agree where the verdict is `proved`.
  package mutating func add(_ report: EquivalenceReport) {
    for discrepancy in report.measurement.discrepancies where discrepancy.isRounding {
      comparisons += 1
      if discrepancy.absolute == 0 { identical += 1 }
      if discrepancy.absolute > 0 { worstRatio = max(worstRatio, discrepancy.absolute / discrepancy.allowed) }
    }
  }
}
