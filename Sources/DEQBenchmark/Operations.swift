import Benchmark
import DeepEquilibrium

/// How implicit parts are solved, on both sides.
private let method = SolutionMethod.standard

/// A value that is made when it is first asked for: what is filtered out is never built.
final class Lazy<Value> {
  private let make: () -> Value
  private(set) lazy var value = make()

  init(_ make: @autoclosure @escaping () -> Value) {
    self.make = make
  }
}

/// What is timed in a precision: a network, its equilibrium model, and a batch with a cotangent.
private struct Bench<S: Scalar> {
  let network: Network<S>
  let model: EquilibriumModel<S>
  let x: Matrix<S>
  let cotangent: Matrix<S>
  let pass: ForwardPass<S>
  let solution: EquilibriumSolution<S>

  init(_ network: Network<S>, batch: Int) {
    var generator = SeededGenerator(seed: 1)
    func batchOfNormals(_ columns: Int) -> Matrix<S> {
      Matrix(
        rows: batch, columns: columns, elements: (0..<batch * columns).map { _ in S(generator.normal()) })
    }
    self.network = network
    model = EquilibriumModel(converting: network)
    x = batchOfNormals(network.inputSize)
    cotangent = batchOfNormals(network.outputSize)
    pass = network.forward(x, solvingBy: method)
    solution = model.solve(x, by: method)
  }
}

/// Registers what depends on the precision and the batch.
func register<S: Scalar>(
  _ workload: Workload, in suite: BenchmarkSuite, precision: S.Type, named precisionName: String
) {
  for batch in workload.batches {
    let bench = Lazy(Bench<S>(workload.network.value.cast(to: S.self), batch: batch))
    let prefix = "\(workload.name)/b\(batch)/\(precisionName)/"
    func time(_ operation: String, _ run: @escaping (Bench<S>) -> Void) {
      suite.benchmark(prefix + operation) { state in
        let bench = bench.value
        try state.measure { run(bench) }
      }
    }
    time("forward") { consume($0.network.forward($0.x, solvingBy: method).output) }
    time("backward") {
      consume($0.network.backpropagate($0.cotangent, through: $0.pass, solvingBy: method).gradients)
    }
    time("forward+backward") {
      let pass = $0.network.forward($0.x, solvingBy: method)
      consume($0.network.backpropagate($0.cotangent, through: pass, solvingBy: method).gradients)
    }
    time("solve") { consume($0.model.solve($0.x, by: method).output) }
    time("adjoint") {
      consume($0.model.backpropagate($0.cotangent, through: $0.solution, by: method).gradients)
    }
  }
}

/// Registers what is done to a model as a whole.
func registerWholeModel(_ workload: Workload, in suite: BenchmarkSuite) {
  let network = workload.network
  let model = Lazy(EquilibriumModel(converting: network.value))
  func time(_ operation: String, prepare: @escaping () -> Void = {}, _ run: @escaping () -> Void) {
    suite.benchmark("\(workload.name)/\(operation)") { state in
      _ = (network.value, model.value)
      prepare()
      try state.measure { run() }
    }
  }
  time("convert") { consume(EquilibriumModel(converting: network.value)) }
  func check(samples: Int) {
    var checker = EquivalenceChecker()
    checker.samples = samples
    consume(checker.check(network.value, against: model.value).verdict)
  }
  time("proof") { check(samples: 0) }
  guard workload.isWrittenOut else { return }
  time("check") { check(samples: 1) }
  time("write") { consume(written(.network(network.value))) }
  let bytes = Lazy(written(.network(network.value)))
  time("read", prepare: { _ = bytes.value }) {
    // Its own writing is what it reads.
    consume(try! ModelFile.read(FileContents(bytes.value, named: workload.name)))
  }
}

private func written(_ model: ModelFile) -> [UInt8] {
  let sink = MemorySink(named: "memory")
  // Workloads hold only what files can say.
  try! model.write(to: sink)
  return sink.bytes
}

/// Registers each elementwise function on 2¹⁶ numbers from −8 to 8: σ, and σ' times a cotangent.
func registerActivations<S: Scalar>(in suite: BenchmarkSuite, precision: S.Type, named precisionName: String)
{
  let count = 1 << 16
  let ports = Lazy([
    Matrix<S>(rows: 1, columns: count, elements: (0..<count).map { S(16 * Double($0) / Double(count) - 8) })
  ])
  let shapes = [[count]]
  for type in NonlinearityRegistry.elementwise
  where type.schema.hasDefaults {
    // Default attributes have a meaning.
    let activation = try! type.init([:])
    suite.benchmark("activation/\(type.typeName)/\(precisionName)/value") { state in
      let ports = ports.value
      try state.measure { consume(activation.value(at: ports, shapes: shapes)) }
    }
    suite.benchmark("activation/\(type.typeName)/\(precisionName)/vjp") { state in
      let ports = ports.value
      try state.measure { consume(activation.vjp(ports[0], at: ports, shapes: shapes)) }
    }
  }
}

/// Keeps a result from being optimised away.
@inline(never)
func consume<T>(_ value: T) {}
