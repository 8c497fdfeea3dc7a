import Blocks
import LinearAlgebra
import Networks
import Operators

/// The units of dense layers, and layers that change nothing.
extension Rewriter {
  /// The dense layers that only dense layers read, with their readers.
  private mutating func hiddenLayers() -> [(index: Int, block: Block<Double>, readers: [Reader])] {
    blocks { $0.isDense }.compactMap { index, block in
      guard let readers = explicitReaders(of: index), !readers.isEmpty,
        readers.allSatisfy({ self[$0].isDense })
      else { return nil }
      return (index, block, readers)
    }
  }

  /// Gives a dense layer other units: `rows` maps the rows of its matrices and offsets, `columns` the columns of what
  /// reads it. What is another tensor carries no parameter.
  private mutating func changeUnits(
    of index: Int, _ block: Block<Double>, _ readers: [Reader],
    rows: (inout SeededGenerator, [[Double]]) -> [[Double]], columns: ([[Double]]) -> [[Double]]
  ) {
    let terms = block.terms.map { term in
      Term<Double>(
        source: term.source, map: DenseMap(Matrix(rows(&draws.generator, term.map.matrix.rowArrays))))
    }
    let offsets = block.offsets.map { offset in
      Offset<Double>(vector: rows(&draws.generator, offset.vector.map { [$0] }).map { $0[0] })
    }
    let size =
      terms.first?.map.outputSize ?? offsets.first?.count
      ?? rows(&draws.generator, [[Double]](repeating: [0], count: block.size)).count
    replace(
      index,
      by: Block(
        name: block.name, size: size, nonlinearity: block.nonlinearity, terms: terms, offsets: offsets))
    for reader in readers {
      let term = self[reader]
      let changed = Matrix(columns(term.map.matrix.transposed.rowArrays)).transposed
      self[reader] = Term(port: term.port, source: term.source, map: DenseMap(changed))
    }
  }

  mutating func permuteUnits() -> Bool {
    guard let (index, block, readers) = hiddenLayers().first(where: { $0.block.size > 1 }) else {
      return false
    }
    var order = Array(0..<block.size)
    while order == Array(0..<block.size) { order.shuffle(using: &draws.generator) }
    changeUnits(
      of: index, block, readers, rows: { _, rows in order.map { rows[$0] } },
      columns: { columns in order.map { columns[$0] } })
    return true
  }

  mutating func doubleUnit() -> Bool {
    guard let (index, block, readers) = hiddenLayers().first else { return false }
    let unit = draws.integer(0...block.size - 1)
    let isHalved = draws.chance(0.6)
    changeUnits(
      of: index, block, readers, rows: { _, rows in rows + [rows[unit]] },
      columns: { columns in
        var columns = columns
        // A half that is rounded, near the smallest numbers, gives all to one side.
        let halves = columns[unit].map { isHalved && $0 / 2 + $0 / 2 == $0 ? $0 / 2 : 0 }
        columns[unit] = zip(columns[unit], halves).map { $0 - $1 }
        return columns + [halves]
      })
    return true
  }

  mutating func addDeadUnits() -> Bool {
    guard let (index, block, readers) = hiddenLayers().first else { return false }
    let count = draws.integer(1...3)
    changeUnits(
      of: index, block, readers,
      rows: { generator, rows in
        rows + (0..<count).map { _ in rows[0].map { _ in generator.normal() } }
      },
      columns: { columns in
        columns + [[Double]](repeating: columns[0].map { _ in 0 }, count: count)
      })
    return true
  }

  mutating func addDeadLayer() -> Bool {
    let source = anySource()
    let size = shape(of: source).reduce(1, *)
    let weight = draws.tensor([draws.width(), size], inputs: size)
    _ = append("unread", [weight.shape[0]], Tanh(), [(source, DenseMap(weight))])
    return true
  }

  /// The input or a layer, at random.
  mutating func anySource() -> Source {
    let index = draws.integer(-1...layers.count - 1)
    return index < 0 ? .input : .node(index)
  }

  /// Puts what `make` adds between a value and some of what reads it.
  ///
  /// - Parameter make: Adds layers that read a source, and returns a value of the same coordinates.
  package mutating func insert(behind source: Source, _ make: (inout Rewriter, Source) -> Source) {
    let count = layers.count
    let new = make(&self, source)
    let readers = layers.indices.prefix(count).filter { layers[$0].sources.contains(source) }
    let kept = draws.chance(0.6) ? [] : readers.filter { _ in draws.chance(0.5) }
    redirect(source, to: new, except: Set(kept).union(count..<layers.count))
    if source == .node(output), case .node(let index) = new, readers.isEmpty || draws.chance(0.5) {
      output = index
    }
  }

  mutating func insertIdentity() -> Bool {
    let source = readSource()
    let shape = shape(of: source)
    let size = shape.reduce(1, *)
    insert(behind: source) { rewriter, source in
      let map: any LinearMap<Double>
      switch rewriter.draws.integer(0...5) {
      case 0: map = IdentityMap(shape)
      case 1: map = Multiply(shape, factor: 1)
      case 2: map = DenseMap(identityMatrix(size))
      case 3: map = gathering(Array(0..<size), of: size)
      case 4:
        map = try! Scale<Double>(inputShape: shape, weight: Tensor(shape: [1], elements: [1]))
      default: map = try! Flatten<Double>(inputShape: shape)
      }
      return rewriter.append("same", shape, [(source, map)])
    }
    return true
  }

  /// The output, or a value that some layer reads, mostly one that the output depends on.
  mutating func readSource() -> Source {
    let some = draws.chance(0.9) ? live.sorted() : Array(layers.indices)
    return draws.element(of: some.flatMap { layers[$0].sources } + [.node(output)])
  }
}

/// The matrix of ones on the diagonal.
func identityMatrix(_ size: Int) -> Matrix<Double> {
  var matrix = Matrix<Double>(rows: size, columns: size)
  for index in 0..<size { matrix[index, index] = 1 }
  return matrix
}
