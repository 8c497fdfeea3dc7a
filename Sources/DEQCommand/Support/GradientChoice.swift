import ArgumentParser
import DeepEquilibrium

/// The gradients requested on the command line: `exact`, `jacobian-free`, `neumann:3`, `phantom:5,0.5`.
struct GradientChoice: ExpressibleByArgument {
  /// The estimate; nil for exact gradients.
  let estimate: GradientEstimate?
  /// The choice as written on the command line.
  let name: String

  /// Gradients by the implicit function theorem.
  static let exact = GradientChoice(argument: "exact")!

  init?(argument: String) {
    name = argument
    let words = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    switch (words[0], words.count) {
    case ("exact", 1): estimate = nil
    case ("jacobian-free", 1): estimate = .jacobianFree
    case ("neumann", 2):
      guard let terms = Int(words[1]), Self.counts.contains(terms) else { return nil }
      estimate = .neumann(terms: terms)
    case ("phantom", 2):
      let parts = words[1].split(separator: ",", omittingEmptySubsequences: false)
      guard parts.count == 2, let steps = Int(parts[0]), Self.counts.contains(steps),
        let damping = Double(parts[1]), damping > 0, damping <= 1
      else { return nil }
      estimate = .phantom(steps: steps, damping: damping)
    default: return nil
    }
  }

  /// The number of updates tracked after a state on the way, and their damping; one update where the choice concerns
  /// equilibria only.
  var trackedUpdates: (count: Int, damping: Double) {
    if case .phantom(let steps, let damping) = estimate { (steps, damping) } else { (1, 1) }
  }

  private static let counts = 1...1_000_000

  var defaultValueDescription: String { name }
}
