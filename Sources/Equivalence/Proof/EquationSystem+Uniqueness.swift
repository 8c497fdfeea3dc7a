import Blocks
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
        || isSolvable(members, equations)
    }
  }

  /// Whether members of some equations are linear equations with exactly one solution.
  ///
  /// No chance takes part: a determinant that is not zero in a field is not zero.
  private func isSolvable(_ members: [Int], _ equations: [Block<Double>]) -> Bool {
    let cut = GroupCut(of: members, equations, parameters: [])
    guard cut.unknowns.allSatisfy(\.isEmpty) else { return false }
    let theory = Interpretation(FieldChallenge(first: [], second: [], seed: 0, attempt: 0))
    do throws(FieldFailure) {
      var images: [BlockImage] = []
      for member in members { images.append(try BlockImage(equations[member], parameters: [:], in: theory)) }
      for coordinates in cut.linear {
        _ = try LinearCoordinates(coordinates, of: members, images, in: theory.fields)
      }
      return true
    } catch { return false }
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
