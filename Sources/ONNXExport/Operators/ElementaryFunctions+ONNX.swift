import Operators

/// A function of one number that ONNX has under a name of its own.
private protocol ONNXNamed: ONNXEmitting {
  /// The name.
  static var onnxName: String { get }
}

extension ONNXNamed {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.map(Self.onnxName, operands[0])
  }
}

extension Exponential: ONNXNamed {
  fileprivate static var onnxName: String { "Exp" }
}

extension NaturalLogarithm: ONNXNamed {
  fileprivate static var onnxName: String { "Log" }
}

extension ErrorFunction: ONNXNamed {
  fileprivate static var onnxName: String { "Erf" }
}

extension SquareRoot: ONNXNamed {
  fileprivate static var onnxName: String { "Sqrt" }
}

extension Reciprocal: ONNXNamed {
  fileprivate static var onnxName: String { "Reciprocal" }
}

extension AbsoluteValue: ONNXNamed {
  fileprivate static var onnxName: String { "Abs" }
}

extension Sine: ONNXNamed {
  fileprivate static var onnxName: String { "Sin" }
}

extension Cosine: ONNXNamed {
  fileprivate static var onnxName: String { "Cos" }
}

extension Tangent: ONNXNamed {
  fileprivate static var onnxName: String { "Tan" }
}

extension ArcSine: ONNXNamed {
  fileprivate static var onnxName: String { "Asin" }
}

extension ArcCosine: ONNXNamed {
  fileprivate static var onnxName: String { "Acos" }
}

extension ArcTangent: ONNXNamed {
  fileprivate static var onnxName: String { "Atan" }
}

extension HyperbolicSine: ONNXNamed {
  fileprivate static var onnxName: String { "Sinh" }
}

extension HyperbolicCosine: ONNXNamed {
  fileprivate static var onnxName: String { "Cosh" }
}

extension InverseHyperbolicSine: ONNXNamed {
  fileprivate static var onnxName: String { "Asinh" }
}

extension InverseHyperbolicCosine: ONNXNamed {
  fileprivate static var onnxName: String { "Acosh" }
}

extension InverseHyperbolicTangent: ONNXNamed {
  fileprivate static var onnxName: String { "Atanh" }
}

extension Sign: ONNXNamed {
  fileprivate static var onnxName: String { "Sign" }
}

extension Floor: ONNXNamed {
  fileprivate static var onnxName: String { "Floor" }
}

extension Ceiling: ONNXNamed {
  fileprivate static var onnxName: String { "Ceil" }
}

extension Rounding: ONNXNamed {
  fileprivate static var onnxName: String { "Round" }
}

extension Pow: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.combine("Pow", operands[0], exponent)
  }
}

extension Clamp: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.clip(operands[0], minimum, maximum)
  }
}
