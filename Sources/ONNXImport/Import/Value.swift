import Blocks
import LinearAlgebra
import Operators

/// A value of the graph during the import.
package enum Value {
  /// A value that the network computes.
  case variable(Variable)
  /// Floating-point numbers from the file.
  case numbers(Numbers)
  /// Integers or Boolean values from the file or its shape arithmetic.
  case integers(Integers)

  /// The shape in the graph.
  package var shape: [Int] {
    switch self {
    case .variable(let variable): variable.layout.shape
    case .numbers(let numbers): numbers.shape
    case .integers(let integers): integers.shape
    }
  }

  /// Whether the network computes it.
  var isComputed: Bool {
    if case .variable = self { true } else { false }
  }

  /// The extent of each axis, that of an open batch as a symbol.
  var extents: [BatchInteger] {
    if case .variable(let variable) = self { return variable.layout.extents }
    return shape.map { BatchInteger($0) }
  }

  /// The value; whole numbers of a floating-point type that do not contain the extent of the batch are numbers.
  var withoutSymbols: Value {
    guard case .integers(let integers) = self, integers.type.numberType != nil,
      let known = integers.symbols.known
    else { return self }
    return .numbers(Numbers(known.map { Double($0) }, shape: integers.shape))
  }

  /// Shape and batch axis.
  package func layout() throws(ImportFailure) -> TensorLayout {
    if case .variable(let variable) = self { return variable.layout }
    return try TensorLayout(shape)
  }
}

/// The value of a block or of the input, perhaps in another shape: a reshape is a view and not a block.
package struct Variable {
  package let source: Source
  package let layout: TensorLayout
}

/// Floating-point constants: a parameter, or numbers without a gradient.
package struct Numbers {
  /// The numbers, a parameter's in its own shape.
  package let tensor: Tensor<Double>
  /// The parameter's name; nil for numbers without a gradient.
  package let parameter: String?
  /// The shape in the graph: the elements in the same order.
  package let shape: [Int]
  /// Whether the graph contains the transpose of the tensor, which must be a matrix.
  package let isTransposed: Bool

  /// A parameter, or numbers without a gradient if there is no name.
  package init(_ tensor: Tensor<Double>, parameter: String? = nil) {
    self.init(tensor, parameter: parameter, shape: tensor.shape, isTransposed: false)
  }

  private init(_ tensor: Tensor<Double>, parameter: String?, shape: [Int], isTransposed: Bool) {
    self.tensor = tensor
    self.parameter = parameter
    self.shape = shape
    self.isTransposed = isTransposed
  }

  /// Numbers without a gradient.
  package init(_ elements: [Double], shape: [Int]) {
    self.init(Tensor(shape: shape, elements: elements))
  }

  /// The elements in the graph's order.
  package var elements: [Double] {
    isTransposed
      ? Matrix(rows: shape[1], columns: shape[0], elements: tensor.elements).transposed.elements
      : tensor.elements
  }

  /// Whether shape and order are the tensor's own.
  var isOwnShape: Bool { shape == tensor.shape && !isTransposed }

  /// The numbers as a summand. Those with infinities are no parameter, for they cannot be trained.
  package var summand: Numbers {
    // A mask is never this large, and numbers that are not inspected stay in their file.
    guard tensor.count <= 1 << 24 else { return self }
    guard parameter != nil, tensor.elements.contains(where: \.isInfinite) else { return self }
    return Numbers(tensor, parameter: nil, shape: shape, isTransposed: isTransposed)
  }

  /// The same elements in another shape of the same size; nil if the order is not that of a parameter's own
  /// shape.
  package func reshaped(_ shape: [Int]) -> Numbers? {
    guard parameter != nil else { return Numbers(elements, shape: shape) }
    return isTransposed
      ? nil : Numbers(tensor, parameter: parameter, shape: shape, isTransposed: false)
  }

  /// The transposed matrix; nil if a parameter's own shape is not a matrix.
  var transposedMatrix: Numbers? {
    guard shape.count == 2, isTransposed || isOwnShape else { return nil }
    return Numbers(tensor, parameter: parameter, shape: shape.reversed(), isTransposed: !isTransposed)
  }
}
