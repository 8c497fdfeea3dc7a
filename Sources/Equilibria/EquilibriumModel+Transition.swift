import Blocks
import FixedPoints
import LinearAlgebra
import Operators

// The transition f(z, x) on a whole state, and its linearisation. The generic solvers see only these.
extension EquilibriumModel {
  /// `f(z, x)`, one matrix `[batch, size]` for each block.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func transition(_ state: [Matrix<S>], input x: Matrix<S>) -> [Matrix<S>] {
    blocks.map { block in
      block.value(at: block.preactivations(batch: x.rows) { read($0, state: state, input: x) })
    }
  }

  /// f at a point, prepared for differentiation there.
  ///
  /// - Complexity: One evaluation of f; each vjp afterwards costs another.
  public func linearization(at state: [Matrix<S>], input x: Matrix<S>) -> Linearization<S> {
    linearization(at: state, input: x, knownPorts: [], refusals: [], factors: [:])
  }

  /// f at a solution, prepared for differentiation there.
  ///
  /// - Complexity: One evaluation of those blocks that were iterated on; each vjp afterwards costs one of f.
  public func linearization(at solution: EquilibriumSolution<S>) -> Linearization<S> {
    linearization(
      at: solution.state, input: solution.input, knownPorts: solution.ports,
      refusals: solution.records.refusals(batch: solution.input.rows), factors: solution.factors)
  }

  @specialized(where S == Double)
  @specialized(where S == Float)
  private func linearization(
    at state: [Matrix<S>], input x: Matrix<S>, knownPorts: [[Matrix<S>]?], refusals: [SampleOutcome?],
    factors: [Int: [BalancedFactors<S>?]]
  ) -> Linearization<S> {
    Linearization(
      blocks: blocks, state: state, input: x,
      ports: blocks.indices.map { index in
        (knownPorts.isEmpty ? nil : knownPorts[index])
          ?? blocks[index].preactivations(batch: x.rows) { read($0, state: state, input: x) }
      }, refusals: refusals.isEmpty ? [SampleOutcome?](repeating: nil, count: x.rows) : refusals,
      factors: factors)
  }

  func read(_ source: Source, state: [Matrix<S>], input x: Matrix<S>) -> Matrix<S> {
    switch source {
    case .input: x
    case .node(let index): state[index]
    }
  }

  /// A state of zeros for `batch` samples.
  public func zeroState(batch: Int) -> [Matrix<S>] {
    blocks.map { Matrix<S>(rows: batch, columns: $0.size) }
  }

  /// The blocks' values side by side, `[batch, N]`.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func flatten(_ state: [Matrix<S>], batch: Int) -> Matrix<S> {
    Matrix(sideBySide: state, rows: batch)
  }

  /// The value of each block, taken from `[batch, N]`.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func unflatten(_ state: Matrix<S>) -> [Matrix<S>] {
    split(state, sizes: blocks.map(\.size))
  }
}

/// Splits a matrix into matrices with the given numbers of columns.
@specialized(where S == Double)
@specialized(where S == Float)
func split<S: Scalar>(_ matrix: Matrix<S>, sizes: [Int]) -> [Matrix<S>] {
  var first = 0
  return sizes.map { size in
    defer { first += size }
    return matrix.columns(first..<first + size)
  }
}

/// The transition at a point, with all that its derivative needs.
public struct Linearization<S: Scalar>: Sendable {
  let blocks: [Block<S>]
  /// The point: a value for each block.
  public let state: [Matrix<S>]
  /// The input, `[batch, input]`.
  public let input: Matrix<S>
  /// The ports of each block at that point.
  let ports: [[Matrix<S>]]
  /// Why each sample has no adjoint, or nil where no obstacle is known.
  let refusals: [SampleOutcome?]
  /// The factors of each sample's I − J, by the first member of a cyclic group that was judged by them.
  let factors: [Int: [BalancedFactors<S>?]]

  /// The cotangents of a block's ports for a cotangent `g` of its value.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func portCotangents(of block: Int, _ g: Matrix<S>) -> [Matrix<S>] {
    blocks[block].portCotangents(g, at: ports[block])
  }

  /// The cotangents of every block's ports for an adjoint state: `s = φ'(p)ᵀ g`.
  public func portCotangents(_ adjoint: Adjoint<S>) -> [[Matrix<S>]] {
    adjoint.portCotangents ?? blocks.indices.map { portCotangents(of: $0, adjoint.state[$0]) }
  }

  /// `(∂f/∂z)ᵀ g`, a matrix for each block.
  public func vjp(_ cotangent: [Matrix<S>]) -> [Matrix<S>] {
    var result = [Matrix<S>?](repeating: nil, count: blocks.count)
    for index in blocks.indices {
      blocks[index].pullBack(portCotangents(of: index, cotangent[index])) { source, add in
        if case .node(let node) = source { add(&result[node]) }
      }
    }
    return zip(result, blocks).map { $0 ?? Matrix(rows: input.rows, columns: $1.size) }
  }
}
