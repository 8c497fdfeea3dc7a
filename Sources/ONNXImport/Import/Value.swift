import Blocks
import LinearAlgebra
import Operators

/// A value of the graph while it is imported.
package enum Value {
  /// What the network computes.
  case variable(Variable)
  /// Floating-point numbers that the file gives.
  case numbers(Numbers)
  /// Integers or truth values that the file or its shape arithmetic give.
  case integers(Integers)

  /// The shape as the graph has it.
  package var shape: [Int] {
    switch self {
    case .variable(let variable): variable.layout.shape
    case .numbers(let numbers): numbers.shape
    case .integers(let integers): integers.shape
    }
  }

  /// Shape and batch axis.
  package func layout() throws(ImportFailure) -> Layout {
    if case .variable(let variable) = self { return variable.layout }
    return try Layout(shape)
  }
}

/// What a block or the input holds, perhaps under another shape: a reshape is a view and no block.
package struct Variable {
  package let source: Source
  package let layout: Layout
}

/// Floating-point constants: a parameter, or numbers without a gradient.
package struct Numbers {
  /// The numbers, a parameter's in its own shape.
  package let tensor: Tensor<Double>
  /// The parameter's name; nil for numbers without a gradient.
  package let parameter: String?
  /// The shape as the graph has it: the elements in the same order.
  package let shape: [Int]
  /// Whether the graph has the transpose of the tensor, which is a matrix then.
  package let isTransposed: Bool

  /// A parameter, or numbers without a gradient where it has no name.
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

  /// The numbers as a summand: infinite ones are none to be trained, and no file can hold them. They are what masks exclude
  /// scores with, and the largest finite number does that as well.
  package var finite: Numbers {
    // Nothing of this size is a mask, and what is not looked at stands in its file.
    guard tensor.count <= 1 << 24 else { return self }
    let elements = tensor.elements
    guard elements.contains(where: \.isInfinite) else { return self }
    let largest = Double.greatestFiniteMagnitude
    let clamped = elements.map { $0.isNaN ? $0 : min(max($0, -largest), largest) }
    return Numbers(
      Tensor(shape: tensor.shape, elements: clamped), parameter: nil, shape: shape, isTransposed: isTransposed
    )
  }

  /// The same elements in another shape of as many; nil where the order is no parameter's own.
  package func reshaped(_ shape: [Int]) -> Numbers? {
    guard parameter != nil else { return Numbers(elements, shape: shape) }
    return isTransposed
      ? nil : Numbers(tensor, parameter: parameter, shape: shape, isTransposed: false)
  }

  /// The transposed matrix; nil where a parameter's own shape is no matrix.
  var transposedMatrix: Numbers? {
    guard shape.count == 2, isTransposed || isOwnShape else { return nil }
    return Numbers(tensor, parameter: parameter, shape: shape.reversed(), isTransposed: !isTransposed)
  }
}

/// Integers, or truth values as 0 and 1.
package struct Integers {
  package let shape: [Int]
  package let elements: [Int]
  /// The type of the elements, which decides what arithmetic does.
  package let type: ElementType

  /// A vector of integers.
  package init(_ elements: [Int]) {
    self.init(elements, shape: [elements.count])
  }

  /// Integers of a shape.
  package init(_ elements: [Int], shape: [Int], type: ElementType = .int64) {
    self.shape = shape
    self.elements = elements
    self.type = type
  }
}
