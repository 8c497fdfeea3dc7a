import Blocks
import LinearAlgebra
import Operators
import Testing

@Suite("Strongly connected components")
struct StronglyConnectedComponentTests {
  @Test("A component is the nodes that reach each other, and stands after all that it reads")
  func definition() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<300 {
      let count = Int.random(in: 1...9, using: &generator)
      let sources = (0..<count).map { _ in (0..<count).filter { _ in generator.uniform() < 0.2 } }
      let components = stronglyConnectedComponents(sources: sources)
      // Reachability by Warshall's closure, which shares nothing with the search.
      var reaches = (0..<count).map { a in (0..<count).map { b in a == b || sources[a].contains(b) } }
      for k in 0..<count {
        for a in 0..<count {
          for b in 0..<count where reaches[a][k] && reaches[k][b] { reaches[a][b] = true }
        }
      }
      #expect(components.flatMap { $0 }.sorted() == Array(0..<count))
      for (position, component) in components.enumerated() {
        for a in component {
          #expect(component == (0..<count).filter { reaches[a][$0] && reaches[$0][a] })
          for source in sources[a] where !component.contains(source) {
            #expect(components[..<position].contains { $0.contains(source) })
          }
        }
      }
    }
  }

  @Test("A chain of a million nodes does not overflow the stack")
  func deep() {
    let count = 1_000_000
    let components = stronglyConnectedComponents(sources: (0..<count).map { $0 + 1 < count ? [$0 + 1] : [] })
    #expect(components.count == count)
    #expect(components.first == [count - 1])
    let ring = stronglyConnectedComponents(sources: (0..<count).map { [($0 + 1) % count] })
    #expect(ring.count == 1)
  }
}
