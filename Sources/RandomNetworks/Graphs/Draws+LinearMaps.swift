import LinearAlgebra
import Operators

/// Linear maps of every type in the registry.
extension Draws {
  /// Linear maps that a network may read a value of this shape by: any type, or a dense matrix.
  package mutating func map(reading shape: [Int]) -> (any LinearMap<Double>)? {
    let types: [any LinearMap<Double>.Type] = LinearMapRegistry.all + [DenseMap<Double>.self]
    return map(element(of: types), reading: shape)
  }

  /// A map of this type that reads a value of this shape, or nil where none was found.
  package mutating func map(
    _ type: any LinearMap<Double>.Type, reading shape: [Int]
  ) -> (any LinearMap<Double>)? {
    for _ in 0..<8 {
      guard let (parameter, given) = parts(of: type, reading: shape) else { continue }
      if let map = try? type.init(inputShape: shape, parameter: parameter, given),
        map.outputSize <= maximumSize, map.outputShape.allSatisfy({ $0 <= maximumSize })
      {
        return map
      }
    }
    return nil
  }

  /// A parameter and attributes of a map of this type; they may not fit each other.
  ///
  /// A type whose shapes follow rules of their own has a case here; one that takes any attributes of their kinds and a
  /// parameter of what it reads needs none.
  private mutating func parts(
    of type: any LinearMap<Double>.Type, reading shape: [Int]
  ) -> (Tensor<Double>?, [String: Constant])? {
    var parameter: Tensor<Double>?
    let given: [String: Constant]
    switch type.typeName {
    case "matrix": (parameter, given) = (dense(reading: shape), [:])
    case "linear": (parameter, given) = linear(reading: shape)
    case "conv":
      guard let parts = convolution(reading: shape) else { return nil }
      (parameter, given) = parts
    case "conv_transpose":
      guard let parts = transposedConvolution(reading: shape) else { return nil }
      (parameter, given) = parts
    case "scale": (parameter, given) = scale(reading: shape)
    case "avg_pool":
      guard (2...4).contains(shape.count) else { return nil }
      given = pooling(shape, of: type.schema)
    case "mean", "sum": given = reduction(rank: shape.count)
    case "upsample":
      guard shape.count >= 2 else { return nil }
      given = ["scale_factor": .integers(perAxis(1...2, shape.count - 1))]
    default:
      guard let attributes = indexing(type.typeName, reading: shape) else {
        return (type.hasParameter ? tensor(shape, inputs: 1) : nil, attributes(type.schema))
      }
      given = attributes
    }
    return (parameter, given)
  }

  private mutating func dense(reading shape: [Int]) -> Tensor<Double> {
    let inputs = shape.reduce(1, *)
    return tensor([width(), inputs], inputs: inputs)
  }

  private mutating func linear(reading shape: [Int]) -> (Tensor<Double>, [String: Constant]) {
    let axis = integer(0...shape.count - 1)
    let (inputs, isTransposed) = (shape[axis], chance(0.4))
    let outputs = extent(atMost: max(1, maximumSize * inputs / shape.reduce(1, *)))
    return (
      tensor(isTransposed ? [inputs, outputs] : [outputs, inputs], inputs: inputs),
      [
        "dim": .integers([counted(axis, rank: shape.count)]), "transposed": .flag(isTransposed),
      ]
    )
  }

  private mutating func convolution(reading shape: [Int]) -> (Tensor<Double>, [String: Constant])? {
    guard (2...4).contains(shape.count) else { return nil }
    let (groups, kernel) = (groups(of: shape[0]), kernel(shape))
    let outputs = groups * extent(atMost: max(1, settings.maximumWidth / groups))
    var attributes = window(shape, kernel: kernel, mayBeSame: true)
    attributes["groups"] = .integers([groups])
    let channels = shape[0] / groups
    return (tensor([outputs, channels] + kernel, inputs: channels * kernel.reduce(1, *)), attributes)
  }

  private mutating func transposedConvolution(reading shape: [Int]) -> (Tensor<Double>, [String: Constant])? {
    guard (2...4).contains(shape.count) else { return nil }
    let (groups, kernel) = (groups(of: shape[0]), kernel(shape))
    let outputs = extent(atMost: max(1, settings.maximumWidth / groups))
    var attributes = window(shape, kernel: kernel, mayBeSame: false)
    attributes["groups"] = .integers([groups])
    attributes["output_padding"] = .integers(chance(0.6) ? [0] : perAxis(0...1, shape.count - 1))
    let inputs = shape[0] / groups * kernel.reduce(1, *)
    return (tensor([shape[0], outputs] + kernel, inputs: inputs), attributes)
  }

  /// Mostly one group; often a group for each channel.
  private mutating func groups(of channels: Int) -> Int {
    chance(0.4) ? 1 : chance(0.4) ? channels : divisor(of: channels)
  }

  private mutating func scale(reading shape: [Int]) -> (Tensor<Double>, [String: Constant]) {
    let axes = axes(rank: shape.count)
    let count = integer(1...shape.count)
    let lastAxes = Array(shape.suffix(count))
    let isLast = chance(0.4)
    let small = (isLast ? lastAxes : axes.map { shape[$0 < 0 ? $0 + shape.count : $0] })
      .map { chance(0.1) ? 1 : $0 }
    let weight = tensor(small, inputs: 1)
    let factors = chance(0.5) ? [] : (0..<weight.count).map { _ in generator.normal() }
    return (weight, ["dim": .integers(isLast ? [] : axes), "factors": .numbers(factors)])
  }

  /// The attributes of a map that moves coordinates; nil for a type that is not known here.
  private mutating func indexing(_ type: String, reading shape: [Int]) -> [String: Constant]? {
    let rank = shape.count
    let axis = integer(0...rank - 1)
    let dim = Constant.integers([counted(axis, rank: rank)])
    switch type {
    case "identity": return [:]
    case "reshape":
      var target = factorization(of: shape.reduce(1, *), rank: integer(1...4))
      if chance(0.3) { target[integer(0...target.count - 1)] = -1 }
      return ["shape": .integers(target)]
    case "flatten":
      let last = integer(axis...rank - 1)
      return ["start_dim": dim, "end_dim": .integers([counted(last, rank: rank)])]
    case "permute":
      let dims = (0..<rank).shuffled(using: &generator)
      return ["dims": .integers(dims.map { counted($0, rank: rank) })]
    case "slice":
      let start = integer(0...shape[axis] - 1)
      let end = integer(start + 1...shape[axis])
      return [
        "dim": dim, "start": .integers([chance(0.2) ? start - shape[axis] : start]),
        "end": .integers([chance(0.3) && end < shape[axis] ? end - shape[axis] : end]),
        "step": .integers([integer(1...2)]),
      ]
    case "place":
      let total = shape[axis] + integer(0...3)
      return [
        "dim": dim, "start": .integers([integer(0...total - shape[axis])]), "total": .integers([total]),
      ]
    case "pad": return ["padding": .integers((0..<2 * rank).map { _ in integer(-1...1) })]
    case "index_select":
      let index = (0..<integer(1...shape[axis] + 1)).map { _ in integer(0...shape[axis] - 1) }
      return ["dim": dim, "index": .integers(index)]
    case "expand": return expansion(of: shape)
    default: return nil
    }
  }

  private mutating func expansion(of shape: [Int]) -> [String: Constant] {
    let size = shape.reduce(1, *)
    let factors = chance(0.5) ? [] : (0..<size).map { _ in generator.normal() }
    var target = shape.map { $0 == 1 && chance(0.5) ? integer(1...3) : $0 }
    var dims: [Int] = []
    if shape.count < 4, chance(0.7) {
      // A new axis somewhere.
      let place = integer(0...shape.count)
      target.insert(integer(1...3), at: place)
      dims = target.indices.filter { $0 != place }
      if place == 0, chance(0.5) { dims = [] }
    }
    return ["shape": .integers(target), "dim": .integers(dims), "factors": .numbers(factors)]
  }
}
