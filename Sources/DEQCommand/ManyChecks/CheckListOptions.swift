import ArgumentParser
import DeepEquilibrium

/// Which checks are run, if there are several, and how they are shared out.
struct CheckListOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Run the checks of a file, which has the arguments of one on each line: two models, and options of its own. Words are \
      quoted as in a shell, # begins a comment, paths start from the current folder; - is standard input.
      """, valueName: "file"))
  var manifest: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      """
      Check every file that fits one pattern against the one that fits the other: 'before/*.onnx' 'after/*.onnx'. Each \
      has one *, which stands for the same text in both; quotes keep it from the shell.
      """, valueName: "pattern"))
  var pattern: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      How many checks run at a time, each as a process of its own and on one thread unless --threads says otherwise. \
      (default: one for each core)
      """, valueName: "count"))
  var jobs: Int?

  @Option(
    help: ArgumentHelp(
      "Run only every N-th check, beginning with the K-th; deq merge puts the parts together.",
      valueName: "k/n"))
  var shard: Shard?

  /// Whether there is a list of checks.
  var isRequested: Bool { manifest != nil || !pattern.isEmpty }

  func validate() throws {
    if manifest != nil, !pattern.isEmpty {
      throw ValidationError("--pattern: expected no --manifest beside it")
    }
    if !pattern.isEmpty, pattern.count != 2 {
      throw ValidationError(
        "--pattern: expected two patterns, found \(pattern.count); quotes keep 'before/*.onnx' from the shell"
      )
    }
    if let jobs, !(1...1024).contains(jobs) {
      throw ValidationError("--jobs: expected a number from 1 to 1024, found \(jobs)")
    }
    if !isRequested, jobs != nil || shard != nil {
      throw ValidationError(
        "\(jobs == nil ? "--shard" : "--jobs"): expected --manifest or --pattern with the checks")
    }
  }

  /// The listed checks.
  ///
  /// - Parameter options: The options that all of them share.
  func list(options: [String]) throws -> CheckList {
    let shard = shard ?? .whole
    if let manifest { return try CheckList(manifest: manifest, options: options, shard: shard) }
    return try CheckList(pattern, options: options, shard: shard)
  }
}

/// The words of a command line that concern each of its checks, without those about the list and the report.
func sharedOptions(_ arguments: [String]) -> [String] {
  let withValue: Set = ["--manifest", "--jobs", "--shard", "--format", "--output", "-o"]
  var shared: [String] = []
  var rest = arguments[...]
  while let word = rest.popFirst() {
    if withValue.contains(word) {
      rest = rest.dropFirst()
    } else if word == "--pattern" {
      rest = rest.drop { !$0.hasPrefix("-") }
    } else if !["--quiet", "--json", "--force"].contains(word),
      !withValue.contains(where: { word.hasPrefix("\($0)=") })
    {
      shared.append(word)
    }
  }
  return shared
}
