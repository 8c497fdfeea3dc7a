import ArgumentParser
import DeepEquilibrium

/// What a file may claim and refer to, for every command that reads one.
struct ReadingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      How much memory a file may claim beyond the numbers that it holds: more is refused before it is allocated. \
      (default: 1 GiB, or half of the machine's memory)
      """, valueName: "bytes"))
  var memoryLimit: Int?

  @Flag(help: "Let a file name a weights file outside its own folder.")
  var allowOutside = false

  func validate() throws {
    if let memoryLimit, memoryLimit < 1 << 20 {
      throw ValidationError("--memory-limit: expected at least 1048576 bytes, found \(memoryLimit)")
    }
  }

  /// The given options as on the command line.
  var words: [String] {
    (memoryLimit.map { ["--memory-limit", "\($0)"] } ?? []) + (allowOutside ? ["--allow-outside"] : [])
  }

  /// Applies them to every file that the command reads.
  func apply() {
    if let memoryLimit { MemoryBudget.use(memoryLimit) }
    if allowOutside { FileConfinement.allowOutside() }
  }
}
