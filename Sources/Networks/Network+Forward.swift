import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Operators

/// A forward pass: the value of every layer, and what backpropagation needs of each layer.
public struct ForwardPass<S: Scalar>: Sendable {
  enum Trace: Sendable {
    case explicit(ports: [Matrix<S>])
    case implicit(EquilibriumSolution<S>)
  }

  /// The input, `[batch, input]`.
  public let input: Matrix<S>
  /// The value of each layer, `[batch, size]`, by the layer's position; without rows where it was not kept.
  public internal(set) var values: [Matrix<S>]
  /// The output layer's value.
  public let output: Matrix<S>
  /// Whether each sample has an equilibrium in every implicit layer.
  public let converged: [Bool]
  var traces: [Trace]

  /// The equilibria of the implicit layers, in the order of the layers.
  public var solutions: [EquilibriumSolution<S>] {
    traces.compactMap { if case .implicit(let solution) = $0 { solution } else { nil } }
  }

  /// The first implicit layer and sample without an equilibrium, or nil.
  public var failure: NoEquilibrium? { solutions.lazy.compactMap(\.failure).first }

  /// The pass of some of the samples, by their rows, at the same equilibria.
  public func selecting(_ rows: [Int]) -> ForwardPass {
    func selected(_ matrix: Matrix<S>) -> Matrix<S> { matrix.rows == 0 ? matrix : matrix.selectingRows(rows) }
    return ForwardPass(
      input: selected(input), values: values.map(selected), output: selected(output),
      converged: rows.map { converged[$0] },
      traces: traces.map {
        switch $0 {
        case .explicit(let ports): .explicit(ports: ports.map(selected))
        case .implicit(let solution): .implicit(solution.selecting(rows))
        }
      })
  }
}

extension Network {
  /// Evaluates the layers in order on a batch `[batch, input]`.
  ///
  /// - Parameters:
  ///   - method: How implicit layers are solved.
  ///   - rule: When a sample has converged in an implicit layer; by default at rounding level.
  ///   - retention: What is kept for backpropagation.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func forward(
    _ x: Matrix<S>, solvingBy method: SolutionMethod, until rule: StoppingRule? = nil,
    keeping retention: Retention = .everything
  ) -> ForwardPass<S> {
    precondition(x.columns == inputSize, "samples of \(x.columns) numbers for an input of \(inputSize)")
    var values = [Matrix<S>](repeating: Matrix(rows: 0, columns: 0), count: layers.count)
    var traces = [ForwardPass<S>.Trace](repeating: .explicit(ports: []), count: layers.count)
    var converged = [Bool](repeating: true, count: x.rows)
    let readers =
      retention == .everything
      ? nil : LastReaders(order: order, sources: { layers[$0].nodeSources }, keeping: [output])
    for index in order {
      switch layers[index] {
      case .explicit(let block):
        let ports = block.preactivations(batch: x.rows) { value(of: $0, in: values, input: x) }
        values[index] = block.value(at: ports)
        if retention != .output { traces[index] = .explicit(ports: ports) }
      case .implicit(let layer):
        let solution = layer.model.solve(
          value(of: layer.source, in: values, input: x), by: method, until: rule, keeping: retention)
        values[index] = solution.output
        traces[index] = .implicit(solution)
        for sample in converged.indices where !solution.converged[sample] { converged[sample] = false }
      }
      for node in readers?.released(after: index) ?? [] { values[node] = Matrix(rows: 0, columns: 0) }
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
