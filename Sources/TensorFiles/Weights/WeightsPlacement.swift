import FileAccess
import LinearAlgebra

/// Where the numbers of a model's tensors go when it is written.
public protocol WeightsPlacement: AnyObject {
  /// The weights file, as the JSON file names it; nil where all numbers stand in the JSON.
  var file: String? { get }

  /// What the tensor is called in the weights file; nil where its numbers are to stand in the JSON.
  ///
  /// - Parameter name: What the model calls it: its parameter, or its place.
  func reference(to tensor: Tensor<Double>, name: String) -> String?
}

/// All numbers in the JSON.
final class InlineWeights: WeightsPlacement {
  var file: String? { nil }

  func reference(to tensor: Tensor<Double>, name: String) -> String? { nil }
}

extension JSONWriter {
  /// Writes a tensor in its own shape, or the reference to it.
  ///
  /// - Parameter name: What the model calls it.
  package mutating func numbers(of tensor: Tensor<Double>, name: String) throws(FileError) {
    guard let reference = weights.reference(to: tensor, name: name) else { return try self.tensor(tensor) }
    try beginObject(.inLine)
    try key("tensor")
    try string(reference)
    try end()
  }
}
