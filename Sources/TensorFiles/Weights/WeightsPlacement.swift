import FileAccess
import LinearAlgebra

/// Where the numbers of a model's tensors are written.
public protocol WeightsPlacement: AnyObject {
  /// The weights file, as the JSON file names it; nil if all numbers are in the JSON.
  var file: String? { get }
  /// The digest of the weights file, which readers compare with the file that they find; nil if it is not known.
  var digest: SHA256Digest? { get }

  /// The tensor's name in the weights file; nil if its numbers are written in the JSON.
  ///
  /// - Parameter name: The tensor's name in the model: its parameter, or its place.
  func reference(to tensor: Tensor<Double>, name: String) -> String?
}

/// All numbers in the JSON.
final class InlineWeights: WeightsPlacement {
  var file: String? { nil }
  var digest: SHA256Digest? { nil }

  func reference(to tensor: Tensor<Double>, name: String) -> String? { nil }
}

extension JSONWriter {
  /// Writes a tensor in its own shape, or the reference to it.
  ///
  /// - Parameter name: The tensor's name in the model.
  package mutating func numbers(of tensor: Tensor<Double>, name: String) throws(FileError) {
    guard let reference = weights.reference(to: tensor, name: name) else { return try self.tensor(tensor) }
    try beginObject(.inLine)
    try key("tensor")
    try string(reference)
    try end()
  }
}
