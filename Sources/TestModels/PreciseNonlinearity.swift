import Operators

/// A nonlinearity that test models use, computed for one sample in double-double arithmetic: apart from the operator's own
/// code, which computes in one precision, and again in plain formulas.
protocol PreciseNonlinearity: Nonlinearity {
  /// φ at the ports, each with its shape.
  func precise(at ports: [[DoubleDouble]], shapes: [[Int]]) -> [DoubleDouble]

  /// `φ'(p)ᵀ g`, a cotangent for each port.
  func pulledBack(_ g: [DoubleDouble], at ports: [[DoubleDouble]], shapes: [[Int]]) -> [[DoubleDouble]]

  /// The distance of the ports from the nearest point at which φ has no derivative.
  func distanceToKink(at ports: [[DoubleDouble]], shapes: [[Int]]) -> Double
}

extension PreciseNonlinearity {
  func distanceToKink(at ports: [[DoubleDouble]], shapes: [[Int]]) -> Double { .infinity }
}

/// An activation: its value and its derivative at one number.
protocol PreciseActivation: PreciseNonlinearity {
  /// σ(p).
  func value(at p: DoubleDouble) -> DoubleDouble
  /// σ'(p).
  func slope(at p: DoubleDouble) -> DoubleDouble
}

extension PreciseActivation {
  func precise(at ports: [[DoubleDouble]], shapes: [[Int]]) -> [DoubleDouble] { ports[0].map(value) }

  func pulledBack(_ g: [DoubleDouble], at ports: [[DoubleDouble]], shapes: [[Int]]) -> [[DoubleDouble]] {
    [zip(g, ports[0]).map { $0 * slope(at: $1) }]
  }
}

extension Identity: PreciseActivation {
  func value(at p: DoubleDouble) -> DoubleDouble { p }
  func slope(at p: DoubleDouble) -> DoubleDouble { DoubleDouble(1) }
}

extension ReLU: PreciseActivation {
  func value(at p: DoubleDouble) -> DoubleDouble { p.high > 0 ? p : DoubleDouble(0) }
  func slope(at p: DoubleDouble) -> DoubleDouble { DoubleDouble(p.high > 0 ? 1 : 0) }

  func distanceToKink(at ports: [[DoubleDouble]], shapes: [[Int]]) -> Double {
    ports[0].map(\.magnitude).min() ?? .infinity
  }
}

extension Tanh: PreciseActivation {
  func value(at p: DoubleDouble) -> DoubleDouble { p.hyperbolicTangent }
  func slope(at p: DoubleDouble) -> DoubleDouble {
    let z = p.hyperbolicTangent
    return (DoubleDouble(1) - z) * (DoubleDouble(1) + z)
  }
}

extension Sigmoid: PreciseActivation {
  func value(at p: DoubleDouble) -> DoubleDouble { p.logistic }
  func slope(at p: DoubleDouble) -> DoubleDouble { p.logistic * (-p).logistic }
}

extension SiLU: PreciseActivation {
  func value(at p: DoubleDouble) -> DoubleDouble { p * p.logistic }
  func slope(at p: DoubleDouble) -> DoubleDouble {
    p.logistic * (DoubleDouble(1) + p * (-p).logistic)
  }
}

extension Softmax: PreciseNonlinearity {
  func precise(at ports: [[DoubleDouble]], shapes: [[Int]]) -> [DoubleDouble] {
    precondition(dim == -1, "a softmax along another axis than the last")
    return rows(of: ports[0], length: shapes[0].last!).flatMap { row in
      let powers = row.map { ($0 - DoubleDouble(row.map(\.high).max()!)).exponential }
      let sum = powers.sum
      return powers.map { $0 / sum }
    }
  }

  func pulledBack(_ g: [DoubleDouble], at ports: [[DoubleDouble]], shapes: [[Int]]) -> [[DoubleDouble]] {
    let length = shapes[0].last!
    let values = rows(of: precise(at: ports, shapes: shapes), length: length)
    return [
      zip(values, rows(of: g, length: length)).flatMap { z, g in
        let mean = zip(z, g).map { $0 * $1 }.sum
        return zip(z, g).map { $0 * ($1 - mean) }
      }
    ]
  }
}

extension LayerNormalization: PreciseNonlinearity {
  func precise(at ports: [[DoubleDouble]], shapes: [[Int]]) -> [DoubleDouble] {
    let normalized = centred(ports[0], shapes[0]).flatMap { row, deviation in row.map { $0 / deviation } }
    return zip(normalized, zip(ports[1], ports[2])).map { $0 * $1.0 + $1.1 }
  }

  func pulledBack(_ g: [DoubleDouble], at ports: [[DoubleDouble]], shapes: [[Int]]) -> [[DoubleDouble]] {
    let rowsOfG = rows(of: zip(g, ports[1]).map { $0 * $1 }, length: shapes[0].last!)
    var (ofInput, normalized): ([DoubleDouble], [DoubleDouble]) = ([], [])
    for ((row, deviation), g) in zip(centred(ports[0], shapes[0]), rowsOfG) {
      let count = DoubleDouble(Double(row.count))
      let z = row.map { $0 / deviation }
      let mean = g.sum / count
      let correlation = zip(g, z).map { $0 * $1 }.sum / count
      ofInput += zip(g, z).map { ($0 - mean - $1 * correlation) / deviation }
      normalized += z
    }
    return [ofInput, zip(g, normalized).map { $0 * $1 }, g]
  }

  /// The rows less their means, and √(variance + eps) of each.
  private func centred(
    _ p: [DoubleDouble], _ shape: [Int]
  ) -> [(row: [DoubleDouble], deviation: DoubleDouble)] {
    precondition(normalizedShape.count == 1, "a normalisation over several axes")
    return rows(of: p, length: shape.last!).map { row in
      let count = DoubleDouble(Double(row.count))
      let mean = row.sum / count
      let centred = row.map { $0 - mean }
      let variance = centred.map { $0 * $0 }.sum / count
      return (centred, (variance + DoubleDouble(eps)).squareRoot)
    }
  }
}

extension BatchedProduct: PreciseNonlinearity {
  func precise(at ports: [[DoubleDouble]], shapes: [[Int]]) -> [DoubleDouble] {
    var z: [DoubleDouble] = []
    forEachEntry(shapes) { left, right in
      z.append(zip(left, right).map { ports[0][$0] * ports[1][$1] }.sum)
    }
    return z
  }

  func pulledBack(_ g: [DoubleDouble], at ports: [[DoubleDouble]], shapes: [[Int]]) -> [[DoubleDouble]] {
    var cotangents = ports.map { [DoubleDouble](repeating: DoubleDouble(0), count: $0.count) }
    var entry = 0
    forEachEntry(shapes) { left, right in
      for (i, j) in zip(left, right) {
        cotangents[0][i] += g[entry] * ports[1][j]
        cotangents[1][j] += g[entry] * ports[0][i]
      }
      entry += 1
    }
    return cotangents
  }

  /// Calls `body` with the positions of the factors of each entry of the products, in their order.
  private func forEachEntry(_ shapes: [[Int]], _ body: (_ left: [Int], _ right: [Int]) -> Void) {
    let (m, k, n) = (shapes[0].dropLast().last!, shapes[0].last!, shapes[1].last!)
    for product in 0..<shapes[0].dropLast(2).reduce(1, *) {
      for row in 0..<m {
        for column in 0..<n {
          body(
            (0..<k).map { product * m * k + row * k + $0 },
            (0..<k).map { product * k * n + $0 * n + column })
        }
      }
    }
  }
}

extension MaxPooling: PreciseNonlinearity {
  func precise(at ports: [[DoubleDouble]], shapes: [[Int]]) -> [DoubleDouble] {
    windows(shapes[0]).map { window in ports[0][largest(of: window, ports[0])] }
  }

  func pulledBack(_ g: [DoubleDouble], at ports: [[DoubleDouble]], shapes: [[Int]]) -> [[DoubleDouble]] {
    var cotangent = [DoubleDouble](repeating: DoubleDouble(0), count: ports[0].count)
    for (window, g) in zip(windows(shapes[0]), g) { cotangent[largest(of: window, ports[0])] += g }
    return [cotangent]
  }

  func distanceToKink(at ports: [[DoubleDouble]], shapes: [[Int]]) -> Double {
    windows(shapes[0]).map { window in
      let values = window.map { ports[0][$0].high }.sorted()
      return values[values.count - 1] - values[values.count - 2]
    }.min() ?? .infinity
  }

  private func largest(of window: [Int], _ p: [DoubleDouble]) -> Int {
    window.dropFirst().reduce(window[0]) { p[$0] < p[$1] ? $1 : $0 }
  }

  /// The positions in each window of two by two, without overlaps, of samples `[channels, height, width]`.
  private func windows(_ shape: [Int]) -> [[Int]] {
    precondition(kernelSize == [2] && (stride.isEmpty || stride == [2]), "windows other than 2 by 2")
    let (height, width) = (shape[1], shape[2])
    return (0..<shape[0]).flatMap { channel in
      (0..<height / 2).flatMap { row in
        (0..<width / 2).map { column in
          let first = (channel * height + 2 * row) * width + 2 * column
          return [first, first + 1, first + width, first + width + 1]
        }
      }
    }
  }
}

extension [DoubleDouble] {
  /// The sum of all numbers.
  var sum: DoubleDouble { reduce(DoubleDouble(0), +) }
}

/// Runs of adjacent coordinates.
private func rows(of p: [DoubleDouble], length: Int) -> [[DoubleDouble]] {
  stride(from: 0, to: p.count, by: length).map { Array(p[$0..<$0 + length]) }
}
