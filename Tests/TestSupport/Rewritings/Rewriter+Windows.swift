import Blocks
import LinearAlgebra
import Networks
import Operators

/// Convolutions, averages and maxima over windows.
extension Rewriter {
  mutating func movePadding() -> Bool {
    for (reader, term) in terms(where: { $0.map is Convolution<Double> }) {
      guard let convolution = term.map as? Convolution<Double>,
        let (before, behind) = paddings(of: convolution), (before + behind).contains(where: { $0 > 0 })
      else { continue }
      let padding = [0] + before + [0] + behind
      let pad = try! Pad<Double>(inputShape: term.map.inputShape, padding: padding)
      guard
        let map = try? Convolution<Double>(
          inputShape: pad.outputShape, weight: convolution.weight, stride: IntegerList(convolution.stride),
          padding: draws.chance(0.5) ? 0 : .valid, dilation: IntegerList(convolution.dilation),
          groups: convolution.groups)
      else { continue }
      let padded = append("padded", pad.outputShape, [(term.source, pad)])
      self[reader] = Term(port: term.port, source: padded, map: map, parameter: term.parameter)
      return true
    }
    return false
  }

  /// Puts a border of zeros around the kernel, and as much more padding around what it reads.
  mutating func padKernel() -> Bool {
    for (reader, term) in terms(where: { $0.map is Convolution<Double> }) {
      guard let convolution = term.map as? Convolution<Double>,
        let (before, behind) = paddings(of: convolution)
      else { continue }
      let (weight, dilation) = (convolution.weight, convolution.dilation)
      let reach = before.indices.map { dilation.count == 1 ? dilation[0] : dilation[$0] }
      // Zeros on both sides of the spatial axes, none on those of the channels.
      let border = [0, 0] + reach.map { _ in 1 }
      let pad = try! Pad<Double>(inputShape: weight.shape, padding: border + border)
      let row = Matrix(rows: 1, columns: weight.count, elements: weight.elements)
      let wider = zip(before, reach).map { $0 + $1 } + zip(behind, reach).map { $0 + $1 }
      guard
        let map = try? Convolution<Double>(
          inputShape: term.map.inputShape,
          weight: Tensor(shape: pad.outputShape, elements: pad.value(of: row).elements),
          stride: IntegerList(convolution.stride), padding: .integers(wider), dilation: IntegerList(dilation),
          groups: convolution.groups), map.outputShape == term.map.outputShape
      else { continue }
      self[reader] = Term(port: term.port, source: term.source, map: map)
      return true
    }
    return false
  }

  /// Multiplies by the constant factors of a scale in a layer of its own.
  mutating func separateScale() -> Bool {
    for (reader, term) in terms(where: { $0.map is Scale<Double> }) {
      guard let scale = term.map as? Scale<Double>, !scale.factors.isEmpty,
        let first = try? Scale<Double>(
          inputShape: scale.inputShape,
          weight: Tensor(shape: scale.weight.shape, elements: scale.factors), dim: IntegerList(scale.dim)),
        let second = try? Scale<Double>(
          inputShape: scale.inputShape, weight: scale.weight, dim: IntegerList(scale.dim))
      else { continue }
      let scaled = append("scaled", term.map.inputShape, [(term.source, first)])
      self[reader] = Term(port: term.port, source: scaled, map: second, parameter: term.parameter)
      return true
    }
    return false
  }

  /// The zeros before and behind each spatial axis.
  private func paddings(of map: Convolution<Double>) -> (before: [Int], behind: [Int])? {
    let rank = map.inputShape.count - 1
    switch map.padding {
    case .same:
      let totals = map.weight.shape.dropFirst(2).enumerated().map { axis, extent in
        (extent - 1) * (map.dilation.count == 1 ? map.dilation[0] : map.dilation[axis])
      }
      return (totals.map { $0 / 2 }, totals.map { $0 - $0 / 2 })
    case .integers(let values):
      if values.count == 2 * rank { return (Array(values.prefix(rank)), Array(values.suffix(rank))) }
      let all = values.count == 1 ? [Int](repeating: values[0], count: rank) : values
      return (all, all)
    case .valid: return nil
    }
  }

  /// An average as a matrix, where its share is a power of two, or as a sum and a quotient.
  mutating func unfoldAverage() -> Bool {
    for (reader, term) in terms(where: { $0.map is AveragePooling<Double> || $0.map is Mean<Double> }) {
      let map = term.map
      if let matrix = map.exactMatrix, draws.chance(0.5) {
        self[reader] = Term(port: term.port, source: term.source, map: DenseMap(matrix))
        return true
      }
      var ones = Matrix<Double>(rows: map.outputSize, columns: map.inputSize)
      var counts = [Double](repeating: 1, count: map.outputSize)
      for row in 0..<map.outputSize {
        map.forEachEntry(inRow: row) { column, share in
          ones[row, column] = 1
          counts[row] = (1 / share).rounded()
        }
      }
      let sum = append("total", [map.outputSize], [(term.source, DenseMap(ones))])
      let shape = map.outputShape
      let quotient = append(
        Block(
          name: "average", shape: shape, nonlinearity: Quotient(), portShapes: [shape, shape],
          terms: [Term(source: sum, map: IdentityMap(shape))], offsets: [Offset(port: 1, vector: counts)]))
      self[reader] = Term(port: term.port, source: quotient, map: IdentityMap(shape))
      return true
    }
    return false
  }

  mutating func unfoldMaxPool() -> Bool {
    for (index, block) in blocks(where: { $0.nonlinearity is MaxPooling }) {
      let windows = windows(of: block)
      guard let longest = windows.map(\.count).max(), !windows.contains(where: \.isEmpty) else { continue }
      // A window that is cut off at the border repeats an element, which changes no maximum.
      let padded = windows.map { $0 + [Int](repeating: $0[0], count: longest - $0.count) }
      let read = preactivation(of: block, port: 0)
      let shape = [windows.count, longest]
      let gathered = append(
        "windows", shape, [(read, gathering(padded.flatMap { $0 }, of: block.portSizes[0]))])
      let largest = try! LargestElement(dim: 1, keepdim: draws.chance(0.5))
      replace(
        index,
        by: block.with(
          largest, portShapes: [shape], terms: [Term(source: gathered, map: IdentityMap(shape))]))
      return true
    }
    return false
  }

  /// The coordinates of each window, found by asking which ones a maximum sees.
  private func windows(of block: Block<Double>) -> [[Int]] {
    let size = block.portSizes[0]
    var ones = identityMatrix(size)
    for index in ones.elements.indices { ones.elements[index] *= 2 }
    let maxima = block.nonlinearity.value(at: [ones], shapes: block.portShapes)
    return (0..<block.size).map { window in (0..<size).filter { maxima[$0, window] == 2 } }
  }

  /// A port's value as a layer's: what the port reads, if that is all it does.
  mutating func preactivation(of block: Block<Double>, port: Int) -> Source {
    let terms = block.terms.filter { $0.port == port }
    let offsets = block.offsets.filter { $0.port == port }
    if terms.count == 1, offsets.isEmpty, terms[0].map is IdentityMap<Double> { return terms[0].source }
    return append(
      Block(
        name: "\(block.name)_in", shape: block.portShapes[port], nonlinearity: Identity(),
        terms: terms.map { Term(source: $0.source, map: $0.map, parameter: $0.parameter) },
        offsets: offsets.map { offset in
          var offset = offset
          offset.port = 0
          return offset
        }))
  }

  /// Multiplies the scale that stands behind a convolution into it.
  mutating func foldBatchNorm() -> Bool {
    for (reader, term) in terms(where: { $0.map is Scale<Double> }) {
      guard case .node(let index) = term.source, let convolution = block(index), convolution.terms.count == 1,
        convolution.nonlinearity is Identity, let map = convolution.terms[0].map as? Convolution<Double>,
        let scale = term.map.exactMatrix, convolution.offsets.allSatisfy({ $0.exactVector != nil })
      else { continue }
      let area = convolution.size / map.weight.shape[0]
      var (weight, isExact) = (map.weight, true)
      let run = weight.count / weight.shape[0]
      for element in weight.elements.indices {
        var product = ExactSum()
        let row = element / run * area
        product.add(weight.elements[element], times: scale[row, row])
        (weight.elements[element], isExact) = (product.value, isExact && product.isExact)
      }
      let biases = convolution.offsets.compactMap { product(scale, $0.exactVector!) }
      guard isExact, biases.count == convolution.offsets.count,
        let folded = map.with(parameter: weight)
      else { continue }
      var layer = block(reader.layer)!
      layer.terms[reader.term] = Term(
        port: term.port, source: convolution.terms[0].source, map: folded)
      layer.offsets += biases.map { Offset(port: term.port, vector: $0) }
      replace(reader.layer, by: layer)
      if explicitReaders(of: index)?.isEmpty == true { remove(index) }
      return true
    }
    return false
  }
}
