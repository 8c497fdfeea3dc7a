import Blocks

extension EquilibriumModel {
  /// The number of elements of all entries.
  package var parameterCount: Int { blocks.reduce(0) { $0 + $1.parameterCount } }
}
