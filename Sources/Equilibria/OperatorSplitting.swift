import LinearAlgebra
import Operators
import RealModule

/// Splitting of the monotone operator equation 0 ∈ (I − W) u − c + ∂g(u), which an equilibrium u = σ(W u + c) solves
/// where σ is the proximal operator of g, for one group certified to be monotone (Winston & Kolter 2020, "Monotone
/// operator equilibrium networks", section 3).
///
/// Activations of steepest slope k are k times a proximal operator: the state is z = K u, and W denotes W K.
public struct OperatorSplitting: Sendable {
  /// Which operator is inverted.
  public enum Method: Sendable {
    /// Both in turn, over-relaxed: `v ← (2 J_αg − I)(2 (I + α(I − W))⁻¹ − I) v`.
    case peacemanRachford
    /// g's alone: `u ← J_αg(u − α((I − W) u − c))`.
    case forwardBackward
  }

  /// The iterated operator.
  public let method: Method
  /// α.
  public let step: Double
  /// A proved bound of the factor by which every update shrinks the distance to the solution, in the Euclidean norm.
  ///
  /// With m ≤ the least eigenvalue of the symmetric part of I − W, and L ≥ ‖I − W‖₂, it is √(1 − 4αm/(1 + αL)²) for
  /// Peaceman–Rachford, least at α = 1/L (Lions & Mercier 1979, "Splitting algorithms for the sum of two nonlinear
  /// operators", proposition 4), and √(1 − 2αm + α²L²) for forward–backward, least at α = m/L².
  public let rate: Double

  private let system: SlopeSystem
  private let model: EquilibriumModel<Double>
  /// W K and (I + α(I − W K))⁻¹.
  private let W: Matrix<Double>
  private let resolvent: Matrix<Double>

  /// The splitting for a cyclic group of a model; nil where it is not certified monotone without a weight.
  public init?(
    of group: DependencyGroup, in model: EquilibriumModel<Double>, by method: Method = .peacemanRachford
  ) {
    guard group.isCyclic, let system = SlopeSystem(of: group, in: model), system.isFinite,
      let modulus = system.monotonicity
    else { return nil }
    let W = system.timesSteepest
    let order = system.size
    var A = Matrix(rows: order, columns: order, elements: W.middle.elements.map { -$0 })
    for index in 0..<order { A[index, index] += 1 }
    let largest = spectralNormBound(A, radius: W.radius) * (1 + 0x1p-40)
    step = method == .peacemanRachford ? 1 / largest : modulus / largest / largest
    let ratio = modulus / largest
    rate = (1 - (method == .peacemanRachford ? ratio : ratio * ratio)).squareRoot() * (1 + 0x1p-40)
    guard rate < 1 else { return nil }
    var shifted = Matrix(rows: order, columns: order, elements: A.elements.map { [step] in step * $0 })
    for index in 0..<order { shifted[index, index] += 1 }
    (self.method, self.system, self.model, self.W) = (method, system, model, W.middle)
    resolvent = LUFactorization(shifted).inverse
  }

  /// Iterates until an update moves no coordinate by more than 2⁻⁴⁰ of the largest, or as often as the rate may
  /// require.
  ///
  /// - Parameters:
  ///   - state: The values of the blocks outside of the group.
  ///   - rows: The samples of the input `x` to solve for.
  /// - Returns: The values of all members, in order, `[rows, size]` each, and the updates made.
  func members(
    in state: [Matrix<Double>], input x: Matrix<Double>, rows: [Int]
  ) -> (values: [Matrix<Double>], updates: Int) {
    let transition = GroupTransition(of: system.group, in: model, state: state, input: x).selecting(rows)
    let c = transition.portsOfIterated(at: Matrix(rows: rows.count, columns: system.size))
    var v = Matrix<Double>(rows: rows.count, columns: system.size)
    var updates = 0
    let most = min(10_000, Int(Double.log(0x1p-50) / Double.log(rate)) + 1)
    var isMoving = true
    while isMoving, updates < most {
      let next = updated(v, constants: c)
      updates += 1
      isMoving = largestMagnitude((next - v).elements[...]) > 0x1p-40 * largestMagnitude(next.elements[...])
      v = next
    }
    var u = method == .peacemanRachford ? proximal(v) : v
    for row in 0..<u.rows {
      for column in 0..<u.columns { u[row, column] *= system.slopes[column].upperBound }
    }
    return (transition.memberValues(at: u), updates)
  }

  /// One update for constants c, the contraction by `rate`; rows have one number for each coordinate of the state that
  /// does not belong to a helper.
  public func updated(_ v: Matrix<Double>, constants c: Matrix<Double>) -> Matrix<Double> {
    switch method {
    case .peacemanRachford:
      let u = proximal(v)
      var half = u - v
      half.add(u)
      var right = half
      right.add(c, scaledBy: step)
      var inner = Matrix<Double>(rows: v.rows, columns: v.columns)
      inner.add(right, timesTransposed: resolvent)
      right = inner - half
      right.add(inner)
      return right
    case .forwardBackward:
      var direction = c - v
      direction.add(v, timesTransposed: W)
      var moved = v
      moved.add(direction, scaledBy: step)
      return proximal(moved)
    }
  }

  /// J_αg of every number: y = σ(p) where α p + (1 − α) σ(p) is that number, by Newton's method between bounds.
  private func proximal(_ v: Matrix<Double>) -> Matrix<Double> {
    var p = v
    var (value, slope) = activation(at: p)
    guard step != 1 else { return value }
    var (low, high) = (v, v)
    for round in 0..<60 {
      var isDone = true
      for index in v.elements.indices {
        let rest = step * p.elements[index] + (1 - step) * value.elements[index] - v.elements[index]
        if round == 0 {
          let reach = abs(rest) / min(1, step)
          low.elements[index] = p.elements[index] - reach
          high.elements[index] = p.elements[index] + reach
        } else if rest > 0 {
          high.elements[index] = p.elements[index]
        } else {
          low.elements[index] = p.elements[index]
        }
        guard abs(rest) > 0x1p-51 * abs(v.elements[index]) else { continue }
        isDone = false
        let next = p.elements[index] - rest / (step + (1 - step) * slope.elements[index])
        let isInside = next > low.elements[index] && next < high.elements[index]
        p.elements[index] = isInside ? next : (low.elements[index] + high.elements[index]) / 2
      }
      if isDone { break }
      (value, slope) = activation(at: p)
    }
    return value
  }

  /// σ and its derivative, divided by the steepest slope.
  private func activation(at p: Matrix<Double>) -> (value: Matrix<Double>, slope: Matrix<Double>) {
    let blocks = system.group.iterated.map { model.blocks[$0] }
    let parts = zip(blocks, split(p, sizes: blocks.map(\.size))).map { block, port in
      let value = block.value(at: [port])
      let ones = Matrix<Double>(rows: port.rows, columns: port.columns, repeating: 1)
      return (value, block.portCotangents(ones, at: [port])[0])
    }
    var value = Matrix(sideBySide: parts.map(\.0), rows: p.rows)
    var slope = Matrix(sideBySide: parts.map(\.1), rows: p.rows)
    for row in 0..<p.rows {
      for column in 0..<p.columns where system.slopes[column].upperBound != 1 {
        value[row, column] /= system.slopes[column].upperBound
        slope[row, column] /= system.slopes[column].upperBound
      }
    }
    return (value, slope)
  }
}

extension GroupTransition {
  /// The ports of the iterated members side by side, where each member has one.
  fileprivate func portsOfIterated(at state: Matrix<S>) -> Matrix<S> {
    let values = sweep(from: state).values
    return value { ports(of: $0, reading: values)[0] }
  }
}
