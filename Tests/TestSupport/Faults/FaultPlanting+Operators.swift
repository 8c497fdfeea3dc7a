import Blocks
import Equilibria
import LinearAlgebra
import Operators
import RandomNetworks

/// Faults in which operator an entry is, and where it adds.
extension FaultPlanting {
  mutating func changedMapAttribute() -> Fault? {
    var candidates: [(entry: Entry, name: String, map: any LinearMap<Double>)] = []
    for entry in entries(where: { !type(of: $0.map).schema.attributes.isEmpty }) {
      candidates += self[entry].map.attributeChanges(using: &generator).map { (entry, $0.name, $0.map) }
    }
    // Of the attributes that can change each gets its turn, however many values it has.
    let names = Set(candidates.map { subject($0.entry, $0.name) }).sorted().shuffled(using: &generator)
    for name in names {
      let alike = candidates.filter { subject($0.entry, $0.name) == name }.shuffled(using: &generator)
      for candidate in alike.prefix(6) {
        if let fault = fault(replacing: candidate.entry, by: candidate.map, subject: name) { return fault }
      }
    }
    return nil
  }

  private func subject(_ entry: Entry, _ attribute: String) -> String {
    "\(type(of: self[entry].map).typeName).\(attribute)"
  }

  mutating func replacedMap() -> Fault? {
    guard let entry = entries(where: { _ in true }).randomElement(using: &generator) else { return nil }
    let map = self[entry].map
    var draws = Draws(generator: generator, settings: NetworkGenerator())
    defer { generator = draws.generator }
    for _ in 0..<6 {
      let other = draws.map(from: map.inputShape, to: map.outputShape)
      guard type(of: other).typeName != type(of: map).typeName else { continue }
      if let fault = fault(replacing: entry, by: other, subject: type(of: map).typeName) { return fault }
    }
    return nil
  }

  mutating func exchangedPorts() -> Fault? {
    var candidates: [(block: Int, ports: (Int, Int))] = []
    for (index, block) in model.blocks.enumerated() {
      for (a, b) in pairs(
        of: Array(block.portShapes.indices), where: { block.portShapes[$0] == block.portShapes[$1] })
      where !readAlike(a, b, of: block) && isAsymmetric(block, a, b) {
        candidates.append((index, (a, b)))
      }
    }
    guard let (index, (a, b)) = candidates.randomElement(using: &generator) else { return nil }
    var blocks = model.blocks
    let exchange = { (port: Int) in port == a ? b : port == b ? a : port }
    for term in blocks[index].terms.indices {
      blocks[index].terms[term].port = exchange(blocks[index].terms[term].port)
    }
    for offset in blocks[index].offsets.indices {
      blocks[index].offsets[offset].port = exchange(blocks[index].offsets[offset].port)
    }
    return fault(
      blocks, at: "blocks[\(blocks[index].name)]", before: "ports \(a) and \(b)",
      after: "ports \(b) and \(a)",
      subject: type(of: blocks[index].nonlinearity).typeName)
  }

  /// Whether two ports are made of the same.
  private func readAlike(_ a: Int, _ b: Int, of block: Block<Double>) -> Bool {
    let terms = [a, b].map { port in block.terms.filter { $0.port == port } }
    let offsets = [a, b].map { port in block.offsets.filter { $0.port == port }.map(\.vector) }
    return terms[0].count == terms[1].count && offsets[0] == offsets[1]
      && zip(terms[0], terms[1]).allSatisfy { areTwins($0.source, $1.source) && $0.map.says(what: $1.map) }
  }

  /// Whether the nonlinearity tells two ports apart.
  private mutating func isAsymmetric(_ block: Block<Double>, _ a: Int, _ b: Int) -> Bool {
    var ports = block.portSizes.map { size in
      Matrix<Double>(rows: 2, columns: size, elements: (0..<2 * size).map { _ in generator.normal() })
    }
    let before = block.value(at: ports)
    ports.swapAt(a, b)
    return !haveSameBits(before.elements, block.value(at: ports).elements)
  }

  mutating func movedTerm() -> Fault? {
    var candidates: [(entry: Entry, port: Int)] = []
    for entry in entries(where: \.isNonzero) {
      let block = model.blocks[entry.block]
      let (port, sizes) = (self[entry].port, block.portSizes)
      candidates += sizes.indices.filter { $0 != port && sizes[$0] == sizes[port] }.map { (entry, $0) }
    }
    guard let (entry, port) = candidates.randomElement(using: &generator) else { return nil }
    var blocks = model.blocks
    blocks[entry.block].terms[entry.term].port = port
    return fault(
      blocks, at: place(of: entry), before: "an entry", after: "the same of port \(port)",
      subject: type(of: self[entry].map).typeName)
  }
}
