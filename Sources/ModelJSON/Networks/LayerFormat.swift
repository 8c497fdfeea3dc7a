import Blocks
import FileAccess
import LinearAlgebra
import Networks
import Operators
import TensorFiles

/// How one type of layer stands in a file. Linear maps and nonlinearities are layers by themselves
/// (`LinearLayerFormat`, `NonlinearLayerFormat`); what is neither has a format of its own, in `LayerRegistry`.
package protocol LayerFormat: Sendable {
  /// The value of `type`.
  var typeName: String { get }

  /// The keys besides `type`, `name` and `inputs`, as messages list them.
  var keys: [String] { get }

  /// How many sources the layer may read.
  var inputCount: ClosedRange<Int> { get }

  /// The layer that an object describes.
  func read(_ object: JSONObject, name: String, sources: [ResolvedSource]) throws(FileError) -> Layer<Double>

  /// Whether this format is the one to write the layer in.
  func writes(_ layer: WrittenLayer) -> Bool

  /// Writes the layer's own keys into the object that the writer is in.
  func write(_ layer: WrittenLayer, to writer: inout JSONWriter) throws(FileError)
}

extension LayerFormat {
  package var inputCount: ClosedRange<Int> { 1...1 }
}

/// What a layer reads.
package struct ResolvedSource {
  /// The input or a layer.
  package let source: Source
  /// What the file calls it.
  package let name: String
  /// Its shape, and why.
  package let place: Expectation

  package var shape: [Int] { place.shape }
}

/// A layer to be written, with what it reads.
package struct WrittenLayer {
  package let layer: Layer<Double>
  /// The shape and the name of each thing that it reads.
  package let source: (Source) -> (shape: [Int], name: String)

  /// The layer's equation; nil for an implicit layer.
  package var block: Block<Double>? {
    if case .explicit(let block) = layer { block } else { nil }
  }

  /// What the layer reads, in the order of its terms.
  package var sources: [Source] {
    switch layer {
    case .explicit(let block): block.terms.map(\.source)
    case .implicit(let layer): [layer.source]
    }
  }
}

/// Every type of layer that files may name.
enum LayerRegistry {
  /// The formats of layers that are no single operator.
  static let composed: [any LayerFormat] = [
    DenseLayerFormat(), EquilibriumLayerFormat(), AddLayerFormat(), ConcatenationLayerFormat(),
    ShiftLayerFormat(), BatchNormalizationLayerFormat(), BlockLayerFormat(),
  ]

  /// The format of this type of layer, or nil.
  static func format(named name: String) -> (any LayerFormat)? {
    if let format = composed.first(where: { $0.typeName == name }) { return format }
    if let type = LinearMapRegistry.type(named: name) { return LinearLayerFormat(type) }
    return NonlinearityRegistry.type(named: name).map(NonlinearLayerFormat.init)
  }

  /// The format to write a layer in: the most particular one that can say it.
  static func format(writing layer: WrittenLayer) -> (any LayerFormat)? {
    var candidates: [any LayerFormat] = []
    if let block = layer.block {
      candidates.append(NonlinearLayerFormat(type(of: block.nonlinearity)))
      if let map = block.terms.first?.map, LinearMapRegistry.type(named: type(of: map).typeName) != nil {
        candidates.append(LinearLayerFormat(type(of: map)))
      }
    }
    return (composed.dropLast() + candidates + composed.suffix(1)).first { $0.writes(layer) }
  }
}
