import RealModule

extension FieldComparison {
  /// The binary logarithm of the probability, at most, that models which are not equal in the theory pass.
  ///
  /// The derivation is written in the documentation page "Proof".
  var errorBound: Double {
    let complexity = evaluations.first.complexity.union(evaluations.second.complexity)
    let applications = evaluations.first.applications + evaluations.second.applications
    // A prime of 60 bits divides a coefficient of so many bits: it is one of bits / 60, each found from at most 775 of 2⁵⁹
    // beginnings, since primes below 2⁶⁴ are at most 1550 apart.
    let vanishing = complexity.bits / 60 * 775 * 0x1p-59
    let root = complexity.differenceDegree * 0x1p-60
    let pair = 3 * Double.log2(vanishing + root)
    return min(0, 2 * Double.log2(applications) - 1 + pair + Double.log2(Double(FunctionProver.attempts)))
  }
}
