import Blocks
import LinearAlgebra
import Operators
import Testing

/// The ports of a block are sums of its terms. A block with one port, a block with several and a sum that is begun
/// with the constant terms are computed by code of their own, and agree in every bit.
@Suite("Ports of a block")
struct BlockPortTests {
  private static let values: [Source: [Double]] = [
    .input: [1e16, 3], .node(0): [1, 0.1], .node(1): [1, 0.2],
  ]

  /// Two samples: the values above, and their negatives.
  private static func value(_ source: Source) -> Matrix<Double> {
    let row = values[source]!
    return Matrix(rows: 2, columns: 2, elements: row + row.map { -$0 })
  }

  private static let identity = DenseMap(Matrix([[1.0, 0], [0, 1]]))
  private static let half = DenseMap(Matrix([[0.5, 0], [0, 0.5]]))

  /// The terms of port 0, those of z listed before that of the input.
  private static let terms = [
    Term<Double>(source: .node(0), map: identity), Term(source: .node(1), map: half),
    Term(source: .input, map: identity),
  ]
  private static let offsets = [Offset<Double>(vector: [0.5, 0.3]), Offset(vector: [1.5, 0.7])]

  private static func block(
    terms: [Term<Double>] = terms, offsets: [Offset<Double>] = offsets, ports: Int
  ) -> Block<Double> {
    Block(
      name: "a", shape: [2], nonlinearity: ports == 1 ? Identity() : Product(),
      portShapes: [[Int]](repeating: [2], count: ports), terms: terms, offsets: offsets)
  }

  @Test("The input's term comes first, the others follow in their order, and the offsets come last")
  func order() {
    // 1e16 swallows 1 and 0.5 one by one; an offset of 1.5 is rounded up to 2, the distance of its neighbours.
    let sum = ((3 + 0.1) + 0.5 * 0.2) + 0.3 + 0.7
    let expected = [1e16 + 2, sum, -1e16 + 2, ((-3 - 0.1) - 0.5 * 0.2) + 0.3 + 0.7]
    #expect(Self.block(ports: 1).preactivations(batch: 2, reading: Self.value)[0].elements == expected)
  }

  @Test("One port has the bits of the same port of a block with two", arguments: [0, 1, 2, 3], [0, 1, 2])
  func onePortAndTwo(terms: Int, offsets: Int) {
    let (terms, offsets) = (Array(Self.terms.suffix(terms)), Array(Self.offsets.prefix(offsets)))
    let one = Self.block(terms: terms, offsets: offsets, ports: 1)
    let two = Self.block(terms: terms, offsets: offsets, ports: 2)
    let port = one.preactivations(batch: 2, reading: Self.value)
    #expect(port.count == 1)
    let ports = two.preactivations(batch: 2, reading: Self.value)
    #expect(port[0].elements.map(\.bitPattern) == ports[0].elements.map(\.bitPattern))
    #expect(ports[1].elements == [0, 0, 0, 0])
  }

  @Test("A sum begun with the constant terms has the same bits", arguments: [1, 2])
  func begun(ports: Int) {
    let block = Self.block(ports: ports)
    let whole = block.preactivations(batch: 2, reading: Self.value)
    let sets: [Set<Source>] = [
      [], [.input], [.input, .node(0)], [.input, .node(0), .node(1)], [.node(1)],
    ]
    for constant in sets {
      let beginning = block.constantSums(reading: Self.value) { constant.contains($0) }
      let rest = block.preactivations(batch: 2, after: beginning) { Self.value($0) }
      #expect(rest.map(\.elements) == whole.map(\.elements))
    }
  }
}
