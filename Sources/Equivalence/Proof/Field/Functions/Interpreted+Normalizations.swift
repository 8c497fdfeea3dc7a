import Operators

extension Interpreted where Self: Normalization {
  /// Every run without its mean and divided by its deviation, then times the second port, plus the third.
  fileprivate func normalized(
    _ ports: [FieldValues], _ shape: [Int], in theory: Interpretation
  ) throws(FieldFailure) -> FieldValues {
    guard ports.allSatisfy({ !$0.hasSymbols }), let length = run(shape) else { throw .notFinite }
    let fields = theory.fields
    let share = try fields.reciprocal(fields.image(of: length))
    let epsilon = try fields.image(of: eps)
    var values = ports[0]
    for start in stride(from: 0, to: values.count, by: length) {
      var run = (start..<start + length).map { values[$0] }
      if Self.isCentered {
        let mean = fields.product(share, run.reduce(.zero, fields.sum))
        run = run.map { fields.difference($0, mean) }
      }
      let square = fields.product(share, run.map { fields.product($0, $0) }.reduce(.zero, fields.sum))
      let scale = try fields.reciprocal(theory.sqrt(fields.sum(square, epsilon)))
      for (index, element) in run.enumerated() {
        var value = fields.product(scale, element)
        if ports.count > 1 { value = fields.product(value, ports[1][start + index]) }
        if ports.count > 2 { value = fields.sum(value, ports[2][start + index]) }
        values[start + index] = value
      }
    }
    return values
  }
}

extension LayerNormalization: Interpreted {
  var isPartial: Bool { eps == 0 }
  func value(
    at ports: [FieldValues], shapes: [[Int]], in theory: Interpretation
  ) throws(FieldFailure) -> FieldValues { try normalized(ports, shapes[0], in: theory) }
}

extension GroupNormalization: Interpreted {
  var isPartial: Bool { eps == 0 }
  func value(
    at ports: [FieldValues], shapes: [[Int]], in theory: Interpretation
  ) throws(FieldFailure) -> FieldValues { try normalized(ports, shapes[0], in: theory) }
}

extension InstanceNormalization: Interpreted {
  var isPartial: Bool { eps == 0 }
  func value(
    at ports: [FieldValues], shapes: [[Int]], in theory: Interpretation
  ) throws(FieldFailure) -> FieldValues { try normalized(ports, shapes[0], in: theory) }
}

extension RootMeanSquareNormalization: Interpreted {
  var isPartial: Bool { eps == 0 }
  func value(
    at ports: [FieldValues], shapes: [[Int]], in theory: Interpretation
  ) throws(FieldFailure) -> FieldValues { try normalized(ports, shapes[0], in: theory) }
}
