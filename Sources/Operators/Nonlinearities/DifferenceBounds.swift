import LinearAlgebra

/// A nonlinearity with bounds on how it carries differences of its ports, for all their values.
///
/// The bounds hold for exact numbers and are rounded upwards. A nonlinearity without such bounds, such as a product of
/// two values, does not conform.
public protocol DifferenceBounded: Nonlinearity {
  /// Bounds of |φ(p) − φ(q)| by coordinate, given bounds of |p − q| by port and coordinate; nil where there are none.
  ///
  /// The function is monotone, and homogeneous up to rounding, so that its fixed points decide whether φ contracts in
  /// some weighted maximum norm.
  ///
  /// - Parameters:
  ///   - magnitudes: Bounds of |p| by coordinate for ports that are constant; nil for others.
  ///   - shapes: The shapes of the ports.
  func differenceBounds(
    _ differences: [[Double]], magnitudes: [[Double]?], shapes: [[Int]]
  ) -> [Double]?

  /// Numbers ℓ, one for each port, with ‖φ(p) − φ(q)‖₂² ≤ Σ ℓᵢ² ‖pᵢ − qᵢ‖₂²; nil where there are none.
  func euclideanBounds(magnitudes: [[Double]?], shapes: [[Int]]) -> [Double]?
}

/// The largest of the numbers at some positions.
private func largest(_ numbers: [Double], _ places: some Sequence<Int>) -> Double {
  places.reduce(0) { max($0, numbers[$1]) }
}

extension Softmax: DifferenceBounded {
  /// A line's Jacobian is diag(z) − z zᵀ, whose rows have absolute sums 2 zᵢ (1 − zᵢ) ≤ ½.
  public func differenceBounds(
    _ differences: [[Double]], magnitudes: [[Double]?], shapes: [[Int]]
  ) -> [Double]? {
    let lines = lines(shapes[0])
    var bounds = differences[0]
    for start in lines.starts {
      let bound = largest(differences[0], lines.offsets.lazy.map { start + $0 }) / 2
      for offset in lines.offsets { bounds[start + offset] = bound }
    }
    return bounds
  }

  /// The absolute row sums bound the eigenvalues of that symmetric matrix.
  public func euclideanBounds(magnitudes: [[Double]?], shapes: [[Int]]) -> [Double]? { [0.5] }
}

extension Softmin: DifferenceBounded {
  /// Those of softmax, whose port is only negated.
  public func differenceBounds(
    _ differences: [[Double]], magnitudes: [[Double]?], shapes: [[Int]]
  ) -> [Double]? {
    Softmax(dim: dim).differenceBounds(differences, magnitudes: magnitudes, shapes: shapes)
  }

  public func euclideanBounds(magnitudes: [[Double]?], shapes: [[Int]]) -> [Double]? {
    Softmax(dim: dim).euclideanBounds(magnitudes: magnitudes, shapes: shapes)
  }
}

extension LogSoftmax: DifferenceBounded {
  /// A line's Jacobian is I − 1 zᵀ, whose rows have absolute sums 2 (1 − zᵢ) ≤ 2.
  public func differenceBounds(
    _ differences: [[Double]], magnitudes: [[Double]?], shapes: [[Int]]
  ) -> [Double]? {
    let lines = lines(shapes[0])
    var bounds = differences[0]
    for start in lines.starts {
      let bound = 2 * largest(differences[0], lines.offsets.lazy.map { start + $0 })
      for offset in lines.offsets { bounds[start + offset] = bound }
    }
    return bounds
  }

  /// ‖I − 1 zᵀ‖₂ ≤ 1 + √n ‖z‖₂ ≤ 1 + √n.
  public func euclideanBounds(magnitudes: [[Double]?], shapes: [[Int]]) -> [Double]? {
    [(1 + Double(lines(shapes[0]).offsets.count).squareRoot().nextUp).nextUp]
  }
}

/// A function of lines that changes by no more than the coordinate of the line that changes most: an extremum, or
/// `logsumexp`, whose derivatives are positive and sum to 1.
protocol LineMean: LineReduction, DifferenceBounded {}

extension LineMean {
  public func differenceBounds(
    _ differences: [[Double]], magnitudes: [[Double]?], shapes: [[Int]]
  ) -> [Double]? {
    let lines = lines(shapes[0])
    return lines.starts.map { start in largest(differences[0], lines.offsets.lazy.map { start + $0 }) }
  }

  public func euclideanBounds(magnitudes: [[Double]?], shapes: [[Int]]) -> [Double]? { [1] }
}

extension LargestElement: LineMean {}
extension SmallestElement: LineMean {}
extension LogSumExp: LineMean {}

extension MaxPooling: DifferenceBounded {
  public func differenceBounds(
    _ differences: [[Double]], magnitudes: [[Double]?], shapes: [[Int]]
  ) -> [Double]? {
    let windows = windows(ofPort: shapes[0])
    let plane = shapes[0].dropFirst().reduce(1, *)
    return (0..<differences[0].count / max(1, plane)).flatMap { channel in
      windows.map { largest(differences[0], $0.lazy.map { channel * plane + $0 }) }
    }
  }

  /// The square root of the number of windows that an element may lie in.
  public func euclideanBounds(magnitudes: [[Double]?], shapes: [[Int]]) -> [Double]? {
    var counts = [Int](repeating: 0, count: shapes[0].dropFirst().reduce(1, *))
    for window in windows(ofPort: shapes[0]) {
      for place in window { counts[place] += 1 }
    }
    return [Double(counts.max() ?? 0).squareRoot().nextUp]
  }
}

/// The larger or the smaller of two numbers changes by no more than the one that changes more.
protocol PairExtreme: ElementwisePair, DifferenceBounded {}

extension PairExtreme {
  public func differenceBounds(
    _ differences: [[Double]], magnitudes: [[Double]?], shapes: [[Int]]
  ) -> [Double]? { zip(differences[0], differences[1]).map { max($0, $1) } }

  public func euclideanBounds(magnitudes: [[Double]?], shapes: [[Int]]) -> [Double]? { [1, 1] }
}

extension Maximum: PairExtreme {}
extension Minimum: PairExtreme {}

extension PReLU: DifferenceBounded {
  /// Slopes are 1 or the number in the second port, which must be constant.
  public func differenceBounds(
    _ differences: [[Double]], magnitudes: [[Double]?], shapes: [[Int]]
  ) -> [Double]? {
    magnitudes[1].map { slopes in zip(differences[0], slopes).map { ($0 * max(1, $1)).nextUp } }
  }

  public func euclideanBounds(magnitudes: [[Double]?], shapes: [[Int]]) -> [Double]? {
    magnitudes[1].map { [max(1, $0.max() ?? 0), 0] }
  }
}
