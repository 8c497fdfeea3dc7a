import Blocks
import FileAccess
import LinearAlgebra
import Networks
import Operators
import TensorFiles

/// The format of one type of layer in a file. Every linear map and nonlinearity is a type of layer
/// (`LinearLayerFormat`, `NonlinearLayerFormat`); other types have formats of their own, in
/// `LayerRegistry`.
package protocol LayerFormat: Sendable {
  /// The value of `type`.
  var typeName: String { get }

  /// The keys besides `type`, `name` and `inputs`, as messages list them.
  var keys: [String] { get }

  /// How many sources the layer may have.
  var inputCount: ClosedRange<Int> { get }

  /// The layer that an object describes.
  func read(_ object: JSONObject, name: String, sources: [ResolvedSource]) throws(FileError) -> Layer<Double>

  /// Whether the layer should be written in this format.
  func writes(_ layer: WrittenLayer) -> Bool

  /// Writes the layer's own keys into the current object.
  func write(_ layer: WrittenLayer, to writer: inout JSONWriter) throws(FileError)
}

extension LayerFormat {
  package var inputCount: ClosedRange<Int> { 1...1 }
}

/// A source of a layer.
package struct ResolvedSource {
  /// The input or a layer.
  package let source: Source
  /// Its name in the file.
  package let name: String
  /// Its shape, and the reason for it.
  package let place: Expectation

  package var shape: [Int] { place.shape }
}

/// A layer to be written, with its sources.
package struct WrittenLayer {
  package let layer: Layer<Double>
  /// The shape and the name of a source.
  package let source: (Source) -> (shape: [Int], name: String)

  /// The layer's equation; nil for an implicit layer.
  package var block: Block<Double>? {
    if case .explicit(let block) = layer { block } else { nil }
  }

  /// The layer's sources, in the order of its terms.
  package var sources: [Source] {
    switch layer {
    case .explicit(let block): block.terms.map(\.source)
    case .implicit(let layer): [layer.source]
    }
  }
}

/// All types of layers that files may name.
enum LayerRegistry {
  /// The formats of layers that are not a single operator.
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

  /// The format to write a layer in: the most specific one that can represent it.
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
