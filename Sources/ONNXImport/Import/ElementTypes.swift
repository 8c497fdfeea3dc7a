import FileAccess
import LinearAlgebra
import Operators

// A computed value is a number, whatever its type in the file: integers and Boolean values are whole numbers. This file
// says which type a value has there, which operators compute with whole numbers as with any others, and converts
// constant integers where a node mixes them with computed ones.

extension ONNXModel.Node {
  /// The operators whose constant integers become numbers: those at these places, or all.
  private static let integerOperands: [String: Set<Int>] = [
    "Abs": [0], "ArgMax": [0], "ArgMin": [0], "Clip": [0, 1, 2], "ConvInteger": [0, 1, 2, 3],
    "CumSum": [0], "GatherElements": [0], "GatherND": [0], "Hardmax": [0], "MatMul": [0, 1],
    "MatMulInteger": [0, 1, 2, 3], "OneHot": [0, 2], "ReduceMax": [0], "ReduceMin": [0], "ReduceProd": [0],
    "ReduceSum": [0], "Relu": [0], "Scaler": [0], "ScatterElements": [0, 2], "ScatterND": [0, 2],
    "Sign": [0], "Sum": [0, 1, 2, 3, 4, 5, 6, 7], "TopK": [0],
  ]

  /// The operators that take integers as they are, unless others of their inputs are computed.
  private static let mixed: Set<String> = [
    "Add", "And", "Concat", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min",
    "Mod", "Mul", "Or", "Pow", "Sub", "Where", "Xor",
  ]

  /// The operators that move whole numbers, compare them or take them for places, of whichever size.
  private static let moving: Set<String> = [
    "ArgMax", "ArgMin", "ArrayFeatureExtractor", "And", "Cast", "CastLike", "Concat", "ConvInteger",
    "DequantizeLinear", "Equal", "Expand", "Flatten", "Gather", "GatherElements", "GatherND", "Greater",
    "GreaterOrEqual", "Identity", "Less", "LessOrEqual", "MatMulInteger", "Max", "Min", "Not", "OneHot", "Or",
    "QLinearConv", "QLinearMatMul", "ReduceMax", "ReduceMin", "Relu", "Reshape", "RotaryEmbedding", "Scaler",
    "ScatterElements",
    "ScatterND", "Shape", "Sign", "Size", "Slice", "Split", "Squeeze", "Tile", "TopK", "Transpose", "Trilu",
    "Unsqueeze", "Where", "Xor",
  ]

  /// The operators whose results are whole numbers too, if they fit the type.
  private static let computing: Set<String> = [
    "Abs", "Add", "Clip", "CumProd", "CumSum", "Div", "MatMul", "Mod", "Mul", "Neg", "Pow",
    "ReduceProd", "ReduceSum", "Sub", "Sum",
  ]

  /// The inputs, with numbers in the place of constant integers that meet computed values, or that the operator only
  /// takes as numbers.
  ///
  /// - Throws: If the operator computes with fractions, and an input is an integer, or one of few bits.
  func operands(_ inputs: [Value?], _ types: [ElementType?]) throws(ImportFailure) -> [Value?] {
    for (input, type) in zip(inputs, types) {
      guard case .variable? = input, let type, let size = type.integer?.size else { continue }
      let isWide = size >= 4 && type != .uint32 && type != .uint64
      guard Self.moving.contains(operatorType) || isWide && Self.computing.contains(operatorType) else {
        throw .refused("expected floating-point numbers, found \(type.name)")
      }
    }
    let hasComputed = inputs.contains { if case .variable? = $0 { true } else { false } }
    var result = inputs
    for (index, input) in inputs.enumerated() {
      guard case .integers(let integers)? = input, !integers.containsBatchExtent else { continue }
      let isMixed = hasComputed && Self.mixed.contains(operatorType) && (operatorType, index) != ("Where", 0)
      guard isMixed || Self.integerOperands[operatorType]?.contains(index) == true else { continue }
      result[index] = .numbers(try integers.asNumbers(isBound: operatorType == "Clip" && index > 0))
    }
    return result
  }

  /// The type of an output by ONNX's rules; nil for one of floating-point numbers.
  func resultType(_ output: Int, _ types: [ElementType?]) -> ElementType? {
    func input(_ index: Int) -> ElementType? { index < types.count ? types[index] : nil }
    switch operatorType {
    case "Cast":
      guard case .integer(let number)? = attributes["to"] else { return nil }
      return ElementType(rawValue: number)
    case "CastLike": return input(1)
    case "And", "Equal", "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "Less", "LessOrEqual", "Not", "Or",
      "Xor":
      return .bool
    case "ConstantOfShape":
      guard case .tensor(let tensor)? = attributes["value"] else { return nil }
      return tensor.type
    case "EyeLike":
      guard case .integer(let number)? = attributes["dtype"] else { return input(0) }
      return ElementType(rawValue: number)
    case "ArgMax", "ArgMin", "NonZero", "Shape", "Size": return .int64
    case "TopK": return output == 1 ? .int64 : input(0)
    case "Where": return input(1)
    case "OneHot": return input(2)
    case "QuantizeLinear": return quantizedType ?? input(2) ?? .uint8
    case "DynamicQuantizeLinear": return output == 1 ? nil : .uint8
    case "QLinearConv", "QLinearMatMul": return input(7)
    case "DequantizeLinear", "Scaler": return nil
    case "ConvInteger", "MatMulInteger": return .int32
    case "LinearClassifier": return output == 0 ? .int64 : nil
    default: return input(0)
    }
  }

  /// The type that a quantisation names, instead of that of its zero point.
  private var quantizedType: ElementType? {
    guard case .integer(let number)? = attributes["output_dtype"], number != 0 else { return nil }
    return ElementType(rawValue: number)
  }

  /// A result of this type: constant numbers become integers again.
  func typed(_ value: Value, _ type: ElementType?) throws(ImportFailure) -> Value {
    guard case .numbers(let numbers) = value, numbers.parameter == nil, let type, type.integer != nil else {
      return value
    }
    var elements: [Int] = []
    for number in numbers.elements {
      guard let element = Int(exactly: number) else {
        throw .refused("expected integers of 64 bits, found \(number)")
      }
      elements.append(element)
    }
    return .integers(Integers(elements, shape: numbers.shape, type: type))
  }
}

extension Integers {
  /// The integers as numbers without a gradient.
  ///
  /// - Parameter isBound: Whether the nearest number will do, as that of the largest integer for a bound.
  /// - Throws: If one has no number that equals it.
  func asNumbers(isBound: Bool = false) throws(ImportFailure) -> Numbers {
    try ImportLimits.charge(count)
    var numbers: [Double] = []
    for element in try elements() {
      let number = Double(element)
      guard isBound || Int(exactly: number) == element else {
        throw .refused("expected integers of up to 53 bits beside computed numbers, found \(element)")
      }
      numbers.append(number)
    }
    return Numbers(numbers, shape: shape)
  }
}

extension NodeImport {
  /// The type of an input; nil for one of floating-point numbers, or unknown.
  func integerType(_ index: Int) -> ElementType? {
    guard index < types.count, let type = types[index], type.integer != nil else { return nil }
    return type
  }

  /// A variable without its fractions, rounded towards zero, as a cast to an integer does.
  func truncated(_ variable: Variable, suffix: String? = nil) throws(ImportFailure) -> Variable {
    let name = suffix ?? "whole"
    let magnitude = try elementwise("abs", of: variable, suffix: "\(name) magnitude")
    let whole = try elementwise("floor", of: magnitude, suffix: "\(name) floor")
    let sign = try elementwise("sign", of: variable, suffix: "\(name) sign")
    return try pair("product", whole, sign, suffix: suffix)
  }
}
