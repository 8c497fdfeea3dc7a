import LinearAlgebra
import Operators

/// The matrices of an equilibrium model as the theorem prints them; rows and columns in the order of the blocks.
public struct ModelMatrices<S: Scalar>: Sendable {
  /// `W_z`, `[N, N]`.
  public let Wz: Matrix<S>
  /// `W_x`, `[N, input]`.
  public let Wx: Matrix<S>
  /// b, N numbers.
  public let b: [S]
}

extension EquilibriumModel {
  /// Where each block's coordinates begin in the state.
  public var blockStarts: [Int] {
    var start = 0
    return blocks.map { block in
      defer { start += block.size }
      return start
    }
  }

  /// Whether the model can be said with whole matrices: every block has one port, as large as itself.
  public var hasMatrixForm: Bool { blocks.allSatisfy { $0.portSizes == [$0.size] } }

  /// The model written out with whole matrices. Several entries at one place add up.
  ///
  /// - Complexity: O(N²) memory; this is the one place that allocates it.
  /// - Precondition: `hasMatrixForm`.
  public var matrices: ModelMatrices<S> {
    precondition(hasMatrixForm, "a block of several ports has no rows in W_z")
    let starts = blockStarts
    var Wz = Matrix<S>(rows: stateSize, columns: stateSize)
    var Wx = Matrix<S>(rows: stateSize, columns: inputSize)
    var b = [S](repeating: 0, count: stateSize)
    for (block, start) in zip(blocks, starts) {
      for term in block.terms {
        switch term.source {
        case .input: add(term.map, to: &Wx, row: start, column: 0)
        case .node(let node): add(term.map, to: &Wz, row: start, column: starts[node])
        }
      }
      for offset in block.offsets {
        for (index, value) in offset.vector.enumerated() { b[start + index] = sum(b[start + index], value) }
      }
    }
    return ModelMatrices(Wz: Wz, Wx: Wx, b: b)
  }

  private func add(_ map: any LinearMap<S>, to matrix: inout Matrix<S>, row: Int, column: Int) {
    for entry in 0..<map.outputSize {
      map.forEachEntry(inRow: entry) { index, value in
        matrix[row + entry, column + index] = sum(matrix[row + entry, column + index], value)
      }
    }
  }

  /// The sum, with the first summand taken as it is: 0 + (−0) would lose the sign.
  private func sum(_ total: S, _ value: S) -> S {
    total == 0 ? value : total + value
  }

  /// A model from whole matrices: blocks are cut out at the borders of `layout`, and those that are entirely
  /// zero are left out, which is what makes the structure visible.
  ///
  /// - Parameters:
  ///   - layout: Name, size and nonlinearity of each block, in the order of rows.
  ///   - Wz: `[N, N]`; `Wx`: `[N, input]`; `b`: N numbers.
  public init(
    inputShape: [Int], layout: [(name: String, size: Int, nonlinearity: any Nonlinearity)],
    Wz: Matrix<S>, Wx: Matrix<S>, b: [S], output: Int
  ) throws(InvalidModel) {
    let size = layout.reduce(0) { $0 + $1.size }
    let inputs = inputShape.reduce(1, *)
    guard (Wz.rows, Wz.columns) == (size, size), (Wx.rows, Wx.columns) == (size, inputs), b.count == size
    else {
      throw InvalidModel("expected Wz \(size)×\(size), Wx \(size)×\(inputs) and b of \(size) numbers")
    }
    var starts = [0]
    for block in layout { starts.append(starts.last! + block.size) }
    var blocks: [Block<S>] = []
    for (index, block) in layout.enumerated() {
      let rows = starts[index]..<starts[index + 1]
      var terms: [Term<S>] = []
      if let part = Wx.nonzeroPart(rows: rows, columns: 0..<inputs) {
        terms.append(Term(source: .input, map: DenseMap(part)))
      }
      for source in layout.indices {
        if let part = Wz.nonzeroPart(rows: rows, columns: starts[source]..<starts[source + 1]) {
          terms.append(Term(source: .node(source), map: DenseMap(part)))
        }
      }
      let offset = Array(b[rows])
      blocks.append(
        Block(
          name: block.name, size: block.size, nonlinearity: block.nonlinearity, terms: terms,
          offsets: offset.allSatisfy(\.isPositiveZero) ? [] : [Offset(vector: offset)]))
    }
    try self.init(inputShape: inputShape, blocks: blocks, output: output, form: .matrix)
  }
}

extension Matrix {
  /// The submatrix, or nil where it is entirely +0.
  fileprivate func nonzeroPart(rows: Range<Int>, columns: Range<Int>) -> Matrix? {
    var part: [S] = []
    part.reserveCapacity(rows.count * columns.count)
    for row in rows {
      let start = row * self.columns
      part.append(contentsOf: elements[start + columns.lowerBound..<start + columns.upperBound])
    }
    return part.allSatisfy(\.isPositiveZero)
      ? nil : Matrix(rows: rows.count, columns: columns.count, elements: part)
  }
}

extension FloatingPoint {
  fileprivate var isPositiveZero: Bool { self == 0 && sign == .plus }
}
