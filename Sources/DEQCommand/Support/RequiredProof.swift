import ArgumentParser
import DeepEquilibrium

/// What has to be proved for a check to succeed.
enum RequiredProof: String, ExpressibleByArgument, CaseIterable {
  /// That both are one function of the input.
  case function
  /// That both are one function of the input and of the parameters that they share, whatever the values of these.
  case parameters

  /// Whether a report has that proof.
  func isMet(by report: EquivalenceReport) -> Bool {
    report.function == .proved && (self == .function || report.parameters == .proved)
  }

  /// Arguments in which every bare `--require-proof` has its value: it may stand without one, for `function`, which an
  /// option of the argument parser cannot.
  static func completed(_ arguments: [String]) -> [String] {
    var completed: [String] = []
    for (index, argument) in arguments.enumerated() {
      if arguments[..<index].contains("--") {
        completed.append(argument)
        continue
      }
      completed.append(argument)
      if argument == "--require-proof",
        index + 1 == arguments.count || RequiredProof(rawValue: arguments[index + 1]) == nil
      {
        completed.append(RequiredProof.function.rawValue)
      }
    }
    return completed
  }
}
