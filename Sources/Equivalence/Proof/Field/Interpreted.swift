import LinearAlgebra
import Operators

/// A nonlinearity that has a meaning in a proof.
protocol Interpreted: Nonlinearity {
  /// The value at ports of these shapes.
  func value(
    at ports: [FieldValues], shapes: [[Int]], in theory: Interpretation
  ) throws(FieldFailure) -> FieldValues

  /// Whether it has no value at some arguments: where it takes part, a proof holds wherever both sides are defined.
  var isPartial: Bool { get }

  /// Says how complex the value is at ports of these shapes, where it is more than a sum of what it reads and constants.
  func grow(_ growth: inout FieldGrowth, shapes: [[Int]])
}

extension Interpreted {
  var isPartial: Bool { false }
  func grow(_ growth: inout FieldGrowth, shapes: [[Int]]) {}
}

/// One that acts elementwise on its only port.
protocol InterpretedElementwise: Interpreted {
  /// The value at one element.
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement
}

/// One that acts elementwise on two ports.
protocol InterpretedPair: Interpreted {
  /// The value at two elements.
  func value(
    _ p: FieldElement, _ q: FieldElement, in theory: Interpretation
  ) throws(FieldFailure) -> FieldElement
}

/// How many applications of a random function are worth a thread of their own.
let applicationsPerPart = 256

extension InterpretedElementwise {
  func value(
    at ports: [FieldValues], shapes: [[Int]], in theory: Interpretation
  ) throws(FieldFailure) -> FieldValues {
    guard !ports[0].hasSymbols else { throw .notFinite }
    var values = ports[0]
    try values.replaceEach { (view, index) throws(FieldFailure) in
      view[index] = try value(view[index], in: theory)
    }
    return values
  }
}

extension InterpretedPair {
  func value(
    at ports: [FieldValues], shapes: [[Int]], in theory: Interpretation
  ) throws(FieldFailure) -> FieldValues {
    guard !ports[0].hasSymbols, !ports[1].hasSymbols else { throw .notFinite }
    var (values, other) = (ports[0], ports[1])
    var failure: FieldFailure?
    other.withView { other in
      do throws(FieldFailure) {
        try values.replaceEach { (view, index) throws(FieldFailure) in
          view[index] = try value(view[index], other[index], in: theory)
        }
      } catch { failure = error }
    }
    if let failure { throw failure }
    return values
  }
}

extension FieldValues {
  /// Calls `body` for every coordinate, several at a time; it may change that coordinate's element.
  fileprivate mutating func replaceEach(
    _ body: (_ view: FieldView, _ index: Int) throws(FieldFailure) -> Void
  ) throws(FieldFailure) {
    var failure: FieldFailure?
    withView { view in
      do throws(FieldFailure) {
        try tryInParts(of: view.count, grain: applicationsPerPart) { (part) throws(FieldFailure) in
          for index in part { try body(view, index) }
        }
      } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
