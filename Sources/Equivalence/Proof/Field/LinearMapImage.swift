import LinearAlgebra
import Operators

/// A linear map over the fields, every entry exact.
struct LinearMapImage {
  /// The map.
  let map: any LinearMap<Double>
  /// Its parameter's elements; nil for a map without one.
  let parameter: ParameterImages?
  /// The fields.
  let fields: FieldTriple

  /// The image of a map with its own numbers, or with a parameter drawn at random.
  ///
  /// - Throws: `FieldFailure.notFinite` if a number of its parameter is not finite.
  init(
    _ map: any LinearMap<Double>, parameter: ParameterImages?, in fields: FieldTriple
  ) throws(FieldFailure) {
    self.map = map
    self.fields = fields
    if let parameter {
      self.parameter = parameter
    } else if let numbers = map.parameter?.elements {
      self.parameter = try ParameterImages(of: numbers, in: fields)
    } else {
      self.parameter = nil
    }
  }

  /// Adds the map's value at `source` to `target`.
  ///
  /// - Throws: `FieldFailure.notFinite` if an infinite constant meets a zero, a random number or its own
  ///   negative.
  func add(of source: FieldValues, to target: inout FieldValues) throws(FieldFailure) {
    if source.hasSymbols {
      try addByRows(of: source, to: &target)
    } else if map is IdentityMap<Double> {
      try target.add(source, in: fields)
    } else if let map = map as? Convolution<Double>, let parameter {
      add(map, parameter, of: source, to: &target)
    } else if let map = map as? DenseMap<Double>, let parameter {
      add(map, parameter, of: source, to: &target)
    } else {
      try addByRows(of: source, to: &target)
    }
  }

  /// The same for any map, summand by summand.
  private func addByRows(of source: FieldValues, to target: inout FieldValues) throws(FieldFailure) {
    var source = source
    if source.hasSymbols {
      try addSymbols(of: source, to: &target)
      for index in source.signs.indices where source.signs[index] != 0 { source[index] = .zero }
    }
    var failure: FieldFailure?
    source.withView { source in
      target.withView { target in
        do throws(FieldFailure) {
          try tryInParts(of: target.count, grain: applicationsPerPart) { (part) throws(FieldFailure) in
            for row in part { target[row] = fields.sum(target[row], try value(ofRow: row, at: source)) }
          }
        } catch { failure = error }
      }
    }
    if let failure { throw failure }
  }

  private func value(ofRow row: Int, at source: FieldView) throws(FieldFailure) -> FieldElement {
    var sum = ProductSum()
    try forEachScaledEntry(inRow: row) { sum.add(scaled: $1, times: source[$0], in: fields) }
    return sum.value(in: fields)
  }

  /// Calls `body` with the columns and the entries of a row; several entries of one column are summands.
  func forEachEntry(
    inRow row: Int, _ body: (_ column: Int, _ entry: FieldElement) -> Void
  ) throws(FieldFailure) {
    try forEachScaledEntry(inRow: row) { body($0, fields.product(scaled: $1, .one)) }
  }

  @inline(__always)
  private func forEachScaledEntry(
    inRow row: Int, _ body: (_ column: Int, _ entry: FieldElement) -> Void
  ) throws(FieldFailure) {
    let one = fields.scaled(.one)
    var (divisor, share) = (1, one)
    var isFinite = true
    map.forEachSummand(inRow: row) { summand in
      var coefficient = summand.element.map { parameter![$0] } ?? one
      if summand.factor != 1 {
        guard summand.factor.isFinite else { return isFinite = false }
        coefficient = fields.product(scaled: coefficient, fields.scaledImage(of: summand.factor))
      }
      if summand.divisor != 1 {
        if summand.divisor != divisor {
          divisor = summand.divisor
          // The number of elements is below every prime.
          share = fields.scaled(try! fields.reciprocal(fields.image(of: divisor)))
        }
        coefficient = fields.product(scaled: coefficient, share)
      }
      body(summand.column, coefficient)
    }
    guard isFinite else { throw .notFinite }
  }

  /// Adds the infinite coordinates of `source` where the map has non-zero entries.
  private func addSymbols(of source: FieldValues, to target: inout FieldValues) throws(FieldFailure) {
    for row in 0..<map.outputSize {
      var signs: Set<Int8> = []
      var isKnown = true
      map.forEachSummand(inRow: row) { summand in
        let sign = source.signs[summand.column]
        guard sign != 0 else { return }
        var number = summand.factor
        if let element = summand.element {
          guard let numbers = parameter?.numbers else { return isKnown = false }
          number = numbers[element] == 0 ? 0 : number * (numbers[element] < 0 ? -1 : 1)
        }
        if number == 0 || number.isNaN { isKnown = false }
        signs.insert(number < 0 ? -sign : sign)
      }
      guard isKnown, signs.count < 2 else { throw .notFinite }
      if let sign = signs.first { try target.addSymbol(sign, at: row) }
    }
  }
}

extension LinearMapImage {
  /// A matrix of full rows.
  private func add(
    _ map: DenseMap<Double>, _ parameter: ParameterImages, of source: FieldValues,
    to target: inout FieldValues
  ) {
    let (rows, depth) = (map.outputSize, map.inputSize)
    parameter.components.withUnsafeBufferPointer { weight in
      source.components.withUnsafeBufferPointer { source in
        target.withView { target in
          inParts(of: rows, grain: 1 + productsPerPart / (3 * depth), alignment: 2) { part in
            for component in 0..<3 {
              fields[component].addProducts(
                weight.baseAddress! + component * parameter.count + part.lowerBound * depth,
                source.baseAddress! + component * depth, rows: part.count, columns: 1, depth: depth,
                to: target.component(component) + part.lowerBound, distance: 1)
            }
          }
        }
      }
    }
  }

  /// A convolution: in each field a product of each group's weight with its unfolded windows, a tile of
  /// windows at a time. The tiles are distributed over threads.
  private func add(
    _ map: Convolution<Double>, _ parameter: ParameterImages, of source: FieldValues,
    to target: inout FieldValues
  ) {
    let unfolding = UnfoldedConvolution(map)
    parameter.components.withUnsafeBufferPointer { weight in
      source.components.withUnsafeBufferPointer { source in
        target.withView { target in
          let count = 3 * unfolding.tasks
          inParts(of: count, grain: 1 + productsPerPart / unfolding.productsOfTask) { part in
            withUnsafeTemporaryAllocation(of: UInt64.self, capacity: unfolding.numbers) { columns in
              for index in part {
                let (component, task) = index.quotientAndRemainder(dividingBy: unfolding.tasks)
                unfolding.add(
                  task, weight: weight.baseAddress! + component * parameter.count,
                  source: source.baseAddress! + component * map.inputSize,
                  target: target.component(component), columns: columns.baseAddress!, in: fields[component])
              }
            }
          }
        }
      }
    }
  }
}

/// A convolution as matrix products: one for each group and tile of windows.
private struct UnfoldedConvolution {
  private let map: Convolution<Double>
  private let inputArea, outputArea, kernelArea, groups: Int
  /// The input and output channels of a group.
  private let channels, outputs: Int
  /// How many windows a tile has.
  private let tile: Int

  init(_ map: Convolution<Double>) {
    self.map = map
    (inputArea, outputArea, kernelArea, groups) = map.windowCounts
    (channels, outputs) = (map.weight.shape[1], map.weight.shape[0] / groups)
    // As many as fit into a core's second-level cache.
    tile = max(1, min(outputArea, (1 << 15) / (channels * kernelArea)))
  }

  /// How many numbers the windows of a tile have.
  var numbers: Int { tile * channels * kernelArea }

  /// How many products a tile takes.
  var productsOfTask: Int { numbers * outputs }

  /// How many tiles there are in one field.
  var tasks: Int { groups * ((outputArea + tile - 1) / tile) }

  /// Adds one tile's part of the value at `source` to `target`.
  func add(
    _ task: Int, weight: UnsafePointer<UInt64>, source: UnsafePointer<UInt64>,
    target: UnsafeMutablePointer<UInt64>, columns: UnsafeMutablePointer<UInt64>, in field: PrimeField
  ) {
    let (group, number) = task.quotientAndRemainder(dividingBy: tasks / groups)
    let windows = number * tile..<min(outputArea, (number + 1) * tile)
    let depth = channels * kernelArea
    unfold(windows, from: source + group * channels * inputArea, into: columns)
    field.addProducts(
      weight + group * outputs * depth, columns, rows: outputs, columns: windows.count, depth: depth,
      to: target + group * outputs * outputArea + windows.lowerBound, distance: outputArea)
  }

  /// Writes the elements of some windows of a group's channels consecutively, with 0 in the padding.
  private func unfold(
    _ windows: Range<Int>, from source: UnsafePointer<UInt64>, into columns: UnsafeMutablePointer<UInt64>
  ) {
    for (index, window) in windows.enumerated() {
      let column = columns + index * channels * kernelArea
      column.update(repeating: 0, count: channels * kernelArea)
      map.forEachElement(ofWindow: window) { element, offset in
        for channel in 0..<channels {
          column[channel * kernelArea + element] = source[channel * inputArea + offset]
        }
      }
    }
  }
}
