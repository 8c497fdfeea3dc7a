import RealModule

/// How many updates an accelerated iteration will still need, judged by the decrease of its residual, compared with
/// Newton's method from the same iterate.
struct Forecast: Sendable {
  /// The number of updates over which the rate is measured, and the number required before a forecast.
  private static let (window, leastCount) = (8, 5)
  /// The factor by which Newton's method must be cheaper, since acceleration is slowest in its first updates.
  private static let caution = 2.0

  private var shares: [Double] = []

  /// Records the residual of the next iterate, as a share of the tolerance.
  mutating func observe(share: Double) {
    shares.append(share)
    if shares.count > Self.window + 1 { shares.removeFirst() }
  }

  /// Whether Newton's method is forecast to take fewer evaluations, of which a Jacobian with its factors costs `price`.
  ///
  /// The iteration is assumed to continue at its geometric mean rate, or at its last rate if better, since acceleration
  /// on few coordinates becomes faster. Newton's method is assumed to square an error that begins as the relative
  /// residual, at most a tenth.
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
