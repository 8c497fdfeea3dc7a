import Equilibria
import Operators

extension EquationSystem {
  /// Whether every group of equations that read each other is known to have one equilibrium, whatever it reads.
  var hasOneEquilibrium: Bool {
    let equations = withoutVanishingCycles()
    let sources = equations.map(\.nodeSources)
    return stronglyConnectedComponents(sources: sources).allSatisfy { members in
      guard members.count > 1 || sources[members[0]].contains(members[0]) else { return true }
      return !hasCycle(members, equations) || isWellPosed(members, equations)
    }
  }

  /// Whether a group is known to have one equilibrium, whatever it reads.
  func hasOneEquilibrium(_ group: GroupEvaluation) -> Bool {
    isWellPosed(group.members, withoutVanishingCycles())
  }

  /// Whether members of some equations are known to have one equilibrium, whatever they read.
  func isWellPosed(_ members: [Int], _ equations: [Block<Double>]) -> Bool {
    // Without the names, which need not be unique among the equations of several models.
    let blocks = equations.enumerated().map { index, equation in
      Block(
        name: "\(index)", shape: equation.shape, nonlinearity: equation.nonlinearity,
        portShapes: equation.portShapes,
        terms: equation.terms.map { Term(port: $0.port, source: $0.source, map: $0.map) }, offsets: [])
    }
    guard let model = try? EquilibriumModel(inputShape: inputShape, blocks: blocks, output: output),
      let group = model.groups.first(where: { $0.members == members })
    else { return false }
    return model.wellPosedness(of: group).isCertified
  }
}
