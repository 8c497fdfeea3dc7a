import LinearAlgebra
import Operators

/// An operator that ONNX has, or that can be put together from operators that it has.
///
/// A linear map has one operand, a nonlinearity its ports, each in its own shape. Whatever does not conform is exported
/// by its indices or its matrix where it is a linear map (`LinearMap+ONNX.swift`), and refused by name otherwise.
package protocol ONNXEmitting {
  /// Adds the nodes that compute the operator's value, and returns it.
  ///
  /// - Throws: `ONNXRefusal` for constants that have no counterpart.
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

  /// The refusal of an operator, described by its name and constants.
  package init(_ expectation: String, found: String) {
    problem = "expected \(expectation), found \(found)"
  }
}

/// The constants of an operator by the names that they have in files.
package struct ONNXConstants {
  private let constants: [String: Constant]

  package init(_ map: any LinearMap<Double>) {
    self.init(type(of: map).constantDescriptions, map.constants)
  }

  package init(_ nonlinearity: any Nonlinearity) {
    self.init(type(of: nonlinearity).constantDescriptions, nonlinearity.constants)
  }

  private init(_ descriptions: [ConstantDescription], _ values: [Constant]) {
    constants = Dictionary(uniqueKeysWithValues: zip(descriptions.map(\.name), values))
  }

  /// The constant of this name, of whatever kind.
  package func constant(_ name: String) -> Constant { constants[name]! }

  /// The number of this name.
  package func number(_ name: String) -> Double {
    guard case .number(let value) = constants[name] else { preconditionFailure("no number \(name)") }
    return value
  }

  /// The numbers of this name.
  package func numbers(_ name: String) -> [Double] {
    guard case .numbers(let values) = constants[name] else { preconditionFailure("no numbers \(name)") }
    return values
  }

  /// The integers of this name.
  package func integers(_ name: String) -> [Int] {
    guard case .integers(let values) = constants[name] else { preconditionFailure("no integers \(name)") }
    return values
  }

  /// The integers of this name, one for each of so many axes where a single one stands for all.
  package func integers(_ name: String, axes: Int) -> [Int] {
    let values = integers(name)
    return values.count == 1 ? [Int](repeating: values[0], count: axes) : values
  }

  /// The flag of this name.
  package func flag(_ name: String) -> Bool {
    guard case .flag(let value) = constants[name] else { preconditionFailure("no flag \(name)") }
    return value
  }

  /// The word of this name.
  package func word(_ name: String) -> String {
    guard case .word(let word) = constants[name] else { preconditionFailure("no word \(name)") }
    return word
  }

  /// The axis of a sample that the integer of this name means; counted from the end where it is negative.
  package func axis(_ name: String, rank: Int) -> Int {
    let axis = integers(name)[0]
    return axis < 0 ? axis + rank : axis
  }
}
