import Blocks
import LinearAlgebra
import Operators

/// Linear maps and constant summands of given sizes.
extension Draws {
  /// A map from a value of one shape to a port of another, of any type that can be one.
  ///
  /// The map may see the value in another shape than it has, with as many coordinates.
  package mutating func map(from shape: [Int], to target: [Int]) -> any LinearMap<Double> {
    let (inputs, outputs) = (shape.reduce(1, *), target.reduce(1, *))
    for _ in 0..<3 where chance(0.5) {
      let view =
        inputs == outputs ? target : chance(0.7) ? shape : factorization(of: inputs, rank: integer(1...3))
      if let map = map(reading: view), map.outputSize == outputs { return map }
    }
    var maps: [any LinearMap<Double>] = []
    if inputs == outputs {
      maps.append(IdentityMap(chance(0.7) ? target : shape))
      maps.append(Multiply(target, factor: chance(0.3) ? -1 : generator.normal()))
      if let scale = map(Scale<Double>.self, reading: target) { maps.append(scale) }
    }
    if shape.count == target.count {
      let before = zip(target, shape).map { $0 - $1 }.map { $0 > 0 ? integer(0...$0) : $0 / 2 }
      let behind = target.indices.map { target[$0] - shape[$0] - before[$0] }
      if let pad = try? Pad<Double>(inputShape: shape, padding: before + behind) { maps.append(pad) }
    }
    if let expand = try? Expand<Double>(inputShape: shape, shape: target) { maps.append(expand) }
    if maps.isEmpty || chance(0.3) { maps.append(DenseMap(tensor([outputs, inputs], inputs: inputs))) }
    return element(of: maps.filter { $0.outputSize == outputs })
  }

  /// A constant summand of a port of this shape: as large as the port, or a smaller tensor and the map that spreads it.
  package mutating func offset(port: Int, of shape: [Int], parameter: String?) -> Offset<Double> {
    let types = LinearMapRegistry.all.filter { !$0.hasParameter }
    for _ in 0..<3 where chance(0.6) {
      let view = chance(0.5) ? axes(rank: shape.count).map { shape[$0 < 0 ? $0 + shape.count : $0] } : shape
      if let map = map(element(of: types), reading: view), map.outputSize == shape.reduce(1, *) {
        return Offset(port: port, tensor: tensor(view, inputs: 1), map: map, parameter: parameter)
      }
    }
    switch integer(0...2) {
    case 0: return Offset(port: port, vector: tensor(shape, inputs: 1).elements, parameter: parameter)
    case 1:
      let axes = (0..<shape.count).shuffled(using: &generator).prefix(integer(1...shape.count))
      return spread(
        tensor(axes.map { shape[$0] }, inputs: 1), over: shape, dims: Array(axes), port, parameter)
    default: return Offset(port: port, tensor: tensor(shape, inputs: 1), parameter: parameter)
    }
  }

  /// The summand that a tensor makes which lies along some of a port's axes.
  package func spread(
    _ tensor: Tensor<Double>, over shape: [Int], dims: [Int], _ port: Int, _ parameter: String?
  ) -> Offset<Double> {
    if tensor.shape == shape, dims == Array(shape.indices) {
      return Offset(port: port, tensor: tensor, parameter: parameter)
    }
    let map = try! Expand<Double>(inputShape: tensor.shape, shape: shape, dim: IntegerList(dims))
    return Offset(port: port, tensor: tensor, map: map, parameter: parameter)
  }

  /// The bias that goes with a map in files, in its usual shape.
  package mutating func bias(of map: any LinearMap<Double>, parameter: String) -> Offset<Double> {
    spread(tensor(map.biasShape, inputs: 1), over: map.outputShape, dims: map.biasDims, 0, parameter)
  }
}
