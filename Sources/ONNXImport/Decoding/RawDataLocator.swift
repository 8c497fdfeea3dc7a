/// The ranges of the raw data of a model's tensors in its bytes, so that they can be read without copying.
///
/// Tensors are identified by their position, since this pass visits the repeated fields `initializer` and
/// `node.attribute` in the same order as the decoder.
struct RawDataLocator {
  /// The places in the model's graph.
  private(set) var graph = GraphPlaces()
  /// The places in each of the model's functions.
  private(set) var functions: [FunctionPlaces] = []
  /// The ranges of the model's metadata pairs.
  private(set) var metadata: [Range<Int>] = []

  /// The places of a graph.
  struct GraphPlaces {
    /// For each initializer the range of its raw data; nil if it has none.
    fileprivate(set) var initializers: [Range<Int>?] = []
    /// For each node and each of its attributes the range of its contents.
    fileprivate(set) var attributes: [[AttributePlace]] = []
  }

  /// The places of a function.
  struct FunctionPlaces {
    /// For each node and each of its attributes the range of its contents.
    let attributes: [[AttributePlace]]
    /// The same for the values that its attributes have unless a call gives others.
    let defaults: [AttributePlace]
  }

  /// The range of an attribute's contents; nil if it has none of that kind.
  struct AttributePlace {
    /// The raw data of its tensor.
    let rawData: Range<Int>?
    /// Its graph.
    let graph: Range<Int>?
  }

  /// Scans a model that has been decoded without an error.
  init(_ bytes: UnsafeRawBufferPointer) {
    let all = 0..<bytes.count
    metadata = Self.contents(of: Field.metadata, in: all, bytes)
    for graph in Self.contents(of: Field.graph, in: all, bytes) {
      Self.add(placesIn: graph, bytes, to: &self.graph)
    }
    functions = Self.contents(of: Field.functions, in: all, bytes).map { function in
      FunctionPlaces(
        attributes: Self.contents(of: Field.nodeOfFunction, in: function, bytes).map {
          Self.attributes(ofNode: $0, bytes)
        },
        defaults: Self.contents(of: Field.defaultOfFunction, in: function, bytes).map {
          Self.place(ofAttribute: $0, bytes)
        })
    }
  }

  /// The places of a graph that is a node's attribute.
  static func places(ofGraph range: Range<Int>, _ bytes: UnsafeRawBufferPointer) -> GraphPlaces {
    var places = GraphPlaces()
    add(placesIn: range, bytes, to: &places)
    return places
  }

  private static func add(
    placesIn graph: Range<Int>, _ bytes: UnsafeRawBufferPointer, to places: inout GraphPlaces
  ) {
    var fields = WireFields(bytes, in: graph)
    while let (number, contents) = fields.next() {
      switch number {
      case Field.initializer: places.initializers.append(rawData(ofTensors: [contents], bytes))
      case Field.node: places.attributes.append(attributes(ofNode: contents, bytes))
      default: break
      }
    }
  }

  private static func attributes(
    ofNode node: Range<Int>, _ bytes: UnsafeRawBufferPointer
  ) -> [AttributePlace] {
    contents(of: Field.attribute, in: node, bytes).map { place(ofAttribute: $0, bytes) }
  }

  private static func place(
    ofAttribute attribute: Range<Int>, _ bytes: UnsafeRawBufferPointer
  ) -> AttributePlace {
    AttributePlace(
      rawData: rawData(ofTensors: contents(of: Field.tensor, in: attribute, bytes), bytes),
      graph: only(contents(of: Field.body, in: attribute, bytes)))
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
    static let functions = 25
    static let nodeOfFunction = 7
    static let defaultOfFunction = 11
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
