/// Integers, or Boolean values as 0 and 1. Results of shape arithmetic may contain the extent of the batch.
package struct Integers {
  package let shape: [Int]
  /// The type of the elements, which determines the arithmetic. A floating-point type has whole numbers that contain
  /// the extent of the batch.
  package let type: ElementType
  /// The parts of the elements without the extent of the batch.
  private let constants: [Int]
  /// How often each element contains the extent of the batch; nil if none does.
  private let multiples: [Int]?

  /// A vector of integers.
  package init(_ elements: [Int]) {
    self.init(elements, shape: [elements.count])
  }

  /// Integers of a shape.
  package init(_ elements: [Int], shape: [Int], type: ElementType = .int64) {
    self.shape = shape
    self.type = type
    constants = elements
    multiples = nil
  }

  /// Integers of a shape that may contain the extent of the batch.
  init(_ elements: [BatchInteger], shape: [Int], type: ElementType = .int64) {
    var collected = Elements(capacity: elements.count)
    for element in elements { collected.append(element) }
    self.init(collected, shape: shape, type: type)
  }

  /// Integers of a shape that were collected one after the other.
  init(_ elements: Elements, shape: [Int], type: ElementType = .int64) {
    self.shape = shape
    self.type = type
    constants = elements.constants
    multiples = elements.multiples
  }

  /// The number of elements.
  var count: Int { constants.count }

  /// Whether an element contains the extent of the batch.
  var containsBatchExtent: Bool { multiples != nil }

  /// The elements.
  ///
  /// - Throws: `mixesBatch` if one contains the extent of the batch.
  package func elements() throws(ImportFailure) -> [Int] {
    guard multiples == nil else { throw .usesBatchExtent }
    return constants
  }

  /// The elements, with the extent of the batch as a symbol.
  var symbols: [BatchInteger] {
    guard let multiples else { return constants.map { BatchInteger($0) } }
    return zip(constants, multiples).map { BatchInteger($0, multiple: $1) }
  }

  /// The element at a place, with the extent of the batch as a symbol.
  func symbol(at place: Int) -> BatchInteger {
    BatchInteger(constants[place], multiple: multiples?[place] ?? 0)
  }

  /// The elements at these places, in a shape.
  func elements(at places: [Int], shape: [Int]) -> Integers {
    guard let multiples else {
      return Integers(places.map { constants[$0] }, shape: shape, type: type)
    }
    return Integers(
      places.map { BatchInteger(constants[$0], multiple: multiples[$0]) }, shape: shape, type: type)
  }

  /// The same elements in another shape of the same size, or as another type.
  func with(shape: [Int]? = nil, type: ElementType? = nil) -> Integers {
    guard multiples != nil else {
      return Integers(constants, shape: shape ?? self.shape, type: type ?? self.type)
    }
    return Integers(symbols, shape: shape ?? self.shape, type: type ?? self.type)
  }
}

extension Integers {
  /// Elements that are collected one after the other, in 8 bytes each until one contains the extent of the batch.
  struct Elements {
    fileprivate private(set) var constants: [Int] = []
    /// How often each element contains the extent of the batch; nil until one does.
    fileprivate private(set) var multiples: [Int]?

    /// No elements, with memory for `capacity` of them.
    init(capacity: Int) {
      constants.reserveCapacity(capacity)
    }

    mutating func append(_ element: BatchInteger) {
      if element.multiple != 0 { noteBatchExtent() }
      constants.append(element.constant)
      multiples?.append(element.multiple)
    }

    /// Appends the elements of a range of other integers.
    mutating func append(_ range: Range<Int>, of integers: Integers) {
      if integers.multiples != nil { noteBatchExtent() }
      constants += integers.constants[range]
      if multiples == nil { return }
      if let others = integers.multiples {
        multiples? += others[range]
      } else {
        multiples? += repeatElement(0, count: range.count)
      }
    }

    private mutating func noteBatchExtent() {
      guard multiples == nil else { return }
      multiples = Array(repeating: 0, count: constants.count)
    }
  }
}
