/// Numbers with a shape, row-major: a parameter or its gradient.
///
/// Numbers stored in a file are read on first use and then kept, because a conversion shares tensors
/// without reading their numbers.
public struct Tensor<S: Scalar>: Equatable, Sendable {
  private enum Storage: Sendable {
    case inMemory([S])
    case deferred(DeferredNumbers<S>)
  }

  /// The extent of each axis; empty for a single number.
  public let shape: [Int]
  private var storage: Storage

  /// A tensor of `elements` in the given shape.
  ///
  /// - Precondition: The product of the shape equals the number of elements.
  public init(shape: [Int], elements: [S]) {
    precondition(
      shape.reduce(1, *) == elements.count, "a tensor of shape \(shape) with \(elements.count) elements")
    self.shape = shape
    storage = .inMemory(elements)
  }

  /// A tensor of zeros.
  public init(zeros shape: [Int]) {
    self.init(shape: shape, elements: S.array(repeating: 0, count: shape.reduce(1, *)))
  }

  /// A tensor whose elements `initialize` writes, last axis fastest; it must write all of them.
  public init(shape: [Int], initializedBy initialize: (UnsafeMutableBufferPointer<S>) -> Void) {
    self.init(
      shape: shape,
      elements: Matrix(rows: 1, columns: shape.reduce(1, *), initializedBy: initialize).elements)
  }

  /// A matrix as a tensor of shape `[rows, columns]`.
  public init(_ matrix: Matrix<S>) {
    self.init(shape: [matrix.rows, matrix.columns], elements: matrix.elements)
  }

  /// A vector as a tensor of shape `[count]`.
  public init(_ vector: [S]) {
    self.init(shape: [vector.count], elements: vector)
  }

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// The elements, last axis fastest.
  public var elements: [S] {
    get {
      switch storage {
      case .inMemory(let elements): elements
      case .deferred(let numbers): numbers.elements
      }
    }
    _modify {
      var elements = elements
      // Releases the other reference, so that a change in place copies nothing.
      storage = .inMemory([])
      defer { storage = .inMemory(elements) }
      yield &elements
    }
  }

  /// Where the numbers are stored, if outside memory; nil once they have been changed.
  public var source: (any NumberSource)? {
    if case .deferred(let numbers) = storage { numbers.source } else { nil }
  }

  /// The same numbers in another shape with the same number of elements.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == count, "a tensor of shape \(self.shape) as \(shape)")
    return Tensor(shape: shape, storage: storage)
  }

  private init(shape: [Int], storage: Storage) {
    self.shape = shape
    self.storage = storage
  }

  /// Whether shapes and numbers are equal, wherever the numbers are stored.
  public static func == (left: Tensor, right: Tensor) -> Bool {
    left.shape == right.shape && left.elements == right.elements
  }

  /// Whether shapes and the numbers' bits are the same; numbers from one source are not read. Two tensors that are
  /// found the same have one copy of their numbers in memory afterwards if a source has those of one of them.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func isIdentical(to other: Tensor) -> Bool {
    guard shape == other.shape else { return false }
    if case .deferred(let ours) = storage, case .deferred(let theirs) = other.storage,
      ours.source === theirs.source
    {
      return true
    }
    let (ours, theirs) = (elements, other.elements)
    guard haveSameBits(ours, theirs) else { return false }
    if case .deferred(let numbers) = other.storage {
      numbers.keep(ours)
    } else if case .deferred(let numbers) = storage {
      numbers.keep(theirs)
    }
    return true
  }

  /// Adds another tensor of the same shape.
  public static func += (left: inout Tensor, right: Tensor) {
    precondition(left.shape == right.shape, "tensors of shapes \(left.shape) and \(right.shape)")
    addScaled(right.elements, by: 1, to: &left.elements)
  }

  /// The same tensor in another precision, every element rounded to nearest.
  public func cast<T: Scalar>(to type: T.Type) -> Tensor<T> {
    if let same = self as? Tensor<T> { return same }
    return Tensor<T>(shape: shape, elements: convert(elements, to: type))
  }
}

extension Tensor<Double> {
  /// A tensor whose numbers are read from `source` on first use.
  ///
  /// - Precondition: The product of the shape equals `source.count`.
  public init(shape: [Int], source: any NumberSource) {
    precondition(
      shape.reduce(1, *) == source.count, "a tensor of shape \(shape) with \(source.count) elements")
    self.init(shape: shape, storage: .deferred(DeferredNumbers(source)))
  }
}
