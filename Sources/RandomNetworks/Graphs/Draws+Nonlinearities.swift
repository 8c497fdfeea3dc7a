import LinearAlgebra
import Operators

/// Nonlinearities of every type in the registry.
extension Draws {
  /// A nonlinearity of this type whose first port has this shape, and the shapes of all its ports; nil if
  /// none was found.
  ///
  /// An optional parameter port may be omitted together with all later ports.
  package mutating func nonlinearity(
    _ type: any Nonlinearity.Type, of shape: [Int]
  ) -> (nonlinearity: any Nonlinearity, portShapes: [[Int]])? {
    for _ in 0..<8 {
      guard let given = attributes(of: type, for: shape), let drawn = try? type.init(given)
      else { continue }
      let portShapes = portShapes(of: type, first: shape)
      if let output = drawn.outputShape(portShapes: portShapes), output.reduce(1, *) <= maximumSize {
        return (drawn, portShapes)
      }
    }
    return nil
  }

  /// The attributes of a nonlinearity. A type with rules of its own has a case here; a type that accepts any
  /// attributes of its kinds needs none.
  private mutating func attributes(of type: any Nonlinearity.Type, for shape: [Int]) -> [String: Constant]? {
    switch type.typeName {
    case "softmax", "log_softmax": return ["dim": .integers([axis(rank: shape.count)])]
    case "logsumexp", "amax", "amin", "norm": return reduction(rank: shape.count)
    case "max_pool":
      guard (2...4).contains(shape.count) else { return nil }
      return pooling(shape, of: type.schema)
    case "layer_norm", "rms_norm":
      return [
        "normalized_shape": .integers(Array(shape.suffix(integer(1...shape.count)))), "eps": epsilon(),
      ]
    case "group_norm": return ["num_groups": .integers([divisor(of: shape[0])]), "eps": epsilon()]
    case "instance_norm": return ["eps": epsilon()]
    default: return attributes(type.schema)
    }
  }

  private mutating func epsilon() -> Constant { .number(element(of: [1e-5, 1e-3, 0.1])) }

  /// The shapes of the ports: all the same, except for matrix products.
  private mutating func portShapes(of type: any Nonlinearity.Type, first shape: [Int]) -> [[Int]] {
    if type.typeName == "matmul" {
      guard shape.count >= 2 else { return [shape] }
      let rows = maximumSize / max(1, shape.dropLast().reduce(1, *))
      return [shape, shape.dropLast(2) + [shape.last!, extent(atMost: max(1, min(rows, 6)))]]
    }
    let required = type.parameterPorts.filter(\.isRequired).count
    let count = type.inputCount + integer(required...type.parameterPorts.count)
    return [[Int]](repeating: shape, count: max(1, count))
  }

  /// A common activation, with various attributes.
  package mutating func activation() -> any Nonlinearity {
    while true {
      let type = element(of: NonlinearityRegistry.activations)
      if let activation = try? type.init(attributes(type.schema)) {
        return activation
      }
    }
  }
}

extension Nonlinearity {
  /// Whether it is defined for all numbers, unlike `log`, whose arguments must be chosen.
  var isTotal: Bool {
    if let activation = self as? any Activation { return type(of: activation).isActivation }
    return !["quotient", "power"].contains(type(of: self).typeName)
  }

  /// Whether its values are within −1 and 1 for all arguments.
  var isBounded: Bool {
    if type(of: self).typeName == Softmax.typeName { return true }
    guard self is any Activation else { return false }
    let points = (-60...60).map { Double($0) * abs(Double($0)) * 0.3 }
    let values = value(
      at: [Matrix(rows: 1, columns: points.count, elements: points)], shapes: [[points.count]])
    return values.elements.allSatisfy { abs($0) <= 1 }
  }

  /// Whether values and slopes are of moderate size if each port is within `reach` of its centre.
  func isTame(around centres: [Double], reach: Double) -> Bool {
    let steps = stride(from: -reach, through: reach, by: reach / 8).map { $0 }
    let count = centres.count == 1 ? steps.count : steps.count * steps.count
    let ports = centres.enumerated().map { port, centre in
      let row = (0..<count).map { centre + steps[port == 0 ? $0 % steps.count : $0 / steps.count] }
      return Matrix(rows: 1, columns: count, elements: row)
    }
    let shapes = [[Int]](repeating: [count], count: centres.count)
    guard outputShape(portShapes: shapes) == [count] else { return false }
    let ones = Matrix<Double>(rows: 1, columns: count, repeating: 1)
    let slopes = vjp(ones, at: ports, shapes: shapes).flatMap(\.elements)
    return (value(at: ports, shapes: shapes).elements + slopes).allSatisfy { abs($0) < 40 }
  }
}
