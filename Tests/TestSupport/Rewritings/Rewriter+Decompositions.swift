import Blocks
import LinearAlgebra
import Networks
import Operators

/// Nonlinearities along lines of tensors, by their parts.
extension Rewriter {
  private mutating func block(
    of types: [any Nonlinearity.Type]
  ) -> (index: Int, block: Block<Double>)? {
    blocks { block in types.contains { $0.typeName == type(of: block.nonlinearity).typeName } }.first
  }

  /// The parts that a softmax and its like share: the largest element of each line, and the sum of the exponentials of
  /// the differences from it, both with extents of 1 along the axes.
  private struct Exponentials {
    let read: Source
    let lines: [Int]
    let largest: Source
    let exponentials: Source
    let total: Source
  }

  private mutating func exponentials(of block: Block<Double>, along axes: [Int]) -> Exponentials {
    let shape = block.portShapes[0]
    let read = preactivation(of: block, port: 0)
    let sum = try! Sum<Double>(inputShape: shape, dim: IntegerList(axes), keepdim: true)
    let lines = sum.outputShape
    let largest = append(
      Block(
        name: "largest", shape: lines,
        nonlinearity: try! LargestElement(dim: IntegerList(axes), keepdim: true),
        portShapes: [shape], terms: [Term(source: read, map: IdentityMap(shape))]))
    let exponentials = append(
      "exp", shape, Exponential(),
      [(read, IdentityMap(shape)), (largest, spreading(lines, over: shape, factor: -1))])
    let total = append("total", lines, [(exponentials, sum)])
    return Exponentials(
      read: read, lines: lines, largest: largest, exponentials: exponentials, total: total)
  }

  private func counted(_ dim: Int, in block: Block<Double>) -> Int {
    dim < 0 ? dim + block.portShapes[0].count : dim
  }

  mutating func decomposeSoftmax() -> Bool {
    guard let (index, block) = block(of: [Softmax.self]), let softmax = block.nonlinearity as? Softmax
    else { return false }
    let shape = block.portShapes[0]
    let parts = exponentials(of: block, along: [counted(softmax.dim, in: block)])
    replace(
      index,
      by: block.with(
        Quotient(), portShapes: [shape, shape],
        terms: [
          Term(source: parts.exponentials, map: IdentityMap(shape)),
          Term(port: 1, source: parts.total, map: spreading(parts.lines, over: shape)),
        ]))
    return true
  }

  mutating func decomposeLogSoftmax() -> Bool {
    guard let (index, block) = block(of: [LogSoftmax.self]), let softmax = block.nonlinearity as? LogSoftmax
    else { return false }
    let shape = block.portShapes[0]
    let parts = exponentials(of: block, along: [counted(softmax.dim, in: block)])
    let logarithm = append(
      "log", parts.lines, NaturalLogarithm(), [(parts.total, IdentityMap(parts.lines))])
    let terms = [parts.largest, logarithm].map { source in
      Term<Double>(source: source, map: spreading(parts.lines, over: shape, factor: -1))
    }
    replace(
      index,
      by: block.with(
        Identity(), portShapes: [shape], terms: [Term(source: parts.read, map: IdentityMap(shape))] + terms))
    return true
  }

  mutating func decomposeLogSumExp() -> Bool {
    guard let (index, block) = block(of: [LogSumExp.self]),
      let function = block.nonlinearity as? LogSumExp
    else { return false }
    let parts = exponentials(of: block, along: function.dim)
    let logarithm = append(
      "log", parts.lines, NaturalLogarithm(), [(parts.total, IdentityMap(parts.lines))])
    replace(
      index,
      by: block.with(
        Identity(), portShapes: [block.shape],
        terms: [parts.largest, logarithm].map { Term(source: $0, map: IdentityMap(parts.lines)) }))
    return true
  }

  mutating func decomposeNormalization(_ types: [any Nonlinearity.Type]) -> Bool {
    guard let (index, block) = block(of: types),
      let normalization = block.nonlinearity as? any Normalization,
      let length = normalization.run(block.portShapes[0])
    else { return false }
    let isCentered = type(of: normalization).isCentered
    let (lines, runs) = ([block.size / length, 1], [block.size / length, length])
    let mean = try! Mean<Double>(inputShape: runs, dim: 1, keepdim: true)
    let read = preactivation(of: block, port: 0)
    var centered = read
    if isCentered {
      let means = append("mean", lines, [(read, mean)])
      centered = append(
        "centered", runs, [(read, IdentityMap(runs)), (means, spreading(lines, over: runs, factor: -1))])
    }
    let squares = append(
      Block(
        name: "square", shape: runs, nonlinearity: Product(), portShapes: [runs, runs],
        terms: [0, 1].map { Term(port: $0, source: centered, map: IdentityMap(runs)) }))
    let isRoot = draws.chance(0.5)
    let deviation = append(
      "deviation", lines, isRoot ? SquareRoot() : Pow(exponent: -0.5), [(squares, mean)],
      offset: [Double](repeating: normalization.eps, count: lines[0]))
    let normalized = Block<Double>(
      name: block.name, shape: block.shape, nonlinearity: isRoot ? Quotient() : Product(),
      portShapes: [runs, runs],
      terms: [
        Term(source: centered, map: IdentityMap(runs)),
        Term(port: 1, source: deviation, map: spreading(lines, over: runs)),
      ])
    replace(index, by: scaled(normalized, like: block))
    return true
  }

  /// Normalised values times the block's second port plus its third, where it has such ports.
  private mutating func scaled(_ normalized: Block<Double>, like block: Block<Double>) -> Block<Double> {
    let ports = block.portShapes
    guard ports.count > 1 else { return normalized }
    let shape = ports[0]
    let weighted = block.with(
      Product(), portShapes: [shape, shape],
      terms: [Term(source: append(normalized), map: IdentityMap(shape))]
        + block.terms.filter { $0.port == 1 },
      offsets: block.offsets.filter { $0.port == 1 })
    guard ports.count > 2 else { return weighted }
    return block.with(
      Identity(), portShapes: [shape],
      terms: [Term(source: append(weighted), map: IdentityMap(shape))]
        + block.terms.filter { $0.port == 2 }.map {
          Term(source: $0.source, map: $0.map, parameter: $0.parameter)
        },
      offsets: block.offsets.filter { $0.port == 2 }.map { offset in
        var offset = offset
        offset.port = 0
        return offset
      })
  }
}
