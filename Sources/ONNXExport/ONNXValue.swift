/// A tensor that some node of a graph computes: its first axis is the batch, the others are those of a sample.
package struct ONNXValue {
  /// The name, unique in the model.
  package let name: String
  /// The shape of one sample.
  package let shape: [Int]
  /// Whether there is a sample for each of the batch; otherwise there is one that holds for all of them.
  var isBatched = true

  /// The value of this name; batched where nothing else is said.
  package init(name: String, shape: [Int], isBatched: Bool = true) {
    (self.name, self.shape, self.isBatched) = (name, shape, isBatched)
  }

  /// The number of coordinates of one sample.
  package var size: Int { shape.reduce(1, *) }
}
