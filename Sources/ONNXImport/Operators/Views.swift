import FileAccess
import LinearAlgebra
import Operators

extension OperatorTable {
  /// Operators that keep the elements and their order: they need no blocks.
  static let views: [String: OperatorHandler] = [
    "Identity": .one { node throws(ImportFailure) in try node.input(0) },
    "Reshape": .one(["allowzero"]) { node throws(ImportFailure) in try node.reshape() },
    "Flatten": .one(["axis"]) { node throws(ImportFailure) in try node.flatten() },
    "Squeeze": .one(["axes"]) { node throws(ImportFailure) in try node.squeeze() },
    "Unsqueeze": .one(["axes"]) { node throws(ImportFailure) in try node.unsqueeze() },
    "Dropout": .one(["ratio", "seed"]) { node throws(ImportFailure) in try node.dropout() },
    "Cast": .one(["to", "saturate", "round_mode"]) { node throws(ImportFailure) in try node.cast() },
    "CastLike": .one(["saturate", "round_mode"]) { node throws(ImportFailure) in try node.castLike() },
  ]
}

extension NodeImport {
  /// A value with other extents, its elements in the same order.
  func reshaped(_ value: Value, to extents: [BatchInteger]) throws(ImportFailure) -> Value {
    let shape = try extents.values(at: openExtent ?? 1)
    guard try checkedCount(of: shape, most: 1 << 56) == value.shape.reduce(1, *) else {
      throw .refused("expected a shape of as many elements as \(value.shape), found \(shape)")
    }
    switch value {
    case .integers(let integers):
      guard let shape = extents.known else { throw .usesBatchExtent }
      return .integers(integers.with(shape: shape))
    case .numbers(let numbers):
      guard let shape = extents.known else { throw .usesBatchExtent }
      if let reshaped = numbers.reshaped(shape) { return .numbers(reshaped) }
      return try reshaped(.variable(variable(value)), to: extents)
    case .variable(let variable):
      return .variable(
        Variable(source: variable.source, layout: try variable.layout.reshaped(to: extents)))
    }
  }

  /// A value with other extents that are known, its elements in the same order.
  func reshaped(_ value: Value, to shape: [Int]) throws(ImportFailure) -> Value {
    try reshaped(value, to: shape.map { BatchInteger($0) })
  }

  /// The value with axes of extent 1 at these positions of the result.
  package func inserted(_ axes: [Int], in variable: Variable) throws(ImportFailure) -> Variable {
    let rank = variable.layout.shape.count + axes.count
    var positions: Set<Int> = []
    for axis in axes { positions.insert(try normalizedAxis(axis, rank: rank)) }
    guard positions.count == axes.count else { throw .refused("expected each axis once, found \(axes)") }
    var shape = variable.layout.shape
    var batchAxis = variable.layout.batchAxis
    for position in positions.sorted() {
      shape.insert(1, at: position)
      if let axis = batchAxis, position <= axis { batchAxis = axis + 1 }
    }
    return Variable(
      source: variable.source, layout: try variable.layout.replacing(shape, batchAxis: batchAxis))
  }

  /// The value without these axes of extent 1.
  func removed(_ axes: [Int], from variable: Variable) throws(ImportFailure) -> Variable {
    var shape = variable.layout.shape
    var batchAxis = variable.layout.batchAxis
    for axis in axes.sorted(by: >) {
      guard axis != batchAxis else { throw .mixesBatch("removes the batch axis") }
      guard shape[axis] == 1 else {
        throw .refused("axis \(axis): expected an extent of 1, found \(shape[axis])")
      }
      shape.remove(at: axis)
      if let batch = batchAxis, axis < batch { batchAxis = batch - 1 }
    }
    return Variable(
      source: variable.source, layout: try variable.layout.replacing(shape, batchAxis: batchAxis))
  }

  fileprivate func reshape() throws(ImportFailure) -> Value {
    let value = try input(0)
    guard let wanted = try symbols(1, "shape") else {
      throw .refused("expected a shape, found none")
    }
    let keepsZero = try integer("allowzero") ?? 0 != 0
    var shape: [BatchInteger] = []
    for (axis, extent) in wanted.enumerated() {
      guard extent.known == 0, !keepsZero else {
        shape.append(extent)
        continue
      }
      guard axis < value.shape.count else {
        throw .refused("shape: expected an extent of axis \(axis) to keep, found shape \(value.shape)")
      }
      shape.append(value.extents[axis])
    }
    let open = shape.indices.filter { shape[$0].known == -1 }
    guard open.count <= 1, shape.allSatisfy({ $0.known ?? 0 >= -1 }) else {
      throw .refused("shape: expected extents and one −1 at most, found \(wanted.compactMap(\.known))")
    }
    if let axis = open.first { shape[axis] = try rest(of: value, beside: shape, at: axis) }
    return try reshaped(value, to: shape)
  }

  /// The extent that is left for an axis of a shape.
  private func rest(
    of value: Value, beside shape: [BatchInteger], at axis: Int
  ) throws(ImportFailure) -> BatchInteger {
    var others = shape
    others[axis] = BatchInteger(1)
    guard let count = value.extents.product, let known = others.product else {
      throw .mixesBatch("splits the batch axis")
    }
    guard known != BatchInteger(0), let rest = count.divided(exactlyBy: known) else {
      if known.known == nil { throw .mixesBatch("splits the batch axis") }
      throw .refused(
        "shape: expected one for \(counted(value.shape.reduce(1, *), "element")), found \(shape.compactMap(\.known))"
      )
    }
    return rest
  }

  fileprivate func flatten() throws(ImportFailure) -> Value {
    let value = try input(0)
    var axis = try integer("axis") ?? 1
    let rank = value.shape.count
    guard (-rank...rank).contains(axis) else {
      throw .refused("axis: expected one from \(-rank) to \(rank), found \(axis)")
    }
    if axis < 0 { axis += rank }
    guard let before = Array(value.extents.prefix(axis)).product,
      let behind = Array(value.extents.dropFirst(axis)).product
    else { throw .refused("expected a number of elements without overflow, found shape \(value.shape)") }
    return try reshaped(value, to: [before, behind])
  }

  /// Axes are an attribute until opset 12, then an input.
  package func axes() throws(ImportFailure) -> [Int]? {
    try integers("axes", orInput: 1)
  }

  fileprivate func squeeze() throws(ImportFailure) -> Value {
    let value = try input(0)
    let rank = value.shape.count
    var axes: Set<Int> = []
    if let given = try self.axes() {
      for axis in given { axes.insert(try normalizedAxis(axis, rank: rank)) }
    } else {
      // All axes of extent 1, except the batch, whatever its extent here.
      let batchAxis = try value.layout().batchAxis
      axes = Set(value.shape.indices.filter { value.shape[$0] == 1 && $0 != batchAxis })
    }
    if case .variable(let variable) = value { return .variable(try removed(Array(axes), from: variable)) }
    guard axes.allSatisfy({ value.shape[$0] == 1 }) else {
      throw .refused("axes: expected axes of extent 1, found \(axes.sorted()) of shape \(value.shape)")
    }
    return try reshaped(value, to: value.shape.indices.filter { !axes.contains($0) }.map { value.shape[$0] })
  }

  fileprivate func unsqueeze() throws(ImportFailure) -> Value {
    let value = try input(0)
    guard let axes = try axes() else { throw .refused("expected axes, found none") }
    guard axes.count <= 64 else { throw .refused("expected at most 64 axes, found \(axes.count)") }
    if case .variable(let variable) = value { return .variable(try inserted(axes, in: variable)) }
    let rank = value.shape.count + axes.count
    var positions: Set<Int> = []
    for axis in axes { positions.insert(try normalizedAxis(axis, rank: rank)) }
    guard positions.count == axes.count else { throw .refused("axes: expected each once, found \(axes)") }
    var rest = value.shape[...]
    return try reshaped(value, to: (0..<rank).map { positions.contains($0) ? 1 : rest.removeFirst() })
  }

  /// In inference dropout is the identity.
  fileprivate func dropout() throws(ImportFailure) -> Value {
    if let training = try constantIntegers(2, "training_mode"), training.contains(where: { $0 != 0 }) {
      throw .refused("training_mode: expected inference, found training")
    }
    return try input(0)
  }

  /// A cast between floating-point types changes nothing, since everything is computed in the model's
  /// precision.
  fileprivate func cast() throws(ImportFailure) -> Value {
    if case .word(let word)? = node.attributes["to"], opset < 6, let type = ElementType(word: word) {
      return try cast(input(0), to: type)
    }
    guard let number = try integer("to"), let type = ElementType(rawValue: number) else {
      throw .refused(
        "to: expected a type, found \(try integer("to").map { ElementType.name(of: $0) } ?? "none")")
    }
    return try cast(input(0), to: type)
  }

  fileprivate func castLike() throws(ImportFailure) -> Value {
    if case .integers(let integers) = try input(1) { return try cast(input(0), to: integers.type) }
    return try cast(input(0), to: .float32)
  }

  fileprivate func cast(_ value: Value, to type: ElementType) throws(ImportFailure) -> Value {
    switch value {
    case .integers(let integers):
      guard type.numberType != nil || type.integer != nil else {
        throw .refused("to: expected numbers, found \(type.name)")
      }
      // Whole numbers that contain the extent of the batch stay exact.
      guard type == .bool else { return Value.integers(integers.with(type: type)).withoutSymbols }
      let zero = Integers([0], shape: [])
      return .integers(
        try Integers.combined(integers, zero, type: .bool) { element, zero in
          element.comparison(with: zero).map { BatchInteger($0 == .equal ? 0 : 1) } ?? .undetermined
        })
    case .numbers(let numbers) where type.integer != nil:
      return .integers(
        Integers(
          numbers.elements.map { type == .bool ? ($0 == 0 ? 0 : 1) : Int(clampingTowardZero: $0) },
          shape: numbers.shape, type: type))
    case .variable(let variable) where type == .bool:
      return types.first == .bool ? value : .variable(try truth(of: variable))
    case .variable(let variable) where type.integer != nil: return .variable(try cast(variable, to: type))
    default:
      guard type.numberType != nil else {
        throw .refused("to: expected a floating-point type, found \(type.name)")
      }
      return value
    }
  }
}

extension NodeImport {
  /// A computed value as an integer: towards zero, and of a type that holds what the value may be.
  fileprivate func cast(_ variable: Variable, to type: ElementType) throws(ImportFailure) -> Variable {
    let own = integerType(0)
    guard let size = type.integer?.size, size >= 4 || own == type || own == .bool else {
      throw .refused("to: expected 32 or 64 bits, which hold all values, found \(type.name)")
    }
    return own == nil ? try truncated(variable) : variable
  }
}

extension Int {
  /// The integer part of a number; the nearest representable integer if it is out of range, 0 for NaN.
  fileprivate init(clampingTowardZero number: Double) {
    self =
      number.isNaN
      ? 0 : Int(exactly: number.rounded(.towardZero)) ?? (number < 0 ? Int.min : Int.max)
  }
}
