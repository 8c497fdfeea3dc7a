/// The row-major stride of each axis of a tensor of `shape`.
package func strides(of shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
  return strides
}

/// For each coordinate of a tensor of `shape`, `start` plus its indices times `steps`.
func positions(shape: [Int], start: Int = 0, steps: [Int]) -> [Int] {
  let count = shape.reduce(1, *)
  guard count > 0 else { return [] }
  return [Int](unsafeUninitializedCapacity: count) { positions, initialized in
    // Built from the last axis: for each index of the axis before, the block of positions is repeated with an offset.
    positions[0] = start
    var filled = 1
    for (extent, step) in zip(shape, steps).reversed() {
      var shift = 0
      for count in 1..<max(1, extent) {
        shift += step
        let first = count * filled
        for index in 0..<filled { positions[first + index] = positions[index] + shift }
      }
      filled *= extent
    }
    initialized = filled
  }
}
