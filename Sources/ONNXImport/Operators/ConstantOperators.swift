import FileAccess
import LinearAlgebra
import Operators

extension OperatorTable {
  /// Values that do not depend on the input's numbers.
  package static let constants: [String: OperatorHandler] = [
    "Constant": .one([
      "value", "value_float", "value_floats", "value_int", "value_ints",
    ]) { node throws(ImportFailure) in try node.constant() },
    "ConstantOfShape": .one(["value"]) { node throws(ImportFailure) in try node.constantOfShape() },
    "Shape": .one(["start", "end"]) { node throws(ImportFailure) in
      let shape = try node.input(0).extents
      func place(_ value: Int) -> Int { min(max(value < 0 ? value &+ shape.count : value, 0), shape.count) }
      let (start, end) = (
        place(try node.integer("start") ?? 0), place(try node.integer("end") ?? shape.count)
      )
      let part = start < end ? Array(shape[start..<end]) : []
      return .integers(Integers(part, shape: [part.count]))
    },
    "Size": .one { node throws(ImportFailure) in
      guard let count = try node.input(0).extents.product else {
        throw .refused(
          "expected a number of elements without overflow, found shape \(try node.input(0).shape)")
      }
      return .integers(Integers([count], shape: []))
    },
    "Range": .one { node throws(ImportFailure) in try node.range() },
  ]
}

extension NodeImport {
  /// Floating-point numbers are a parameter named after the node's output. A single number is a literal of
  /// the exported program and not a parameter.
  fileprivate func constant() throws(ImportFailure) -> Value {
    guard node.attributes.count == 1, let (attribute, value) = node.attributes.first else {
      throw .refused("expected one value, found \(node.attributes.count)")
    }
    switch (attribute, value) {
    case ("value", .tensor(let tensor)):
      guard tensor.shape.reduce(1, *) == 1, case .numbers(let numbers) = tensor.value else {
        return tensor.value
      }
      return .numbers(Numbers(numbers.elements, shape: tensor.shape))
    case ("value_float", .number(let number)): return .numbers(Numbers([number], shape: []))
    case ("value_floats", .numbers(let numbers)):
      return .numbers(Numbers(Tensor(numbers), parameter: name))
    case ("value_int", .integer(let integer)): return .integers(Integers([integer], shape: []))
    case ("value_ints", .integers(let integers)): return .integers(Integers(integers))
    default: throw .refused("attribute \(quoted(attribute)): expected a value of its type")
    }
  }

  fileprivate func constantOfShape() throws(ImportFailure) -> Value {
    guard let extents = try symbols(0, "a shape") else {
      throw .refused("expected a shape, found none")
    }
    var contents = ONNXTensor.Contents.integers([])
    var type = ElementType.float32
    var filler = 0.0
    if let attribute = node.attributes["value"] {
      guard case .tensor(let tensor) = attribute, tensor.shape.reduce(1, *) == 1 else {
        throw .refused("attribute \"value\": expected a tensor of one element")
      }
      (contents, type) = (tensor.contents, tensor.type)
    }
    if case .numbers(let stored) = contents { filler = stored.read()[0] }
    guard let shape = extents.known else {
      if case .integers(let integers) = contents, let integer = integers.first {
        return try expanded(.integers(Integers([integer], shape: [], type: type)), to: extents)
      }
      return try expanded(.numbers(Numbers([filler], shape: [])), to: extents)
    }
    let count = try checkedCount(of: shape)
    try ImportLimits.charge(count)
    if case .integers(let integers) = contents, let integer = integers.first {
      return .integers(Integers([Int](repeating: integer, count: count), shape: shape, type: type))
    }
    return .numbers(Numbers([Double](repeating: filler, count: count), shape: shape))
  }

  fileprivate func range() throws(ImportFailure) -> Value {
    if case .integers = try input(0) {
      var bounds: [Int] = []
      for index in 0..<3 {
        guard let value = try constantIntegers(index, "a bound"), value.count == 1,
          abs(max(value[0], -(1 << 40))) < 1 << 40
        else { throw .refused("expected a start, a limit and a step") }
        bounds.append(value[0])
      }
      guard bounds[2] != 0 else { throw .refused("expected a step that is not 0, found 0") }
      try ImportLimits.charge(checkedCount(of: [max(0, (bounds[1] - bounds[0]) / bounds[2])]))
      return .integers(Integers(Array(stride(from: bounds[0], to: bounds[1], by: bounds[2]))))
    }
    var bounds: [Double] = []
    for index in 0..<3 {
      guard let value = try constantNumbers(index, "a bound"), value.count == 1, value[0].isFinite else {
        throw .refused("expected a start, a limit and a step")
      }
      bounds.append(value[0])
    }
    let count = ((bounds[1] - bounds[0]) / bounds[2]).rounded(.up)
    guard count.isFinite, count <= Double(TensorSize.maximum) else {
      throw .refused("expected a step that reaches the limit, found \(bounds[2])")
    }
    try ImportLimits.charge(Int(count))
    let numbers = (0..<max(0, Int(count))).map { bounds[0] + Double($0) * bounds[2] }
    return .numbers(Numbers(numbers, shape: [numbers.count]))
  }
}
