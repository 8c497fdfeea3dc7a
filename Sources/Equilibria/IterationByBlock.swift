import Blocks
import LinearAlgebra
import Operators

// Plain iteration as the theorem has it, watched block by block: z ← f(z, x) for the state, g ← Jᵀ g + e for its
// adjoint. A block is evaluated again only where what it reads has changed since; its bits would be the same.

extension EquilibriumModel {
  /// Iterates z ← f(z, x) on the whole state of one sample, and reports the residual of every block on the way.
  ///
  /// Where no blocks read each other in a cycle, the block at depth d (the number of blocks on the longest path to it)
  /// is right after d iterations, from any start, so that its residual is exactly 0 from there on (Theory, "The
  /// theorem").
  ///
  /// - Parameters:
  ///   - x: The input, `[1, input]`.
  ///   - start: The state to begin with, `[1, size]` for each block.
  ///   - count: How many iterations to make.
  ///   - observe: Called with the number of iterations made, from 0 to `count`, and max |f(z, x) − z| within each block;
  ///     NaN or infinite where f is not finite.
  /// - Returns: The state after the last iteration.
  /// - Complexity: For each iteration one evaluation of every block that reads what has changed.
  @discardableResult
  public func iterate(
    at x: Matrix<S>, from start: [Matrix<S>], count: Int, observe: (_ iteration: Int, [Double]) -> Void
  ) -> [Matrix<S>] {
    precondition(x.rows == 1 && x.columns == inputSize, "expected one sample of \(inputSize) numbers")
    var iteration = BlockwiseIteration<S>(start: start, sources: blocks.map { Set($0.nodeSources) })
    iteration.run(count: count, observe: observe) { index, state in
      blocks[index].value(
        at: blocks[index].preactivations(batch: 1) { read($0, state: state, input: x) })
    }
    return iteration.state
  }

  /// Iterates the adjoint equation g ← Jᵀ g + e at a point of one sample, and reports the residual of every block.
  ///
  /// Where no blocks read each other in a cycle, Jᵀ is nilpotent too: the read-out block is right first, and what it
  /// reads later.
  ///
  /// - Parameters:
  ///   - point: f at a state of one sample.
  ///   - cotangent: The cotangent of the output, `[1, output]`; e has it in the read-out block and zeros elsewhere.
  ///   - start: The adjoint state to begin with, `[1, size]` for each block.
  ///   - count: How many iterations to make.
  ///   - observe: Called as by `iterate(at:from:count:observe:)`.
  /// - Returns: The adjoint state after the last iteration.
  @discardableResult
  public func iterateAdjoint(
    at point: Linearization<S>, cotangent: Matrix<S>, from start: [Matrix<S>], count: Int,
    observe: (_ iteration: Int, [Double]) -> Void
  ) -> [Matrix<S>] {
    precondition(point.input.rows == 1 && cotangent.rows == 1, "expected one sample")
    var readers = [Set<Int>](repeating: [], count: blocks.count)
    for (index, block) in blocks.enumerated() {
      for source in block.nodeSources { readers[source].insert(index) }
    }
    let order = readers.map { $0.sorted() }
    var iteration = BlockwiseIteration<S>(start: start, sources: readers)
    // What each block contributes to the blocks it reads, for the adjoint that it had last.
    var contributions = [(of: Matrix<S>, to: [Int: Matrix<S>])?](repeating: nil, count: blocks.count)
    iteration.run(count: count, observe: observe) { index, g in
      var sum = index == output ? cotangent : Matrix<S>(rows: 1, columns: blocks[index].size)
      for reader in order[index] {
        if contributions[reader]?.of.elements.hasBits(of: g[reader].elements) != true {
          contributions[reader] = (g[reader], pulledBack(g[reader], through: reader, at: point))
        }
        if let part = contributions[reader]!.to[index] { sum.add(part, scaledBy: 1) }
      }
      return sum
    }
    return iteration.state
  }

  /// The part of Jᵀ g that comes from one block, for every block that it reads.
  private func pulledBack(
    _ g: Matrix<S>, through index: Int, at point: Linearization<S>
  ) -> [Int: Matrix<S>] {
    var parts: [Int: Matrix<S>?] = [:]
    blocks[index].pullBack(point.portCotangents(of: index, g)) { source, add in
      if case .node(let node) = source { add(&parts[node, default: nil]) }
    }
    return parts.compactMapValues { $0 }
  }
}

/// An iteration on all blocks at once, in which a block is evaluated only where one that it reads has changed.
private struct BlockwiseIteration<S: Scalar> {
  private(set) var state: [Matrix<S>]
  private let sources: [Set<Int>]

  init(start: [Matrix<S>], sources: [Set<Int>]) {
    precondition(start.count == sources.count, "a start of \(start.count) blocks for \(sources.count)")
    (state, self.sources) = (start, sources)
  }

  mutating func run(
    count: Int, observe: (_ iteration: Int, [Double]) -> Void, value: (_ block: Int, [Matrix<S>]) -> Matrix<S>
  ) {
    var next = state
    var residuals = [Double](repeating: 0, count: state.count)
    var hasChanged: [Bool]?
    for iteration in 0...count {
      for block in state.indices {
        if let hasChanged, !sources[block].contains(where: { hasChanged[$0] }) {
          residuals[block] = 0
          continue
        }
        next[block] = value(block, state)
        residuals[block] = residual(next[block].elements, state[block].elements)
      }
      observe(iteration, residuals)
      guard iteration < count else { return }
      hasChanged = state.indices.map { !next[$0].elements.hasBits(of: state[$0].elements) }
      state = next
    }
  }

  /// max |a − b|; NaN where one of them is not a number.
  private func residual(_ a: [S], _ b: [S]) -> Double {
    var largest = 0.0
    for (left, right) in zip(a, b) {
      let difference = Double(left) - Double(right)
      guard !difference.isNaN else { return .nan }
      largest = max(largest, abs(difference))
    }
    return largest
  }
}

extension Array where Element: Scalar {
  /// Whether the numbers are the same bit for bit: 0 and −0 are not, and NaN is itself.
  fileprivate func hasBits(of other: [Element]) -> Bool {
    withUnsafeBytes { left in other.withUnsafeBytes { left.elementsEqual($0) } }
  }
}
