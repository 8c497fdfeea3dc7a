import FileAccess
import LinearAlgebra

/// A new weights file for the model: every tensor under its parameter's name, or else its place.
public final class CollectedWeights: WeightsPlacement {
  public let file: String?
  /// The digest of the weights file, once it has been written.
  public var digest: SHA256Digest?
  /// The contents of the weights file, in the model's order.
  public private(set) var tensors: [(name: String, tensor: Tensor<Double>)] = []
  private var positions: [String: Int] = [:]
  /// How many different tensors have been given each name.
  private var counts: [String: Int] = [:]

  /// Weights for a file of this name, as written in the JSON file.
  public init(file: String) {
    self.file = file
  }

  public func reference(to tensor: Tensor<Double>, name: String) -> String? {
    guard !name.isEmpty else { return nil }
    // No tensor of a safetensors file may have this name.
    let name = name == SafetensorsHeader.metadataKey ? "\(name)'" : name
    guard let first = positions[name] else { return add(tensor, named: name) }
    // A parameter may occur several times, with the same numbers.
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
