import LinearAlgebra

/// `z = (p − mean) / √(variance + eps)` over runs of adjacent coordinates, with further ports times the second plus the
/// third: common to layer, group, instance and RMS normalisation.
public protocol Normalization: Nonlinearity {
  /// The length of the runs in tensors of this shape; nil where the nonlinearity does not accept them.
  func run(_ shape: [Int]) -> Int?

  /// The number added to the variance; not negative.
  var eps: Double { get }

  /// Whether the mean is subtracted.
  static var isCentered: Bool { get }
}

extension Normalization {
  public static var isCentered: Bool { true }

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    guard let shape = portShapes.first, portShapes.count <= 1 + Self.parameterPorts.count,
      portShapes.allSatisfy({ $0 == shape }), run(shape) != nil
    else { return nil }
    return shape
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    var z = normalized(ports[0], shapes[0])
    if ports.count > 1 { z.multiply(by: ports[1]) }
    if ports.count > 2 { z.add(ports[2]) }
    return z
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    var g = cotangent
    if ports.count > 1 { g.multiply(by: ports[1]) }
    pullBackRuns(
      &g.elements, at: ports[0].elements, length: length(shapes[0]), epsilon: S(eps),
      isCentered: Self.isCentered)
    var cotangents = [g]
    if ports.count > 1 {
      var ofWeight = normalized(ports[0], shapes[0])
      ofWeight.multiply(by: cotangent)
      cotangents.append(ofWeight)
    }
    if ports.count > 2 { cotangents.append(cotangent) }
    return cotangents
  }

  private func length(_ shape: [Int]) -> Int {
    guard let run = run(shape) else { preconditionFailure("a shape that the normalisation does not take") }
    return run
  }

  private func normalized<S: Scalar>(_ p: Matrix<S>, _ shape: [Int]) -> Matrix<S> {
    var z = p
    normalizeRuns(&z.elements, length: length(shape), epsilon: S(eps), isCentered: Self.isCentered)
    return z
  }
}

/// The attribute `eps`: a number that is not negative.
func checkedEpsilon(_ value: Double) throws(InvalidConstants) -> Double {
  guard value >= 0 else {
    throw InvalidConstants("eps: expected a number that is not negative, found \(value)")
  }
  return value
}

extension Matrix {
  /// Multiplies every element by that of another matrix of the same size.
  fileprivate mutating func multiply(by other: Matrix) {
    elements.withUnsafeMutableBufferPointer { p in
      other.elements.withUnsafeBufferPointer { S.evaluate(Product(), on: p, with: $0) }
    }
  }
}

/// The mean of a run, 0 where it is not centred, and the factor that normalises it.
@inline(__always)
private func statistics<S: Scalar>(
  _ run: UnsafePointer<S>, _ length: Int, _ epsilon: S, _ isCentered: Bool
) -> (mean: S, scale: S) {
  var mean: S = 0
  if isCentered {
    for index in 0..<length { mean += run[index] }
    mean /= S(length)
  }
  var variance: S = 0
  for index in 0..<length { variance += (run[index] - mean) * (run[index] - mean) }
  return (mean, 1 / S.sqrt(variance / S(length) + epsilon))
}

/// Replaces every run of `length` elements by its normalised one.
@specialized(where S == Double)
@specialized(where S == Float)
private func normalizeRuns<S: Scalar>(_ p: inout [S], length: Int, epsilon: S, isCentered: Bool) {
  p.withUnsafeMutableBufferPointer { p in
    for start in stride(from: 0, to: p.count, by: length) {
      let run = p.baseAddress! + start
      let (mean, scale) = statistics(run, length, epsilon, isCentered)
      for index in 0..<length { run[index] = (run[index] - mean) * scale }
    }
  }
}

/// Replaces every run of cotangents of the normalised run by that of the run p itself:
/// `scale · (g − mean(g) − z mean(g ⊙ z))`.
@specialized(where S == Double)
@specialized(where S == Float)
private func pullBackRuns<S: Scalar>(_ g: inout [S], at p: [S], length: Int, epsilon: S, isCentered: Bool) {
  g.withUnsafeMutableBufferPointer { g in
    p.withUnsafeBufferPointer { p in
      for start in stride(from: 0, to: p.count, by: length) {
        let (g, run) = (g.baseAddress! + start, p.baseAddress! + start)
        let (mean, scale) = statistics(run, length, epsilon, isCentered)
        var meanOfCotangent: S = 0
        var projection: S = 0
        for index in 0..<length {
          meanOfCotangent += g[index]
          projection += g[index] * (run[index] - mean) * scale
        }
        meanOfCotangent = isCentered ? meanOfCotangent / S(length) : 0
        projection /= S(length)
        for index in 0..<length {
          let z = (run[index] - mean) * scale
          g[index] = (g[index] - meanOfCotangent - z * projection) * scale
        }
      }
    }
  }
}
