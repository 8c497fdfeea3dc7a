import ArgumentParser
import DeepEquilibrium

/// Which gradients are asked for on the command line: `exact`, `jacobian-free`, `neumann:3`, `phantom:5,0.5`.
struct GradientChoice: ExpressibleByArgument {
  /// The estimate; nil for exact gradients.
  let estimate: GradientEstimate?
  /// As the command line says it.
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

  /// How many updates are tracked behind a state that is on the way, and how they are damped: one where the choice is about
  /// equilibria alone.
  var trackedUpdates: (count: Int, damping: Double) {
    if case .phantom(let steps, let damping) = estimate { (steps, damping) } else { (1, 1) }
  }

  private static let counts = 1...1_000_000

  var defaultValueDescription: String { name }
}
