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
  /// The first failure, or nil.
  public let failure: NoEquilibrium?
}

extension Network {
  /// Backpropagation: the gradients of `Σ ⟨cotangent, output⟩` for a cotangent `[batch, outputs]`.
  ///
  /// Implicit layers are differentiated by the implicit function theorem, their adjoint found by `method`.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func backpropagate(
    _ cotangent: Matrix<S>, through pass: ForwardPass<S>, solvingBy method: SolutionMethod
  ) -> Backpropagation<S> {
    var sweep = BackwardSweep(network: self, pass: pass, cotangent: cotangent)
    for index in order.reversed() {
      switch (layers[index], pass.traces[index]) {
      case (.explicit(let block), .explicit(let ports)): sweep.pass(through: block, at: index, ports: ports)
      case (.implicit(let layer), .implicit(let solution)):
        sweep.pass(through: layer, at: index, solution: solution, method: method)
      default: preconditionFailure("a forward pass of another network")
      }
    }
    var parameters = ParameterTensors<S>()
    for gradients in sweep.parameters {
      for (name, gradient) in gradients { parameters.add(gradient, to: name) }
    }
    return Backpropagation(
      gradients: Gradients(
        input: sweep.input ?? Matrix(rows: cotangent.rows, columns: inputSize), parameters: parameters),
      converged: sweep.converged,
      failure: sweep.failure)
  }
}

/// The cotangents of all layers while they are being added up, from the output backwards.
private struct BackwardSweep<S: Scalar> {
  let network: Network<S>
  let forward: ForwardPass<S>
  /// nil where nothing has been added yet.
  var cotangents: [Matrix<S>?]
  var input: Matrix<S>?
  /// The gradients of each layer's entries, to be added up by name in the order of the layers.
  var parameters: [[(name: String, gradient: Tensor<S>)]]
  var converged: [Bool]
  var failure: NoEquilibrium?

  init(network: Network<S>, pass: ForwardPass<S>, cotangent: Matrix<S>) {
    let batch = pass.input.rows
    self.network = network
    forward = pass
    cotangents = [Matrix<S>?](repeating: nil, count: network.layers.count)
    cotangents[network.output] = cotangent
    parameters = network.layers.map { _ in [] }
    converged = [Bool](repeating: true, count: batch)
  }

  mutating func add(to source: Source, _ add: (inout Matrix<S>?) -> Void) {
    switch source {
    case .input: add(&input)
    case .node(let index): add(&cotangents[index])
    }
  }

  /// A layer's cotangent, given up: it is not needed again, and may be large.
  private mutating func takeCotangent(of index: Int) -> Matrix<S> {
    defer { cotangents[index] = nil }
    return cotangents[index] ?? Matrix(rows: forward.input.rows, columns: network.layers[index].size)
  }

  @specialized(where S == Double)
  @specialized(where S == Float)
  mutating func pass(through block: Block<S>, at index: Int, ports: [Matrix<S>]) {
    let s = block.portCotangents(takeCotangent(of: index), at: ports)
    block.pullBack(s) { source, add in self.add(to: source, add) }
    for term in block.terms {
      let read = network.value(of: term.source, in: forward.values, input: forward.input)
      if let name = term.parameter,
        let gradient = term.map.parameterGradient(cotangent: s[term.port], input: read)
      {
        parameters[index].append((name, gradient))
      }
    }
    for offset in block.offsets {
      if let name = offset.parameter {
        parameters[index].append((name, offset.gradient(cotangent: s[offset.port])))
      }
    }
  }

  @specialized(where S == Double)
  @specialized(where S == Float)
  mutating func pass(
    through layer: ImplicitLayer<S>, at index: Int, solution: EquilibriumSolution<S>, method: SolutionMethod
  ) {
    let point = layer.model.linearization(at: solution)
    let adjoint = layer.model.adjoint(at: point, cotangent: takeCotangent(of: index), by: method)
    let gradients = layer.model.gradients(at: point, adjoint: adjoint)
    add(to: layer.source) { sum in
      if sum == nil { sum = gradients.input } else { sum!.add(gradients.input) }
    }
    for name in gradients.parameters.names {
      parameters[index].append((layer.fullName(name), gradients.parameters[name]!))
    }
    for sample in converged.indices where !adjoint.converged[sample] { converged[sample] = false }
    failure = failure ?? adjoint.failure
  }
}
