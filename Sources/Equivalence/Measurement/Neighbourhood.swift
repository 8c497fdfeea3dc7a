import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// Both sides on several inputs next to each sample: how large each side's own rounding is there, and how much of a
/// difference is left beside the sample.
///
/// - Complexity: Each of `copies` costs three evaluations of both sides, so this is made only where some difference needs an
///   explanation.
struct Neighbourhood<S: Scalar, T: Scalar> {
  /// How many inputs next to each sample.
  static var copies: Int { 4 }

  /// For each component of a quantity the larger side's rounding, and the least difference between the sides.
  struct Statistics {
    private(set) var level: [Double]
    private(set) var gap: [Double]
    private let factor: Double

    init(count: Int, level: RoundingLevel) {
      self.level = [Double](repeating: 0, count: count)
      gap = [Double](repeating: .infinity, count: count)
      factor = level.factor
    }

    /// Takes in one input next to the sample.
    mutating func add(first: Values, second: Values) {
      let (scale, otherScale) = (first.scale, second.scale)
      for index in level.indices {
        level[index] = max(
          level[index], first.level(at: index, factor, scale: scale),
          second.level(at: index, factor, scale: otherScale))
        let gap = abs(first.own[index] - second.own[index])
        // Where a side has no value there is no difference to speak of.
        self.gap[index] = min(self.gap[index], gap.isNaN ? 0 : gap)
      }
    }
  }

  /// A side's values on one input: in the precision of the check, in the other one, and with every number of the model moved
  /// by a few units in its last place; and, where equilibria are accepted within a tolerance, solved to rounding.
  struct Values {
    let own: [Double]
    let other: [Double]
    let perturbed: [Double]
    let settled: [Double]?

    fileprivate var scale: Double { largestMagnitude(own[...]) }

    /// The rounding of one component, infinite where it cannot be measured: where a value is lost, or where the precisions
    /// are so far apart that one of them overflows or underflows on the way.
    fileprivate func level(at index: Int, _ factor: Double, scale: Double) -> Double {
      let (between, moved) = (abs(own[index] - other[index]), abs(own[index] - perturbed[index]))
      let solved = settled.map { abs(own[index] - $0[index]) } ?? 0
      guard between <= max(0x1p-8 * scale, 2 * solved), moved.isFinite, solved.isFinite else {
        return .infinity
      }
      return max(factor * between, moved, solved)
    }
  }

  /// One side's evaluations of all copies.
  struct SideValues {
    let own: [ForwardValues<S>]
    let other: [ForwardValues<T>]
    let perturbed: [ForwardValues<S>]
    let settled: [ForwardValues<S>]?

    init(
      of model: JudgedModel, on inputs: [Matrix<Double>], level: RoundingLevel, solving: SolveSettings,
      seed: UInt64
    ) {
      let (side, sideInT) = (Side<S>(model, solving: solving), Side<T>(model, solving: solving))
      own = inputs.map { side.forward($0.cast(to: S.self)) }
      other = inputs.map { sideInT.forward($0.cast(to: T.self)) }
      perturbed = inputs.enumerated().map { copy, x in
        Side<S>(model.perturbed(by: level.perturbation, seed: seed &+ UInt64(copy)), solving: solving)
          .forward(x.cast(to: S.self))
      }
      settled =
        solving.hasTolerance
        ? inputs.map { side.forward($0.cast(to: S.self), by: solving.toRounding) } : nil
    }

    /// A sample's output on one copy; NaN in the other precision where it has none there.
    func output(copy: Int, row: Int) -> Values {
      let inT = other[copy].output.row(row).map { Double($0) }
      let settled = settled.map { values in
        values[copy].output.row(row).map { values[copy].converged[row] ? Double($0) : .nan }
      }
      return Values(
        own: own[copy].output.row(row).map { Double($0) },
        other: other[copy].converged[row] ? inT : inT.map { _ in .nan },
        perturbed: perturbed[copy].output.row(row).map { Double($0) }, settled: settled)
    }
  }

  private let level: RoundingLevel
  private let first: SideValues
  private let second: SideValues

  /// Evaluates both sides next to the samples `x`, `[batch, input]`.
  init(
    of x: Matrix<Double>, _ first: JudgedModel, _ second: JudgedModel, level: RoundingLevel,
    solving: SolveSettings, seed: UInt64
  ) {
    self.level = level
    var generator = SeededGenerator(seed: seed)
    let inputs = (0..<Self.copies).map { _ in Self.moved(x, step: level.step, &generator) }
    self.first = SideValues(of: first, on: inputs, level: level, solving: solving, seed: seed)
    self.second = SideValues(of: second, on: inputs, level: level, solving: solving, seed: seed)
  }

  /// Every coordinate moved by a random share of itself and of the sample's magnitude.
  private static func moved(
    _ x: Matrix<Double>, step: Double, _ generator: inout SeededGenerator
  ) -> Matrix<Double> {
    var moved = x
    for row in 0..<x.rows {
      let largest = largestMagnitude(x.row(row))
      let scale = largest > 0 ? largest : 1
      for column in 0..<x.columns {
        let size = max(abs(x[row, column]), scale * 0x1p-10)
        moved[row, column] += step * size * (2 * generator.uniform() - 1)
      }
    }
    return moved
  }

  /// The statistics of a sample's output.
  func output(ofSample row: Int) -> Statistics {
    var statistics = Statistics(count: first.own[0].output.columns, level: level)
    for copy in 0..<Self.copies {
      statistics.add(first: first.output(copy: copy, row: row), second: second.output(copy: copy, row: row))
    }
    return statistics
  }

  /// The gradients of both sides next to the samples, for a cotangent `[batch, outputs]`.
  func gradients(_ cotangent: Matrix<Double>) -> GradientNeighbourhood<S, T> {
    GradientNeighbourhood(
      level: level, first: GradientValues(first, cotangent), second: GradientValues(second, cotangent))
  }
}

/// One side's gradients on all copies.
struct GradientValues<S: Scalar, T: Scalar> {
  fileprivate let own: [Gradients<S>]
  fileprivate let other: [Gradients<T>]
  fileprivate let perturbed: [Gradients<S>]
  fileprivate let settled: [Gradients<S>]?

  fileprivate init(_ values: Neighbourhood<S, T>.SideValues, _ cotangent: Matrix<Double>) {
    own = values.own.map { $0.backward(cotangent.cast(to: S.self)).gradients }
    other = values.other.map { $0.backward(cotangent.cast(to: T.self)).gradients }
    perturbed = values.perturbed.map { $0.backward(cotangent.cast(to: S.self)).gradients }
    settled = values.settled?.map { $0.backward(cotangent.cast(to: S.self)).gradients }
  }

  fileprivate func input(copy: Int, row: Int) -> Neighbourhood<S, T>.Values {
    Neighbourhood<S, T>.Values(
      own: own[copy].input.row(row).map { Double($0) }, other: other[copy].input.row(row).map { Double($0) },
      perturbed: perturbed[copy].input.row(row).map { Double($0) },
      settled: settled?[copy].input.row(row).map { Double($0) })
  }

  /// A parameter's gradient, its elements in the order that `arranged` gives them.
  fileprivate func parameter(
    _ name: String, copy: Int, arranged: ParameterMatch?
  ) -> Neighbourhood<S, T>.Values? {
    guard let own = own[copy].parameters[name], let other = other[copy].parameters[name],
      let perturbed = perturbed[copy].parameters[name]
    else { return nil }
    return Neighbourhood<S, T>.Values(
      own: (arranged?.inFirstLayout(own) ?? own.elements).map { Double($0) },
      other: (arranged?.inFirstLayout(other) ?? other.elements).map { Double($0) },
      perturbed: (arranged?.inFirstLayout(perturbed) ?? perturbed.elements).map { Double($0) },
      settled: (settled?[copy].parameters[name]).map { settled in
        (arranged?.inFirstLayout(settled) ?? settled.elements).map { Double($0) }
      })
  }
}

/// The gradients of both sides on several inputs next to each sample.
struct GradientNeighbourhood<S: Scalar, T: Scalar> {
  fileprivate let level: RoundingLevel
  fileprivate let first: GradientValues<S, T>
  fileprivate let second: GradientValues<S, T>

  typealias Statistics = Neighbourhood<S, T>.Statistics

  /// The statistics of a sample's gradient of the input.
  func input(ofSample row: Int) -> Statistics {
    var statistics = Statistics(count: first.own[0].input.columns, level: level)
    for copy in first.own.indices {
      statistics.add(first: first.input(copy: copy, row: row), second: second.input(copy: copy, row: row))
    }
    return statistics
  }

  /// The statistics of the gradient of a parameter that both sides have.
  func parameter(_ match: ParameterMatch) -> Statistics? {
    guard let count = first.own[0].parameters[match.first]?.count else { return nil }
    var statistics = Statistics(count: count, level: level)
    for copy in first.own.indices {
      guard let ours = first.parameter(match.first, copy: copy, arranged: nil),
        let theirs = second.parameter(match.second, copy: copy, arranged: match), theirs.own.count == count
      else { return nil }
      statistics.add(first: ours, second: theirs)
    }
    return statistics
  }
}
