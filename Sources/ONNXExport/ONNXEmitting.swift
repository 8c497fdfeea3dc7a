import LinearAlgebra
import Operators

/// An operator that can be written as ONNX operators.
///
/// A linear map has one operand, a nonlinearity its ports, each in its own shape. Other linear maps are
/// exported by their indices or matrix (`LinearMap+ONNX.swift`), and other nonlinearities are refused by
/// name.
package protocol ONNXEmitting {
  /// Adds the nodes that compute the operator's value, and returns it.
  ///
  /// - Throws: `ONNXRefusal` for attributes without a counterpart.
  func emit(_ operands: [ONNXValue], in graph: ONNXGraph) throws(ONNXRefusal) -> ONNXValue
}

extension ONNXExport {
  /// Whether a nonlinearity or a linear map is exported as one or more operators of ONNX.
  package static func hasOperator(for type: Any.Type) -> Bool { type is any ONNXEmitting.Type }
}

/// An operator that cannot be exported.
package struct ONNXRefusal: Error {
  /// What was expected and what was found.
  package let problem: String

  /// The refusal of an operator, described by its name and attributes.
  package init(_ expectation: String, found: String) {
    problem = "expected \(expectation), found \(found)"
  }
}

extension [Int] {
  /// The integers of an attribute, one for each of `axes` axes; a single one applies to all.
  func perAxis(_ axes: Int) -> [Int] {
    count == 1 ? [Int](repeating: self[0], count: axes) : self
  }

  /// The integers of an attribute `padding` in ONNX's order: before all axes, then after them.
  func pads(axes: Int) -> [Int] {
    if count == 2 * axes, axes > 0, count > 1 { return self }
    return perAxis(axes) + perAxis(axes)
  }
}

extension Int {
  /// The axis of a sample that an attribute denotes; a negative one counts from the end.
  func axis(ofRank rank: Int) -> Int { self < 0 ? self + rank : self }
}
