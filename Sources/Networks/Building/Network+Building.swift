import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// Collects the parts of a network in order.
@resultBuilder
public enum NetworkBuilder {
  /// A part.
  public static func buildExpression(_ part: any NetworkPart) -> [any NetworkPart] { [part] }

  /// A nonlinearity of one port, as a layer of its own.
  public static func buildExpression(_ nonlinearity: any Nonlinearity) -> [any NetworkPart] {
    [NonlinearityLayer(nonlinearity)]
  }

  /// A sequence of parts.
  public static func buildBlock(_ parts: [any NetworkPart]...) -> [any NetworkPart] { parts.flatMap(\.self) }

  /// The parts of a loop.
  public static func buildArray(_ parts: [[any NetworkPart]]) -> [any NetworkPart] { parts.flatMap(\.self) }

  /// The parts of an `if` without `else`.
  public static func buildOptional(_ parts: [any NetworkPart]?) -> [any NetworkPart] { parts ?? [] }

  /// The parts of an `if`.
  public static func buildEither(first parts: [any NetworkPart]) -> [any NetworkPart] { parts }

  /// The parts of an `else`.
  public static func buildEither(second parts: [any NetworkPart]) -> [any NetworkPart] { parts }
}

extension Network<Double> {
  /// The network of these parts, each of which reads the previous one; the first reads the input.
  ///
  ///     let network = try Network(input: [1, 8, 8], seed: 1) {
  ///       ConvolutionLayer(channels: 4, kernelSize: 3, padding: 1, activation: ReLU())
  ///       try MaxPooling(kernelSize: 2)
  ///       DenseLayer(outputs: 10)
  ///     }
  ///
  /// Missing weights are drawn at random as in PyTorch: `NetworkDraft.uniform(_:fanIn:)`. The same seed gives
  /// the same numbers.
  ///
  /// - Parameter input: The shape of one sample.
  /// - Throws: `InvalidModel` with the layer, what was expected and what was found; and the errors of the
  ///   parts, usually `InvalidConstants`.
  public init(input: [Int], seed: UInt64 = 0, @NetworkBuilder _ parts: () throws -> [any NetworkPart]) throws
  {
    guard !input.isEmpty, input.allSatisfy({ $0 > 0 }) else {
      throw InvalidModel("input: expected positive extents, found \(input)")
    }
    var draft = NetworkDraft(input: input, seed: seed)
    for part in try parts() { try part.append(to: &draft) }
    guard !draft.layers.isEmpty else { throw InvalidModel("layers: expected at least one, found none") }
    try self.init(inputShape: input, layers: draft.layers, output: draft.layers.count - 1)
  }
}
