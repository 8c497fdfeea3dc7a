import FileAccess
import LinearAlgebra

// A tensor's numbers in a file: nested arrays, or `{"tensor": "fc1.weight"}`, which stands in the weights file.
extension JSONValue {
  /// A tensor of any shape.
  package func tensorOrReference() throws(FileError) -> Tensor<Double> {
    isObject ? try storedTensor().tensor : try tensor()
  }

  /// A matrix as a tensor of two axes.
  ///
  /// - Parameters:
  ///   - rows: How many rows there must be, and why; nil for any number.
  ///   - columns: How many columns there must be, and why.
  package func matrixOrReference(
    rows: (Int, String)? = nil, columns: (Int, String)? = nil
  ) throws(FileError) -> Tensor<Double> {
    guard isObject else { return Tensor(try matrix(rows: rows, columns: columns)) }
    let stored = try storedTensor()
    let wanted = [rows?.0 ?? stored.shape.first, columns?.0 ?? stored.shape.last]
    guard stored.shape.count == 2, stored.shape == wanted else {
      let reasons = [rows, columns].compactMap { $0 }.map { "\($0.0), \($0.1)" }.joined(separator: "; ")
      throw expected("a matrix" + (reasons.isEmpty ? "" : " (\(reasons))"), found: "shape \(stored.shape)")
    }
    return stored.tensor
  }

  /// A vector as a tensor of one axis.
  ///
  /// - Parameter reason: Why it has this length.
  package func vectorOrReference(_ length: Int, _ reason: String) throws(FileError) -> Tensor<Double> {
    guard isObject else { return Tensor(try vector(length, reason)) }
    let stored = try storedTensor()
    guard stored.shape == [length] else {
      throw expected("\(counted(length, "number")) (\(reason))", found: "shape \(stored.shape)")
    }
    return stored.tensor
  }

  private func storedTensor() throws(FileError) -> StoredTensor {
    let value = try JSONObject(self, keys: ["tensor"]).required("tensor")
    let name = try value.name()
    guard let weights = document.weights else {
      throw value.expected(
        "the numbers themselves, or a file of weights under the key \"weights\"", found: "neither")
    }
    let stored = try weights.tensor(named: name)
    guard stored.shape.allSatisfy({ $0 > 0 }) else {
      throw value.expected("a tensor with numbers", found: "\(quoted(name)) of shape \(stored.shape)")
    }
    return stored
  }
}
