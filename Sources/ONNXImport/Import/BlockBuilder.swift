import Blocks
import LinearAlgebra
import Operators

/// One pre-activation of a block under construction: its shape and its summands.
package struct Port {
  package var shape: [Int]
  package var terms: [Term<Double>] = []
  package var offsets: [Offset<Double>] = []

  /// Adds the summands of another port of the same size.
  package mutating func add(_ other: Port) {
    ImportLimits.noteWork(other.terms.count + other.offsets.count)
    terms += other.terms
    offsets += other.offsets
  }

  /// The port with the summands of another one of the same size.
  package func adding(_ other: Port) -> Port {
    ImportLimits.noteWork(terms.count + offsets.count + other.terms.count + other.offsets.count)
    return Port(shape: shape, terms: terms + other.terms, offsets: offsets + other.offsets)
  }
}

/// The blocks of the network under construction, each after its sources.
package final class BlockBuilder {
  package private(set) var blocks: [Block<Double>] = []
  /// The largest finite number of the precision that the file computes in.
  let largest: Double
  private var names: Set<String> = ["input"]

  init(largest: Double) { self.largest = largest }

  /// Adds `φ` of the ports under a name, which is made unique.
  ///
  /// - Throws: If φ does not accept these ports.
  package func add(_ name: String, _ nonlinearity: any Nonlinearity, _ ports: [Port]) throws(ImportFailure)
    -> Source
  {
    let portShapes = ports.map(\.shape)
    guard let shape = nonlinearity.outputShape(portShapes: portShapes) else {
      throw .refused("expected shapes that \(nonlinearity.description) takes, found \(portShapes)")
    }
    try checkedCount(of: shape)
    var (terms, offsets): ([Term<Double>], [Offset<Double>]) = ([], [])
    for (index, port) in ports.enumerated() {
      terms += port.terms.map { $0.at(port: index) }
      offsets += port.offsets.map { $0.at(port: index) }
    }
    blocks.append(
      Block(
        name: unique(name), shape: shape, nonlinearity: nonlinearity, portShapes: portShapes, terms: terms,
        offsets: offsets))
    return .node(blocks.count - 1)
  }

  /// The shape of a source's value.
  package func shape(of source: Source) -> [Int]? {
    if case .node(let index) = source { blocks[index].shape } else { nil }
  }

  private func unique(_ name: String) -> String {
    var name = name
    while !names.insert(name).inserted { name += "'" }
    return name
  }
}

extension Term {
  fileprivate func at(port: Int) -> Term {
    var term = self
    term.port = port
    return term
  }
}

extension Offset {
  fileprivate func at(port: Int) -> Offset {
    var offset = self
    offset.port = port
    return offset
  }
}
