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
    let names = ["start", "limit", "step"]
    guard case .integers = try input(0) else { return .numbers(try range(names)) }
    var bounds: [Int] = []
    for (index, name) in names.enumerated() {
      guard let value = try constantIntegers(index, "a bound"), value.count == 1 else {
        throw try isNoBound(index, name)
      }
      bounds.append(value[0])
    }
    let (start, limit, step) = (bounds[0], bounds[1], bounds[2])
    guard step != 0 else { throw .refused("expected a step that is not 0, found 0") }
    // Distances are as large as 2⁶⁴.
    let ahead = step > 0 ? UInt(bitPattern: limit &- start) : UInt(bitPattern: start &- limit)
    let isEmpty = step > 0 ? limit <= start : start <= limit
    let count: UInt = isEmpty ? 0 : (ahead - 1) / step.magnitude + 1
    guard count <= TensorSize.maximum else { throw isLong("\(count)", "\(start)", "\(limit)", "\(step)") }
    try ImportLimits.charge(Int(count))
    var elements: [Int] = []
    for place in 0..<Int(count) { elements.append(place == 0 ? start : elements[place - 1] + step) }
    return .integers(Integers(elements))
  }

  /// The same of numbers.
  private func range(_ names: [String]) throws(ImportFailure) -> Numbers {
    var bounds: [Double] = []
    for (index, name) in names.enumerated() {
      guard let value = try constantNumbers(index, "a bound"), value.count == 1 else {
        throw try isNoBound(index, name)
      }
      guard value[0].isFinite else {
        throw .refused("expected a \(name) that is a finite number, found \(value[0])")
      }
      bounds.append(value[0])
    }
    let (start, limit, step) = (bounds[0], bounds[1], bounds[2])
    guard step != 0 else { throw .refused("expected a step that is not 0, found 0") }
    let count = max(0, ((limit - start) / step).rounded(.up))
    guard count <= Double(TensorSize.maximum) else {
      throw isLong("\(count)", "\(start)", "\(limit)", "\(step)")
    }
    try ImportLimits.charge(Int(count))
    let elements = (0..<Int(count)).map { start + Double($0) * step }
    return Numbers(elements, shape: [elements.count])
  }

  private func isNoBound(_ index: Int, _ name: String) throws(ImportFailure) -> ImportFailure {
    guard hasInput(index) else { return .refused("expected a start, a limit and a step, found no \(name)") }
    return .refused("expected a \(name) that is one number, found shape \(try input(index).shape)")
  }

  private func isLong(
    _ count: String, _ start: String, _ limit: String, _ step: String
  ) -> ImportFailure {
    .refused(
      "expected a range of at most \(TensorSize.maximum) numbers, found \(count) from \(start) to \(limit) by \(step)"
    )
  }
}
