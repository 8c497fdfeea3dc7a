import Blocks
import Equilibria
import Networks
import Operators

/// A model as a list of equations `z_k = φ_k(Σ A z_j + B x + c)` and the position of its output: what both
/// kinds of model say in the end.
///
/// Read off each model here, by the checker itself; nothing of the conversion is asked.
struct EquationSystem {
  /// The equations; a source `.node(j)` is the unknown of equation j.
  var equations: [Block<Double>]
  /// The position of the equation whose unknown is the output.
  var output: Int
  /// The shape of one sample of the input.
  let inputShape: [Int]

  /// An equilibrium model is such a list already.
  init(_ model: EquilibriumModel<Double>) {
    equations = model.blocks
    output = model.output
    inputShape = model.inputShape
  }

  /// A network, by its layers: an explicit layer is an equation in what it reads; an implicit one contributes
  /// the equations of its model, with what the layer reads put in place of that model's input.
  init(_ network: Network<Double>) {
    inputShape = network.inputShape
    equations = []
    var values = [Source](repeating: .input, count: network.layers.count)
    // Sources must be known before they are read; equations may stand in any order.
    for index in network.order {
      switch network.layers[index] {
      case .explicit(var block):
        for term in block.terms.indices {
          if case .node(let read) = block.terms[term].source { block.terms[term].source = values[read] }
        }
        values[index] = .node(equations.count)
        equations.append(block)
      case .implicit(let layer):
        let input =
          switch layer.source {
          case .input: Source.input
          case .node(let read): values[read]
          }
        values[index] = .node(equations.count + layer.model.output)
        let first = equations.count
        equations += layer.model.blocks.map { block in
          Self.substituted(block, of: layer, input: input, first: first)
        }
      }
    }
    guard case .node(let output) = values[network.output] else {
      preconditionFailure("an output without a layer")
    }
    self.output = output
  }

  /// A block of an implicit layer's model, with `input` for x and its own unknowns numbered from `first`.
  private static func substituted(
    _ block: Block<Double>, of layer: ImplicitLayer<Double>, input: Source, first: Int
  ) -> Block<Double> {
    var equation = block
    equation.name = layer.fullName(block.name)
    for index in equation.terms.indices {
      let term = block.terms[index]
      equation.terms[index].parameter = term.parameter.map(layer.fullName)
      if case .node(let inner) = term.source {
        equation.terms[index].source = .node(first + inner)
      } else {
        equation.terms[index].source = input
      }
    }
    for index in equation.offsets.indices {
      equation.offsets[index].parameter = block.offsets[index].parameter.map(layer.fullName)
    }
    return equation
  }

  /// The name of a place in `W_z` or `W_x`, by the equations' names.
  func place(to equation: Int, port: Int, from source: Source) -> String {
    let block = equations[equation]
    let to = block.name + (block.portSizes.count > 1 ? ".\(port)" : "")
    switch source {
    case .input: return "Wx[\(to)]"
    case .node(let from): return "Wz[\(to),\(equations[from].name)]"
    }
  }
}
