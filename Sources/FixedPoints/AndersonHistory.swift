import LinearAlgebra

/// The last iterates of one sample, as Anderson acceleration combines them (Walker & Ni 2011, section 2).
///
/// With F = f(z) − z and G = z + β·F, the columns of ΔF and ΔG are the differences of successive F and G, and the next
/// iterate is G − ΔG·γ, γ = argmin ‖F − ΔF·γ‖₂. The columns are kept as the rows of ring buffers, in which the newest
/// overwrites the oldest. The matrix ΔFᵀ·ΔF is kept too; an iterate changes one row of it.
struct AndersonHistory<S: Scalar>: Sendable {
  /// The next iterate, and how good it is expected to be.
  struct Combination {
    /// G − ΔG·γ.
    let point: [S]
    /// ‖F − ΔF·γ‖₂² / ‖F‖₂²: the share of the residual that the combination leaves, before the plain step reduces it.
    let remainder: Double
    /// ‖F‖₂² divided by its value at the previous iterate.
    let contraction: Double
  }

  private let memory: Int
  private let damping: S
  /// F and G at the latest iterate; empty before the first.
  private var difference: [S] = []
  private var target: [S] = []
  /// ‖F‖₂² at the latest iterate and at the previous one.
  private var square: S = 0
  private var previousSquare: S = 0
  /// The ring buffers of ΔFᵀ and ΔGᵀ, `memory` rows of N numbers.
  private var differenceChanges: [S] = []
  private var targetChanges: [S] = []
  private var equations: NormalEquations<S>
  /// The row written last.
  private var newest = 0
  /// How many rows hold differences.
  private(set) var count = 0

  /// A history without iterates, which will hold at most `memory` differences.
  init(memory: Int, damping: S) {
    self.memory = memory
    self.damping = damping
    equations = NormalEquations(capacity: memory)
  }

  /// Forgets all iterates.
  mutating func forget() {
    difference = []
    target = []
    count = 0
  }

  /// Records the next iterate.
  ///
  /// - Complexity: O(N·m).
  mutating func remember(_ evaluation: Evaluation<S>) {
    previousSquare = square
    if difference.isEmpty {
      difference = evaluation.difference
      target = damping == 1 ? evaluation.value : moved(evaluation.point, by: damping, along: difference)
    } else {
      if differenceChanges.isEmpty {
        differenceChanges = S.array(repeating: 0, count: memory * difference.count)
        targetChanges = differenceChanges
      }
      newest = (newest + 1) % memory
      count = min(count + 1, memory)
      storeChanges(
        point: evaluation.point, value: evaluation.value, damping: damping, row: newest,
        difference: &difference, target: &target, differenceChanges: &differenceChanges,
        targetChanges: &targetChanges)
      let row = differenceChanges[newest * difference.count..<(newest + 1) * difference.count]
      equations.setRow(newest, rows.map { ($0, dotInRuns(row, changes(of: $0))) })
    }
    square = dotInRuns(difference[...], difference[...])
  }

  /// The next iterate; a (damped) plain step where no difference is usable.
  ///
  /// - Complexity: O(N·m + m³).
  func combination() -> Combination {
    let solution = equations.solve(rows.map { ($0, dotInRuns(changes(of: $0), difference[...])) })
    var point = target
    for (row, coefficient) in solution.coefficients {
      addRow(row, of: targetChanges, scaledBy: -coefficient, to: &point)
    }
    return Combination(
      point: point, remainder: 1 - Double(solution.projection / square),
      contraction: Double(square / previousSquare))
  }

  /// The rows that hold differences, newest first, since newer ones are more reliable.
  private var rows: [Int] { (0..<count).map { (newest + memory - $0) % memory } }

  /// One row of ΔFᵀ.
  private func changes(of row: Int) -> ArraySlice<S> {
    differenceChanges[row * difference.count..<(row + 1) * difference.count]
  }
}

/// Writes the changes of F and G since the last iterate into one row of their ring buffers, and stores F and G.
@specialized(where S == Double)
@specialized(where S == Float)
private func storeChanges<S: Scalar>(
  point: [S], value: [S], damping: S, row: Int, difference: inout [S], target: inout [S],
  differenceChanges: inout [S], targetChanges: inout [S]
) {
  let (count, start) = (point.count, row * point.count)
  point.withUnsafeBufferPointer { point in
    value.withUnsafeBufferPointer { value in
      difference.withUnsafeMutableBufferPointer { difference in
        differenceChanges.withUnsafeMutableBufferPointer { changes in
          for index in 0..<count {
            let new = value[index] - point[index]
            changes[start + index] = new - difference[index]
            difference[index] = new
          }
        }
        target.withUnsafeMutableBufferPointer { target in
          targetChanges.withUnsafeMutableBufferPointer { changes in
            for index in 0..<count {
              let new = damping == 1 ? value[index] : point[index] + damping * difference[index]
              changes[start + index] = new - target[index]
              target[index] = new
            }
          }
        }
      }
    }
  }
}

/// Adds a multiple of one row of a matrix to a vector as long as its rows.
@specialized(where S == Double)
@specialized(where S == Float)
private func addRow<S: Scalar>(_ row: Int, of rows: [S], scaledBy scale: S, to target: inout [S]) {
  let start = row * target.count
  target.withUnsafeMutableBufferPointer { target in
    rows.withUnsafeBufferPointer { rows in
      for index in target.indices { target[index] += scale * rows[start + index] }
    }
  }
}
