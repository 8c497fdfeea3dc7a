import ArgumentParser
import Benchmark
import DeepEquilibrium

/// Times every operation on every workload; prints a table, or JSON with `--format json`.
///
/// A benchmark is called `WORKLOAD/bBATCH/PRECISION/OPERATION`; `--filter` takes a regular expression on that name.
@main
struct DEQBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deq-benchmark",
    abstract: "Times what deq does: forward, backward, solve, adjoint, convert, proof, check, read, write.",
    discussion: """
      A benchmark is called WORKLOAD/bBATCH/PRECISION/OPERATION, such as mlp/b64/float32/forward. The workloads are \
      \(Workload.all().map(\.name).joined(separator: ", ")).
      """)

  @OptionGroup var arguments: BenchmarkArguments

  @Option(
    help: "How many threads matrix products take; by default what OPENBLAS_NUM_THREADS says, else all cores.")
  var threads: Int?

  @Option(help: "A network's file (JSON or ONNX) to time as well, under its own name.")
  var model: [String] = []

  @Option(help: "Write each generated workload as JSON and safetensors into this folder, and time nothing.")
  var writeModels: String?

  mutating func run() throws {
    if let writeModels {
      for workload in Workload.all() { try workload.write(into: writeModels) }
      return
    }
    keepFreedMemory()
    if let threads { setThreads(threads) }
    let workloads = Workload.all() + model.map(Workload.init(file:))
    let suite = BenchmarkSuite(name: "")
    for workload in workloads {
      register(workload, in: suite, precision: Double.self, named: "float64")
      register(workload, in: suite, precision: Float.self, named: "float32")
      registerWholeModel(workload, in: suite)
    }
    registerActivations(in: suite, precision: Double.self, named: "float64")
    registerActivations(in: suite, precision: Float.self, named: "float32")
    Benchmark.main([suite], settings: arguments.settings)
  }
}
