import LinearAlgebra

/// A weights file of the model's own: every tensor under its parameter's name, or else its place.
public final class CollectedWeights: WeightsPlacement {
  public let file: String?
  /// What is to stand in the weights file, in the order in which the model has it.
  public private(set) var tensors: [(name: String, tensor: Tensor<Double>)] = []
  private var positions: [String: Int] = [:]

  /// Weights for a file of this name, as the JSON file names it.
  public init(file: String) {
    self.file = file
  }

  public func reference(to tensor: Tensor<Double>, name: String) -> String? {
    guard !name.isEmpty else { return nil }
    var name = name
    while let position = positions[name] {
      // A parameter may stand in several places, with the same numbers.
      if tensors[position].tensor.isIdentical(to: tensor) { return name }
      name += "'"
    }
    positions[name] = tensors.count
    tensors.append((name, tensor))
    return name
  }
}
