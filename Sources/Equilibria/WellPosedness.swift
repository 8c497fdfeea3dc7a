import LinearAlgebra
import Operators

/// Why a group of blocks has exactly one equilibrium for every input, as far as a cheap test can tell
/// (Theory, "Groups without an equilibrium"). Each condition is sufficient, none is necessary.
public enum WellPosedness: Sendable, Equatable {
  /// The group does not read itself, or in no cycle: it is evaluated, not solved.
  case nilpotent
  /// `λ_PF(|K W|) ≤ bound < 1`, with K the steepest slopes of the activations: Picard iteration converges
  /// (El Ghaoui et al. 2021, "Implicit Deep Learning", theorem on Perron–Frobenius well-posedness).
  case perronFrobenius(bound: Double)
  /// `‖K W‖₂ ≤ bound < 1`: f is a contraction (Banach).
  case contraction(bound: Double)
  /// The least eigenvalue of `I − (W + Wᵀ)/2` is at least `bound > 0`, for activations that are proximal
  /// operators (Winston & Kolter 2020, "Monotone operator equilibrium networks", theorem 1).
  case monotone(bound: Double)
  /// No condition holds. There may be one equilibrium all the same, or none, or several.
  case unknown
  /// Not tested: some nonlinearity has no known slopes, or the group has too many coordinates.
  case untested

  /// One line for a report.
  public var description: String {
    switch self {
    case .nilpotent: "nilpotent"
    case .perronFrobenius(let bound): "Perron–Frobenius eigenvalue of |K W| at most \(rounded(bound)) < 1"
    case .contraction(let bound): "norm of K W at most \(rounded(bound)) < 1"
    case .monotone(let bound): "I − (W + Wᵀ)/2 at least \(rounded(bound)) > 0, with proximal activations"
    case .unknown: "no sufficient condition holds"
    case .untested: "not tested"
    }
  }

  /// Whether a condition holds.
  public var isCertified: Bool {
    switch self {
    case .unknown, .untested: false
    default: true
    }
  }
}

private func rounded(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 }

extension EquilibriumModel<Double> {
  /// The largest group that is tested: its matrix is written out.
  private static var largestTestedGroup: Int { 2048 }

  /// The first sufficient condition that holds for a group.
  ///
  /// The bounds carry a margin for the rounding of their own computation, so that a condition is never claimed
  /// on the strength of a last bit.
  public func wellPosedness(of group: DependencyGroup) -> WellPosedness {
    guard group.isCyclic else { return .nilpotent }
    let size = group.members.reduce(0) { $0 + blocks[$1].size }
    guard size <= Self.largestTestedGroup, let slopes = slopes(of: group) else { return .untested }
    let W = matrix(of: group, size: size)
    let margin = Double(size) * 16 * Double.ulpOfOne
    var KW = W
    for row in 0..<size {
      let steepest = max(abs(slopes[row].lowerBound), abs(slopes[row].upperBound))
      for column in 0..<size where KW[row, column] != 0 { KW[row, column] *= steepest }
    }
    guard KW.isFinite else { return .unknown }
    let radius = perronFrobeniusBound(KW) * (1 + margin)
    if radius < 1 { return .perronFrobenius(bound: radius) }
    let norm = spectralNorm(KW) * (1 + margin) + margin
    if norm < 1 { return .contraction(bound: norm) }
    if slopes.allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= 1 }) {
      let least = leastEigenvalueOfMonotonePart(W)
      let bound = least - margin * (1 + largestMagnitude(W.elements[...]))
      if bound > 0 { return .monotone(bound: bound) }
    }
    return .unknown
  }

  /// The slopes of every coordinate, or nil where a block has none that are known.
  private func slopes(of group: DependencyGroup) -> [ClosedRange<Double>]? {
    var all: [ClosedRange<Double>] = []
    for member in group.members {
      let block = blocks[member]
      guard let slopes = block.nonlinearity.slopes, block.portSizes == [block.size] else { return nil }
      all += repeatElement(slopes, count: block.size)
    }
    return all
  }

  /// The diagonal part of `W_z` that belongs to a group.
  private func matrix(of group: DependencyGroup, size: Int) -> Matrix<Double> {
    var starts: [Int: Int] = [:]
    var next = 0
    for member in group.members {
      starts[member] = next
      next += blocks[member].size
    }
    var W = Matrix<Double>(rows: size, columns: size)
    for member in group.members {
      for term in blocks[member].terms {
        guard case .node(let node) = term.source, let column = starts[node] else { continue }
        for row in 0..<term.map.outputSize {
          term.map.forEachEntry(inRow: row) { W[starts[member]! + row, column + $0] += $1 }
        }
      }
    }
    return W
  }
}

/// An upper bound of the largest eigenvalue of `|A|`: for any positive v it is at most `max_i (|A| v)_i / v_i`
/// (Collatz & Wielandt), which power iteration drives towards it.
func perronFrobeniusBound(_ A: Matrix<Double>) -> Double {
  let magnitudes = Matrix(rows: A.rows, columns: A.columns, elements: A.elements.map { abs($0) })
  var v = Matrix<Double>(rows: 1, columns: A.columns, repeating: 1)
  var bound = Double.infinity
  for _ in 0..<200 {
    var next = Matrix<Double>(rows: 1, columns: A.rows)
    next.add(v, timesTransposed: magnitudes)
    bound = min(bound, zip(next.elements, v.elements).map { $0 / $1 }.max() ?? 0)
    let largest = largestMagnitude(next.elements[...])
    guard largest > 0, largest.isFinite else { break }
    // A small multiple of ones keeps v positive where |A| is reducible; any positive v gives a bound.
    v.elements = next.elements.map { $0 / largest + 1e-9 }
  }
  return bound
}

/// `‖A‖₂`, the square root of the largest eigenvalue of AᵀA; A is scaled first, so that no square overflows.
func spectralNorm(_ A: Matrix<Double>) -> Double {
  let scale = largestMagnitude(A.elements[...])
  guard scale > 0 else { return 0 }
  guard scale.isFinite else { return .infinity }
  let scaled = Matrix(rows: A.rows, columns: A.columns, elements: A.elements.map { $0 / scale })
  var product = Matrix<Double>(rows: A.columns, columns: A.columns)
  product.add(transposed: scaled, times: scaled)
  let order = product.rows
  let eigenvalues = product.elements.withUnsafeMutableBufferPointer {
    Double.symmetricEigenvalues($0.baseAddress!, n: order)
  }
  return scale * max(0, eigenvalues.last ?? 0).squareRoot()
}

/// The least eigenvalue of `I − (W + Wᵀ)/2`.
func leastEigenvalueOfMonotonePart(_ W: Matrix<Double>) -> Double {
  let order = W.rows
  var part = Matrix<Double>(rows: order, columns: order)
  for row in 0..<order {
    for column in 0..<order {
      part[row, column] = (row == column ? 1 : 0) - (W[row, column] / 2 + W[column, row] / 2)
    }
  }
  return part.elements.withUnsafeMutableBufferPointer {
    Double.symmetricEigenvalues($0.baseAddress!, n: order)
  }.first ?? 1
}
