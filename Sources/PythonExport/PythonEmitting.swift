import LinearAlgebra
import Operators

/// A library of Python that models are written for.
public enum PythonLibrary: String, Sendable, CaseIterable {
  /// PyTorch, with TorchDEQ for groups of blocks that read each other.
  case torch
  /// JAX, with optimistix for groups of blocks that read each other.
  case jax
}

/// An operator that can be written as an expression of Python.
///
/// One function serves both libraries, so that an operator has one place. A linear map has one operand, a
/// nonlinearity its ports. Every operand has a batch as its first axis, possibly of extent 1.
package protocol PythonEmitting {
  /// The expression of the operator's value, with a batch as its first axis.
  ///
  /// - Throws: `PythonRefusal` where the library has no counterpart.
  func emit(_ operands: [PythonValue], in code: PythonCode) throws(PythonRefusal) -> String
}

/// An expression of Python, and the shape of one sample of its value.
package struct PythonValue {
  /// The expression: a name, a call or a parenthesised one, so that `.` and `[` may follow it.
  package let text: String
  /// The shape of one sample.
  package let shape: [Int]

  /// The value of an expression.
  package init(_ text: String, _ shape: [Int]) {
    (self.text, self.shape) = (text, shape)
  }
}

/// An operator that cannot be exported, named.
package struct PythonRefusal: Error {
  /// What was expected and what was found.
  package let problem: String

  /// The refusal of an operator, described by its name and attributes.
  package init(_ expectation: String, found: String) {
    problem = "expected \(expectation), found \(found)"
  }
}

extension Int {
  /// The axis of a batch that an attribute `dim` of a sample denotes.
  func batchedAxis(ofRank rank: Int) -> Int { (self < 0 ? self + rank : self) + 1 }
}

extension [Int] {
  /// The integers of an attribute, one for each of `axes` axes; a single one applies to all.
  func perAxis(_ axes: Int) -> [Int] { count == 1 ? [Int](repeating: self[0], count: axes) : self }

  /// The integers of an attribute `padding`: before each axis, and behind it.
  func padding(axes: Int) -> (before: [Int], behind: [Int]) {
    if count == 2 * axes, count > 1 { return (Array(prefix(axes)), Array(suffix(axes))) }
    return (perAxis(axes), perAxis(axes))
  }

  /// A tuple of Python: `(2, 3)`, `(2,)`.
  var tuple: String { count == 1 ? "(\(self[0]),)" : "(\(list))" }

  /// The integers with commas.
  var list: String { map(String.init).joined(separator: ", ") }

  /// One integer where all are equal, as people write strides, else a tuple.
  var brief: String { Set(self).count == 1 ? "\(self[0])" : tuple }
}
