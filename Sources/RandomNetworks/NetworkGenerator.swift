import LinearAlgebra
import Networks

/// Draws random networks: chains of dense layers, and graphs of every linear map and nonlinearity that files may name,
/// with skips, several ports, tied weights, attention and implicit layers. A seed decides everything.
public struct NetworkGenerator: Sendable {
  /// The largest number of layers.
  public var maximumDepth = 8
  /// The largest width of a dense layer, and the largest number of channels, positions, rows of a tensor.
  public var maximumWidth = 12
  /// The share of layers that are implicit.
  public var implicitShare = 0.15
  /// The share of networks that are graphs over tensors; the others are chains of dense layers over vectors.
  public var graphShare = 0.75

  /// A generator with the default sizes.
  public init() {}

  /// The network of this seed.
  public func network(seed: UInt64) -> Network<Double> {
    var choice = SeededGenerator(seed: ~seed)
    if choice.uniform() < graphShare {
      var draft = GraphDraft(draws: Draws(generator: SeededGenerator(seed: seed), settings: self))
      return draft.network()
    }
    var draft = ChainDraft(generator: SeededGenerator(seed: seed), settings: self)
    return draft.network()
  }
}
