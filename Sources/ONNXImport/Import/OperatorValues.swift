import LinearAlgebra
import Operators

/// The linear map of this name in files.
///
/// - Parameter attributes: Those that differ from the default.
/// - Throws: If attributes, weight and shape do not fit.
package func linearMap(
  _ name: String, from shape: [Int], _ given: [String: Constant] = [:], weight: Tensor<Double>? = nil
) throws(ImportFailure) -> any LinearMap<Double> {
  let type: any LinearMap<Double>.Type
  if name == DenseMap<Double>.typeName {
    type = DenseMap<Double>.self
  } else {
    guard let found = LinearMapRegistry.type(named: name) else {
      throw .refused("expected a linear map that there is, found \(name)")
    }
    type = found
  }
  let attributes = try type.schema.attributes(given, of: name)
  let holdsTable =
    type is any IndexMap.Type || type is any Reduction.Type || type == Scale<Double>.self
  if holdsTable { try ImportLimits.requireRoom(for: claimedSize(from: shape, given)) }
  let map: any LinearMap<Double>
  do {
    map = try type.init(inputShape: atLeastVector(shape), parameter: weight, attributes: attributes)
  } catch {
    throw .refused(error.description)
  }
  if let map = map as? any IndexMap {
    try ImportLimits.charge(map.table.count)
  } else if holdsTable {
    try ImportLimits.charge(max(map.inputSize, map.outputSize))
  }
  return map
}

/// The number of coordinates of a map's larger side, as far as its attributes claim one, before it is made.
private func claimedSize(from shape: [Int], _ attributes: [String: Constant]) -> Int {
  let count = shape.reduce(1, *)
  var largest = count
  if case .integers(let extents)? = attributes["shape"] { largest = max(largest, extents.reduce(1, *)) }
  if case .integers(let dim)? = attributes["dim"], let axis = dim.first, shape.indices.contains(axis) {
    let others = count / max(1, shape[axis])
    if case .integers(let index)? = attributes["index"] { largest = max(largest, others * index.count) }
    if case .integers(let total)? = attributes["total"] {
      largest = max(largest, others * (total.first ?? 0))
    }
  }
  if case .integers(let pads)? = attributes["padding"], pads.count == 2 * shape.count {
    let padded = shape.indices.map { shape[$0] + pads[$0] + pads[shape.count + $0] }
    largest = max(largest, padded.reduce(1, *))
  }
  return largest
}

/// The nonlinearity of this name in files.
///
/// - Throws: If the attributes are not valid.
package func nonlinearity(
  _ name: String, _ given: [String: Constant] = [:]
) throws(ImportFailure) -> any Nonlinearity {
  guard let type = NonlinearityRegistry.type(named: name) else {
    throw .refused("expected a nonlinearity that there is, found \(name)")
  }
  let attributes = try type.schema.attributes(given, of: name)
  do { return try type.init(attributes: attributes) } catch { throw .refused(error.description) }
}

extension OperatorSchema {
  /// A value for each attribute of the operator of this name: the given ones, and the defaults of the others.
  fileprivate func attributes(
    _ given: [String: Constant], of name: String
  ) throws(ImportFailure) -> Attributes {
    do { return try attributes(given) } catch { throw .refused("\(name): \(error.description)") }
  }
}
