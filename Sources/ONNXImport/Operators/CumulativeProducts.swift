import FileAccess
import LinearAlgebra
import Operators

extension OperatorTable {
  /// Products of all elements up to a place.
  static let cumulativeProducts: [String: OperatorHandler] = [
    "CumProd": .one(["exclusive", "reverse"]) { node throws(ImportFailure) in try node.cumulativeProduct() }
  ]
}

extension NodeImport {
  /// The product of an element and those before it along an axis.
  ///
  /// The products of 1, 2, 4, … neighbours, each of two such products (Hillis and Steele, 1986): logarithmically many
  /// blocks, and no division, so that zeros have their gradient.
  fileprivate func cumulativeProduct() throws(ImportFailure) -> Value {
    guard let axes = try constantIntegers(1, "axis"), axes.count == 1 else {
      throw .refused("expected an axis, found none")
    }
    let value = try input(0)
    let axis = try normalizedAxis(axes[0], rank: value.shape.count)
    let isExclusive = try integer("exclusive") ?? 0 != 0
    let isReversed = try integer("reverse") ?? 0 != 0
    if case .integers(let integers) = value {
      return .integers(
        try integers.cumulativeProduct(along: axis, isExclusive: isExclusive, isReversed: isReversed))
    }
    var result = try variable(value)
    _ = try result.layout.sampleAxis(axis, to: "multiplies along")
    let extent = value.shape[axis]
    if isExclusive {
      result = try shifted(result, axis, by: isReversed ? -1 : 1, suffix: "others")
    }
    var distance = 1
    while distance < extent {
      let before = try shifted(
        result, axis, by: isReversed ? -distance : distance, suffix: "\(distance) away")
      result = try pair("product", result, before, suffix: "\(2 * distance) neighbours")
      distance *= 2
    }
    return .variable(try affine(port(result), result.layout))
  }

  /// The elements further along an axis by a distance, with ones in the place of those that leave it free.
  private func shifted(
    _ variable: Variable, _ axis: Int, by distance: Int, suffix: String
  ) throws(ImportFailure) -> Variable {
    let layout = variable.layout
    try ImportLimits.charge(layout.sampleShape.reduce(1, *))
    guard layout.shape[axis] > abs(distance) else {
      let shape = atLeastVector(layout.sampleShape)
      let ones = Port(shape: shape, offsets: [try repeated(1, count: shape.reduce(1, *))])
      return try affine(ones, layout, named: "\(name)/\(suffix)")
    }
    var pads = [Int](repeating: 0, count: 2 * layout.shape.count)
    pads[axis] = distance
    pads[layout.shape.count + axis] = -distance
    return try self.variable(
      call(
        "Pad", [.variable(variable), .integers(Integers(pads)), .numbers(Numbers([1], shape: []))],
        named: "\(name)/\(suffix)"))
  }
}

extension Integers {
  /// The product of an element and those before it along an axis, or behind it.
  fileprivate func cumulativeProduct(
    along axis: Int, isExclusive: Bool, isReversed: Bool
  ) throws(ImportFailure) -> Integers {
    var result = try elements()
    try ImportLimits.charge(count)
    let (extent, step) = (shape[axis], shape.dropFirst(axis + 1).reduce(1, *))
    for first in result.indices where first / step % extent == 0 {
      var product = 1
      for place in 0..<extent {
        let index = first + (isReversed ? extent - 1 - place : place) * step
        let (next, overflows) = product.multipliedReportingOverflow(by: result[index])
        result[index] = isExclusive ? product : next
        // The product of all is not used where each is without its own.
        guard !overflows || isExclusive && place == extent - 1 else {
          throw .refused("expected products of up to 64 bits, found larger ones")
        }
        product = next
      }
    }
    let bits = 8 * (type.integer?.size ?? 8) - (type.integer?.isSigned ?? true ? 1 : 0)
    guard bits >= 63 || result.allSatisfy({ $0 >> bits == 0 || $0 >> bits == -1 }) else {
      throw .refused("expected products of type \(type.name), found larger ones")
    }
    return Integers(result, shape: shape, type: type)
  }
}
