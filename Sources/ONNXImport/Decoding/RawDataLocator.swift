/// The ranges of the raw data of a model's tensors in its bytes, so that they can be read without copying.
///
/// Tensors are identified by their position, since this pass visits the repeated fields `initializer` and
/// `node.attribute` in the same order as the decoder.
struct RawDataLocator {
  /// For each initializer the range of its raw data; nil if it has none.
  private(set) var initializers: [Range<Int>?] = []
  /// For each node and each of its attributes the range of its contents.
  private(set) var attributes: [[AttributePlace]] = []
  /// The ranges of the model's metadata pairs.
  private(set) var metadata: [Range<Int>] = []

  /// The range of an attribute's contents; nil if it has none of that kind.
  struct AttributePlace {
    /// The raw data of its tensor.
    let rawData: Range<Int>?
    /// Its graph.
    let graph: Range<Int>?
  }

  /// Scans a model that has been decoded without an error.
  init(_ bytes: UnsafeRawBufferPointer) {
    metadata = Self.contents(of: Field.metadata, in: 0..<bytes.count, bytes)
    for graph in Self.contents(of: Field.graph, in: 0..<bytes.count, bytes) {
      var fields = WireFields(bytes, in: graph)
      while let (number, contents) = fields.next() {
        switch number {
        case Field.initializer: initializers.append(Self.rawData(ofTensors: [contents], bytes))
        case Field.node:
          attributes.append(
            Self.contents(of: Field.attribute, in: contents, bytes).map {
              AttributePlace(
                rawData: Self.rawData(ofTensors: Self.contents(of: Field.tensor, in: $0, bytes), bytes),
                graph: Self.only(Self.contents(of: Field.body, in: $0, bytes)))
            })
        default: break
        }
      }
    }
  }

  /// The numbers of the fields on the path, as in the schema.
  private enum Field {
    static let graph = 7
    static let node = 1
    static let initializer = 5
    static let attribute = 5
    static let tensor = 5
    static let body = 6
    static let metadata = 14
    static let rawData = 9
  }

  /// Of a repeated singular field the last one counts; the parts of a tensor are merged.
  private static func rawData(ofTensors tensors: [Range<Int>], _ bytes: UnsafeRawBufferPointer) -> Range<Int>?
  {
    tensors.flatMap { contents(of: Field.rawData, in: $0, bytes) }.last
  }

  /// The only range, or nil if there are several, since no writer splits a graph.
  private static func only(_ places: [Range<Int>]) -> Range<Int>? { places.count == 1 ? places[0] : nil }

  private static func contents(
    of field: Int, in message: Range<Int>, _ bytes: UnsafeRawBufferPointer
  ) -> [Range<Int>] {
    var fields = WireFields(bytes, in: message)
    var found: [Range<Int>] = []
    while let (number, contents) = fields.next() {
      if number == field { found.append(contents) }
    }
    return found
  }
}
