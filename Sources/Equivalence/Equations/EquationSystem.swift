import Blocks
import Equilibria
import Networks
import Operators

/// A model as a list of equations `z_k = φ_k(Σ A z_j + B x + c)` and the position of its output: the common
/// form of both kinds of model.
///
/// The checker derives it from each model itself and uses nothing of the conversion.
struct EquationSystem {
  /// The equations; a source `.node(j)` is the unknown of equation j.
  var equations: [Block<Double>]
  /// The position of the equation whose unknown is the output.
  var output: Int
  /// The shape of one sample of the input.
  let inputShape: [Int]

  /// An equilibrium model already is such a list.
  init(_ model: EquilibriumModel<Double>) {
    equations = model.blocks
    output = model.output
    inputShape = model.inputShape
  }

  /// The equations of a network: an explicit layer is an equation in its sources; an implicit layer contributes
  /// the equations of its model, whose input is replaced by the layer's source.
  ///
  /// The converter has another substitution (`EquilibriumModel(converting:)`), on purpose: a proof must not share code
  /// with what it proves, or one fault would pass both.
  init(_ network: Network<Double>) {
    inputShape = network.inputShape
    equations = []
    var values = [Source](repeating: .input, count: network.layers.count)
    // A source must be known before it is read; equations may be in any order.
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

  /// The label of a place in `W_z` or `W_x`, with the equations' names.
  func place(to equation: Int, port: Int, from source: Source) -> String {
    let node: String? = if case .node(let index) = source { equations[index].name } else { nil }
    return equations[equation].placeLabels.entry(ofPort: port, fromNode: node)
  }
}
