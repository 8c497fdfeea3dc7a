import LinearAlgebra

/// The lines of a tensor along one axis: what softmax and normalisation work on.
struct Lines {
  /// The number of elements of a line.
  let length: Int
  /// The distance between its elements.
  let step: Int
  /// Where each line of one sample begins.
  let starts: [Int]

  /// The lines along `axis` of tensors of `shape`.
  init(shape: [Int], axis: Int) {
    let steps = strides(of: shape)
    length = shape[axis]
    step = steps[axis]
    starts = positions(
      shape: shape.indices.map { $0 == axis ? 1 : shape[$0] }, steps: steps)
  }

  /// Runs of `length` elements that stand side by side.
  init(runsOf length: Int, size: Int) {
    self.length = length
    step = 1
    starts = stride(from: 0, to: size, by: length).map { $0 }
  }

  /// Rewrites every line of every sample.
  func transform<S: Scalar>(_ matrix: Matrix<S>, _ body: ([S]) -> [S]) -> Matrix<S> {
    var result = matrix
    for row in 0..<matrix.rows {
      for start in starts {
        let first = row * matrix.columns + start
        let line = (0..<length).map { matrix.elements[first + $0 * step] }
        for (index, value) in body(line).enumerated() { result.elements[first + index * step] = value }
      }
    }
    return result
  }

  /// Rewrites every line of a cotangent, given the same line of the point.
  func transform<S: Scalar>(_ cotangent: Matrix<S>, at point: Matrix<S>, _ body: ([S], [S]) -> [S]) -> Matrix<
    S
  > {
    var result = cotangent
    for row in 0..<cotangent.rows {
      for start in starts {
        let first = row * cotangent.columns + start
        let g = (0..<length).map { cotangent.elements[first + $0 * step] }
        let p = (0..<length).map { point.elements[first + $0 * step] }
        for (index, value) in body(g, p).enumerated() { result.elements[first + index * step] = value }
      }
    }
    return result
  }
}
