import LinearAlgebra
import Operators

/// A nonlinearity of lines: one value for each element of a line, or one for the whole line.
protocol InterpretedLinewise: Interpreted, Linewise {
  /// The values of a line; an element with a sign is infinite.
  func values(
    ofLine line: [FieldElement], signs: [Int8], in theory: Interpretation
  ) throws(FieldFailure) -> [(element: FieldElement, sign: Int8)]
}

extension InterpretedLinewise {
  func value(
    at ports: [FieldValues], shapes: [[Int]], in theory: Interpretation
  ) throws(FieldFailure) -> FieldValues {
    let (lines, port) = (lines(shapes[0]), theory.withSymbols(ports[0]))
    let isReduction = lines.offsets.count > 0 && self is any InterpretedLineReduction
    var values = FieldValues(zeros: isReduction ? lines.starts.count : port.count)
    for (output, start) in lines.starts.enumerated() {
      let places = lines.offsets.map { start + $0 }
      let line = try self.values(
        ofLine: places.map { port[$0] }, signs: places.map(port.sign), in: theory)
      for (index, value) in line.enumerated() {
        let place = isReduction ? output : places[index]
        values[place] = value.element
        if value.sign != 0 { try values.addSymbol(value.sign, at: place) }
      }
    }
    return values
  }
}

/// A nonlinearity of lines with one value for each line.
protocol InterpretedLineReduction: InterpretedLinewise {}

extension Interpretation {
  /// The largest element of a line, with its sign if it is infinite.
  func largest(_ line: [FieldElement], signs: [Int8]) -> (element: FieldElement, sign: Int8) {
    guard signs.contains(where: { $0 != 0 }) else { return (largest(line), 0) }
    let distinct = distinctAscending(line)
    if distinct.count == 1 { return (distinct[0], signs[0]) }
    return (functions.hash(Self.maxSymbol, [], distinct), 0)
  }

  /// `e^(t − m)` for the elements t of a line with the largest m, and their sum.
  fileprivate func exponentials(
    _ line: [FieldElement]
  ) -> (largest: FieldElement, each: [FieldElement], sum: FieldElement) {
    let largest = largest(line)
    let each = line.map { exp(fields.difference($0, largest)) }
    return (largest, each, each.reduce(.zero, fields.sum))
  }
}

/// Signs of zero for a line, after checking that none is infinite.
private func checkFinite(_ signs: [Int8]) throws(FieldFailure) {
  guard signs.allSatisfy({ $0 == 0 }) else { throw .notFinite }
}

private let softmaxSymbol = FunctionSymbol("softmax")

extension Softmax: InterpretedLinewise {
  func values(
    ofLine line: [FieldElement], signs: [Int8], in theory: Interpretation
  ) throws(FieldFailure) -> [(element: FieldElement, sign: Int8)] {
    if signs.contains(where: { $0 != 0 }) {
      return line.indices.map { (theory.functions.hash(softmaxSymbol, [UInt64($0)], line), 0) }
    }
    let (_, each, sum) = theory.exponentials(line)
    let share = try theory.fields.reciprocal(sum)
    return each.map { (theory.fields.product(share, $0), 0) }
  }
}

extension LogSoftmax: InterpretedLinewise {
  func values(
    ofLine line: [FieldElement], signs: [Int8], in theory: Interpretation
  ) throws(FieldFailure) -> [(element: FieldElement, sign: Int8)] {
    try checkFinite(signs)
    let (largest, _, sum) = theory.exponentials(line)
    let normalizer = theory.fields.sum(largest, theory.log(sum))
    return line.map { (theory.fields.difference($0, normalizer), 0) }
  }
}

extension LogSumExp: InterpretedLineReduction {
  func values(
    ofLine line: [FieldElement], signs: [Int8], in theory: Interpretation
  ) throws(FieldFailure) -> [(element: FieldElement, sign: Int8)] {
    try checkFinite(signs)
    let (largest, _, sum) = theory.exponentials(line)
    return [(theory.fields.sum(largest, theory.log(sum)), 0)]
  }
}

extension VectorNorm: InterpretedLineReduction {
  func values(
    ofLine line: [FieldElement], signs: [Int8], in theory: Interpretation
  ) throws(FieldFailure) -> [(element: FieldElement, sign: Int8)] {
    try checkFinite(signs)
    return [(theory.sqrt(line.map { theory.fields.product($0, $0) }.reduce(.zero, theory.fields.sum)), 0)]
  }
}

extension LargestElement: InterpretedLineReduction {
  func values(
    ofLine line: [FieldElement], signs: [Int8], in theory: Interpretation
  ) -> [(element: FieldElement, sign: Int8)] {
    [theory.largest(line, signs: signs)]
  }
}

extension SmallestElement: InterpretedLineReduction {
  func values(
    ofLine line: [FieldElement], signs: [Int8], in theory: Interpretation
  ) -> [(element: FieldElement, sign: Int8)] {
    let largest = theory.largest(line.map(theory.fields.negative), signs: signs.map { -$0 })
    return [(theory.fields.negative(largest.element), -largest.sign)]
  }
}

extension MaxPooling: Interpreted {
  func value(
    at ports: [FieldValues], shapes: [[Int]], in theory: Interpretation
  ) throws(FieldFailure) -> FieldValues {
    let (windows, channels) = (windows(ofPort: shapes[0]), shapes[0][0])
    let (port, area) = (theory.withSymbols(ports[0]), ports[0].count / channels)
    var values = FieldValues(zeros: channels * windows.count)
    var signs: [(place: Int, sign: Int8)] = []
    // If a symbol may result, one thread collects them.
    let grain = port.hasSymbols || windows.contains(where: \.isEmpty) ? values.count + 1 : applicationsPerPart
    values.withView { view in
      inParts(of: view.count, grain: grain) { part in
        for output in part {
          let (channel, window) = output.quotientAndRemainder(dividingBy: windows.count)
          let places = windows[window].map { channel * area + $0 }
          // The value of an empty window is −∞.
          let largest: (element: FieldElement, sign: Int8) =
            places.isEmpty
            ? (.zero, -1) : theory.largest(places.map { port[$0] }, signs: places.map(port.sign))
          view[output] = largest.element
          if largest.sign != 0 { signs.append((output, largest.sign)) }
        }
      }
    }
    for (place, sign) in signs { try values.addSymbol(sign, at: place) }
    return values
  }
}
