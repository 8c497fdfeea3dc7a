/// Where the raw data of a model's tensors are in its bytes, so that they need not be copied to be read.
///
/// Tensors are called by their position: the message repeats `initializer` and `node.attribute`, and this walk meets
/// them in the order in which the decoder does.
struct RawDataLocator {
  /// For each initializer the place of its raw data; nil where it has none.
  private(set) var initializers: [Range<Int>?] = []
  /// For each node and each of its attributes where what it holds is.
  private(set) var attributes: [[AttributePlace]] = []
  /// Where the pairs of key and value are that the model says of itself.
  private(set) var metadata: [Range<Int>] = []

  /// Where what an attribute holds is; nil where it holds no such thing.
  struct AttributePlace {
    /// The raw data of its tensor.
    let rawData: Range<Int>?
    /// Its graph.
    let graph: Range<Int>?
  }

  /// Walks over a model that has been decoded without an error.
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

  /// The numbers of the fields on the way, as in the schema.
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

  /// Of a field that stands there more than once the last one counts; a tensor in pieces is put together.
  private static func rawData(ofTensors tensors: [Range<Int>], _ bytes: UnsafeRawBufferPointer) -> Range<Int>?
  {
    tensors.flatMap { contents(of: Field.rawData, in: $0, bytes) }.last
  }

  /// The only one of several places: a graph in pieces is none that anything wrote.
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
