/// A tensor that some node of a graph computes: its first axis is the batch, the others are those of a sample.
struct ONNXValue {
  /// The name, unique in the model.
  let name: String
  /// The shape of one sample.
  let shape: [Int]
  /// Whether there is a sample for each of the batch; otherwise there is one that holds for all of them.
  var isBatched = true

  /// The number of coordinates of one sample.
  var size: Int { shape.reduce(1, *) }
}
