import LinearAlgebra
import Networks

extension Network<Double> {
  /// Whether two networks have the same equations under the same names, every number bit by bit.
  public func isIdentical(to other: Network) -> Bool {
    let (ours, theirs) = (EquationSystem(self), EquationSystem(other))
    return inputShape == other.inputShape && ours.equations.map(\.name) == theirs.equations.map(\.name)
      && parameters.names == other.parameters.names
      && Proof(network: ours, model: theirs, entries: .max)?.hasSameParameters == true
  }
}
