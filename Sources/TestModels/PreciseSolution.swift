import Equilibria
import LinearAlgebra

/// The equilibrium of one sample and its adjoint, in double-double arithmetic.
///
/// A model without cycles is evaluated once, block by block. Otherwise Newton's method with the inverse of I − J in
/// double precision improves the state, from that of a solver in double precision, until the residual of double-double
/// arithmetic no longer decreases; each step gains about twelve digits. The same inverse improves the adjoint.
struct PreciseSolution {
  typealias Vector = PreciseModel.Vector

  /// z*, a vector for each block.
  let state: [Vector]
  /// g = (I − J)⁻ᵀ e, a vector for each block.
  let adjoint: [Vector]
  /// The cotangents of every block's ports.
  let portCotangents: [[Vector]]
  /// The gradient of the input.
  let inputGradient: Vector
  /// An upper bound, to first order, of the error of a coordinate of z* before it is rounded: ‖(I − J)⁻¹‖ times the
  /// residual and what rounding does to f.
  let stateError: Double
  /// The same of the adjoint.
  let adjointError: Double

  /// The residual that is left, in units of what rounding does to f, at which an iteration must arrive.
  private static let acceptedResidual = 64.0

  /// Solves for one sample, `input`, with a cotangent of the output; nil where no equilibrium is found to this precision.
  init?(of model: PreciseModel, input: [Double], cotangent: [Double]) {
    let input = input.map(DoubleDouble.init)
    var e = model.model.blocks.map { Vector(repeating: DoubleDouble(0), count: $0.size) }
    e[model.model.output] = cotangent.map(DoubleDouble.init)
    let isAcyclic = !model.model.groups.contains(where: \.isCyclic)
    guard let start = isAcyclic ? Self.swept(model, input) : Self.solved(model, input) else { return nil }
    let inverse = InverseDerivative(of: model.model, at: start, input: input.map(\.high))
    guard let inverse else { return nil }
    let level = model.roundingOfTransition(start, input: input)

    func residual(_ state: [Vector]) -> Vector {
      Self.difference(model.transition(state, input: input), state)
    }
    let improved =
      isAcyclic
      ? (start.joined().map(\.self), largest(residual(start)))
      : refined(
        start.joined().map(\.self), residual: { residual(Self.split($0, like: e)) }, by: inverse.solve)
    guard improved.1 <= Self.acceptedResidual * level else { return nil }
    // Once more, so that a rectifier's zeros are exactly 0.
    let state = model.transition(Self.split(improved.0, like: e), input: input)

    func pulled(_ g: [Vector]) -> (cotangents: [Vector], ports: [[Vector]], input: Vector) {
      Self.pulled(model, g, e: e, state: state, input: input)
    }
    let g = refined(
      inverse.solveTransposed(e.joined().map(\.high)).map(DoubleDouble.init),
      residual: { flat in
        let g = Self.split(flat, like: e)
        return Self.difference(pulled(g).cotangents, g)
      }, by: inverse.solveTransposed)
    let adjointLevel = level * max(1, g.0.map(\.magnitude).max() ?? 0) * max(1, inverse.rowSumOfDerivative)
    guard g.1 <= Self.acceptedResidual * adjointLevel else { return nil }

    self.state = state
    adjoint = pulled(Self.split(g.0, like: e)).cotangents
    let last = pulled(adjoint)
    (portCotangents, inputGradient) = (last.ports, last.input)
    stateError = 2 * inverse.norm * (improved.1 + level)
    adjointError = 2 * inverse.normOfTransposed * (g.1 + adjointLevel)
  }

  /// The values of a model without cycles, each block after those that it reads.
  private static func swept(_ model: PreciseModel, _ input: Vector) -> [Vector]? {
    var state = model.model.blocks.map { Vector(repeating: DoubleDouble(0), count: $0.size) }
    for group in model.model.groups {
      for block in group.members {
        state[block] = model.value(of: block, at: model.ports(of: block, state: state, input: input))
      }
    }
    return state
  }

  /// The equilibrium in double precision.
  private static func solved(_ model: PreciseModel, _ input: Vector) -> [Vector]? {
    let x = Matrix(rows: 1, columns: input.count, elements: input.map(\.high))
    let solution = model.model.solve(x, by: .standard)
    guard solution.failure == nil else { return nil }
    return solution.state.map { $0.elements.map(DoubleDouble.init) }
  }

  /// e + Jᵀ g, with the cotangents of the ports and of the input.
  private static func pulled(
    _ model: PreciseModel, _ g: [Vector], e: [Vector], state: [Vector], input: Vector
  ) -> (cotangents: [Vector], ports: [[Vector]], input: Vector) {
    var (cotangents, ports) = (e, [[Vector]]())
    var ofInput = Vector(repeating: DoubleDouble(0), count: input.count)
    for block in g.indices {
      let s = model.portCotangents(of: block, g[block], state: state, input: input)
      model.pullBack(s, of: block, into: &cotangents, input: &ofInput)
      ports.append(s)
    }
    return (cotangents, ports, ofInput)
  }

  private static func difference(_ left: [Vector], _ right: [Vector]) -> Vector {
    zip(left.joined(), right.joined()).map { $0 - $1 }
  }

  private static func split(_ flat: Vector, like shape: [Vector]) -> [Vector] {
    var start = 0
    return shape.map { part in
      defer { start += part.count }
      return Array(flat[start..<start + part.count])
    }
  }
}

/// Adds corrections until the residual no longer decreases.
///
/// - Returns: The best vector, and the largest coordinate of its residual.
private func refined(
  _ start: [DoubleDouble], residual: ([DoubleDouble]) -> [DoubleDouble], by correction: ([Double]) -> [Double]
) -> ([DoubleDouble], Double) {
  var (best, rest) = (start, residual(start))
  for _ in 0..<40 {
    let next = zip(best, correction(rest.map(\.high))).map { $0 + DoubleDouble($1) }
    let nextRest = residual(next)
    guard largest(nextRest) < largest(rest) else { break }
    (best, rest) = (next, nextRest)
  }
  return (best, largest(rest))
}

private func largest(_ vector: [DoubleDouble]) -> Double { vector.map(\.magnitude).max() ?? 0 }

/// (I − J)⁻¹ at a state, as a matrix of double precision.
private struct InverseDerivative {
  private let inverse: Matrix<Double>
  /// The largest sum of magnitudes in a row of J, and of Jᵀ.
  let rowSumOfDerivative: Double
  /// The largest sum of magnitudes in a row of (I − J)⁻¹.
  let norm: Double
  /// The same of a column.
  let normOfTransposed: Double

  /// The inverse; nil where I − J is singular.
  init?(of model: EquilibriumModel<Double>, at state: [[DoubleDouble]], input: [Double]) {
    let count = model.stateSize
    let repeated = state.map { block in
      Matrix(
        rows: count, columns: block.count,
        elements: (0..<count).flatMap { _ in block.map(\.high) })
    }
    let x = Matrix(rows: count, columns: input.count, elements: (0..<count).flatMap { _ in input })
    var identity = Matrix<Double>(rows: count, columns: count)
    for index in 0..<count { identity.elements[index * count + index] = 1 }
    // A row of J is the vjp of a unit vector.
    let derivative = model.flatten(
      model.linearization(at: repeated, input: x).vjp(model.unflatten(identity)), batch: count)
    var matrix = identity
    matrix.add(derivative, scaledBy: -1)
    let factors = LUFactorization(matrix)
    guard !factors.isSingular else { return nil }
    inverse = factors.inverse
    let rows = { (matrix: Matrix<Double>) in
      (0..<count).map { matrix.row($0).reduce(0) { $0 + abs($1) } }.max() ?? 0
    }
    let columns = { (matrix: Matrix<Double>) in
      (0..<count).map { column in
        (0..<count).reduce(0) { $0 + abs(matrix.elements[$1 * count + column]) }
      }.max() ?? 0
    }
    norm = rows(inverse)
    normOfTransposed = columns(inverse)
    rowSumOfDerivative = max(rows(derivative), columns(derivative))
  }

  /// (I − J)⁻¹ r.
  func solve(_ r: [Double]) -> [Double] {
    (0..<r.count).map { row in zip(inverse.row(row), r).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  /// (I − J)⁻ᵀ r.
  func solveTransposed(_ r: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: r.count)
    for row in 0..<r.count {
      for (column, value) in inverse.row(row).enumerated() { result[column] += value * r[row] }
    }
    return result
  }
}
