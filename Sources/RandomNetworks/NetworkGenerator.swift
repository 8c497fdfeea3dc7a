import LinearAlgebra
import Networks
import Operators

/// Draws random networks: chains of dense layers, and graphs of every linear map and nonlinearity that
/// files may name, with skips, several ports, tied weights, attention and implicit layers. The seed
/// determines everything.
public struct NetworkGenerator: Sendable {
  /// The largest number of layers.
  public var maximumDepth = 8
  /// The largest width of a dense layer, and the largest number of channels, positions or rows of a tensor.
  public var maximumWidth = 12
  /// The fraction of layers that are implicit.
  public var implicitShare = 0.15
  /// The fraction of networks that are graphs over tensors; the others are chains of dense layers over
  /// vectors.
  public var graphShare = 0.75

  /// A generator with the default sizes.
  public init() {}

  /// The network for this seed.
  public func network(seed: UInt64) -> Network<Double> {
    var choice = SeededGenerator(seed: ~seed)
    if choice.uniform() < graphShare {
      var draft = GraphDraft(draws: Draws(generator: SeededGenerator(seed: seed), settings: self))
      return draft.network()
    }
    var draft = ChainDraft(generator: SeededGenerator(seed: seed), settings: self)
    return draft.network()
  }

  /// A network of one or two layers that applies this linear map; nil if none was found.
  public func network(applying type: any LinearMap<Double>.Type, seed: UInt64) -> Network<Double>? {
    var draft = GraphDraft(draws: Draws(generator: SeededGenerator(seed: seed), settings: self))
    return draft.network(of: 1) { $0.drawLinear(type) }
  }

  /// A network of one or two layers that applies this nonlinearity; nil if none was found.
  public func network(applying type: any Nonlinearity.Type, seed: UInt64) -> Network<Double>? {
    var draft = GraphDraft(draws: Draws(generator: SeededGenerator(seed: seed), settings: self))
    return draft.network(of: 2) { $0.drawNonlinear(type) }
  }
}
