import Blocks
import Operators

/// Removes unused blocks, and moves affine ones into their readers, so that the theorem's form `σ(Wz z + Wx
/// x + b)` shows: a matrix product, a bias added to it and a relu become one block.
///
/// An affine block is moved if exactly one port of one block reads it, once and by the identity. That
/// changes nothing but the order of summation.
///
/// - Returns: The blocks, each after its sources, and the position of the output among them.
package func absorbed(_ blocks: [Block<Double>], output: Int) -> ([Block<Double>], output: Int) {
  let (blocks, positions) = absorbed(blocks, keeping: [output])
  return (blocks, positions[output]!)
}

/// The same with several blocks that are kept, whatever reads them.
///
/// - Returns: The blocks, each after its sources, and the position of each block that is kept.
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
  // In order, so that a block has absorbed its own sources before it is moved.
  for index in blocks.indices where needed[index] {
    var (terms, offsets): ([Term<Double>], [Offset<Double>]) = ([], [])
    for term in blocks[index].terms {
      guard let source = term.node, readers[source] == 1, !outputs.contains(source), blocks[source].isAffine,
        term.map is IdentityMap<Double>,
        areDistinguishable(blocks[index].terms + terms, blocks[source].terms, port: term.port)
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

/// Whether the gradients of terms stay apart where some of them are moved beside others at a port: maps with numbers
/// of their own but without a parameter are told apart by their sources only.
private func areDistinguishable(_ terms: [Term<Double>], _ moved: [Term<Double>], port: Int) -> Bool {
  func unnamed(_ terms: [Term<Double>]) -> [Source] {
    terms.filter { $0.parameter == nil && $0.map.parameter != nil }.map(\.source)
  }
  let present = unnamed(terms.filter { $0.port == port })
  return unnamed(moved).allSatisfy { !present.contains($0) }
}

/// The offsets, with those that are not parameters summed for each port, since nothing distinguishes them.
private func addingConstants(_ offsets: [Offset<Double>]) -> [Offset<Double>] {
  var result: [Offset<Double>] = []
  var constants: [Int: Int] = [:]
  for offset in offsets {
    guard offset.parameter == nil else {
      result.append(offset)
      continue
    }
    if let position = constants[offset.port] {
      let sum = zip(result[position].vector, offset.vector).map { $0 + $1 }
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
  // Blocks read only earlier ones.
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
