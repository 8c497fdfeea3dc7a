import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Operators

/// A forward pass: the value of every layer, and what backpropagation needs of each.
public struct ForwardPass<S: Scalar>: Sendable {
  enum Trace: Sendable {
    case explicit(ports: [Matrix<S>])
    case implicit(EquilibriumSolution<S>)
  }

  /// The input, `[batch, input]`.
  public let input: Matrix<S>
  /// The value of each layer, `[batch, size]`, by its position.
  public let values: [Matrix<S>]
  /// The output layer's value.
  public let output: Matrix<S>
  /// Whether each sample has an equilibrium in every implicit layer.
  public let converged: [Bool]
  let traces: [Trace]

  /// The equilibria of the implicit layers, in the order of the layers.
  public var solutions: [EquilibriumSolution<S>] {
    traces.compactMap { if case .implicit(let solution) = $0 { solution } else { nil } }
  }

  /// The first implicit layer and sample without an equilibrium, or nil.
  public var failure: NoEquilibrium? { solutions.lazy.compactMap(\.failure).first }
}

extension Network {
  /// Evaluates the layers one after the other on a batch `[batch, input]`.
  ///
  /// - Parameters:
  ///   - method: How implicit layers are solved.
  ///   - rule: When a sample has converged in one; by default at rounding level.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func forward(
    _ x: Matrix<S>, solvingBy method: SolutionMethod, until rule: StoppingRule? = nil
  ) -> ForwardPass<S> {
    precondition(x.columns == inputSize, "samples of \(x.columns) numbers for an input of \(inputSize)")
    var values = [Matrix<S>](repeating: Matrix(rows: 0, columns: 0), count: layers.count)
    var traces = [ForwardPass<S>.Trace](repeating: .explicit(ports: []), count: layers.count)
    var converged = [Bool](repeating: true, count: x.rows)
    for index in order {
      switch layers[index] {
      case .explicit(let block):
        let ports = block.preactivations(batch: x.rows) { value(of: $0, in: values, input: x) }
        values[index] = block.value(at: ports)
        traces[index] = .explicit(ports: ports)
      case .implicit(let layer):
        let solution = layer.model.solve(
          value(of: layer.source, in: values, input: x), by: method, until: rule)
        values[index] = solution.output
        traces[index] = .implicit(solution)
        for sample in converged.indices where !solution.converged[sample] { converged[sample] = false }
      }
    }
    return ForwardPass(
      input: x, values: values, output: values[output], converged: converged, traces: traces)
  }

  func value(of source: Source, in values: [Matrix<S>], input x: Matrix<S>) -> Matrix<S> {
    switch source {
    case .input: x
    case .node(let index): values[index]
    }
  }
}
