/// Numbers with a shape, row-major: a parameter or its gradient.
public struct Tensor<S: Scalar>: Equatable, Sendable {
  /// The extent of each axis; empty for a single number.
  public let shape: [Int]
  /// The elements, last axis fastest.
  public var elements: [S]

  /// A tensor of `elements` in the given shape.
  ///
  /// - Precondition: The shape's product is the number of elements.
  public init(shape: [Int], elements: [S]) {
    precondition(
      shape.reduce(1, *) == elements.count, "a tensor of shape \(shape) with \(elements.count) elements")
    self.shape = shape
    self.elements = elements
  }

  /// A tensor of zeros.
  public init(zeros shape: [Int]) {
    self.init(shape: shape, elements: [S](repeating: 0, count: shape.reduce(1, *)))
  }

  /// A matrix as a tensor of shape `[rows, columns]`.
  public init(_ matrix: Matrix<S>) {
    self.init(shape: [matrix.rows, matrix.columns], elements: matrix.elements)
  }

  /// A vector as a tensor of shape `[count]`.
  public init(_ vector: [S]) {
    self.init(shape: [vector.count], elements: vector)
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
