import Networks
import Operators

/// How one type of layer stands in a file. Adding a type is adding its file, and its line to `LayerRegistry`.
protocol LayerFormat: SendableMetatype {
  /// The value of `type`.
  static var typeName: String { get }

  /// The keys besides those that every layer has, as messages list them.
  static var keys: [String] { get }

  /// The layer that an object describes, all but what it reads.
  static func read(_ object: JSONObject, name: String) throws(FileError) -> LayerDraft

  /// Whether this format is the one to write the layer in.
  static func writes(_ layer: Layer<Double>) -> Bool

  /// Writes the layer's own keys into the object that the writer is in.
  static func write(_ layer: Layer<Double>, to writer: inout JSONWriter) throws(FileError)
}

/// Every type of layer that files may name.
enum LayerRegistry {
  /// All formats.
  static let all: [any LayerFormat.Type] = [DenseLayerFormat.self, EquilibriumLayerFormat.self]

  /// The format of this type of layer, or nil.
  static func format(named name: String) -> (any LayerFormat.Type)? {
    all.first { $0.typeName == name }
  }
}

/// A layer whose inputs are not known yet: they may stand further down in the file.
struct LayerDraft {
  /// The number of coordinates of its value.
  let size: Int
  /// The layer, given the one thing that it reads.
  ///
  /// Throws `FileError` where that does not fit.
  let make: (ResolvedSource) throws(FileError) -> Layer<Double>
}

/// What a layer reads.
struct ResolvedSource {
  /// The input or a layer.
  let source: Source
  /// The number of its coordinates.
  let size: Int
  /// Why it is so many: `the size of "fc1"`.
  let reason: String
}
