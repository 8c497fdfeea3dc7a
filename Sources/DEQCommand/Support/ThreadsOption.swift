import ArgumentParser
import DeepEquilibrium

/// The number of threads on which a command evaluates models.
struct ThreadsOption: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: """
      How many threads evaluate: large products and loops are shared out. (default: what OPENBLAS_NUM_THREADS says, \
      else all cores)
      """)
  var threads: Int?

  func validate() throws {
    guard let threads, !(1...1024).contains(threads) else { return }
    throw ValidationError("--threads: expected a number from 1 to 1024, found \(threads)")
  }

  /// The given option as on the command line.
  var words: [String] { threads.map { ["--threads", "\($0)"] } ?? [] }

  /// Sets the number for everything that follows.
  func apply() {
    if let threads { setThreads(threads) }
  }
}
