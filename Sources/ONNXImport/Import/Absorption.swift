import Blocks
import Operators

/// The blocks that the output depends on, affine ones moved into what reads them, so that the theorem's form
/// `σ(Wz z + Wx x + b)` is visible: a matrix product, a bias that is added to it and a relu are one block.
///
/// An affine block is moved where one port of one block reads it, once and by the identity. That changes nothing but
/// the order of summation.
///
/// - Returns: The blocks, each after those that it reads, and the position of the output among them.
package func absorbed(_ blocks: [Block<Double>], output: Int) -> ([Block<Double>], output: Int) {
  let (blocks, positions) = absorbed(blocks, keeping: [output])
  return (blocks, positions[output]!)
}

/// As above, with several blocks that are kept as they are, whoever reads them.
///
/// - Returns: The blocks, each after those that it reads, and for every one of those that are kept its position.
package func absorbed(
  _ blocks: [Block<Double>], keeping outputs: Set<Int>
) -> ([Block<Double>], positions: [Int: Int]) {
  var blocks = blocks
  var readers = [Int](repeating: 0, count: blocks.count)
  let needed = reachable(from: outputs, in: blocks)
  for (index, block) in blocks.enumerated() where needed[index] {
    for source in block.terms.compactMap(\.node) { readers[source] += 1 }
  }
  var isKept = needed
  // In order, so that what is moved has itself taken in what it could.
  for index in blocks.indices where needed[index] {
    var (terms, offsets): ([Term<Double>], [Offset<Double>]) = ([], [])
    for term in blocks[index].terms {
      guard let source = term.node, readers[source] == 1, !outputs.contains(source), blocks[source].isAffine,
        term.map is IdentityMap<Double>
      else {
        terms.append(term)
        continue
      }
      for var moved in blocks[source].terms {
        moved.port = term.port
        terms.append(moved)
      }
      for var moved in blocks[source].offsets {
        moved.port = term.port
        offsets.append(moved)
      }
      isKept[source] = false
    }
    blocks[index].terms = terms
    blocks[index].offsets = addingConstants(blocks[index].offsets + offsets)
  }
  return kept(blocks, isKept, outputs: outputs)
}

/// The offsets with those that are no parameters added up, one for each port: nothing tells them apart.
private func addingConstants(_ offsets: [Offset<Double>]) -> [Offset<Double>] {
  var result: [Offset<Double>] = []
  var constants: [Int: Int] = [:]
  for offset in offsets {
    guard offset.parameter == nil else {
      result.append(offset)
      continue
    }
    if let position = constants[offset.port] {
      // Masks are the largest finite numbers, whose sum is none.
      let sum = zip(result[position].vector, offset.vector).map { $0 + $1 }.map {
        $0.isInfinite ? Double.greatestFiniteMagnitude * ($0 < 0 ? -1 : 1) : $0
      }
      result[position] = Offset(port: offset.port, vector: sum)
    } else {
      constants[offset.port] = result.count
      result.append(offset)
    }
  }
  return result
}

private func reachable(from outputs: Set<Int>, in blocks: [Block<Double>]) -> [Bool] {
  var isReached = [Bool](repeating: false, count: blocks.count)
  for output in outputs { isReached[output] = true }
  // Blocks read earlier ones only.
  for index in blocks.indices.reversed() where isReached[index] {
    for source in blocks[index].terms.compactMap(\.node) { isReached[source] = true }
  }
  return isReached
}

private func kept(
  _ blocks: [Block<Double>], _ isKept: [Bool], outputs: Set<Int>
) -> ([Block<Double>], positions: [Int: Int]) {
  var position = [Int](repeating: 0, count: blocks.count)
  var result: [Block<Double>] = []
  for (index, block) in blocks.enumerated() where isKept[index] {
    position[index] = result.count
    var block = block
    for term in block.terms.indices {
      if let source = block.terms[term].node { block.terms[term].source = .node(position[source]) }
    }
    result.append(block)
  }
  return (result, Dictionary(uniqueKeysWithValues: outputs.map { ($0, position[$0]) }))
}

extension Term {
  fileprivate var node: Int? {
    if case .node(let index) = source { index } else { nil }
  }
}

extension Block {
  /// Whether the block's value is its only port.
  fileprivate var isAffine: Bool { nonlinearity is Identity && portShapes.count == 1 }
}
