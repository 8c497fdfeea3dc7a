import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Operators

/// The gradients of a network, and whether the adjoint of each sample was reached in its implicit layers.
public struct Backpropagation<S: Scalar>: Sendable {
  /// The gradients of `Σ ⟨cotangent, output⟩`.
  public let gradients: Gradients<S>
  /// Whether each sample's adjoint was reached in every implicit layer.
  public let converged: [Bool]
  /// What every iteration did, from the output backwards; empty where none was needed.
  public let records: [SolveRecord]
  /// The first failure, or nil.
  public let failure: NoEquilibrium?
}

extension Network {
  /// Backpropagation: the gradients of `Σ ⟨cotangent, output⟩` for a cotangent `[batch, outputs]`.
  ///
  /// Implicit layers are differentiated by the implicit function theorem, their adjoint found by `method` until `rule`
  /// accepts it, by default at rounding level.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func backpropagate(
    _ cotangent: Matrix<S>, through pass: ForwardPass<S>, solvingBy method: SolutionMethod,
    until rule: StoppingRule? = nil
  ) -> Backpropagation<S> {
    var sweep = ReverseSweep(values: pass.values, input: pass.input)
    sweep.add(to: .node(output)) { $0 = cotangent }
    var converged = [Bool](repeating: true, count: cotangent.rows)
    var records: [SolveRecord] = []
    var failure: NoEquilibrium?
    for index in order.reversed() {
      switch (layers[index], pass.traces[index]) {
      case (.explicit(let block), .explicit(let ports)):
        sweep.pass(
          block.portCotangents(sweep.takeCotangent(of: index), at: ports), through: block, at: index)
      case (.implicit(let layer), .implicit(let solution)):
        let back = layer.model.backpropagate(
          sweep.takeCotangent(of: index), through: solution, by: method, until: rule)
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
    }
    return Backpropagation(
      gradients: sweep.takeGradients(), converged: converged, records: records, failure: failure)
  }
}
