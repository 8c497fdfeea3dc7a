import Blocks
import LinearAlgebra
import Operators

/// The vectors by which `‖J‖²` is measured: `‖J‖² = E ‖Jᵀ ε‖²` for random ε of independent coordinates of variance 1.
public enum JacobianProbes: Sendable, Equatable {
  /// Every unit vector: exact, at one product for each iterated coordinate.
  case exact
  /// `vectors` ≥ 1 vectors of random signs, determined by `seed` (Hutchinson 1990, "A stochastic estimator of the trace
  /// of the influence matrix"): unbiased.
  case random(vectors: Int, seed: UInt64)
}

/// The size of the Jacobian of a model's transition at its equilibria, which training may keep small by a penalty (Bai,
/// Koltun and Kolter 2021, "Stabilizing equilibrium models by Jacobian regularization").
public struct JacobianNorm<S: Scalar>: Sendable {
  /// `Σ ‖J‖² / (batch · N)` in the Frobenius norm, over samples and cyclic groups, N being the number of iterated
  /// coordinates.
  public let value: Double
  /// Its gradients with respect to all parameters, with the equilibria held fixed.
  public let gradients: ParameterTensors<S>
}

extension EquilibriumModel {
  /// The size of J at a solution, and its gradients.
  ///
  /// J is the derivative of each cyclic group's transition on the iterated blocks, composed along the explicit ones
  /// between them. A gradient of `‖Jᵀ ε‖²` is twice the derivative of `(∂f/∂θ)ᵀ ε` along `w = Jᵀ ε`, both held fixed.
  /// It is computed by central differences of two lengths, extrapolated, with about ten digits in double precision and
  /// three in single for smooth transitions. Where a step crosses a kink, the jump is included.
  ///
  /// - Complexity: One product with Jᵀ and four first-order gradients for each vector.
  public func jacobianNorm(
    at solution: EquilibriumSolution<S>, by probes: JacobianProbes = .exact
  ) -> JacobianNorm<S> {
    let cyclic = groups.filter(\.isCyclic)
    let coordinates = cyclic.reduce(0) { $0 + iteratedSize(of: $1) }
    let point = linearization(at: solution)
    let batch = point.input.rows
    var value = 0.0
    var gradients = self.gradients(
      at: point, adjoint: Adjoint(state: zeroState(batch: batch), records: [], batch: batch)
    )
    .parameters
    for group in cyclic {
      let derivative = derivative(of: group, at: point)
      let zeros = Matrix<S>(rows: batch, columns: iteratedSize(of: group))
      for (probe, weight) in probes.vectors(rows: batch, columns: zeros.columns, of: S.self) {
        let product = derivative.pullBack(probe, adding: zeros)
        let share = weight / Double(batch * coordinates)
        value += share * product.elements.reduce(0) { $0 + Double($1) * Double($1) }
        gradients.add(growth(of: group, at: point, probe: probe, along: product), scaledBy: S(2 * share))
      }
    }
    return JacobianNorm(value: value, gradients: gradients)
  }

  private func iteratedSize(of group: DependencyGroup) -> Int {
    group.iterated.reduce(0) { $0 + blocks[$1].size }
  }

  private func derivative(of group: DependencyGroup, at point: Linearization<S>) -> GroupDerivative<S> {
    GroupDerivative(
      of: group, members: group.members.map { blocks[$0] }, ports: group.members.map { point.ports[$0] },
      batch: point.input.rows)
  }

  /// The derivative of `(∂f/∂θ)ᵀ ε` for all parameters along w.
  private func growth(
    of group: DependencyGroup, at point: Linearization<S>, probe: Matrix<S>, along product: Matrix<S>
  ) -> ParameterTensors<S> {
    // Each sample is displaced in proportion to its state; its probe compensates for the length.
    var (probe, direction) = (probe, product)
    for sample in 0..<product.rows {
      let length = largestMagnitude(product.row(sample))
      let size = group.iterated.reduce(1) { max($0, largestMagnitude(point.state[$1].row(sample))) }
      let factor = length > 0 ? size / length : 0
      direction.replaceRow(sample, with: direction.row(sample).map { factor * $0 })
      probe.replaceRow(sample, with: probe.row(sample).map { length > 0 ? $0 / factor : 0 })
    }
    func gradient(_ length: S) -> ParameterTensors<S> {
      firstOrder(of: group, at: moved(point, by: length, along: direction, in: group), probe: probe)
    }
    let h: S = S.self == Double.self ? 1 / 512 : 1 / 16
    var sum = ParameterTensors<S>()
    for (length, factor) in [(h / 2, S(4) / (3 * h)), (h, -1 / (6 * h))] {
      sum.add(gradient(length), scaledBy: factor)
      sum.add(gradient(-length), scaledBy: -factor)
    }
    return sum
  }

  /// f where the iterated members of a group are displaced, and the others follow them.
  private func moved(
    _ point: Linearization<S>, by length: S, along direction: Matrix<S>, in group: DependencyGroup
  ) -> Linearization<S> {
    var state = point.state
    var place = Matrix(sideBySide: group.iterated.map { state[$0] }, rows: direction.rows)
    place.add(direction, scaledBy: length)
    let transition = GroupTransition(of: group, in: self, state: state, input: point.input)
    for (member, value) in zip(group.members, transition.memberValues(at: place)) { state[member] = value }
    return linearization(at: state, input: point.input)
  }

  /// `(∂f/∂θ)ᵀ ε` at a point, for all parameters.
  private func firstOrder(
    of group: DependencyGroup, at point: Linearization<S>, probe: Matrix<S>
  ) -> ParameterTensors<S> {
    var adjoint = zeroState(batch: probe.rows)
    let zeros = group.members.map { adjoint[$0] }
    let spread = derivative(of: group, at: point).spread(probe, adding: zeros)
    for (member, value) in zip(group.members, spread) { adjoint[member] = value }
    return gradients(at: point, adjoint: Adjoint(state: adjoint, records: [], batch: probe.rows)).parameters
  }
}

extension JacobianProbes {
  /// The vectors, with the weight of each; unit vectors are the same for every sample.
  fileprivate func vectors<S: Scalar>(
    rows: Int, columns: Int, of precision: S.Type
  ) -> [(vector: Matrix<S>, weight: Double)] {
    switch self {
    case .exact:
      return (0..<columns).map { column in
        var vector = Matrix<S>(rows: rows, columns: columns)
        for row in 0..<rows { vector[row, column] = 1 }
        return (vector, 1)
      }
    case .random(let count, let seed):
      precondition(count >= 1, "an estimate by no vector")
      var generator = SeededGenerator(seed: seed)
      return (0..<count).map { _ in
        let signs = (0..<rows * columns).map { _ in generator.next() & 1 == 0 ? S(1) : -1 }
        return (Matrix(rows: rows, columns: columns, elements: signs), 1 / Double(count))
      }
    }
  }
}

extension ParameterTensors {
  /// Adds a multiple of each of the other tensors.
  fileprivate mutating func add(_ others: ParameterTensors, scaledBy factor: S) {
    for name in others.names {
      let tensor = others[name]!
      add(Tensor(shape: tensor.shape, elements: tensor.elements.map { factor * $0 }), to: name)
    }
  }
}
