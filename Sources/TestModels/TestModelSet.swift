import FileAccess
import LinearAlgebra
import TensorFiles

/// Test models of some kinds, in folders `mlp-0`, `mlp-1`, …, with an index: what `deq generate` writes.
public struct TestModelSet: Sendable {
  /// The kinds, in the order of the index.
  public let kinds: [TestModelKind]
  /// The number of models of each kind.
  public let count: Int
  /// What determines all numbers, with the kind, the position and the size.
  public let seed: UInt64
  /// The size of the models.
  public let size: TestModelSize

  /// The name of the index in the folder of the set.
  public static let indexName = "index.json"

  /// What the index says of a model; its numbers need not stay in memory.
  public struct Entry: Sendable {
    /// Its folder in that of the set.
    public let name: String
    /// What it is built like.
    public let kind: TestModelKind
    /// The shape of one sample of the input, and of the output.
    public let shapes: (input: [Int], output: [Int])
    /// The numbers of blocks, of the state's coordinates, and of parameters.
    public let counts: (blocks: Int, coordinates: Int, parameters: Int)
    /// Bounds on the errors before rounding.
    public let error: TestModel.ErrorBounds
    /// The least distance from a point without a derivative; infinite where there is none.
    public let distanceToKink: Double
    /// The digest of each of its files.
    public let digests: [(file: TestModel.File, digest: SHA256Digest)]

    /// The entry of a model.
    public init(
      name: String, model: TestModel, digests: [(file: TestModel.File, digest: SHA256Digest)]
    ) {
      (self.name, self.digests) = (name, digests)
      (kind, error, distanceToKink) = (model.kind, model.error, model.distanceToKink)
      shapes = (model.model.inputShape, model.model.outputShape)
      counts = (
        model.model.blocks.count, model.model.stateSize, model.parameters.reduce(0) { $0 + $1.tensor.count }
      )
    }
  }

  /// A set of `count` models of each kind.
  public init(kinds: [TestModelKind], count: Int, seed: UInt64, size: TestModelSize = TestModelSize()) {
    (self.kinds, self.count, self.seed, self.size) = (kinds, count, seed, size)
  }

  /// The name of each model, with its kind and its position among those of the kind.
  public var names: [(name: String, kind: TestModelKind, index: Int)] {
    kinds.flatMap { kind in (0..<count).map { ("\(kind.rawValue)-\($0)", kind, $0) } }
  }

  /// The model of this kind at this position.
  public func model(_ kind: TestModelKind, at index: Int) -> TestModel {
    TestModel(kind, index: index, seed: seed, size: size)
  }

  /// Writes the index of the models: shapes, bounds on errors, and the digest of each file.
  ///
  /// - Throws: `FileError`. Discard what has been written before an error.
  public func writeIndex(of entries: [Entry], to sink: any ByteSink) throws(FileError) {
    var writer = JSONWriter(to: sink)
    try writer.beginObject()
    try writer.key("format")
    try writer.string("test-models")
    try writer.key("version")
    try writer.integer(1)
    try writer.key("seed")
    try writer.string("\(seed)")
    try writer.key("width")
    try writer.integer(size.width)
    try writer.key("samples")
    try writer.integer(size.samples)
    try writer.key("models")
    try writer.beginArray()
    for entry in entries { try write(entry, to: &writer) }
    try writer.end()
    try writer.end()
    try writer.finish()
  }

  private func write(_ entry: Entry, to writer: inout JSONWriter) throws(FileError) {
    try writer.beginObject()
    try writer.key("name")
    try writer.string(entry.name)
    try writer.key("kind")
    try writer.string(entry.kind.rawValue)
    for (key, value) in [("input", entry.shapes.input), ("output", entry.shapes.output)] {
      try writer.key(key)
      try writer.numbers(value.map(Double.init))
    }
    let counts = entry.counts
    for (key, value) in [
      ("blocks", counts.blocks), ("coordinates", counts.coordinates), ("parameters", counts.parameters),
    ] {
      try writer.key(key)
      try writer.integer(value)
    }
    try writer.key("error")
    try entry.error.write(to: &writer)
    if entry.distanceToKink.isFinite {
      try writer.key("distanceToKink")
      try writer.number(entry.distanceToKink)
    }
    try writer.key("sha256")
    try writer.beginObject()
    for (file, digest) in entry.digests {
      try writer.key(file.rawValue)
      try writer.string(digest.description)
    }
    try writer.end()
    try writer.end()
  }
}
