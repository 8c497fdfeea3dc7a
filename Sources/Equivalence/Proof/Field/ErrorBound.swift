import RealModule

extension FieldComparison {
  /// The binary logarithm of an upper bound on the probability that models that are not equal in the theory
  /// pass.
  ///
  /// The documentation page "Proof" derives it.
  var errorBound: Double {
    let complexity = evaluations.first.complexity.union(evaluations.second.complexity)
    let applications = evaluations.first.applications + evaluations.second.applications
    // A random 60-bit prime divides a coefficient of this many bits with at most this probability. The
    // coefficient has at most bits / 60 such prime factors, and each is found from at most 775 of 2⁵⁹
    // starts, since primes below 2⁶⁴ are at most 1550 apart.
    let vanishing = complexity.bits / 60 * 775 * 0x1p-59
    let root = complexity.differenceDegree * 0x1p-60
    let pair = 3 * Double.log2(vanishing + root)
    return min(0, 2 * Double.log2(applications) - 1 + pair + Double.log2(Double(FunctionProver.attempts)))
  }
}
