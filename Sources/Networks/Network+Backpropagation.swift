import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Operators

/// The gradients of a network, and whether the adjoint of each sample converged in its implicit layers.
public struct Backpropagation<S: Scalar>: Sendable {
  /// The gradients of `Σ ⟨cotangent, output⟩`.
  public let gradients: Gradients<S>
  /// Whether each sample's adjoint converged in every implicit layer.
  public let converged: [Bool]
  /// A record of every iteration, from the output backwards; empty if none was needed.
  public let records: [SolveRecord]
  /// The first failure, or nil.
  public let failure: NoEquilibrium?
}

extension Network {
  /// Backpropagation: the gradients of `Σ ⟨cotangent, output⟩` for a cotangent `[batch, outputs]`.
  ///
  /// Implicit layers are differentiated by the implicit function theorem. `method` solves for their adjoint
  /// until `rule` accepts it, by default at rounding level.
  ///
  /// - Parameters:
  ///   - pass: The forward pass, which kept its ports. A caller that gives it away gives its memory away layer by
  ///     layer.
  ///   - sum: Gradients to which those of the parameters are added, nil for none.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func backpropagate(
    _ cotangent: Matrix<S>, through pass: consuming ForwardPass<S>, solvingBy method: SolutionMethod,
    until rule: StoppingRule? = nil, addingTo sum: consuming ParameterTensors<S>? = nil
  ) -> Backpropagation<S> {
    var (values, traces): ([Matrix<S>], [ForwardPass<S>.Trace]) = ([], [])
    swap(&values, &pass.values)
    swap(&traces, &pass.traces)
    var sweep = ReverseSweep(values: consume values, input: pass.input, addingTo: consume sum)
    sweep.add(to: .node(output)) { $0 = cotangent }
    var converged = [Bool](repeating: true, count: cotangent.rows)
    var records: [SolveRecord] = []
    var failure: NoEquilibrium?
    for index in order.reversed() {
      switch (layers[index], takeTrace(of: index, from: &traces)) {
      case (.explicit(let block), .explicit(let ports)):
        sweep.pass(
          block.portCotangents(sweep.takeCotangent(of: index, size: block.size), at: ports), through: block,
          at: index, valueAgain: { value(of: $0, in: traces) })
      case (.implicit(let layer), .implicit(let solution)):
        let back = layer.model.backpropagate(
          sweep.takeCotangent(of: index, size: layer.model.outputSize), through: solution, by: method,
          until: rule)
        sweep.add(to: layer.source) { sum in
          if sum == nil { sum = back.gradients.input } else { sum!.add(back.gradients.input) }
        }
        let parameters = back.gradients.parameters
        for name in parameters.names {
          sweep.add(parameters[name]!, to: layer.fullName(name), at: index)
        }
        for sample in converged.indices where !back.converged[sample] { converged[sample] = false }
        records += back.records
        failure = failure ?? back.failure
      default: preconditionFailure("a forward pass of another network")
      }
      sweep.releaseValue(of: index)
    }
    return Backpropagation(
      gradients: sweep.takeGradients(), converged: converged, records: records, failure: failure)
  }

  /// Takes what the forward pass kept of a layer out of the list, or copies it where it is small.
  private func takeTrace(
    of index: Int, from traces: inout [ForwardPass<S>.Trace]
  ) -> ForwardPass<S>.Trace {
    if case .explicit(let ports) = traces[index], !ports.contains(where: ReverseSweep.releases) {
      return .explicit(ports: ports)
    }
    var trace = ForwardPass<S>.Trace.explicit(ports: [])
    swap(&trace, &traces[index])
    return trace
  }

  /// The value of a layer, from what the forward pass kept of it.
  private func value(of index: Int, in traces: [ForwardPass<S>.Trace]) -> Matrix<S>? {
    switch (layers[index], traces[index]) {
    case (.explicit(let block), .explicit(let ports)): ports.isEmpty ? nil : block.value(at: ports)
    case (_, .implicit(let solution)): solution.output
    default: nil
    }
  }
}
