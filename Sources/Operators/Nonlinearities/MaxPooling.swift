import LinearAlgebra

/// Max pooling over 1 to 3 spatial axes, as in `torch.nn.MaxPool1d`, `MaxPool2d` and `MaxPool3d`; padding never wins. Of
/// equal elements the first one of the window takes the gradient, as in PyTorch.
///
/// `padding` is one integer for all axes, one for each, or those before all axes and then those behind them. A window
/// whose elements all lie in the padding has the value −∞.
public struct MaxPooling: Nonlinearity {
  public static let typeName = "max_pool"
  public static let constantDescriptions: [ConstantDescription] = [
    .integers("kernel_size"), .integers("stride", default: []), .integers("padding", default: [0]),
    .integers("dilation", default: [1]), .flag("ceil_mode", default: false),
  ]

  public let constants: [Constant]

  public init(constants: [Constant]) throws(InvalidConstants) {
    self.constants = constants
    for (position, least, counts) in [(0, 1, 1...3), (1, 1, 0...3), (2, 0, 1...6), (3, 1, 1...3)] {
      let (name, values) = (Self.constantDescriptions[position].name, constants.integers(position))
      guard counts.contains(values.count), values.allSatisfy({ (least...1 << 20).contains($0) }) else {
        throw InvalidConstants(
          "\(name): expected \(counts.lowerBound) to \(counts.upperBound) integers of at least \(least), found \(values)"
        )
      }
    }
  }

  private func geometry(_ shape: [Int]) -> WindowGeometry? {
    let kernel = constants.integers(0)
    guard
      let geometry = try? WindowGeometry(
        inputShape: shape, kernel: kernel,
        stride: constants.integers(1).isEmpty ? kernel : constants.integers(1),
        padding: .integers(constants.integers(2)), dilation: constants.integers(3), roundUp: constants.flag(4)
      ),
      (try? geometry.expectPaddingWithinWindow()) != nil
    else { return nil }
    return geometry
  }

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    guard portShapes.count == 1, let geometry = geometry(portShapes[0]) else { return nil }
    return geometry.outputShape(channels: geometry.channels)
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    let winners = winners(ports[0], shapes[0])
    guard let shape = outputShape(portShapes: shapes) else { preconditionFailure("windows that do not fit") }
    var z = Matrix<S>(rows: ports[0].rows, columns: shape.reduce(1, *), repeating: -.infinity)
    gather(ports[0].elements, at: winners, into: &z.elements)
    return z
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    var g = Matrix<S>(rows: ports[0].rows, columns: ports[0].columns)
    scatterAdding(cotangent.elements, at: winners(ports[0], shapes[0]), to: &g.elements)
    return [g]
  }

  /// For each output element of the batch the position of the largest element of its window; −1 where it has none.
  private func winners<S: Scalar>(_ p: Matrix<S>, _ shape: [Int]) -> [Int] {
    guard let geometry = geometry(shape) else { preconditionFailure("windows that do not fit") }
    return findWinners(p.elements, planes: p.rows * geometry.channels, geometry)
  }
}

/// For each window of each plane the position of its first element that is largest; a NaN is largest.
@specialized(where S == Double)
@specialized(where S == Float)
private func findWinners<S: Scalar>(_ p: [S], planes: Int, _ geometry: WindowGeometry) -> [Int] {
  let (depths, rows, columns) = (geometry.spans(axis: 0), geometry.spans(axis: 1), geometry.spans(axis: 2))
  let (width, height) = (geometry.input[2], geometry.input[1])
  let (stepZ, stepY, stepX) = (geometry.dilation[0], geometry.dilation[1], geometry.dilation[2])
  var winners: [Int] = []
  winners.reserveCapacity(planes * geometry.outputArea)
  for plane in 0..<planes {
    let first = plane * geometry.inputArea
    for depth in depths {
      for row in rows {
        for column in columns {
          var best = -1
          var largest = -S.infinity
          for z in 0..<depth.count {
            for y in 0..<row.count {
              let line = (depth.first + z * stepZ) * height + row.first + y * stepY
              var position = first + line * width + column.first
              for _ in 0..<column.count {
                let value = p[position]
                if value > largest || value.isNaN || best < 0 { (best, largest) = (position, value) }
                position += stepX
              }
            }
          }
          winners.append(best)
        }
      }
    }
  }
  return winners
}

@specialized(where S == Double)
@specialized(where S == Float)
private func gather<S: Scalar>(_ source: [S], at positions: [Int], into target: inout [S]) {
  for (index, position) in positions.enumerated() where position >= 0 { target[index] = source[position] }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func scatterAdding<S: Scalar>(_ source: [S], at positions: [Int], to target: inout [S]) {
  for (index, position) in positions.enumerated() where position >= 0 { target[position] += source[index] }
}
