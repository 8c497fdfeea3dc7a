import LinearAlgebra

/// A weights file of the model's own: every tensor under its parameter's name, or else its place.
public final class CollectedWeights: WeightsPlacement {
  public let file: String?
  /// What is to stand in the weights file, in the order in which the model has it.
  public private(set) var tensors: [(name: String, tensor: Tensor<Double>)] = []
  private var positions: [String: Int] = [:]
  /// How many tensors of other numbers each name has been asked for.
  private var counts: [String: Int] = [:]

  /// Weights for a file of this name, as the JSON file names it.
  public init(file: String) {
    self.file = file
  }

  public func reference(to tensor: Tensor<Double>, name: String) -> String? {
    guard !name.isEmpty else { return nil }
    // No tensor of a safetensors file can have this one.
    let name = name == SafetensorsHeader.metadataKey ? "\(name)'" : name
    guard let first = positions[name] else { return add(tensor, named: name) }
    // A parameter may stand in several places, with the same numbers.
    if tensors[first].tensor.isIdentical(to: tensor) { return name }
    var count = counts[name, default: 1]
    var other: String
    repeat {
      count += 1
      other = "\(name)'\(count)"
    } while positions[other] != nil
    counts[name] = count
    return add(tensor, named: other)
  }

  private func add(_ tensor: Tensor<Double>, named name: String) -> String {
    positions[name] = tensors.count
    tensors.append((name, tensor))
    return name
  }
}
