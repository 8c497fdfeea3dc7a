import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// Both sides on several inputs near each sample: how large each side's own rounding is, and how large the
/// difference remains there.
///
/// - Complexity: Each of `copies` costs three evaluations of both sides, so this is made only if a
///   difference needs an explanation. They are made one after the other, and only what is compared is kept.
struct Neighbourhood<S: Scalar, T: Scalar> {
  /// How many inputs near each sample.
  static var copies: Int { 4 }

  /// For each component of a quantity the larger side's rounding, and the least difference between the sides.
  struct Statistics {
    private(set) var level: [Double]
    private(set) var gap: [Double]
    private let factor: Double

    /// Statistics without any input yet.
    ///
    /// - Parameter isAtJump: Whether rounding decides on which side of a jump some argument is. No measurement shows
    ///   how much of the quantity then is rounding.
    init(count: Int, level: RoundingLevel, isAtJump: Bool) {
      self.level = [Double](repeating: isAtJump ? .infinity : 0, count: count)
      gap = [Double](repeating: .infinity, count: count)
      factor = level.factor
    }

    /// Adds one input near the sample.
    mutating func add(first: Values, second: Values) {
      let (scale, otherScale) = (first.scale, second.scale)
      for index in level.indices {
        level[index] = max(
          level[index], first.level(at: index, factor, scale: scale),
          second.level(at: index, factor, scale: otherScale))
        let gap = abs(first.own[index] - second.own[index])
        // If a side has no value, there is no difference.
        self.gap[index] = min(self.gap[index], gap.isNaN ? 0 : gap)
      }
    }
  }

  /// A side's values on one input: in the check's precision, in the other precision, and with every number
  /// of the model changed by a few units in its last place; if equilibria are accepted within a tolerance,
  /// also solved to rounding.
  struct Values {
    let own: [Double]
    let other: [Double]
    let perturbed: [Double]
    let settled: [Double]?

    fileprivate var scale: Double { largestMagnitude(own[...]) }

    /// The rounding of one component. It is infinite if it cannot be measured, because a value is lost, or
    /// the precisions are so far apart that one of them overflows or underflows.
    fileprivate func level(at index: Int, _ factor: Double, scale: Double) -> Double {
      let (between, moved) = (abs(own[index] - other[index]), abs(own[index] - perturbed[index]))
      let solved = settled.map { abs(own[index] - $0[index]) } ?? 0
      guard between <= max(0x1p-8 * scale, 2 * solved), moved.isFinite, solved.isFinite else {
        return .infinity
      }
      return max(factor * between, moved, solved)
    }
  }

  private let level: RoundingLevel
  private let solving: SolveSettings
  private let passes: SamplePasses
  private let seed: UInt64
  private let models: (first: JudgedModel, second: JudgedModel)
  /// The copies of all samples, `[batch, input]` each.
  private let inputs: [Matrix<Double>]
  private let outputSize: Int

  /// Inputs near the samples `x`, `[batch, input]`.
  init(
    of x: Matrix<Double>, _ first: JudgedModel, _ second: JudgedModel, level: RoundingLevel,
    solving: SolveSettings, passes: SamplePasses, seed: UInt64
  ) {
    self.level = level
    self.solving = solving
    self.passes = passes
    self.seed = seed
    models = (first, second)
    outputSize = first.outputSize
    var generator = SeededGenerator(seed: seed)
    inputs = (0..<Self.copies).map { _ in Self.moved(x, step: level.step, &generator) }
  }

  /// Every coordinate changed by a random amount relative to itself and to the sample's magnitude.
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

  /// A model with every number changed by a few units in its last place, as it is for one copy.
  private func perturbed(_ model: JudgedModel, copy: Int) -> Side<S> {
    Side(model.perturbed(by: level.perturbation, seed: seed &+ UInt64(copy)), solving: solving)
  }
}

// The outputs.
extension Neighbourhood {
  /// The statistics of each sample's output.
  func outputs() -> [Statistics] {
    var statistics = isAtJump().map { Statistics(count: outputSize, level: level, isAtJump: $0) }
    for copy in inputs.indices {
      let (first, second) = (outputs(of: models.first, copy: copy), outputs(of: models.second, copy: copy))
      for row in statistics.indices { statistics[row].add(first: first[row], second: second[row]) }
    }
    return statistics
  }

  /// Each sample's output on one copy; NaN in the other precision, or solved to rounding, where it has none.
  private func outputs(of model: JudgedModel, copy: Int) -> [Values] {
    let side = Side<S>(model, solving: solving)
    let x = inputs[copy].cast(to: S.self)
    let own = side.outputs(x, in: passes).values
    let other = Side<T>(model, solving: solving).outputs(inputs[copy].cast(to: T.self), in: passes)
    let moved = perturbed(model, copy: copy).outputs(x, in: passes).values
    let settled = solving.hasTolerance ? side.outputs(x, by: solving.toRounding, in: passes) : nil
    return (0..<x.rows).map { row in
      Values(
        own: doubles(own, row), other: doubles(other.values, row, where: other.converged[row]),
        perturbed: doubles(moved, row),
        settled: settled.map { doubles($0.values, row, where: $0.converged[row]) })
    }
  }
}

extension Neighbourhood {
  /// Whether rounding decides for each sample on which side of a jump some argument of a model is: the same argument on
  /// every input near the sample, since an argument may come close to a jump on a single one by chance.
  fileprivate func isAtJump() -> [Bool] {
    let first = isAtJump(models.first)
    return zip(first, isAtJump(models.second)).map { $0 || $1 }
  }

  private func isAtJump(_ model: JudgedModel) -> [Bool] {
    let count = inputs[0].rows
    guard model.mayJump else { return [Bool](repeating: false, count: count) }
    var statistics = JumpStatistics()
    for copy in inputs.indices {
      let x = inputs[copy].cast(to: S.self)
      let own = Side<S>(model, solving: solving).jumpDistances(x, in: passes)
      statistics.add(own, moved: perturbed(model, copy: copy).jumpDistances(x, in: passes))
    }
    return (0..<count).map(statistics.isAtJump)
  }
}

/// A row's numbers, or as many NaNs.
private func doubles<S: Scalar>(_ matrix: Matrix<S>, _ row: Int, where hasValue: Bool = true) -> [Double] {
  matrix.row(row).map { hasValue ? Double($0) : .nan }
}

// The gradients.
extension Neighbourhood {
  /// The statistics of the gradients for a cotangent `[batch, outputs]`: of the input for each sample, and of the
  /// parameters that both sides have, by the first side's name.
  func gradients(
    _ cotangent: Matrix<Double>, of matches: [ParameterMatch]
  ) -> (inputs: [Statistics], parameters: [String: Statistics]) {
    let isAtJump = isAtJump()
    var inputStatistics = isAtJump.map {
      Statistics(count: inputs[0].columns, level: level, isAtJump: $0)
    }
    var parameters: [String: Statistics] = [:]
    // One copy at a time, since each has six sets of all gradients.
    for copy in inputs.indices {
      let first = GradientVariants(of: models.first, copy, cotangent, in: self)
      let second = GradientVariants(of: models.second, copy, cotangent, in: self)
      for row in inputStatistics.indices {
        inputStatistics[row].add(first: first.input(row), second: second.input(row))
      }
      for match in matches {
        guard let ours = first.parameter(match.first, arranged: nil),
          let theirs = second.parameter(match.second, arranged: match), theirs.own.count == ours.own.count
        else { continue }
        let none = Statistics(count: ours.own.count, level: level, isAtJump: isAtJump.contains(true))
        parameters[match.first, default: none].add(first: ours, second: theirs)
      }
    }
    return (inputStatistics, parameters)
  }

  /// One side's gradients on one copy.
  private struct GradientVariants {
    let own: Gradients<S>
    let other: Gradients<T>
    let perturbed: Gradients<S>
    let settled: Gradients<S>?

    init(
      of model: JudgedModel, _ copy: Int, _ cotangent: Matrix<Double>, in neighbourhood: Neighbourhood<S, T>
    ) {
      let (solving, passes) = (neighbourhood.solving, neighbourhood.passes)
      let side = Side<S>(model, solving: solving)
      let (x, u) = (neighbourhood.inputs[copy].cast(to: S.self), cotangent.cast(to: S.self))
      own = side.gradients(x, u, in: passes)
      other = Side<T>(model, solving: solving)
        .gradients(neighbourhood.inputs[copy].cast(to: T.self), cotangent.cast(to: T.self), in: passes)
      perturbed = neighbourhood.perturbed(model, copy: copy).gradients(x, u, in: passes)
      settled = solving.hasTolerance ? side.gradients(x, u, by: solving.toRounding, in: passes) : nil
    }

    func input(_ row: Int) -> Values {
      Values(
        own: doubles(own.input, row), other: doubles(other.input, row),
        perturbed: doubles(perturbed.input, row), settled: settled.map { doubles($0.input, row) })
    }

    /// A parameter's gradient, its elements in the order of `arranged`; nil where the side has none.
    func parameter(_ name: String, arranged: ParameterMatch?) -> Values? {
      guard let own = own.parameters[name], let other = other.parameters[name],
        let perturbed = perturbed.parameters[name]
      else { return nil }
      return Values(
        own: numbers(own, arranged), other: numbers(other, arranged), perturbed: numbers(perturbed, arranged),
        settled: (settled?.parameters[name]).map { numbers($0, arranged) })
    }

    private func numbers<U: Scalar>(_ tensor: Tensor<U>, _ match: ParameterMatch?) -> [Double] {
      (match?.inFirstLayout(tensor) ?? tensor.elements).map { Double($0) }
    }
  }
}
