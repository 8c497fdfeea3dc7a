import Blocks
import Operators

/// Blocks that read each other, directly or indirectly: one strongly connected component of the dependency graph.
public struct DependencyGroup: Equatable, Sendable {
  /// The positions of the blocks, ascending.
  public let members: [Int]
  /// Whether the group reads itself; one that does not is a single explicit block.
  public let isCyclic: Bool
  /// The positions of the members that a solver iterates on, ascending: the fewest coordinates that every cycle passes
  /// through (`feedbackVertexSet`). Empty where the group is not cyclic.
  public let iterated: [Int]
  /// The positions of the other members, each after those that it reads: given the iterated ones, their values follow
  /// in one sweep.
  public let following: [Int]
}

func dependencyGroups<S>(of blocks: [Block<S>]) -> [DependencyGroup] {
  let sources = blocks.map(\.nodeSources)
  return stronglyConnectedComponents(sources: sources).map { members in
    guard members.count > 1 || sources[members[0]].contains(members[0]) else {
      return DependencyGroup(members: members, isCyclic: false, iterated: [], following: members)
    }
    return DependencyGroup(cyclic: members, of: blocks)
  }
}

extension DependencyGroup {
  /// The group of blocks that read each other at these positions, ascending.
  fileprivate init<S>(cyclic members: [Int], of blocks: [Block<S>]) {
    let places = Dictionary(uniqueKeysWithValues: zip(members, 0...))
    let sources = members.map { blocks[$0].nodeSources.compactMap { places[$0] } }
    // Among equally small sets the one with the fewest blocks is chosen, and then the one that makes the better start.
    let weights = members.map { blocks[$0].size * 4 * members.count + blocks[$0].disfavour }
    let cut = feedbackVertexSet(sources: sources, weights: weights)
    let isCut = Set(cut)
    let order = stronglyConnectedComponents(sources: sources.map { $0.filter { !isCut.contains($0) } })
    self.init(
      members: members, isCyclic: true, iterated: cut.map { members[$0] },
      following: order.flatMap { $0 }.filter { !isCut.contains($0) }.map { members[$0] })
  }
}

extension Block {
  /// From 0 to 3, how little a solve gains that iterates on this block from zeros rather than on another of its size.
  ///
  /// A function whose slopes are bounded may saturate, which a sum that includes the input, such as x + h tanh(W z), does
  /// not. A sum of other blocks' values carries nothing of the input at zeros.
  fileprivate var disfavour: Int {
    guard nonlinearity is Identity else {
      return nonlinearity.slopes.map { $0.lowerBound.isFinite && $0.upperBound.isFinite } ?? false ? 2 : 0
    }
    return terms.contains { $0.source == .input } ? 1 : 3
  }

  /// The positions of the nodes that the block reads, in the order of its terms.
  public var nodeSources: [Int] {
    @specialized(where S == Double)
    @specialized(where S == Float)
    get {
      terms.compactMap { term in
        if case .node(let index) = term.source { index } else { nil }
      }
    }
  }
}

extension Block {
  /// The distinct positions of the nodes that one port reads.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func nodeSources(ofPort port: Int) -> Set<Int> {
    Set(
      terms.compactMap { term in
        if case .node(let index) = term.source, term.port == port { index } else { nil }
      })
  }
}

extension EquilibriumModel {
  /// The groups that need an iteration.
  public var cyclicGroups: [DependencyGroup] { groups.filter(\.isCyclic) }

  /// The smallest L with `W_z^L = 0` for every choice of the entries' values: the number of blocks on the longest path.
  /// Nil where blocks read each other, since no such L exists.
  ///
  /// Picard iteration reaches the equilibrium in at most that many steps, from any start (Theory, "The theorem").
  public var nilpotencyIndex: Int? {
    guard !groups.contains(where: \.isCyclic) else { return nil }
    var depth = [Int](repeating: 0, count: blocks.count)
    for group in groups {
      let block = group.members[0]
      depth[block] = 1 + (blocks[block].nodeSources.map { depth[$0] }.max() ?? 0)
    }
    return depth.max() ?? 0
  }
}
