import LinearAlgebra

/// `z_i = e^{p_i} / Σ_j e^{p_j}` along an axis, as in `torch.nn.Softmax`; the largest element is taken off first.
public struct Softmax: Nonlinearity {
  public static let typeName = "softmax"
  public static let constantDescriptions: [ConstantDescription] = [.integers("axis", default: [-1])]

  /// The axis of a sample; counted from the end where it is negative.
  public let constants: [Constant]

  public init(constants: [Constant]) throws(InvalidConstants) {
    self.constants = constants
    _ = try single("axis", constants.integers(0))
  }

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    guard portShapes.count == 1,
      (try? axis("axis", constants.integers(0)[0], rank: portShapes[0].count)) != nil
    else { return nil }
    return portShapes[0]
  }

  private func lines(_ shape: [Int]) -> Lines {
    let axis = constants.integers(0)[0]
    return Lines(shape: shape, axis: axis < 0 ? axis + shape.count : axis)
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    lines(shapes[0]).transform(ports[0]) { softmax($0) }
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    [
      lines(shapes[0]).transform(cotangent, at: ports[0]) { g, p in
        let z = softmax(p)
        let mean = zip(g, z).reduce(S(0)) { $0 + $1.0 * $1.1 }
        return zip(g, z).map { $1 * ($0 - mean) }
      }
    ]
  }
}

/// The logarithm of softmax along an axis, as in `torch.nn.LogSoftmax`.
public struct LogSoftmax: Nonlinearity {
  public static let typeName = "log_softmax"
  public static let constantDescriptions: [ConstantDescription] = [.integers("axis", default: [-1])]

  /// The axis of a sample; counted from the end where it is negative.
  public let constants: [Constant]

  public init(constants: [Constant]) throws(InvalidConstants) {
    self.constants = constants
    _ = try single("axis", constants.integers(0))
  }

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    guard portShapes.count == 1,
      (try? axis("axis", constants.integers(0)[0], rank: portShapes[0].count)) != nil
    else { return nil }
    return portShapes[0]
  }

  private func lines(_ shape: [Int]) -> Lines {
    let axis = constants.integers(0)[0]
    return Lines(shape: shape, axis: axis < 0 ? axis + shape.count : axis)
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    lines(shapes[0]).transform(ports[0]) { p in
      let largest = p.max() ?? 0
      let logarithm = S.log(p.reduce(S(0)) { $0 + S.exp($1 - largest) })
      return p.map { $0 - largest - logarithm }
    }
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    [
      lines(shapes[0]).transform(cotangent, at: ports[0]) { g, p in
        let sum = g.reduce(0, +)
        return zip(g, softmax(p)).map { $0 - $1 * sum }
      }
    ]
  }
}

private func softmax<S: Scalar>(_ p: [S]) -> [S] {
  let largest = p.max() ?? 0
  let exponentials = p.map { S.exp($0 - largest) }
  let sum = exponentials.reduce(0, +)
  return exponentials.map { $0 / sum }
}
