/// How a smaller tensor is broadcast over a larger one: each of its axes is aligned with one of the larger tensor's,
/// and an extent of 1 repeats along it.
struct Broadcast: Sendable {
  /// For each axis of the smaller tensor the aligned axis of the larger one.
  let axes: [Int]
  /// For each axis of the larger tensor the stride in the smaller one.
  let steps: [Int]

  /// A tensor of shape `small` over one of shape `large`; without `dims` the last axes are aligned, as in NumPy.
  ///
  /// - Throws: `InvalidConstants` naming `dim` where the axes are invalid, and `subject` where extents differ.
  init(of small: [Int], over large: [Int], dims: [Int], subject: String) throws(InvalidConstants) {
    let mismatch = "\(subject): expected shapes that broadcast, found \(small) over \(large)"
    if dims.isEmpty {
      guard small.count <= large.count else { throw InvalidConstants(mismatch) }
      axes = Array(large.indices.suffix(small.count))
    } else {
      guard dims.count == small.count else {
        throw InvalidConstants("dim: expected an axis for each of \(small.count), found \(dims)")
      }
      axes = try distinctAxes("dim", dims, rank: large.count)
    }
    var steps = [Int](repeating: 0, count: large.count)
    for ((axis, extent), step) in zip(zip(axes, small), strides(of: small)) {
      guard extent == large[axis] || extent == 1 else { throw InvalidConstants(mismatch) }
      if extent > 1 { steps[axis] = step }
    }
    self.steps = steps
  }
}
