import LinearAlgebra
import Operators

/// A linear map over the fields, every entry exact.
struct LinearMapImage {
  /// The map.
  let map: any LinearMap<Double>
  /// Its parameter's elements; nil for a map that has none.
  let parameter: ParameterImages?
  /// The fields.
  let fields: FieldTriple

  /// The image of a map with the numbers that it has, or with a parameter drawn at random.
  ///
  /// - Throws: `FieldFailure.notFinite` where a number of its parameter is not finite.
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
  /// - Throws: `FieldFailure.notFinite` where an infinite constant meets a zero, a random number or its own negative.
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

  /// The same of any map, summand by summand.
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

  /// Calls `body` with the columns and the entries of a row; several entries of one column are meant as their sum.
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
          // No number of elements reaches a prime.
          share = fields.scaled(try! fields.reciprocal(fields.image(of: divisor)))
        }
        coefficient = fields.product(scaled: coefficient, share)
      }
      body(summand.column, coefficient)
    }
    guard isFinite else { throw .notFinite }
  }

  /// Adds the infinite coordinates of `source` where the map has an entry for them.
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
    for component in 0..<3 {
      let field = fields[component]
      parameter.components.withUnsafeBufferPointer { weight in
        source.components.withUnsafeBufferPointer { source in
          target.withView { target in
            let target = target.component(component)
            multiply(
              weight.baseAddress! + component * parameter.count, source.baseAddress! + component * depth,
              rows: rows, columns: 1, depth: depth, in: field
            ) { row, _, product in target[row] = field.sum(target[row], product) }
          }
        }
      }
    }
  }

  /// A convolution: a product of its weight with its unfolded windows, some of them at a time.
  private func add(
    _ map: Convolution<Double>, _ parameter: ParameterImages, of source: FieldValues,
    to target: inout FieldValues
  ) {
    let (inputArea, outputArea, kernelArea, groups) = map.windowCounts
    let channels = map.weight.shape[1]
    let (depth, outputs) = (channels * kernelArea, map.weight.shape[0] / groups)
    let tile = max(1, min(outputArea, windowNumbers / depth))
    var columns = [UInt64](repeating: 0, count: tile * depth)
    for component in 0..<3 {
      let field = fields[component]
      for first in stride(from: 0, to: outputArea, by: tile) {
        let windows = first..<min(outputArea, first + tile)
        for group in 0..<groups {
          source.components.withUnsafeBufferPointer { source in
            unfold(
              map, windows, channels,
              from: source.baseAddress! + component * map.inputSize
                + group * channels * inputArea, into: &columns)
          }
          parameter.components.withUnsafeBufferPointer { weight in
            target.withView { target in
              let target = target.component(component) + group * outputs * outputArea + first
              multiply(
                weight.baseAddress! + component * parameter.count + group * outputs * depth, columns,
                rows: outputs, columns: windows.count, depth: depth, in: field
              ) { row, column, product in
                let place = row * outputArea + column
                target[place] = field.sum(target[place], product)
              }
            }
          }
        }
      }
    }
  }

  /// Writes the elements of some windows of some channels one behind the other, 0 where they lie in the padding.
  private func unfold(
    _ map: Convolution<Double>, _ windows: Range<Int>, _ channels: Int, from source: UnsafePointer<UInt64>,
    into columns: inout [UInt64]
  ) {
    let (inputArea, _, kernelArea, _) = map.windowCounts
    columns.withUnsafeMutableBufferPointer { columns in
      inParts(of: windows.count, grain: 16) { part in
        for index in part {
          let column = columns.baseAddress! + index * channels * kernelArea
          column.update(repeating: 0, count: channels * kernelArea)
          map.forEachElement(ofWindow: windows.lowerBound + index) { element, offset in
            for channel in 0..<channels {
              column[channel * kernelArea + element] = source[channel * inputArea + offset]
            }
          }
        }
      }
    }
  }
}

/// How many numbers of windows are unfolded at once: as many as stay in a core's second cache.
private let windowNumbers = 1 << 16
