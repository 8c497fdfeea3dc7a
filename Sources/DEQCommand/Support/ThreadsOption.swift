import ArgumentParser
import DeepEquilibrium

/// How many threads a command evaluates models on.
struct ThreadsOption: ParsableArguments {
  @Option(
    help: """
      How many threads evaluate: large products and loops are shared out. (default: what OPENBLAS_NUM_THREADS says, \
      else all cores)
      """)
  var threads: Int?

  func validate() throws {
    guard let threads, !(1...1024).contains(threads) else { return }
    throw ValidationError("--threads: expected a number from 1 to 1024, found \(threads)")
  }

  /// Has everything that follows keep to the number.
  func apply() {
    if let threads { setThreads(threads) }
  }
}
