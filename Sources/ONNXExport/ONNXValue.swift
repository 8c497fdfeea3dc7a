/// A tensor computed by a node of a graph: its first axis is the batch, the others are those of a sample.
package struct ONNXValue {
  /// The name, unique in the model.
  package let name: String
  /// The shape of one sample.
  package let shape: [Int]
  /// Whether there is one sample for each of the batch; otherwise a single sample applies to all.
  var isBatched = true

  /// The value of this name; batched by default.
  package init(name: String, shape: [Int], isBatched: Bool = true) {
    (self.name, self.shape, self.isBatched) = (name, shape, isBatched)
  }

  /// The number of coordinates of one sample.
  package var size: Int { shape.reduce(1, *) }
}
