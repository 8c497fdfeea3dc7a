import ArgumentParser
import DeepEquilibrium

/// What must be proved for a check to succeed.
enum RequiredProof: String, ExpressibleByArgument, CaseIterable {
  /// That both are the same function of the input.
  case function
  /// That both are the same function of the input and of their shared parameters, for all values of these.
  case parameters

  /// Whether a report contains that proof.
  func isMet(by report: EquivalenceReport) -> Bool {
    report.function == .proved && (self == .function || report.parameters == .proved)
  }

  /// Arguments in which every bare `--require-proof` gets the value `function`, since an option of the argument parser
  /// cannot omit its value.
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
