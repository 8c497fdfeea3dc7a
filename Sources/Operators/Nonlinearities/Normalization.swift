import LinearAlgebra

/// `z = (p − mean) / √(variance + epsilon)` over runs of coordinates that stand side by side, and with further ports
/// times the second plus the third: layer, group, instance and RMS normalisation, with their weight and bias.
///
/// Layer normalisation takes the last axes as runs, group normalisation the channels of a group, instance
/// normalisation one channel. RMS normalisation does not subtract the mean.
public struct Normalization: Nonlinearity {
  public static let typeName = "normalize"
  public static let constantDescriptions: [ConstantDescription] = [
    .integers("run"), ConstantDescription("epsilon", default: 1e-5), .flag("centered", default: true),
  ]

  public let constants: [Constant]
  private let run: Int
  private let epsilon: Double
  private let isCentered: Bool

  public init(constants: [Constant]) throws(InvalidConstants) {
    self.constants = constants
    run = try single("run", constants.integers(0))
    epsilon = constants.number(1)
    isCentered = constants.flag(2)
    guard run > 0 else { throw InvalidConstants("run: expected a positive integer, found \(run)") }
    guard epsilon >= 0 else {
      throw InvalidConstants("epsilon: expected a number that is not negative, found \(epsilon)")
    }
  }

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    guard let shape = portShapes.first, portShapes.count <= 3, portShapes.allSatisfy({ $0 == shape }),
      shape.reduce(1, *) % run == 0
    else { return nil }
    return shape
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    var z = Lines(runsOf: run, size: ports[0].columns).transform(ports[0]) { normalized($0).values }
    if ports.count > 1 { z = z.timesElementwise(ports[1]) }
    if ports.count > 2 { z.add(ports[2]) }
    return z
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    let lines = Lines(runsOf: run, size: ports[0].columns)
    let g = ports.count > 1 ? cotangent.timesElementwise(ports[1]) : cotangent
    var result = [
      lines.transform(g, at: ports[0]) { g, p in
        let (z, scale) = normalized(p)
        let count = S(p.count)
        let mean = isCentered ? g.reduce(0, +) / count : 0
        let projection = zip(g, z).reduce(S(0)) { $0 + $1.0 * $1.1 } / count
        return zip(g, z).map { ($0 - mean - $1 * projection) * scale }
      }
    ]
    if ports.count > 1 {
      result.append(cotangent.timesElementwise(lines.transform(ports[0]) { normalized($0).values }))
    }
    if ports.count > 2 { result.append(cotangent) }
    return result
  }

  /// The normalised run, and the factor that it was scaled by.
  private func normalized<S: Scalar>(_ p: [S]) -> (values: [S], scale: S) {
    let count = S(p.count)
    let mean = isCentered ? p.reduce(0, +) / count : 0
    let variance = p.reduce(S(0)) { $0 + ($1 - mean) * ($1 - mean) } / count
    let scale = 1 / S.sqrt(variance + S(epsilon))
    return (p.map { ($0 - mean) * scale }, scale)
  }
}
