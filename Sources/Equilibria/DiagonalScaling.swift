import LinearAlgebra

/// A search for positive numbers d such that `D A D⁻¹` is better than A: balanced first, then improved by subgradients.
///
/// The result proves nothing by itself; the inequality is verified with it afterwards.
struct DiagonalScaling {
  /// The quantity to be brought below 1.
  enum Objective {
    /// The spectral norm.
    case norm
    /// The largest eigenvalue of the symmetric part.
    case symmetricPart
  }

  /// The largest matrix for which subgradients are computed; each takes O(N³).
  private static let largest = 128
  private static let steps = 40
  /// The target of the search: a little below 1.
  private static let target = 0.95

  private let A: Matrix<Double>
  private let objective: Objective

  /// A search for a finite matrix.
  init(of A: Matrix<Double>, for objective: Objective) {
    self.A = A
    self.objective = objective
  }

  /// The first d found for which `isEnough` holds, the balanced one included; nil where there is none.
  func first<Certificate>(_ isEnough: ([Double]) -> Certificate?) -> Certificate? {
    var logarithms = [Double](repeating: 0, count: A.rows)
    var candidates = [logarithms, balanced()]
    if A.rows > Self.largest { candidates.removeFirst() }
    for candidate in candidates {
      let value = objectiveAndGradient(at: candidate)
      if value.value < 1, let certificate = isEnough(candidate.map(Double.exp2)) { return certificate }
    }
    guard A.rows <= Self.largest else { return nil }
    logarithms = candidates[1]
    for _ in 0..<Self.steps {
      let (value, gradient) = objectiveAndGradient(at: logarithms)
      if value < 1, let certificate = isEnough(logarithms.map(Double.exp2)) { return certificate }
      let square = gradient.reduce(0) { $0 + $1 * $1 }
      guard square > 1e-20, value.isFinite else { return nil }
      // Polyak's step, in units of log₂.
      let length = (value - min(Self.target, 0.9 * value)) / square / Double.log(2)
      for index in logarithms.indices { logarithms[index] -= length * gradient[index] }
      guard logarithms.allSatisfy({ abs($0) < 200 }) else { return nil }
    }
    return nil
  }

  /// D A D⁻¹.
  private func scaled(_ logarithms: [Double]) -> Matrix<Double> {
    var result = A
    for row in 0..<A.rows {
      for column in 0..<A.columns where A[row, column] != 0 {
        result[row, column] *= Double.exp2(logarithms[row] - logarithms[column])
      }
    }
    return result
  }

  /// log₂ d for which each coordinate's row and column have the same norm (Osborne 1960, "On pre-conditioning of
  /// matrices"), approximately, after a few sweeps.
  private func balanced() -> [Double] {
    var squares = Matrix(rows: A.rows, columns: A.columns, elements: A.elements.map { $0 * $0 })
    var logarithms = [Double](repeating: 0, count: A.rows)
    for _ in 0..<20 {
      for index in 0..<A.rows {
        var (row, column) = (0.0, 0.0)
        for other in 0..<A.rows where other != index {
          row += squares[index, other]
          column += squares[other, index]
        }
        guard row > 0, column > 0, row.isFinite, column.isFinite else { continue }
        let factor = (column / row).squareRoot()
        for other in 0..<A.rows where other != index {
          squares[index, other] *= factor
          squares[other, index] /= factor
        }
        logarithms[index] += Double.log2(factor) / 2
      }
    }
    return logarithms
  }

  /// The objective at D, and its derivative with respect to the logarithms of d.
  private func objectiveAndGradient(at logarithms: [Double]) -> (value: Double, gradient: [Double]) {
    let M = scaled(logarithms)
    let order = M.rows
    guard M.isFinite else { return (.infinity, []) }
    var S = Matrix<Double>(rows: order, columns: order)
    switch objective {
    case .norm: S.add(transposed: M, times: M)
    case .symmetricPart:
      for row in 0..<order {
        for column in 0..<order { S[row, column] = (M[row, column] + M[column, row]) / 2 }
      }
    }
    guard S.isFinite else { return (.infinity, []) }
    var copy = S.elements
    let eigenvalue = copy.withUnsafeMutableBufferPointer {
      Double.symmetricEigenvalues($0.baseAddress!, n: order)
    }.last!
    guard order <= Self.largest else {
      return (objective == .norm ? max(0, eigenvalue).squareRoot() : eigenvalue, [])
    }
    let v = eigenvector(of: S, at: eigenvalue)
    let image = product(M, v)
    switch objective {
    case .norm:
      // σ (u_i² − v_i²), for u = M v / σ.
      let norm = max(0, eigenvalue).squareRoot()
      guard norm > 0 else { return (0, []) }
      return (norm, zip(image, v).map { $0 * $0 / norm - norm * $1 * $1 })
    case .symmetricPart:
      let back = product(M.transposed, v)
      return (eigenvalue, v.indices.map { v[$0] * (image[$0] - back[$0]) })
    }
  }

  /// A unit vector of the eigenvalue, by inverse iteration.
  private func eigenvector(of S: Matrix<Double>, at eigenvalue: Double) -> [Double] {
    let order = S.rows
    var shifted = S
    let offset = eigenvalue + 1e-10 * max(abs(eigenvalue), 1e-300)
    for index in 0..<order { shifted[index, index] -= offset }
    let factors = LUFactorization(shifted)
    var v = (0..<order).map { 1 + 0.1 * Double($0 % 7) }
    for _ in 0..<3 {
      let next = factors.solve(v)
      let length = next.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard length > 0, length.isFinite else { return v.map { $0 / Double(order).squareRoot() } }
      v = next.map { $0 / length }
    }
    return v
  }

  private func product(_ M: Matrix<Double>, _ v: [Double]) -> [Double] {
    M.rowArrays.map { zip($0, v).reduce(0) { $0 + $1.0 * $1.1 } }
  }
}
