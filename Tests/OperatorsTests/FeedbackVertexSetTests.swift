import Blocks
import LinearAlgebra
import Operators
import Testing

@Suite("Feedback vertex sets")
struct FeedbackVertexSetTests {
  /// Whether a graph without the nodes in `cut` has no cycle: nodes that read nothing are taken away until none is left.
  private func isAcyclic(_ sources: [[Int]], without cut: Set<Int>) -> Bool {
    var left = Set(sources.indices).subtracting(cut)
    while let node = left.first(where: { sources[$0].allSatisfy { !left.contains($0) } }) {
      left.remove(node)
    }
    return left.isEmpty
  }

  @Test("No set of nodes that cuts all cycles of a small graph weighs less: all sets are tried")
  func exhaustive() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<300 {
      let count = Int.random(in: 1...9, using: &generator)
      let density = 0.1 + 0.5 * generator.uniform()
      let sources = (0..<count).map { _ in (0..<count).filter { _ in generator.uniform() < density } }
      let weights = (0..<count).map { _ in Int.random(in: 0...9, using: &generator) }
      func weight(_ cut: some Sequence<Int>) -> Int { cut.reduce(0) { $0 + weights[$1] } }
      let least = (0..<1 << count).map { bits in (0..<count).filter { bits >> $0 & 1 == 1 } }
        .filter { isAcyclic(sources, without: Set($0)) }.map { weight($0) }.min()!
      let cut = feedbackVertexSet(sources: sources, weights: weights)
      #expect(isAcyclic(sources, without: Set(cut)))
      #expect(weight(cut) == least, "\(sources), \(weights): \(cut)")
      #expect(cut == cut.sorted() && cut == feedbackVertexSet(sources: sources, weights: weights))
    }
  }

  @Test("Where the search is given up, the set cuts all cycles, and no node of it can be done without")
  func large() {
    var generator = SeededGenerator(seed: 4)
    for count in [40, 300] {
      let sources = (0..<count).map { _ in (0..<count).filter { _ in generator.uniform() < 5 / Double(count) }
      }
      let cut = feedbackVertexSet(sources: sources, weights: [Int](repeating: 1, count: count), budget: 20)
      #expect(isAcyclic(sources, without: Set(cut)))
      for node in cut { #expect(!isAcyclic(sources, without: Set(cut).subtracting([node]))) }
      #expect(cut.count < count / 2)
    }
  }

  @Test("A ring of a hundred thousand nodes is cut once, where it is lightest")
  func ring() {
    let count = 100_000
    var weights = [Int](repeating: 5, count: count)
    weights[777] = 4
    #expect(
      feedbackVertexSet(sources: (0..<count).map { [($0 + 1) % count] }, weights: weights) == [777])
  }
}
