import Blocks
import LinearAlgebra
import Operators

/// The matrices of an equilibrium model as the theorem writes them: a column for each coordinate of the state, a row
/// for each coordinate of a port, both in the order of the blocks. Where every block has one port as large as itself,
/// the matrices are square.
public struct ModelMatrices<S: Scalar>: Sendable {
  /// `W_z`, `[M, N]`, of M port coordinates and N state coordinates.
  public let Wz: Matrix<S>
  /// `W_x`, `[M, input]`.
  public let Wx: Matrix<S>
  /// b, M numbers.
  public let b: [S]
}

/// A block of a model given by whole matrices: everything except its rows.
public struct BlockOutline: Sendable {
  /// The block's name.
  public let name: String
  /// The shape of its value.
  public let shape: [Int]
  /// The shape of each port.
  public let portShapes: [[Int]]
  /// φ.
  public let nonlinearity: any Nonlinearity

  /// An outline; one port as large as the block by default.
  public init(name: String, shape: [Int], portShapes: [[Int]]? = nil, nonlinearity: any Nonlinearity) {
    self.name = name
    self.shape = shape
    self.portShapes = portShapes ?? [shape]
    self.nonlinearity = nonlinearity
  }

  /// The number of coordinates of its value.
  public var size: Int { shape.reduce(1, *) }

  var portSizes: [Int] { portShapes.map { $0.reduce(1, *) } }
}

extension EquilibriumModel {
  /// Where each block's coordinates begin in the state: the columns of `W_z`.
  public var blockStarts: [Int] { starts(of: blocks.map(\.size)) }

  /// The number of coordinates of all ports, M: the rows of `W_z`, `W_x` and b.
  public var portCoordinates: Int { blocks.reduce(0) { $0 + $1.portSizes.reduce(0, +) } }

  /// The model as whole matrices. Several entries at one position add up.
  ///
  /// - Complexity: O(M·(N + input)) memory; only this property allocates it.
  public var matrices: ModelMatrices<S> {
    let columns = blockStarts
    let rows = starts(of: blocks.flatMap(\.portSizes))
    var firstPort = 0
    var Wz = Matrix<S>(rows: portCoordinates, columns: stateSize)
    var Wx = Matrix<S>(rows: portCoordinates, columns: inputSize)
    var b = [S](repeating: 0, count: portCoordinates)
    for block in blocks {
      for term in block.terms {
        let row = rows[firstPort + term.port]
        switch term.source {
        case .input: add(term.map, to: &Wx, row: row, column: 0)
        case .node(let node): add(term.map, to: &Wz, row: row, column: columns[node])
        }
      }
      for offset in block.offsets {
        let row = rows[firstPort + offset.port]
        for (index, value) in offset.vector.enumerated() { b[row + index] = sum(b[row + index], value) }
      }
      firstPort += block.portShapes.count
    }
    return ModelMatrices(Wz: Wz, Wx: Wx, b: b)
  }

  /// Whether `matrices` equals the blocks exactly: no product, quotient or sum that makes up a number of `W_z`, `W_x`
  /// or b is rounded.
  ///
  /// - Complexity: O(entries).
  public var hasExactMatrices: Bool {
    blocks.allSatisfy { block in
      let terms = Dictionary(grouping: block.terms) { [$0.port, $0.source] as [AnyHashable] }
      return terms.values.allSatisfy { areExactSums($0.map(\.map)) }
        && block.portShapes.indices.allSatisfy { port in
          areExactSums(block.offsets.filter { $0.port == port })
        }
    }
  }

  private func areExactSums(_ maps: [any LinearMap<S>]) -> Bool {
    (0..<maps[0].outputSize).allSatisfy { row in
      var (sums, isExact) = ([Int: S](), true)
      for map in maps {
        let elements = map.parameter?.elements ?? []
        map.forEachSummand(inRow: row) { summand in
          guard isExact, let value = summand.exactValue(elements),
            addExactly(value, to: &sums[summand.column, default: 0])
          else {
            isExact = false
            return
          }
        }
      }
      return isExact
    }
  }

  private func areExactSums(_ offsets: [Offset<S>]) -> Bool {
    guard let count = offsets.first?.count else { return true }
    return (0..<count).allSatisfy { row in
      var (sum, isExact) = (S(0), true)
      for offset in offsets {
        guard let map = offset.map else {
          isExact = addExactly(offset.tensor.elements[row], to: &sum) && isExact
          continue
        }
        let elements = map.parameter?.elements ?? []
        map.forEachSummand(inRow: row) { summand in
          let number = offset.tensor.elements[summand.column]
          guard isExact, let value = summand.exactValue(elements).flatMap({ exactProduct($0, number) }),
            addExactly(value, to: &sum)
          else {
            isExact = false
            return
          }
        }
      }
      return isExact
    }
  }

  private func add(_ map: any LinearMap<S>, to matrix: inout Matrix<S>, row: Int, column: Int) {
    for entry in 0..<map.outputSize {
      map.forEachEntry(inRow: entry) { index, value in
        matrix[row + entry, column + index] = sum(matrix[row + entry, column + index], value)
      }
    }
  }

  /// The sum, with the first summand unchanged, since 0 + (−0) would lose the sign.
  private func sum(_ total: S, _ value: S) -> S {
    total == 0 ? value : total + value
  }

  /// A model from whole matrices: entries are cut out at the borders of blocks and ports. Those that are entirely zero
  /// are omitted, which exposes the structure.
  ///
  /// - Parameters:
  ///   - layout: The blocks, in the order of rows and columns.
  ///   - Wz: `[M, N]`; `Wx`: `[M, input]`; `b`: M numbers.
  /// - Throws: `InvalidModel` where the sizes do not fit the layout, or the layout itself is not valid.
  public init(
    inputShape: [Int], layout: [BlockOutline], Wz: Matrix<S>, Wx: Matrix<S>, b: [S], output: Int,
    signature: ModelSignature = .unnamed
  ) throws(InvalidModel) {
    let portSizes = layout.flatMap(\.portSizes)
    let (ports, size) = (portSizes.reduce(0, +), layout.reduce(0) { $0 + $1.size })
    let inputs = inputShape.reduce(1, *)
    guard (Wz.rows, Wz.columns) == (ports, size), (Wx.rows, Wx.columns) == (ports, inputs), b.count == ports
    else {
      throw InvalidModel("expected Wz \(ports)×\(size), Wx \(ports)×\(inputs) and b of \(ports) numbers")
    }
    let columns = starts(of: layout.map(\.size))
    var row = 0
    var blocks: [Block<S>] = []
    for outline in layout {
      var terms: [Term<S>] = []
      var offsets: [Offset<S>] = []
      for (port, count) in outline.portSizes.enumerated() {
        let rows = row..<row + count
        if let part = Wx.nonzeroPart(rows: rows, columns: 0..<inputs) {
          terms.append(Term(port: port, source: .input, map: DenseMap(part)))
        }
        for source in layout.indices {
          let range = columns[source]..<columns[source] + layout[source].size
          if let part = Wz.nonzeroPart(rows: rows, columns: range) {
            terms.append(Term(port: port, source: .node(source), map: DenseMap(part)))
          }
        }
        let offset = Array(b[rows])
        if !offset.allSatisfy(\.isPositiveZero) { offsets.append(Offset(port: port, vector: offset)) }
        row += count
      }
      blocks.append(
        Block(
          name: outline.name, shape: outline.shape, nonlinearity: outline.nonlinearity,
          portShapes: outline.portShapes, terms: terms, offsets: offsets))
    }
    try self.init(
      inputShape: inputShape, blocks: blocks, output: output, form: .matrix, signature: signature)
  }
}

/// Adds a number, and returns whether the sum is exact.
private func addExactly<S: Scalar>(_ value: S, to total: inout S) -> Bool {
  let (sum, error) = twoSum(total, value)
  total = sum
  return error == 0
}

/// The start of each of several consecutive runs.
private func starts(of sizes: [Int]) -> [Int] {
  var start = 0
  return sizes.map { size in
    defer { start += size }
    return start
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

extension EntrySummand {
  /// The summand for a parameter of these elements, where it is exact; else nil.
  fileprivate func exactValue<S: Scalar>(_ elements: [S]) -> S? {
    let factor = S(self.factor)
    guard Double(factor) == self.factor, let product = exactProduct(factor, element.map { elements[$0] } ?? 1)
    else { return nil }
    let quotient = product / S(divisor)
    return divisor == 1 || exactProduct(quotient, S(divisor)) == product ? quotient : nil
  }
}

/// A product, where it is exact; else nil.
private func exactProduct<S: Scalar>(_ a: S, _ b: S) -> S? {
  let product = a * b
  if a == 0 || b == 0 || a == 1 || b == 1 { return product }
  // Below this, the error of a product may itself underflow.
  guard product.isFinite, abs(product) > 0x1p-100, (-product).addingProduct(a, b) == 0 else { return nil }
  return product
}
