import LinearAlgebra

/// A parameter of the first model and the same parameter of the second.
public struct ParameterMatch: Sendable, Equatable {
  /// Why the two are considered the same parameter.
  public enum Basis: Sendable, Equatable {
    /// They have the same name.
    case name
    /// They hold the same numbers and act at the same position.
    case correspondence
  }

  /// How the elements of one are arranged in the other.
  public enum ElementOrder: Sendable, Equatable {
    /// The same shape, element by element.
    case same
    /// Another shape with the same elements in row-major order.
    case reshaped
    /// A matrix and its transpose.
    case transposed
  }

  /// The name in the first model.
  public var first: String
  /// The name in the second model.
  public var second: String
  /// Why they are considered the same.
  public var basis: Basis
  /// How the elements of one are arranged in the other.
  public var layout: ElementOrder

  /// A match.
  public init(first: String, second: String, basis: Basis, layout: ElementOrder = .same) {
    self.first = first
    self.second = second
    self.basis = basis
    self.layout = layout
  }
}

extension ParameterMatch {
  /// The second model's tensor with its elements in the order of the first's.
  func inFirstLayout<S: Scalar>(_ tensor: Tensor<S>) -> [S] {
    guard layout == .transposed, tensor.shape.count == 2 else { return tensor.elements }
    let (rows, columns) = (tensor.shape[0], tensor.shape[1])
    return (0..<tensor.count).map { tensor.elements[$0 % rows * columns + $0 / rows] }
  }
}
