import Blocks
import LinearAlgebra
import Operators

/// A block over the fields.
struct BlockImage {
  /// The block.
  let block: Block<Double>
  private let terms: [LinearMapImage]
  /// The sums of the constant summands of each port.
  private let constants: [FieldValues]
  private let theory: Interpretation

  /// The image of a block with the numbers that it has, but for parameters drawn at random.
  ///
  /// - Throws: `FieldFailure.notFinite` where a number that is not finite takes part in arithmetic.
  init(
    _ block: Block<Double>, parameters: [String: ParameterImages], in theory: Interpretation
  ) throws(FieldFailure) {
    self.block = block
    self.theory = theory
    var terms: [LinearMapImage] = []
    for term in block.terms {
      terms.append(
        try LinearMapImage(
          term.map, parameter: term.parameter.flatMap { parameters[$0] }, in: theory.fields))
    }
    self.terms = terms
    var constants = block.portSizes.map { FieldValues(zeros: $0) }
    for offset in block.offsets {
      let values = try theory.values(of: offset, parameter: offset.parameter.flatMap { parameters[$0] })
      if let map = offset.map {
        try LinearMapImage(map, parameter: nil, in: theory.fields).add(
          of: values, to: &constants[offset.port])
      } else {
        try constants[offset.port].add(values, in: theory.fields)
      }
    }
    self.constants = constants
  }

  /// The block's value, given what it reads.
  ///
  /// - Parameter applied: Maps that were applied before, some of them perhaps to the same values.
  func value(
    after applied: AppliedMaps? = nil, reading source: (Source) throws(FieldFailure) -> FieldValues
  ) throws(FieldFailure) -> FieldValues {
    var ports = constants
    for (term, image) in zip(block.terms, terms) {
      let value = try source(term.source)
      if let applied {
        try applied.add(image, of: value, to: &ports[term.port])
      } else {
        try image.add(of: value, to: &ports[term.port])
      }
    }
    guard let nonlinearity = block.nonlinearity as? any Interpreted else {
      throw .noInterpretation(type(of: block.nonlinearity).typeName)
    }
    return try nonlinearity.value(at: ports, shapes: block.portShapes, in: theory)
  }

  /// Calls `body` with the entries of a row of the block's terms that read other blocks.
  func forEachEntry(
    inRow row: Int, _ body: (_ source: Int, _ column: Int, _ entry: FieldElement) -> Void
  ) throws(FieldFailure) {
    for (term, image) in zip(block.terms, terms) {
      guard case .node(let source) = term.source else { continue }
      try image.forEachEntry(inRow: row) { body(source, $0, $1) }
    }
  }

  /// Whether the block has no value at some arguments: a partial function, or infinite constants.
  var isPartial: Bool {
    (block.nonlinearity as? any Interpreted)?.isPartial == true || constants.contains(where: \.hasSymbols)
  }
}

extension Interpretation {
  /// The elements of a constant summand's tensor, in which infinite numbers are symbols.
  fileprivate func values(
    of offset: Offset<Double>, parameter: ParameterImages?
  ) throws(FieldFailure) -> FieldValues {
    var values = FieldValues(zeros: offset.tensor.count)
    if let parameter {
      for index in 0..<values.count { values[index] = fields.product(scaled: parameter[index], .one) }
      return values
    }
    for (index, number) in offset.tensor.elements.enumerated() {
      guard !number.isNaN else { throw .notFinite }
      if number.isInfinite {
        try values.addSymbol(number > 0 ? 1 : -1, at: index)
      } else {
        values[index] = try fields.image(of: number)
      }
    }
    return values
  }
}
