import LinearAlgebra

/// What the expressions of a model need besides themselves: constants and functions of the file.
package final class PythonCode {
  /// A constant that is too long for the text.
  struct Constant {
    let name: String
    let tensor: Tensor<Double>
  }

  /// The library that expressions are written for.
  package let library: PythonLibrary
  /// The name of the block that is written, for the names of constants.
  var scope = ""
  /// The constants, in the order of first use.
  private(set) var constants: [Constant] = []
  /// The functions that expressions call, by name.
  private(set) var helpers: Set<PythonHelper> = []

  init(_ library: PythonLibrary) {
    self.library = library
  }

  /// The expression for the library that is written for.
  package func choose(torch: String, jax: String) -> String { library == .torch ? torch : jax }

  /// The name of a function of the file, which is then a part of it.
  func helper(_ helper: PythonHelper) -> String {
    helpers.insert(helper)
    return helper.rawValue
  }

  /// A number as Python reads it back, to its last bit.
  func number(_ value: Double) -> String {
    if value.isNaN { return "float(\"nan\")" }
    if value.isInfinite { return value < 0 ? "float(\"-inf\")" : "float(\"inf\")" }
    return "\(value)"
  }

  /// Constant numbers of a shape, in the precision of the expression `like`.
  func numbers(_ values: [Double], shape: [Int], named name: String, like: String) -> String {
    let found = constant(Tensor(shape: shape, elements: values), named: name)
    return "c[\(pythonString(found))]" + choose(torch: ".to(\(like))", jax: ".astype(\(like).dtype)")
  }

  /// Constant positions of a shape, as integers.
  func positions(_ values: [Int], shape: [Int]) -> String {
    let tensor = Tensor(shape: shape, elements: values.map(Double.init))
    return "c[\(pythonString(constant(tensor, named: "index")))]"
  }

  /// Zero in the precision of the model.
  func zero() -> String {
    if let known = constants.first(where: { $0.name == "zero" }) { return "c[\(pythonString(known.name))]" }
    constants.append(Constant(name: "zero", tensor: Tensor(shape: [1], elements: [0])))
    return "c[\"zero\"]"
  }

  private func constant(_ tensor: Tensor<Double>, named suffix: String) -> String {
    if let known = constants.first(where: { $0.name.hasSuffix(suffix) && $0.tensor.isIdentical(to: tensor) })
    {
      return known.name
    }
    // The suffix is the end of the name in any case: it says whether the numbers are positions.
    var (name, count) = ("\(scope).\(suffix)", 1)
    while constants.contains(where: { $0.name == name }) {
      count += 1
      name = "\(scope).\(count).\(suffix)"
    }
    constants.append(Constant(name: name, tensor: tensor))
    return name
  }

  /// A value in another shape.
  package func reshape(_ text: String, from shape: [Int], to target: [Int]) -> String {
    shape == target ? text : "\(helper(.shaped))(\(text), \(target.list))"
  }

  /// A value with its axes along `dims` of a larger tensor of `rank` axes, or along the last ones where
  /// `dims` is empty, and with extents of 1 elsewhere, which broadcast.
  ///
  /// - Parameter isBatched: Whether its first axis is a batch.
  func align(_ text: String, _ shape: [Int], along dims: [Int], rank: Int, isBatched: Bool) -> String {
    let axes =
      dims.isEmpty
      ? shape.indices.map { $0 + rank - shape.count } : dims.map { $0 < 0 ? $0 + rank : $0 }
    let order = axes.indices.sorted { axes[$0] < axes[$1] }
    var target = [Int](repeating: 1, count: rank)
    for axis in shape.indices where axes[axis] >= 0 { target[axes[axis]] = shape[axis] }
    var result = text
    if order != Array(axes.indices) {
      let permuted = isBatched ? [0] + order.map { $0 + 1 } : order
      result += "." + choose(torch: "permute", jax: "transpose") + "(\(permuted.list))"
    }
    if isBatched { return "\(helper(.shaped))(\(result), \(target.list))" }
    return result + ".reshape(\(target.list))"
  }
}

/// A string literal of Python.
package func pythonString(_ text: String) -> String {
  var literal = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": literal += "\\\""
    case "\\": literal += "\\\\"
    case "\n": literal += "\\n"
    case "\r": literal += "\\r"
    case "\t": literal += "\\t"
    case let control where control.value < 32 || control.value == 127:
      let digits = String(control.value, radix: 16)
      literal += "\\x" + (digits.count == 1 ? "0" : "") + digits
    default: literal.unicodeScalars.append(scalar)
    }
  }
  return literal + "\""
}
