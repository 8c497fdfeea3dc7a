import ArgumentParser
import DeepEquilibrium

struct RecoverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover",
    abstract:
      "Turns an equilibrium model whose blocks do not read each other in a cycle back into a network.",
    discussion: """
      Every block becomes a layer; of a converted network that is the network itself, up to the names of layers \
      that were composed of several blocks. What was written is read again and checked against the model before it \
      gets its name.

      Example:
        deq recover mlp.deq.json -o mlp.json
      """)

  @Argument(help: "The equilibrium model; - is standard input.")
  var model: String

  @Option(
    name: .shortAndLong,
    help: "Where to write; - is standard output. (default: NAME.network.json beside NAME.deq.json)")
  var output: String?

  @OptionGroup var placement: WeightsOption

  @OptionGroup var options: ConversionOptions

  @OptionGroup(title: "Solver options of the check") var solve: SolveOptions

  @OptionGroup var reading: ReadingOptions

  @OptionGroup var threading: ThreadsOption

  func run() throws {
    reading.apply()
    threading.apply()
    let source = try ModelArguments.model(at: model, finite: options.check)
    guard let equilibrium = source.model.equilibrium else {
      throw CommandFailure(.badData, "\(model): format: expected \"equilibrium\", found a network")
    }
    let network: Network<Double>
    do { network = try Network(recovering: equilibrium) } catch {
      throw CommandFailure(.badData, "\(model): \(error)")
    }
    let target = output ?? Self.defaultOutput(for: model)
    let outcome = try CheckedConversion(
      command: "recover", source: source, original: source.model, converted: .network(network),
      target: target, weights: placement.weights, options: options, solve: solve
    ).run()
    try options.report(outcome, target: target)
  }

  /// `NAME.network.json` beside `NAME.deq.json`; standard output for standard input.
  static func defaultOutput(for input: String) -> String {
    if input == "-" { return "-" }
    let input = (try? ModelFolder.model(at: input)) ?? input
    for suffix in [".deq.json", ".json"] where input.hasSuffix(suffix) {
      return input.dropLast(suffix.count) + ".network.json"
    }
    return input + ".network.json"
  }
}
