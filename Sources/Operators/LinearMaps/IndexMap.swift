import LinearAlgebra

/// A linear map whose every output is some input or 0: reshaping, permuting, slicing, padding, placing, repeating.
///
/// A conforming type defines where each output comes from; everything else is derived.
public protocol IndexMap: LinearMap {
  /// The positions that the outputs come from.
  var table: IndexTable { get }
}

/// Where each output of an index map comes from; shared by its copies in every precision.
public struct IndexTable: Sendable {
  let inputShape: [Int]
  let outputShape: [Int]
  /// For each run of output coordinates the input coordinate that they equal; −1 where they are 0.
  var indices: [Int] = []
  /// The number of output coordinates of a run.
  var run = 1
  /// Used instead of `indices` where most outputs are 0: for each input coordinate the output coordinate that equals
  /// it, ascending.
  var places: [Int]?
  /// The factor of each input coordinate; empty where all are 1.
  var factors: [Double] = []

  /// The number of numbers that the table holds.
  package var count: Int { indices.count + (places?.count ?? 0) + factors.count }

  /// The input coordinate that an output coordinate equals; nil where it is 0.
  func input(of output: Int) -> Int? {
    guard let places else {
      let index = indices[output / run]
      return index >= 0 ? index : nil
    }
    var (low, high) = (0, places.count)
    while low < high {
      let middle = (low + high) / 2
      if places[middle] < output { low = middle + 1 } else { high = middle }
    }
    return low < places.count && places[low] == output ? low : nil
  }
}

extension IndexMap {
  public var inputShape: [Int] { table.inputShape }
  public var outputShape: [Int] { table.outputShape }
  public var parameter: Tensor<S>? { nil }
  public var multiplications: Int { table.places?.count ?? outputSize }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) {
    let (inputSize, outputSize) = (self.inputSize, self.outputSize)
    gather(x.elements, at: table, from: inputSize, to: outputSize, samples: x.rows, addingTo: &p.elements)
  }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) {
    let (inputSize, outputSize) = (self.inputSize, self.outputSize)
    scatter(g.elements, at: table, from: outputSize, to: inputSize, samples: g.rows, addingTo: &e.elements)
  }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? { nil }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    guard let index = table.input(of: row) else { return }
    body(index, table.factors.isEmpty ? 1 : S(table.factors[index]))
  }

  public func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void) {
    guard let index = table.input(of: row) else { return }
    body(EntrySummand(column: index, factor: table.factors.isEmpty ? 1 : table.factors[index]))
  }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func gather<S: Scalar>(
  _ source: [S], at table: IndexTable, from inputSize: Int, to outputSize: Int, samples: Int,
  addingTo target: inout [S]
) {
  let factors = table.factors.map { S($0) }
  for sample in 0..<samples {
    let (first, start) = (sample * outputSize, sample * inputSize)
    if let places = table.places {
      for (input, output) in places.enumerated() { target[first + output] += source[start + input] }
      continue
    }
    target.withUnsafeMutableBufferPointer { target in
      for (index, input) in table.indices.enumerated() where input >= 0 {
        let value = factors.isEmpty ? source[start + input] : factors[input] * source[start + input]
        let run = target.baseAddress! + first + index * table.run
        for place in 0..<table.run { run[place] += value }
      }
    }
  }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func scatter<S: Scalar>(
  _ source: [S], at table: IndexTable, from outputSize: Int, to inputSize: Int, samples: Int,
  addingTo target: inout [S]
) {
  let factors = table.factors.map { S($0) }
  for sample in 0..<samples {
    let (first, start) = (sample * inputSize, sample * outputSize)
    if let places = table.places {
      for (input, output) in places.enumerated() { target[first + input] += source[start + output] }
      continue
    }
    for (index, input) in table.indices.enumerated() where input >= 0 {
      let output = start + index * table.run
      let value =
        table.run == 1
        ? source[output] : source[output..<output + table.run].withUnsafeBufferPointer { S.sum($0) }
      target[first + input] += factors.isEmpty ? value : factors[input] * value
    }
  }
}
