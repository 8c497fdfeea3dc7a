import Blocks
import Equilibria
import LinearAlgebra

/// The residual of every block at every iteration, at most 96 × 96 of them: of more blocks several share a row, and of
/// more iterations some are left out, never the first or the last.
public struct IterationRecording: Sendable {
  /// The largest number of rows, and of columns.
  static let most = 96

  /// The positions of the blocks, each after those that it reads, where that is possible.
  let order: [Int]
  /// The number of blocks in a row; the last may have fewer.
  let blocksPerRow: Int
  /// The iterations that have a column, ascending.
  let iterations: [Int]
  /// For each row and column the largest residual; infinite where one is not finite.
  private(set) var residuals: [[Double]]
  /// For each column the largest residual of all blocks.
  private(set) var largest: [Double]
  /// For each block the number of iterations after which its residual is 0 for good, as far as is recorded.
  private(set) var rightAfter: [Int]
  private let row: [Int]
  private var next = 0

  /// A recording of so many iterations of a model's blocks, without any yet.
  public init(of model: EquilibriumModel<Double>, iterations count: Int) {
    order = model.groups.flatMap(\.members)
    let blocksPerRow = (order.count + Self.most - 1) / Self.most
    self.blocksPerRow = max(1, blocksPerRow)
    var row = [Int](repeating: 0, count: order.count)
    for (position, block) in order.enumerated() { row[block] = position / max(1, blocksPerRow) }
    self.row = row
    let columns = min(count + 1, Self.most)
    iterations = columns < 2 ? [0] : (0..<columns).map { $0 * count / (columns - 1) }
    residuals = Array(repeating: [], count: (row.max() ?? 0) + 1)
    largest = []
    rightAfter = [Int](repeating: 0, count: order.count)
  }

  /// The number of iterations.
  var count: Int { iterations.last! }

  /// Takes the residuals of all blocks; to be called for every iteration in turn, from 0.
  public mutating func observe(_ iteration: Int, _ own: [Double]) {
    for (block, residual) in own.enumerated() where residual != 0 { rightAfter[block] = iteration + 1 }
    guard next < iterations.count, iterations[next] == iteration else { return }
    next += 1
    var column = [Double](repeating: 0, count: residuals.count)
    for (block, residual) in own.enumerated() {
      column[row[block]] = max(column[row[block]], residual.isNaN ? .infinity : residual)
    }
    for index in column.indices { residuals[index].append(column[index]) }
    largest.append(column.max() ?? 0)
  }

  /// The blocks of a row.
  func blocks(ofRow index: Int) -> ArraySlice<Int> {
    order[index * blocksPerRow..<min(order.count, (index + 1) * blocksPerRow)]
  }

  /// The number of blocks that are right for good at a column.
  func rightBlocks(at column: Int) -> Int { rightAfter.reduce(0) { $0 + ($1 <= iterations[column] ? 1 : 0) } }

  /// The first column at which a whole row is right for good; nil where there is none.
  func firstRightColumn(ofRow index: Int) -> Int? {
    let after = blocks(ofRow: index).map { rightAfter[$0] }.max() ?? 0
    return iterations.firstIndex { $0 >= after }
  }
}
