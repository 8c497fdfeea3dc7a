import LinearAlgebra

/// Tensors by parameter name, in the order in which the model has them.
public struct ParameterTensors<S: Scalar>: Equatable, Sendable {
  /// The names, in the model's order.
  public private(set) var names: [String] = []
  /// In the order of `names`.
  private var tensors: [Tensor<S>] = []
  /// Where each name stands among them.
  private var positions: [String: Int] = [:]

  /// No tensors, and room for as many as `capacity` without a new allocation.
  public init(capacity: Int = 0) {
    names.reserveCapacity(capacity)
    tensors.reserveCapacity(capacity)
    positions.reserveCapacity(capacity)
  }

  /// The tensor of a parameter, or nil.
  public subscript(name: String) -> Tensor<S>? { positions[name].map { tensors[$0] } }

  /// Adds a tensor to the one of this name, which has the same shape, or begins it.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func add(_ tensor: consuming Tensor<S>, to name: String) {
    if let position = positions.updateValue(names.count, forKey: name) {
      positions[name] = position
      tensors[position] += tensor
    } else {
      names.append(name)
      tensors.append(tensor)
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
