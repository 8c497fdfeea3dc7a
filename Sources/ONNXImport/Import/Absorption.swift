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
  var absorption = Absorption(blocks, keeping: outputs)
  return absorption.run()
}

/// The work of `absorbed`, in a time that grows with the number of summands: those of a chain of a thousand blocks are
/// collected once, from its end, and not copied from block to block.
private struct Absorption {
  private let blocks: [Block<Double>]
  private let outputs: Set<Int>
  private let needed: [Bool]
  private var readers: [Int]
  /// Whether a block's summands take the place of the term that reads it.
  private var isMoved: [Bool]
  /// The sum of the constants of each block that is moved, until its reader takes it.
  private var constants: [Int: Offset<Double>] = [:]

  init(_ blocks: [Block<Double>], keeping outputs: Set<Int>) {
    self.blocks = blocks
    self.outputs = outputs
    needed = reachable(from: outputs, in: blocks)
    readers = [Int](repeating: 0, count: blocks.count)
    for (index, block) in blocks.enumerated() where needed[index] {
      for source in block.terms.compactMap(\.node) { readers[source] += 1 }
    }
    isMoved = [Bool](repeating: false, count: blocks.count)
    decideMoves()
  }

  /// Decides which blocks are moved: the gradients of terms must stay apart, and maps with numbers of their own but
  /// without a parameter are told apart at a port by their sources only.
  private mutating func decideMoves() {
    // By block and port, the sources of such maps; few blocks have any.
    var unnamed: [Int: [Int: Set<Source>]] = [:]
    for index in blocks.indices where needed[index] {
      var own: [Int: Set<Source>] = [:]
      for term in blocks[index].terms where term.parameter == nil && term.map.parameter != nil {
        own[term.port, default: []].insert(term.source)
      }
      for term in blocks[index].terms {
        guard let source = term.node, readers[source] == 1, !outputs.contains(source),
          blocks[source].isAffine,
          term.map is IdentityMap<Double>
        else { continue }
        let others = unnamed.removeValue(forKey: source)?[0] ?? []
        guard own[term.port, default: []].isDisjoint(with: others) else { continue }
        isMoved[source] = true
        if !others.isEmpty { own[term.port, default: []].formUnion(others) }
      }
      if !own.isEmpty { unnamed[index] = own }
    }
  }

  /// The block that a term reads, if its summands take the term's place.
  private func moved(_ term: Term<Double>) -> Int? {
    guard let source = term.node, isMoved[source] else { return nil }
    return source
  }

  mutating func run() -> ([Block<Double>], positions: [Int: Int]) {
    var result = blocks
    var isKept = needed
    for index in blocks.indices where needed[index] {
      for source in blocks[index].terms.compactMap(moved) { isKept[source] = false }
    }
    for index in blocks.indices where needed[index] {
      let sums = constantSums(of: index)
      if isKept[index] {
        (result[index].terms, result[index].offsets) = summands(of: index, sums)
      } else {
        constants[index] = sums[0]
      }
    }
    return kept(result, isKept, outputs: outputs)
  }

  /// For each port the sum of the offsets that are not parameters, since nothing distinguishes them: the block's own,
  /// then those of the blocks that are moved into it.
  private mutating func constantSums(of index: Int) -> [Int: Offset<Double>] {
    var sums: [Int: Offset<Double>] = [:]
    func add(_ offset: Offset<Double>) {
      // A single one stays as it is, so that its numbers are not read.
      sums[offset.port] = sums[offset.port].map { sum(of: $0, offset) } ?? offset
    }
    for offset in blocks[index].offsets where offset.parameter == nil { add(offset) }
    for term in blocks[index].terms {
      if let source = moved(term), var offset = constants.removeValue(forKey: source) {
        offset.port = term.port
        add(offset)
      }
    }
    return sums
  }

  /// The summands of a block and of all blocks that are moved into it, each block's in the place of the term that
  /// reads it.
  private func summands(
    of index: Int, _ sums: [Int: Offset<Double>]
  ) -> (terms: [Term<Double>], offsets: [Offset<Double>]) {
    var (terms, offsets): ([Term<Double>], [Offset<Double>]) = ([], [])
    var isPlaced: Set<Int> = []
    // An explicit stack, since chains may be longer than the call stack is deep.
    var open: [(block: Int, next: Int, port: Int?)] = []
    func enter(_ block: Int, _ port: Int?) {
      open.append((block, 0, port))
      ImportLimits.noteWork(blocks[block].terms.count + blocks[block].offsets.count)
      for var offset in blocks[block].offsets {
        offset.port = port ?? offset.port
        if offset.parameter != nil {
          offsets.append(offset)
        } else if isPlaced.insert(offset.port).inserted {
          offsets.append(sums[offset.port]!)
        }
      }
    }
    enter(index, nil)
    while let (block, next, port) = open.last {
      guard next < blocks[block].terms.count else {
        open.removeLast()
        continue
      }
      open[open.count - 1].next += 1
      var term = blocks[block].terms[next]
      term.port = port ?? term.port
      if let source = moved(blocks[block].terms[next]) {
        enter(source, term.port)
      } else {
        terms.append(term)
      }
    }
    return (terms, offsets)
  }
}

/// The sum of two constants of one port.
private func sum(of first: Offset<Double>, _ second: Offset<Double>) -> Offset<Double> {
  Offset(port: first.port, vector: zip(first.vector, second.vector).map { $0 + $1 })
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
