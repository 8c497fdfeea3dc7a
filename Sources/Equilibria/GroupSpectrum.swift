import Blocks
import LinearAlgebra

extension EquilibriumModel<Double> {
  /// The eigenvalues of J = ∂f/∂z within a group of blocks, at a state of one sample; nil where J is not finite, or
  /// where it would take more than 2²⁷ numbers to find it.
  ///
  /// The spectrum of J on the whole state is the union of those of its groups (Theory, "Stacks"). A group in which
  /// cycles of k blocks pass through explicit blocks has the k-th roots of the cycle's eigenvalues, and zeros.
  ///
  /// - Parameters:
  ///   - state: The value of each block, `[1, size]`.
  ///   - x: The input, `[1, input]`.
  /// - Complexity: One vjp of f on as many samples as the group has coordinates, and 10 n³ multiplications for n of
  ///   them; at most 1,024 are taken on.
  public func spectrum(
    of group: DependencyGroup, at state: [Matrix<Double>], input x: Matrix<Double>
  ) -> [Eigenvalue]? {
    let sizes = group.members.map { blocks[$0].size }
    let order = sizes.reduce(0, +)
    let numbers = blocks.reduce(inputSize) { $0 + $1.claimedCoordinates }
    guard order <= 1024, checkedProduct([order, numbers], atMost: 1 << 27) != nil else { return nil }
    let copies = [Int](repeating: 0, count: order)
    let point = linearization(at: state.map { $0.selectingRows(copies) }, input: x.selectingRows(copies))
    var cotangent = zeroState(batch: order)
    var first = 0
    for (member, size) in zip(group.members, sizes) {
      for index in 0..<size { cotangent[member][first + index, index] = 1 }
      first += size
    }
    let rows = point.vjp(cotangent)
    return eigenvalues(of: Matrix(sideBySide: group.members.map { rows[$0] }, rows: order))
  }
}
