import FileAccess
import Operators

// Before opset 7 operators had attributes that later ones have not. Their nodes are read as the nodes of opset 7 that mean
// the same.

extension ONNXModel.Node {
  /// The attributes that operators had before opset 7 only.
  static let earlierAttributes: Set<String> = [
    "axis", "broadcast", "consumed_inputs", "height_scale", "is_test", "output_sequence", "paddings", "shape",
    "width_scale",
  ]

  /// The operators of two inputs of which the second was broadcast to the first on request.
  private static let ofPairs: Set<String> = [
    "Add", "And", "Div", "Equal", "Greater", "Less", "Mul", "Or", "Pow", "Sub", "Xor",
  ]

  /// The node and its inputs as in opset 7.
  ///
  /// - Throws: If the node trains, or its inputs do not fit each other.
  func inOpset7(
    from opset: Int, _ inputs: [Value?]
  ) throws(ImportFailure) -> (node: ONNXModel.Node, inputs: [Value?]) {
    var attributes = attributes
    attributes["consumed_inputs"] = nil
    attributes["output_sequence"] = nil
    var inputs = inputs
    switch operatorType {
    case "BatchNormalization", "Dropout":
      guard case .integer(1)? = attributes.removeValue(forKey: "is_test") else {
        throw .refused("is_test: expected 1 for inference, found 0, which trains")
      }
    case "Gemm": attributes["broadcast"] = nil
    case "PRelu": inputs[1] = try aligned(inputs, at: 1)
    case "Concat" where opset < 4 && attributes["axis"] == nil: attributes["axis"] = .integer(1)
    case "Selu" where opset < 6:
      attributes["alpha"] = attributes["alpha"] ?? .number(Double(Float(1.6732)))
      attributes["gamma"] = attributes["gamma"] ?? .number(Double(Float(1.0507)))
    case "GlobalLpPool", "LpPool":
      if case .number(let p)? = attributes["p"] {
        guard let whole = Int(exactly: p) else { throw .refused("p: expected a whole number, found \(p)") }
        attributes["p"] = .integer(whole)
      }
    case "Pad" where opset < 2: attributes["pads"] = attributes.removeValue(forKey: "paddings")
    case "Reshape" where opset < 5:
      guard case .integers(let shape)? = attributes.removeValue(forKey: "shape") else {
        throw .refused("shape: expected extents, found none")
      }
      inputs = [inputs.first ?? nil, .integers(Integers(shape))]
    case "Tile" where opset < 6: inputs = try tiles(inputs)
    case "Upsample":
      if case .number(let height)? = attributes.removeValue(forKey: "height_scale"),
        case .number(let width)? = attributes.removeValue(forKey: "width_scale")
      {
        attributes["scales"] = .numbers([1, 1, height, width])
      }
    default:
      guard Self.ofPairs.contains(operatorType) else { break }
      let isBroadcast = attributes.removeValue(forKey: "broadcast")
      let axis = attributes.removeValue(forKey: "axis")
      guard case .integer(1)? = isBroadcast else {
        guard inputs.count == 2, inputs[0]?.shape == inputs[1]?.shape else {
          throw .refused("broadcast: expected 1 for shapes that differ, found 0")
        }
        break
      }
      if case .integer(let axis)? = axis { inputs[1] = try aligned(inputs, at: axis) }
    }
    return (with(attributes: attributes), inputs)
  }

  /// The second input with axes of extent 1 behind its own, so that these stand at an axis of the first.
  private func aligned(_ inputs: [Value?], at given: Int) throws(ImportFailure) -> Value? {
    guard inputs.count >= 2, let first = inputs[0], let second = inputs[1] else { return inputs.last ?? nil }
    let rank = first.shape.count
    let axis = given < 0 ? given + rank : given
    let missing = rank - axis - second.shape.count
    guard axis >= 0, missing >= 0 else {
      throw .refused("axis: expected one at which shape \(second.shape) fits \(first.shape), found \(given)")
    }
    if second.shape.count <= 1, second.shape.reduce(1, *) == 1 || missing == 0 { return second }
    let shape = second.shape + [Int](repeating: 1, count: missing)
    switch second {
    case .integers(let integers): return .integers(integers.with(shape: shape))
    case .numbers(let numbers):
      guard let reshaped = numbers.reshaped(shape) else {
        throw .refused("expected a second input in its own order, found a transposed one")
      }
      return .numbers(reshaped)
    case .variable(let variable):
      return .variable(Variable(source: variable.source, layout: try variable.layout.replacing(shape)))
    }
  }

  /// The inputs of a tile that repeats along one axis, as those of one that repeats along all.
  private func tiles(_ inputs: [Value?]) throws(ImportFailure) -> [Value?] {
    guard inputs.count == 3, let value = inputs[0], case .numbers(let count)? = inputs[1]?.asWholeNumbers,
      case .numbers(let axis)? = inputs[2]?.asWholeNumbers, count.tensor.count == 1, axis.tensor.count == 1
    else { throw .refused("expected a constant number of tiles and an axis") }
    var repeats = [Int](repeating: 1, count: value.shape.count)
    repeats[try normalizedAxis(Int(axis.elements[0]), rank: value.shape.count)] = Int(count.elements[0])
    return [value, .integers(Integers(repeats))]
  }
}

extension Value {
  /// Constants as numbers, whichever type they have.
  fileprivate var asWholeNumbers: Value? {
    guard case .integers(let integers) = self else { return self }
    return (try? integers.asNumbers()).map { .numbers($0) }
  }
}
