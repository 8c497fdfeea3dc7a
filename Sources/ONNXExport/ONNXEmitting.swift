import LinearAlgebra
import Operators

/// An operator that ONNX has, or that can be put together from operators that it has.
///
/// A linear map has one operand, a nonlinearity its ports, each in its own shape. Whatever does not conform is exported
/// by its indices or its matrix where it is a linear map (`LinearMap+ONNX.swift`), and refused by name otherwise.
package protocol ONNXEmitting {
  /// Adds the nodes that compute the operator's value, and returns it.
  ///
  /// - Throws: `ONNXRefusal` for attributes that have no counterpart.
  func emit(_ operands: [ONNXValue], in graph: ONNXGraph) throws(ONNXRefusal) -> ONNXValue
}

extension ONNXExport {
  /// Whether a nonlinearity or a linear map is exported by an operator of ONNX, or several.
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
  /// The integers of an attribute, one for each of so many axes where a single one stands for all.
  func perAxis(_ axes: Int) -> [Int] {
    count == 1 ? [Int](repeating: self[0], count: axes) : self
  }

  /// The integers of an attribute `padding` as ONNX has them: what stands before all axes and then what stands behind.
  func pads(axes: Int) -> [Int] {
    if count == 2 * axes, axes > 0, count > 1 { return self }
    return perAxis(axes) + perAxis(axes)
  }
}

extension Int {
  /// The axis of a sample that an attribute means; counted from the end where it is negative.
  func axis(ofRank rank: Int) -> Int { self < 0 ? self + rank : self }
}
