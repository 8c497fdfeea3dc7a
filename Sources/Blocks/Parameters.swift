import LinearAlgebra

/// Tensors by parameter name, in the model's order.
public struct ParameterTensors<S: Scalar>: Equatable, Sendable {
  /// The names, in the model's order.
  public private(set) var names: [String] = []
  /// The tensors in the order of `names`.
  private var tensors: [Tensor<S>] = []
  /// The index of each name in `names`.
  private var positions: [String: Int] = [:]

  /// No tensors, with room for `capacity` of them without a new allocation.
  public init(capacity: Int = 0) {
    names.reserveCapacity(capacity)
    tensors.reserveCapacity(capacity)
    positions.reserveCapacity(capacity)
  }

  /// The tensor of a parameter, or nil.
  public subscript(name: String) -> Tensor<S>? {
    @specialized(where S == Double)
    @specialized(where S == Float)
    get { positions[name].map { tensors[$0] } }
  }

  /// Adds a tensor to the one of this name, which has the same shape, or stores it if there is none.
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
  /// The gradient with respect to the input, `[batch, input]`: a row for each sample.
  public var input: Matrix<S>
  /// The gradient with respect to each parameter, in its own shape, summed over the samples.
  public var parameters: ParameterTensors<S>

  /// The gradient with these parts.
  public init(input: Matrix<S>, parameters: ParameterTensors<S>) {
    self.input = input
    self.parameters = parameters
  }
}
