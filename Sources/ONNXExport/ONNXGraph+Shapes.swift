import Operators

// What rearranges values and computes nothing.
extension ONNXGraph {
  /// The same coordinates, in another shape of as many.
  package func reshape(_ value: ONNXValue, to shape: [Int]) -> ONNXValue {
    guard value.shape != shape else { return value }
    // 0 is the extent that the value has there: a batch of any size, none too.
    return self.value("Reshape", [value], constants: [integers([0] + shape)], shape: shape)
  }

  /// The same coordinates as one vector for each sample.
  package func flatten(_ value: ONNXValue) -> ONNXValue { reshape(value, to: [value.size]) }

  /// The value with a sample for each of the batch that `other` has.
  package func batched(_ value: ONNXValue, like other: ONNXValue) -> ONNXValue {
    guard !value.isBatched else { return value }
    let shape = node(
      "Concat", [batch(of: other), integers(value.shape)], results: ["shape"], [("axis", .integer(0))])
    var result = self.value("Expand", [value], constants: shape, shape: value.shape)
    result.isBatched = true
    return result
  }

  /// Vectors side by side.
  func concatenate(_ values: [ONNXValue]) -> ONNXValue {
    guard values.count > 1 else { return values[0] }
    return value("Concat", values, shape: [values.reduce(0) { $0 + $1.size }], [("axis", .integer(1))])
  }

  /// A vector cut into vectors of these sizes.
  package func split(_ value: ONNXValue, sizes: [Int], names: [String]) -> [ONNXValue] {
    guard sizes.count > 1 else { return [value] }
    let parts = node("Split", [value.name, integers(sizes)], results: names, [("axis", .integer(1))])
    return zip(parts, sizes).map { ONNXValue(name: $0, shape: [$1], isBatched: value.isBatched) }
  }

  /// The coordinates at these places, in another shape; 0 where a place is −1.
  package func gather(_ value: ONNXValue, at places: [Int], shape: [Int]) -> ONNXValue {
    var vector = flatten(value)
    if places == Array(0..<vector.size) { return reshape(value, to: shape) }
    // The 0 is the last coordinate then, which is what −1 means to Gather.
    if places.contains(-1) { vector = pad(vector, before: [0], behind: [1]) }
    let gathered = self.value(
      "Gather", [vector], constants: [integers(places)], shape: [places.count], [("axis", .integer(1))])
    return reshape(gathered, to: shape)
  }

  /// The value with its axes in another order: axis i of the result is axis `order[i]`.
  package func transpose(_ value: ONNXValue, _ order: [Int]) -> ONNXValue {
    guard order != Array(order.indices) else { return value }
    return self.value(
      "Transpose", [value], shape: order.map { value.shape[$0] },
      [("perm", .integers([0] + order.map { $0 + 1 }))])
  }

  /// The value repeated along axes on which it has an extent of 1.
  package func expand(_ value: ONNXValue, to shape: [Int]) -> ONNXValue {
    guard value.shape != shape else { return value }
    return self.value("Expand", [value], constants: [integers([1] + shape)], shape: shape)
  }

  /// The value with `filler` around it, so many coordinates on each axis of a sample; a negative number takes away as
  /// many.
  package func pad(_ value: ONNXValue, before: [Int], behind: [Int], filler: Double = 0) -> ONNXValue {
    guard (before + behind).contains(where: { $0 != 0 }) else { return value }
    let shape = zip(value.shape, zip(before, behind)).map { $0 + $1.0 + $1.1 }
    return self.value(
      "Pad", [value], constants: [integers([0] + before + [0] + behind), number(filler)], shape: shape)
  }
}
