import Blocks
import FileAccess
import LinearAlgebra
import Networks
import Operators
import TensorFiles

/// How one type of layer is read. Linear maps and nonlinearities are layers (`LinearLayerFormat`,
/// `NonlinearLayerFormat`); every other type has its own reader in `LayerRegistry`.
package protocol LayerReading: Sendable {
  /// The value of `type`.
  var typeName: String { get }

  /// The keys besides `type`, `name` and `inputs`, as messages list them.
  var keys: [String] { get }

  /// How many sources the layer may have.
  var inputCount: ClosedRange<Int> { get }

  /// The layers that an object describes. Other layers read the last one by its name; those before it are helpers,
  /// which read the sources or each other.
  ///
  /// - Parameter helpers: The position in the network that the first helper gets; the others follow it.
  func read(
    _ object: JSONObject, name: String, sources: [ResolvedSource], helpers: Int
  ) throws(FileError) -> [Layer<Double>]
}

extension LayerReading {
  package var inputCount: ClosedRange<Int> { 1...1 }
}

/// How a type of layer that is a single layer is read.
package protocol SingleLayerReading: LayerReading {
  /// The layer that an object describes.
  func read(_ object: JSONObject, name: String, sources: [ResolvedSource]) throws(FileError) -> Layer<Double>
}

extension SingleLayerReading {
  package func read(
    _ object: JSONObject, name: String, sources: [ResolvedSource], helpers: Int
  ) throws(FileError) -> [Layer<Double>] {
    [try read(object, name: name, sources: sources)]
  }
}

/// How one type of layer is written.
package protocol LayerWriting: Sendable {
  /// The value of `type`.
  var typeName: String { get }

  /// Whether this is the type to write the layer as.
  func writes(_ layer: WrittenLayer) -> Bool

  /// Writes the layer's own keys into the current object.
  func write(_ layer: WrittenLayer, to writer: inout JSONWriter) throws(FileError)
}

/// A type of layer that is both read and written.
package protocol LayerFormat: SingleLayerReading, LayerWriting {}

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

/// Every type of layer that files may name.
package enum LayerRegistry {
  /// The types of layers that are not a single operator, the most specific first.
  private static let specific: [any LayerFormat] = [
    DenseLayerFormat(), EquilibriumLayerFormat(), AddLayerFormat(), ConcatenationLayerFormat(),
    ShiftLayerFormat(),
  ]

  /// The type that can express every explicit layer.
  private static let general = BlockLayerFormat()

  /// The types of layers that are only read; their contents are written as another type.
  private static let readOnly: [any LayerReading] =
    [BatchNormalizationLayerFormat()] + RecurrentLayerFormat.all

  /// The readers of all these, in the order in which messages list them.
  private static let readers: [any LayerReading] = specific + [general] + readOnly

  /// The writers among them that come before those of single operators.
  private static let specificWriters: [any LayerWriting] = specific

  /// The names of all types of layers.
  static var names: [String] {
    readers.map(\.typeName) + LinearMapRegistry.all.map { $0.typeName }
      + NonlinearityRegistry.all.map { $0.typeName }
  }

  /// The reader of this type of layer, or nil.
  package static func reader(named name: String) -> (any LayerReading)? {
    if let reader = readers.first(where: { $0.typeName == name }) { return reader }
    if let type = LinearMapRegistry.type(named: name) { return LinearLayerFormat(type) }
    return NonlinearityRegistry.type(named: name).map(NonlinearLayerFormat.init)
  }

  /// The writer of a layer, of the most specific type that can express it.
  static func writer(of layer: WrittenLayer) -> (any LayerWriting)? {
    if let writer = specificWriters.first(where: { $0.writes(layer) }) { return writer }
    if let block = layer.block {
      let nonlinear = NonlinearLayerFormat(type(of: block.nonlinearity))
      if nonlinear.writes(layer) { return nonlinear }
      if let map = block.terms.first?.map, LinearMapRegistry.type(named: type(of: map).typeName) != nil {
        let linear = LinearLayerFormat(type(of: map))
        if linear.writes(layer) { return linear }
      }
    }
    return general.writes(layer) ? general : nil
  }
}
