import DeepEquilibrium
import Foundation
import Testing

/// Networks that are written in Swift, part by part.
@Suite("Networks written down")
struct NetworkBuildingTests {
  private func read(_ text: String) throws -> Network<Double> {
    let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return try ModelFile.readNetwork(path)
  }

  @Test("A network of given weights is the one that the file format reads")
  func sameAsFile() throws {
    let network = try Network(input: [1, 4, 4]) {
      ConvolutionLayer(
        weight: Tensor(shape: [2, 1, 2, 2], elements: [1, -1, 0.5, 2, 0, 1, -2, 3]),
        bias: Tensor([0.25, -1]),
        stride: [2, 1], padding: [1, 0], activation: LeakyReLU(negativeSlope: 0.2), name: "conv")
      ResidualLayer(activation: ReLU()) { MapLayer { Multiply($0, factor: -0.5) } }
      try MaxPooling(kernelSize: [1, 2])
      MapLayer(activation: Tanh(), name: "average") {
        try AveragePooling(inputShape: $0, kernelSize: [3, 1])
      }
      Softmax()
      DenseLayer(weight: Tensor(shape: [1, 2], elements: [3, 4]), bias: Tensor([5]))
    }
    let file = try read(
      """
      {"format": "network", "version": 1, "input": [1, 4, 4], "layers": [
        {"type": "conv", "name": "conv", "weight": [[[[1, -1], [0.5, 2]]], [[[0, 1], [-2, 3]]]],
         "bias": [0.25, -1], "stride": [2, 1], "padding": [1, 0],
         "activation": {"type": "leaky_relu", "negative_slope": 0.2}},
        {"type": "multiply", "factor": -0.5},
        {"type": "add", "inputs": ["layer1", "conv"], "activation": "relu"},
        {"type": "max_pool", "kernel_size": [1, 2]},
        {"type": "avg_pool", "name": "average", "kernel_size": [3, 1], "activation": "tanh"},
        {"type": "softmax"},
        {"type": "dense", "weight": [[3, 4]], "bias": [5]}]}
      """)
    #expect(network.layers.map(\.name) == file.layers.map(\.name))
    #expect(network.parameters == file.parameters)
    let report = EquivalenceChecker().check(network, against: EquilibriumModel(converting: file))
    #expect(report.verdict == .proved && report.proof.function.basis?.method == .equations)
  }

  @Test("A recurrent layer of given weights is the one that the file format reads")
  func recurrentLayer() throws {
    func weights(_ sign: Double) -> RecurrentWeights {
      RecurrentWeights(
        inputWeight: Tensor(shape: [4, 1], elements: [1, 2, 3, sign]),
        stateWeight: Tensor(shape: [4, 1], elements: [0.5, sign, 0.25, 1]),
        inputBias: Tensor([1, 0, sign, 2]),
        peepholes: [1, 2, 3].map { Tensor([$0 * sign]) })
    }
    let network = try Network(input: [3, 1]) {
      RecurrentLayer(
        .lstm, weights: [weights(1), weights(-1)], direction: .bidirectional, returns: .lastState,
        activations: [HardSigmoid(), Tanh(), ReLU()],
        initialState: Tensor(shape: [2, 1], elements: [0.5, 1]),
        initialMemory: Tensor(shape: [2, 1], elements: [2, -1]), name: "r")
    }
    let file = try read(
      """
      {"format": "network", "version": 1, "input": [3, 1], "layers": [
        {"type": "lstm", "name": "r", "direction": "bidirectional", "returns": "h_n",
         "weight_ih": [[1], [2], [3], [1]], "weight_hh": [[0.5], [1], [0.25], [1]], "bias_ih": [1, 0, 1, 2],
         "weight_ci": [1], "weight_cf": [2], "weight_co": [3],
         "weight_ih_reverse": [[1], [2], [3], [-1]], "weight_hh_reverse": [[0.5], [-1], [0.25], [1]],
         "bias_ih_reverse": [1, 0, -1, 2],
         "weight_ci_reverse": [-1], "weight_cf_reverse": [-2], "weight_co_reverse": [-3],
         "activations": ["hard_sigmoid", "tanh", "relu"], "h_0": [[0.5], [1]], "c_0": [[2], [-1]]}]}
      """)
    #expect(Set(network.layers.map(\.name)) == Set(file.layers.map(\.name)))
    #expect(network.parameters.names.allSatisfy { network.parameters[$0] == file.parameters[$0] })
    #expect(Set(network.parameters.names) == Set(file.parameters.names))
    let report = EquivalenceChecker().check(network, against: EquilibriumModel(converting: file))
    #expect(report.verdict == .proved && report.proof.function.basis?.method == .equations)
  }

  @Test("A recurrent layer draws its weights as PyTorch does, and follows other layers")
  func drawnRecurrentLayer() throws {
    let network = try Network(input: [5, 3], seed: 1) {
      RecurrentLayer(.gru(), hiddenSize: 16, direction: .bidirectional, name: "first")
      RecurrentLayer(.rnn, hiddenSize: 2, hasBias: false, returns: .lastState, name: "second")
      DenseLayer(outputs: 4, name: "last")
    }
    #expect(network.layers[network.output].name == "last" && network.outputSize == 4)
    let parameters = network.parameters
    let own = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    #expect(
      Set(parameters.names)
        == Set(
          own.flatMap { ["first.\($0)", "first.\($0)_reverse"] } + [
            "second.weight_ih", "second.weight_hh", "last.weight", "last.bias",
          ]))
    #expect(parameters["second.weight_ih"]?.shape == [2, 32])
    let scaled = try #require(parameters["first.weight_ih"]).elements.map { $0 * 4 }
    #expect(scaled.allSatisfy { abs($0) <= 1 } && scaled.contains { abs($0) > 0.8 })
  }

  @Test("Weights that are not given lie within PyTorch's bounds, and follow from the seed")
  func drawnWeights() throws {
    func network(seed: UInt64) throws -> Network<Double> {
      try Network(input: [4, 6], seed: seed) {
        ConvolutionLayer(channels: 50, kernelSize: 3, groups: 2)
        DenseLayer(outputs: 30, hasBias: false)
      }
    }
    let parameters = try network(seed: 1).parameters
    #expect(parameters.names == ["layer0.weight", "layer0.bias", "layer1.weight"])
    for (name, shape, fanIn) in [
      ("layer0.weight", [50, 2, 3], 6.0), ("layer0.bias", [50], 6), ("layer1.weight", [30, 200], 200),
    ] {
      let tensor = try #require(parameters[name])
      #expect(tensor.shape == shape)
      let scaled = tensor.elements.map { $0 * fanIn.squareRoot() }
      #expect(
        scaled.allSatisfy { abs($0) <= 1 } && scaled.contains { $0 > 0.8 } && scaled.contains { $0 < -0.8 })
    }
    let (mean, square) = parameters["layer1.weight"]!.elements.reduce((0, 0)) { ($0.0 + $1, $0.1 + $1 * $1) }
    // Uniform within ±1/√200: mean 0, variance 1/600.
    #expect(abs(mean / 6000) < 0.003 && abs(square / 6000 * 600 - 1) < 0.05)
    #expect(try network(seed: 1).parameters == parameters)
    #expect(try network(seed: 2).parameters != parameters)
  }

  private func message(_ make: () throws -> Network<Double>) -> String {
    do {
      _ = try make()
      return ""
    } catch { return "\(error)" }
  }

  @Test("Errors name the layer, what it expected and what was found")
  func errors() {
    #expect(
      message {
        try Network(input: [1, 4, 4]) {
          ReLU()
          ConvolutionLayer(channels: 2, kernelSize: 7, name: "conv")
        }
      } == "layer \"conv\": weight: expected a window of at most 4, found one of 7")
    #expect(
      message { try Network(input: [5]) { RecurrentLayer(.lstm, hiddenSize: 2) } }
        == "layer \"layer0\": input: expected samples of shape [length, features], found [5]")
    #expect(
      message { try Network(input: [5, 1]) { RecurrentLayer(.lstm, hiddenSize: 0) } }
        == "layer \"layer0\": hiddenSize: expected 1 to 32768, found 0")
    #expect(
      message {
        try Network(input: [5, 1]) { RecurrentLayer(.rnn, hiddenSize: 2, activations: [Tanh(), Tanh()]) }
      }
        == "layer \"layer0\": nonlinearity: expected 1, found 2")
    #expect(
      message { try Network(input: [5, 1]) { RecurrentLayer(.rnn, weights: [], name: "r") } }
        == "layer \"r\": expected weights of 1 direction, found 0")
    #expect(
      message { try Network(input: [5]) { ConvolutionLayer(channels: 2, kernelSize: 3) } }
        == "layer \"layer0\": input: expected samples of shape [channels, …] with 1 to 3 more axes, found [5]"
    )
    #expect(
      message {
        try Network(input: [2, 3]) { DenseLayer(weight: Tensor(shape: [1, 5], elements: [1, 2, 3, 4, 5])) }
      }
        == "layer \"layer0\": weight: expected rows of 6 numbers, found 5")
    #expect(
      message {
        try Network(input: [2]) {
          DenseLayer(weight: Tensor(shape: [1, 2], elements: [1, 2]), bias: Tensor([1, 2]))
        }
      }
        == "layer \"layer0\": bias: expected shape [1], found [2]")
    #expect(
      message { try Network(input: [2]) { ResidualLayer { DenseLayer(outputs: 3) } } }
        == "layer \"layer1\": expected parts that return the shape that they read, [2], found [3]")
    #expect(
      message { try Network(input: [2]) { Softmax(dim: 1) } }
        == "layer \"layer0\": expected what softmax(dim: 1) takes, found shape [2]")
    #expect(
      message { try Network(input: [2, 2]) { MapLayer(name: "sum") { try Sum(inputShape: $0, dim: 2) } } }
        == "layer \"sum\": dim: expected an axis from -2 to 1, found 2")
    #expect(
      message { try Network(input: [1, 4]) { try MaxPooling(kernelSize: 0) } }
        == "kernel_size: expected 1 to 3 integers of at least 1, found [0]")
    #expect(message { try Network(input: []) { ReLU() } } == "input: expected positive extents, found []")
    #expect(message { try Network(input: [1]) {} } == "layers: expected at least one, found none")
  }
}
