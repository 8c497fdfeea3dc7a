import LinearAlgebra

/// Tensors by parameter name, in the order in which the model has them.
public struct ParameterTensors<S: Scalar>: Equatable, Sendable {
  /// The names, in the model's order.
  public private(set) var names: [String] = []
  private var tensors: [String: Tensor<S>] = [:]

  /// No tensors.
  public init() {}

  /// The tensor of a parameter, or nil.
  public subscript(name: String) -> Tensor<S>? { tensors[name] }

  /// Adds a tensor to the one of this name, which has the same shape, or begins it.
  public mutating func add(_ tensor: Tensor<S>, to name: String) {
    if tensors[name] == nil {
      names.append(name)
      tensors[name] = tensor
    } else {
      tensors[name]! += tensor
    }
  }
}

/// The gradient of `Σ_samples ⟨cotangent, output⟩`.
public struct Gradients<S: Scalar>: Equatable, Sendable {
  /// With respect to the input, `[batch, input]`: a row for each sample.
  public var input: Matrix<S>
  /// With respect to each parameter, in its own shape, summed over the samples.
  public var parameters: ParameterTensors<S>

  /// The gradient with these parts.
  public init(input: Matrix<S>, parameters: ParameterTensors<S>) {
    self.input = input
    self.parameters = parameters
  }
}
