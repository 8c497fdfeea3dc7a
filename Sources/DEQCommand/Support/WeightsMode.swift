import ArgumentParser
import DeepEquilibrium

/// Where the numbers of a model's tensors go.
enum WeightsMode: String, ExpressibleByArgument, CaseIterable {
  /// Into the JSON.
  case inline
  /// Into a safetensors file beside the JSON.
  case safetensors
  /// They stay in the file that they were read from.
  case reference

  /// The placement for a JSON file at `target`; `-` is standard output.
  ///
  /// - Parameter requiresFile: Whether a reference to weights of which none came from a file is refused.
  func placement(
    of tensors: [Tensor<Double>], target: String, requiresFile: Bool
  ) throws -> (any WeightsPlacement)? {
    switch self {
    case .inline: return nil
    case .safetensors:
      guard target != "-" else {
        throw CommandFailure(
          .usage, "--weights safetensors: expected a file to write beside, found standard output")
      }
      let path = Self.weightsPath(beside: target)
      return CollectedWeights(file: fileName(of: path))
    case .reference:
      return try ReferencedWeights(
        to: tensors, writtenTo: target == "-" ? "standard output" : target, requiresFile: requiresFile)
    }
  }

  /// `m.deq.safetensors` beside `m.deq.json`.
  static func weightsPath(beside target: String) -> String {
    (target.hasSuffix(".json") ? String(target.dropLast(5)) : target) + ".safetensors"
  }
}

/// The option for where the numbers go, for every command that writes a model.
struct WeightsOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Where the weights go: inline (into the JSON), safetensors (into a file of their own beside it), or reference \
      (they stay in the safetensors or ONNX file that they came from).
      """, valueName: "where"))
  var weights = WeightsMode.inline
}
