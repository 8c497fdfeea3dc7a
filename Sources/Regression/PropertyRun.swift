import Equivalence
import LinearAlgebra
import Networks
import RandomNetworks

/// The property test: random networks are converted, checked, written and read again.
package struct PropertyRun {
  /// What the networks are drawn by.
  package var generator = NetworkGenerator()
  /// How conversions are judged; each case has a seed and a number of samples of its own.
  package var checker = EquivalenceChecker()
  private let cases: Int
  private let seed: UInt64

  /// A run of so many networks; the same seed, the same networks.
  package init(cases: Int, seed: UInt64) {
    self.cases = cases
    self.seed = seed
  }

  /// How a run ends.
  package enum Result {
    /// Every network has the property.
    case passed(PropertySummary)
    /// One has not.
    case failed(PropertyFailure)
  }

  /// Runs the cases, up to the first that fails, which is shrunk.
  ///
  /// - Parameter progress: Called before each case with its number.
  /// - Throws: `FileError` where a model cannot be written or read.
  package func result(progress: (_ number: Int) -> Void) throws -> Result {
    var summary = PropertySummary()
    for number in 0..<cases {
      progress(number)
      let caseSeed = mix64(seed &+ mix64(UInt64(number)))
      let network = generator.network(seed: caseSeed)
      if let fault = try PropertyCase(network, seed: caseSeed, judgedBy: checker).fault(&summary) {
        let smallest = smallestFailing(network, seed: caseSeed)
        return .failed(PropertyFailure(number: number, fault: fault, smallest: smallest))
      }
    }
    return .passed(summary)
  }

  /// The smallest network that fails as this one does.
  private func smallestFailing(_ network: Network<Double>, seed: UInt64) -> Network<Double> {
    var ignored = PropertySummary()
    return network.shrunk { candidate in
      (try? PropertyCase(candidate, seed: seed, judgedBy: checker).fault(&ignored)) != .some(nil)
    }
  }
}

/// A case that failed.
package struct PropertyFailure {
  /// The number of the case, from 0.
  package let number: Int
  /// What is wrong, in one line.
  package let fault: String
  /// The smallest network that still fails.
  package let smallest: Network<Double>

  /// The failure of this case.
  package init(number: Int, fault: String, smallest: Network<Double>) {
    (self.number, self.fault, self.smallest) = (number, fault, smallest)
  }
}
