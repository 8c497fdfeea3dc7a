import Blocks
import LinearAlgebra
import Operators

extension OperatorTable {
  /// Elements around a tensor.
  package static let padding: [String: OperatorHandler] = [
    "Pad": .variable(["mode", "pads", "value"]) { node throws(ImportFailure) in try node.pad() }
  ]
}

extension NodeImport {
  fileprivate func pad() throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    let mode = try word("mode", of: ["constant", "reflect", "edge", "wrap"]) ?? "constant"
    let pads = try allPads(of: variable)
    if mode == "constant" { return try zeros(around: variable, pads) }
    var value = Value.variable(variable)
    let rank = variable.layout.shape.count
    let axes = (0..<rank).filter { pads[$0] != 0 || pads[rank + $0] != 0 }
    for axis in axes {
      let extent = value.shape[axis]
      guard extent > 0, extent + pads[axis] + pads[rank + axis] > 0 else {
        throw .refused("pads: expected at least one element to remain along axis \(axis), found \(pads)")
      }
      try ImportLimits.charge(extent + pads[axis] + pads[rank + axis])
      var places: [Int] = []
      for place in -pads[axis]..<extent + pads[rank + axis] {
        places.append(Self.place(place, extent: extent, mode: mode))
      }
      value = try selected(value, axis: axis, places, suffix: axis == axes.last ? nil : "axis\(axis)")
    }
    return try self.variable(value)
  }

  /// The index within an axis that an index outside it is copied from.
  private static func place(_ place: Int, extent: Int, mode: String) -> Int {
    switch mode {
    case "edge": return min(max(place, 0), extent - 1)
    case "wrap": return (place % extent + extent) % extent
    default:
      guard extent > 1 else { return 0 }
      let period = 2 * (extent - 1)
      let within = (place % period + period) % period
      return min(within, period - within)
    }
  }

  /// Pads before all axes, then those after them: an attribute until opset 10, then an input; later for
  /// some axes only.
  private func allPads(of variable: Variable) throws(ImportFailure) -> [Int] {
    let rank = variable.layout.shape.count
    guard let given = try integers("pads", orInput: 1) else {
      throw .refused("expected pads, found none")
    }
    let axes = try constantIntegers(3, "axes") ?? Array(0..<rank)
    guard given.count == 2 * axes.count else {
      throw .refused("pads: expected \(2 * axes.count) integers, found \(given)")
    }
    if let large = given.first(where: { $0.magnitude > TensorSize.maximum }) {
      throw .refused("pads: expected at most \(TensorSize.maximum) elements on a side, found \(large)")
    }
    var pads = [Int](repeating: 0, count: 2 * rank)
    for (position, axis) in axes.enumerated() {
      let axis = try normalizedAxis(axis, rank: rank)
      pads[axis] = given[position]
      pads[rank + axis] = given[axes.count + position]
    }
    return pads
  }

  /// A variable padded with zeros or another number.
  private func zeros(around variable: Variable, _ pads: [Int]) throws(ImportFailure) -> Variable {
    let layout = variable.layout
    let rank = layout.shape.count
    if let batchAxis = layout.batchAxis, pads[batchAxis] != 0 || pads[rank + batchAxis] != 0 {
      throw .mixesBatch("pads the batch axis")
    }
    var filler = try number("value") ?? 0
    if let numbers = try constantNumbers(2, "the value of the padding") {
      guard numbers.count == 1 else {
        throw .refused("expected one number as padding, found \(numbers.count)")
      }
      filler = numbers[0]
    }
    let kept = (0..<rank).filter { layout.isMerged || $0 != layout.batchAxis }
    let own = kept.map { pads[$0] } + kept.map { pads[rank + $0] }
    let shape = zip(layout.shape, 0..<rank).map { $0 + pads[$1] + pads[rank + $1] }
    let target = try layout.replacing(shape)
    let map = try linearMap("pad", from: layout.sampleShape, ["padding": .integers(own)])
    var port = Port(shape: map.outputShape, terms: [Term(source: variable.source, map: map)])
    if filler != 0 {
      // The number at the positions that the map leaves zero.
      var inside = Matrix<Double>(rows: 1, columns: map.outputSize)
      map.add(of: Matrix(rows: 1, columns: map.inputSize, repeating: 1), to: &inside)
      port.offsets.append(Offset(vector: inside.elements.map { $0 == 0 ? filler : 0 }))
    }
    return try affine(port, target)
  }
}
