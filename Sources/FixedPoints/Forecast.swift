import RealModule

/// How many updates an accelerated iteration is going to take, by how fast its residual has shrunk, beside what Newton's
/// method would take from the same iterate.
struct Forecast: Sendable {
  /// Over how many updates the rate is measured, and how many must have been seen.
  private static let (window, leastCount) = (8, 5)
  /// By how much Newton's method has to be ahead: the first rates of an acceleration are its worst.
  private static let caution = 2.0

  private var shares: [Double] = []

  /// Takes the residual of the next iterate, as a share of the tolerance.
  mutating func observe(share: Double) {
    shares.append(share)
    if shares.count > Self.window + 1 { shares.removeFirst() }
  }

  /// Whether Newton's method is forecast to take fewer evaluations, of which a Jacobian with its factors costs `price`.
  ///
  /// The iteration is taken to go on at its geometric mean rate, or at the last one if that is better, since acceleration
  /// on few coordinates becomes faster; Newton's method, to square an error that is the relative
  /// residual, or a tenth where that is more.
  func prefersNewton(price: Double, relativeTolerance: Double) -> Bool {
    guard shares.count >= Self.leastCount, let latest = shares.last, latest > 1, relativeTolerance > 0
    else { return false }
    let mean = Double.pow(latest / shares[0], 1 / Double(shares.count - 1))
    let rate = min(mean, latest / shares[shares.count - 2])
    let remaining = rate < 1 ? Double.log(latest) / -Double.log(rate) : .infinity
    let error = max(min(0.1, latest * relativeTolerance), relativeTolerance)
    let doublings = Double.log(Double.log(relativeTolerance) / Double.log(error)) / Double.log(2)
    return remaining > Self.caution * (1 + price) * max(1, doublings.rounded(.up))
  }
}
