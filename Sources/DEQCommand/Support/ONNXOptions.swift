import ArgumentParser
import DeepEquilibrium

/// How the graphs of ONNX files are read.
struct ONNXOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The shape of an ONNX file's input whose extents the file leaves open, the batch included.",
      valueName: "name=1,3,48,192"))
  var shape: [NamedShape] = []

  @Option(
    help: ArgumentHelp(
      "An extent of an ONNX file's inputs that the file gives only a name.", valueName: "name=value"))
  var dim: [NamedExtent] = []

  @Option(
    help: ArgumentHelp(
      "Start an ONNX graph at this value, instead of its inputs; several lie side by side.", valueName: "name"
    ))
  var graphInput: [String] = []

  @Option(
    help: ArgumentHelp(
      "Stop an ONNX graph at this value, instead of its outputs; several lie side by side.", valueName: "name"
    ))
  var graphOutput: [String] = []

  func validate() throws {
    for (option, names) in [("--shape", shape.map(\.name)), ("--dim", dim.map(\.name))]
    where Set(names).count < names.count {
      throw ValidationError("\(option): expected each name once, found \(names.joined(separator: ", "))")
    }
  }

  /// The given options as on the command line.
  var words: [String] {
    var words: [String] = []
    for given in shape {
      words += ["--shape", given.name + "=" + given.extents.map(String.init).joined(separator: ",")]
    }
    for given in dim { words += ["--dim", "\(given.name)=\(given.extent)"] }
    for name in graphInput { words += ["--graph-input", name] }
    for name in graphOutput { words += ["--graph-output", name] }
    return words
  }

  /// The reading that the options describe.
  var reading: ONNXReading {
    ONNXReading(
      shapes: Dictionary(uniqueKeysWithValues: shape.map { ($0.name, $0.extents) }),
      extents: Dictionary(uniqueKeysWithValues: dim.map { ($0.name, $0.extent) }), inputs: graphInput,
      outputs: graphOutput)
  }
}

/// `NAME=1,3,48,192`.
struct NamedShape: ExpressibleByArgument {
  let name: String
  let extents: [Int]

  init?(argument: String) {
    guard let (name, value) = assignment(argument) else { return nil }
    self.name = name
    let parts = value.split(separator: ",", omittingEmptySubsequences: false)
    extents = parts.compactMap { Int($0) }.filter { $0 > 0 }
    guard extents.count == parts.count else { return nil }
  }
}

/// `NAME=VALUE`.
struct NamedExtent: ExpressibleByArgument {
  let name: String
  let extent: Int

  init?(argument: String) {
    guard let (name, value) = assignment(argument), let extent = Int(value), extent > 0 else { return nil }
    self.name = name
    self.extent = extent
  }
}

/// What is before and behind the last sign of equality, for names may contain others.
private func assignment(_ text: String) -> (name: String, value: Substring)? {
  guard let sign = text.lastIndex(of: "="), sign > text.startIndex else { return nil }
  return (String(text[..<sign]), text[text.index(after: sign)...])
}
