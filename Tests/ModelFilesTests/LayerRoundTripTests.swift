import Blocks
import Conversion
import Equilibria
import Equivalence
import FileAccess
import LinearAlgebra
import ModelFiles
import Networks
import Operators
import RandomNetworks
import TestSupport
import Testing

/// Every layer that the network format has, through every form that a model is written in.
@Suite("Layers of every type, written and read back")
struct LayerRoundTripTests {
  /// A layer that reads `[2, 4, 4]` once or several times, by what the message calls it.
  static let layers = [
    #""type": "dense", "weight": [\#(row(32))], "bias": [0.5], "activation": "tanh""#,
    #""type": "conv", "weight": \#(tensor(3, 2, 2, 2)), "bias": [1, 2, 3], "stride": [2, 1], "padding": [1, 0, 0, 1], "activation": "relu""#,
    #""type": "conv", "weight": \#(tensor(2, 1, 3, 3)), "groups": 2, "padding": "same", "dilation": 1"#,
    #""type": "conv_transpose", "weight": \#(tensor(2, 1, 2, 2)), "stride": 2, "output_padding": 1, "bias": [-0.0]"#,
    #""type": "linear", "weight": [\#(row(4)), \#(row(4))], "bias": [1, 2]"#,
    #""type": "linear", "weight": [\#(row(3)), \#(row(3))], "dim": 0, "transposed": true, "bias": [1, 2, 3]"#,
    #""type": "scale", "weight": [1, 2], "dim": 0, "bias": [3, 4], "factors": [0.5, -1]"#,
    #""type": "scale", "weight": 3, "bias": 1"#,
    #""type": "scale", "weight": [[1, 2, 3, 4]], "activation": "silu""#,
    #""type": "avg_pool", "kernel_size": [2, 3], "stride": 1, "padding": [1, 1], "ceil_mode": true, "count_include_pad": false"#,
    #""type": "mean", "dim": [1, 2]"#,
    #""type": "mean", "dim": -1, "keepdim": true, "bias": \#(tensor(2, 4, 1))"#,
    #""type": "sum", "dim": 0"#, #""type": "multiply", "factor": -0.125"#,
    #""type": "reshape", "shape": [8, -1]"#, #""type": "flatten", "start_dim": 1"#,
    #""type": "permute", "dims": [2, 0, 1]"#,
    #""type": "slice", "dim": 1, "start": -3, "end": 4, "step": 2"#,
    #""type": "index_select", "dim": -1, "index": [3, 3, 0]"#,
    #""type": "place", "dim": 0, "start": 1, "total": 5"#, #""type": "pad", "padding": [0, 1, -1, 2, 0, 1]"#,
    #""type": "upsample", "scale_factor": [1, 3]"#, #""type": "expand", "shape": [3, 2, 4, 4]"#,
    #""type": "identity", "activation": {"type": "leaky_relu", "negative_slope": 0.25}"#,
    #""type": "softmax", "dim": 0"#, #""type": "log_softmax""#,
    #""type": "logsumexp", "dim": [0, 2], "keepdim": true"#,
    #""type": "amax", "dim": 1"#, #""type": "amin", "dim": [0, 1, 2]"#,
    #""type": "max_pool", "kernel_size": 3, "stride": [1, 2], "padding": 1, "dilation": 1, "ceil_mode": true"#,
    #""type": "layer_norm", "normalized_shape": [4, 4], "weight": \#(tensor(4, 4)), "bias": \#(tensor(4, 4)), "eps": 0.01"#,
    #""type": "layer_norm", "normalized_shape": 4"#,
    #""type": "layer_norm", "normalized_shape": 4, "weight": \#(row(4))"#,
    #""type": "rms_norm", "normalized_shape": 4, "weight": \#(row(4))"#,
    #""type": "group_norm", "num_groups": 1, "weight": [1, 2], "bias": [3, 4]"#,
    #""type": "instance_norm", "weight": [1, 2], "bias": [3, 4]"#,
    #""type": "prelu", "weight": [0.25]"#, #""type": "prelu", "weight": [0.25, -1]"#,
    #""type": "product", "inputs": ["input", "input"]"#, #""type": "quotient", "inputs": ["input", "input"]"#,
    #""type": "maximum", "inputs": ["input", "input"]"#, #""type": "power", "inputs": ["input", "input"]"#,
    #""type": "where", "inputs": ["input", "input", "input"]"#,
    #""type": "matmul", "inputs": ["input", "input"]"#,
    #""type": "greater", "inputs": ["input", "input"]"#, #""type": "clamp", "min": -1"#,
    #""type": "pow", "exponent": 2"#,
    #""type": "add", "inputs": ["input", "input", "input"], "activation": "gelu""#,
    #""type": "add", "inputs": ["input"]"#,
    #""type": "cat", "inputs": ["input", "input"], "dim": -2, "activation": "relu6""#,
    #""type": "cat", "inputs": ["input"]"#,
    #""type": "shift", "bias": [1, -0.0], "dim": 0"#, #""type": "shift", "bias": 2, "activation": "exp""#,
    #""type": "shift", "bias": \#(tensor(2, 4, 4))"#, #""type": "shift", "bias": [[1], [2]], "dim": [0, 2]"#,
    #""type": "batch_norm", "running_mean": [1, 2], "running_var": [3, 4], "weight": [5, 6], "bias": [7, 8], "eps": 0.25"#,
    #""type": "batch_norm", "running_mean": [0, 0], "running_var": [1, 1], "activation": "relu""#,
    #""type": "block", "shape": [4, 4], "ports": [[4, 4], [4, 4]], "activation": "product", "terms": ["#
      + #"{"map": {"type": "mean", "dim": 0}}, {"port": 1, "view": [2, 16], "map": {"type": "linear", "weight": [[1, 2]], "dim": 0}, "#
      + #""parameter": "w"}], "b": [{"port": 1, "tensor": [1, 2, 3, 4], "map": {"type": "expand", "shape": [4, 4]}, "parameter": "c"}, "#
      + #"{"tensor": \#(tensor(4, 4))}, {"vector": \#(row(16)), "parameter": "d"}]"#,
    #""type": "block", "size": 2, "activation": "identity", "terms": [], "b": [{"vector": [1, 2], "parameter": "constant"}]"#,
    #""type": "equilibrium", "model": {"input": [32], "output": "z", "blocks": [{"name": "z", "shape": [2, 2, 2], "#
      + #""ports": [[2, 4, 4]], "activation": {"type": "max_pool", "kernel_size": 2}}], "Wx": [{"to": "z", "view": [2, 4, 4], "#
      + #""map": {"type": "conv", "weight": \#(tensor(2, 2, 3, 3)), "padding": 1}, "parameter": "U"}], "Wz": [{"to": "z", "#
      + #""from": "z", "map": {"type": "upsample", "scale_factor": 2}}], "b": [{"to": "z", "tensor": [1, 2], "map": "#
      + #"{"type": "expand", "shape": [2, 4, 4], "dim": 0}}]}"#,
  ]

  /// A recurrent layer that reads `[3, 2]`.
  static let recurrent = [
    #""type": "rnn", "weight_ih": [[1, 2]], "weight_hh": [[0.5]], "nonlinearity": "relu""#,
    #""type": "rnn", "weight_ih": \#(tensor(2, 2)), "weight_hh": \#(tensor(2, 2)), "h_0": [1, -1], "direction": "reverse", "#
      + #""returns": "h_n", "bias_hh": [1, 2]"#,
    #""type": "gru", "weight_ih": \#(tensor(3, 2)), "weight_hh": \#(tensor(3, 1)), "bias_ih": [1, 2, 3], "bias_hh": [1, 2, 3]"#,
    #""type": "gru", "weight_ih": \#(tensor(3, 2)), "weight_hh": \#(tensor(3, 1)), "reset_after": false, "#
      + #""activations": ["hard_sigmoid", {"type": "leaky_relu", "negative_slope": 0.25}]"#,
    #""type": "lstm", "weight_ih": \#(tensor(8, 2)), "weight_hh": \#(tensor(8, 2)), "bias_ih": \#(row(8)), "direction": "#
      + #""bidirectional", "weight_ih_reverse": \#(tensor(8, 2)), "weight_hh_reverse": \#(tensor(8, 2)), "bias_hh_reverse": "#
      + #"\#(row(8)), "h_0": [[1, 2], [3, 4]], "returns": "h_n""#,
    #""type": "lstm", "weight_ih": \#(tensor(4, 2)), "weight_hh": \#(tensor(4, 1)), "weight_ci": [1], "weight_cf": [2], "#
      + #""weight_co": [3], "c_0": [0.5]"#,
  ]

  /// Numbers nested to this shape, all different.
  private static func tensor(_ shape: Int...) -> String {
    var next = 0
    return nested(shape[...], &next)
  }

  private static func row(_ count: Int) -> String { tensor(count) }

  private static func nested(_ shape: ArraySlice<Int>, _ next: inout Int) -> String {
    guard let extent = shape.first else {
      next += 1
      return "\(Double(next * 7 % 19) / 8 - 1)"
    }
    return "[" + (0..<extent).map { _ in nested(shape.dropFirst(), &next) }.joined(separator: ",") + "]"
  }

  private func network(_ layer: String, of shape: [Int] = [2, 4, 4]) throws -> Network<Double> {
    guard
      case .network(let network) = try model(
        #"{"format": "network", "version": 1, "input": \#(shape), "layers": [{"name": "l", \#(layer)}]}"#)
    else { fatalError("another format") }
    return network
  }

  /// Checks that a file is written, read and written again without a change; returns what was read.
  @discardableResult
  private func expectStable(
    _ file: ModelFile, as form: ModelForm? = nil, _ sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> ModelFile {
    let written = try file.written(as: form)
    let back = try ModelFile.read(FileContents(written, named: "file.json"))
    #expect(try back.written() == written, sourceLocation: sourceLocation)
    if form == nil { #expect(back.fingerprint == file.fingerprint, sourceLocation: sourceLocation) }
    return back
  }

  private func report(_ network: Network<Double>, _ file: ModelFile) throws -> EquivalenceReport {
    guard case .equilibrium(let model) = file else { fatalError("another format") }
    var checker = EquivalenceChecker()
    checker.samples = 2
    checker.searchBudget = 20
    return checker.check(network, against: model)
  }

  @Test(
    "A network, its equilibrium model in both forms, and the network recovered from that", arguments: layers)
  func everyLayer(_ layer: String) throws {
    let network = try network(layer)
    try expectStable(.network(network))
    try roundTrip(network)
  }

  @Test("A recurrent layer in the same ways: its steps are written as blocks", arguments: recurrent)
  func recurrentLayer(_ layer: String) throws {
    let network = try network(layer, of: [3, 2])
    #expect(network.parameters["l.weight_hh"] != nil)
    guard case .network(let back) = try expectStable(.network(network)) else { fatalError("another format") }
    #expect(back.parameters == network.parameters)
    try roundTrip(network)
  }

  @Test("Random stacks of recurrent layers in the same ways", arguments: 0..<24)
  func randomRecurrentLayers(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    func draw<Choice>(_ choices: [Choice]) -> Choice {
      choices.randomElement(using: &generator)!
    }
    func layer(_ result: RecurrentResult) -> RecurrentLayer {
      let cell = draw([RecurrentCell.rnn, .gru(), .gru(resetAfter: false), .lstm])
      let functions = (0..<cell.activationCount).map { _ in
        draw([Tanh(), ReLU(), Sigmoid(), Softsign(), HardSigmoid()] as [any Nonlinearity])
      }
      return RecurrentLayer(
        cell, hiddenSize: draw([1, 2, 3]), hasBias: draw([true, false]),
        direction: draw(RecurrentDirection.allCases), returns: result,
        activations: draw([nil, functions]))
    }
    let network = try Network(input: [draw([1, 2, 4]), draw([1, 3])], seed: UInt64(seed)) {
      layer(.sequence)
      layer(draw(RecurrentResult.allCases))
      DenseLayer(outputs: 2)
    }
    try expectStable(.network(network))
    try roundTrip(network)
  }

  private func roundTrip(_ network: Network<Double>) throws {
    let model = EquilibriumModel(converting: network)
    let converted = ModelFile.equilibrium(model)
    #expect(try report(network, try expectStable(converted)).isFaultless)
    // A matrix whose numbers are rounded is another model by as much.
    let matrix = try report(network, try expectStable(converted, as: .matrix))
    #expect(model.hasExactMatrices ? matrix.isFaultless : matrix.isAccepted)
    guard model.cyclicGroups.isEmpty else { return }
    try expectRecovery(of: network, from: model)
  }

  /// Checks that the network recovered from its conversion is the network, and reads back from its file.
  ///
  /// Layers that became several blocks are layers of their own then; and entries without a name have been given one.
  private func expectRecovery(of network: Network<Double>, from model: EquilibriumModel<Double>) throws {
    let recovered = try Network(recovering: model)
    try expectStable(.network(recovered))
    #expect(try report(recovered, .equilibrium(model)).verdict == .proved)
    guard network.layers.allSatisfy(\.isExplicit) else { return }
    let bare = try recovered.named(as: network)
    #expect(ModelFile.network(bare).fingerprint == ModelFile.network(network).fingerprint)
  }

  /// An example of each operator that `layers` has not, whose ports all have one shape.
  static let examples: [OperatorExample] = {
    let all = (OperatorExample.maps + OperatorExample.nonlinearities).filter { Set($0.shapes).count == 1 }
    let elementwise = Set(NonlinearityRegistry.elementwise.map { $0.typeName })
    let others = all.filter { example in
      !elementwise.contains(example.type) && !layers.contains { $0.contains("\"\(example.type)\"") }
    }
    return Dictionary(grouping: others, by: \.type).values.map { $0[0] }.sorted { $0.type < $1.type }
  }()

  @Test("An example of every other operator, in the same ways", arguments: examples)
  func example(_ example: OperatorExample) throws {
    let shape = example.shapes[0]
    let block: Block<Double>
    if let map = try example.map() {
      block = Block(
        name: "l", shape: map.outputShape, nonlinearity: Identity(),
        terms: [Term(source: .input, map: map, parameter: map.parameter == nil ? nil : "l.weight")])
    } else {
      let function = try #require(try example.nonlinearity())
      block = Block(
        name: "l", shape: try #require(function.outputShape(portShapes: example.shapes)),
        nonlinearity: function, portShapes: example.shapes,
        terms: example.shapes.indices.map { Term(port: $0, source: .input, map: IdentityMap(shape)) })
    }
    let network = try Network(inputShape: shape, layers: [.explicit(block)], output: 0)
    try expectStable(.network(network))
    try roundTrip(network)
  }

  @Test("Every operator of the registries is a layer here")
  func complete() {
    let all = LinearMapRegistry.all.map { $0.typeName } + NonlinearityRegistry.all.map { $0.typeName }
    let elementwise = Set(NonlinearityRegistry.elementwise.map { $0.typeName })
    let missing = all.filter { name in
      !elementwise.contains(name) && !Self.layers.contains { $0.contains("\"\(name)\"") }
        && !Self.examples.contains { $0.type == name }
    }
    #expect(missing == [])
  }

  @Test("Random networks of every operator", arguments: 0..<30)
  func random(seed: Int) throws {
    let network = NetworkGenerator().network(seed: UInt64(seed))
    try expectStable(.network(network))
    let converted = EquilibriumModel(converting: network)
    // Entries of Wx stand before those of Wz in a file, and are read back in that order.
    let written = try ModelFile.equilibrium(converted).written()
    let back = try ModelFile.read(FileContents(written, named: "file.json"))
    #expect(try back.written() == written)
    #expect(try report(network, back).isFaultless)
    guard converted.cyclicGroups.isEmpty else {
      #expect(throws: InvalidModel.self) { try Network(recovering: converted) }
      return
    }
    try expectRecovery(of: network, from: converted)
  }

  @Test("Every fixture is recovered from its conversion, as it was", arguments: try Fixtures.networks())
  func fixtures(_ path: String) throws {
    let network = try ModelFile.readNetwork(path)
    try expectStable(.network(network))
    let converted = EquilibriumModel(converting: network)
    try expectStable(.equilibrium(converted))
    try expectStable(.equilibrium(converted), as: .matrix)
    if converted.cyclicGroups.isEmpty { try expectRecovery(of: network, from: converted) }
  }
}

extension Layer {
  fileprivate var isExplicit: Bool {
    if case .explicit = self { true } else { false }
  }
}

extension Network<Double> {
  /// The same network without the parameters that entries of `other` have not.
  fileprivate func named(as other: Network) throws -> Network {
    let layers = zip(layers, other.layers).map { layer, other in
      guard case .explicit(var block) = layer, case .explicit(let other) = other else { return layer }
      for index in block.terms.indices where other.terms[index].parameter == nil {
        block.terms[index].parameter = nil
      }
      for index in block.offsets.indices where other.offsets[index].parameter == nil {
        block.offsets[index].parameter = nil
      }
      return .explicit(block)
    }
    return try Network(inputShape: inputShape, layers: layers, output: output)
  }
}
