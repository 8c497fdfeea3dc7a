import DeepEquilibrium

/// A network to time, and on which batches.
struct Workload {
  let name: String
  let batches: [Int]
  /// Whether it is small enough to be written out as numbers, and checked, within a second or so.
  let isWrittenOut: Bool
  let network: Lazy<Network<Double>>

  init(
    _ name: String, batches: [Int], isWrittenOut: Bool = true,
    _ network: @autoclosure @escaping () -> Network<Double>
  ) {
    self.name = name
    self.batches = batches
    self.isWrittenOut = isWrittenOut
    self.network = Lazy(network())
  }

  /// The network in a file, at batch 1 and 16.
  init(file path: String) {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    self.init(name, batches: [1, 16], isWrittenOut: false, Self.read(path))
  }

  private static func read(_ path: String) -> Network<Double> {
    do { return try ModelFile.readNetwork(path) } catch { fatalError(error.description) }
  }

  /// The generated workloads.
  static func all() -> [Workload] {
    [
      Workload("acasxu", batches: [1, 64], .dense([5, 50, 50, 50, 50, 50, 50, 5], activation: ReLU())),
      Workload(
        "mlp", batches: [1, 64], .dense([784, 256, 256, 256, 256, 256, 256, 10], activation: ReLU())),
      Workload(
        "deep64", batches: [64], .dense([Int](repeating: 64, count: 129), activation: Tanh())),
      Workload(
        "wide4096", batches: [1, 256], isWrittenOut: false,
        .dense([Int](repeating: 4096, count: 5), activation: ReLU())),
      Workload("depth4", batches: [16], .dense([Int](repeating: 16, count: 5), activation: ReLU())),
      Workload(
        "depth4096", batches: [16], isWrittenOut: false,
        .dense([Int](repeating: 16, count: 4097), activation: ReLU())),
      Workload("resnet18", batches: [1, 16], isWrittenOut: false, .residual18()),
      Workload("deq512", batches: [64], isWrittenOut: false, .equilibrium(states: 512, radius: 0.9)),
    ]
  }

  /// Writes the network as JSON beside its tensors in safetensors.
  func write(into folder: String) throws {
    let weights = CollectedWeights(file: "\(name).safetensors")
    let file = try AtomicFile("\(folder)/\(name).json")
    try file.write { (sink) throws(FileError) in
      try ModelFile.network(network.value).write(to: sink, weights: weights)
    }
    let tensors = try AtomicFile("\(folder)/\(name).safetensors")
    try tensors.write { (sink) throws(FileError) in try SafetensorsWriter(weights.tensors).write(to: sink) }
    try tensors.commit()
    try file.commit()
  }
}

extension Tensor<Double> {
  /// Normal numbers times `scale`.
  fileprivate init(normal shape: [Int], scale: Double, using generator: inout SeededGenerator) {
    self.init(
      shape: shape, elements: (0..<shape.reduce(1, *)).map { _ in scale * generator.normal() })
  }
}

// Everything is drawn from a seed; scales keep values near 1 through all layers (He et al. 2015).
extension Network<Double> {
  /// Dense layers of these widths, the input's first; the last one is linear.
  fileprivate static func dense(_ widths: [Int], activation: any Nonlinearity) -> Network {
    var generator = SeededGenerator(seed: 0)
    let layers = (1..<widths.count).map { index -> Layer<Double> in
      let (inputs, outputs) = (widths[index - 1], widths[index])
      let weight = Tensor(
        normal: [outputs, inputs], scale: (2 / Double(inputs)).squareRoot(), using: &generator)
      return .explicit(
        Block(
          name: "fc\(index)", size: outputs,
          nonlinearity: index == widths.count - 1 ? Identity() : activation,
          terms: [
            Term(
              source: index == 1 ? .input : .node(index - 2), map: DenseMap(weight),
              parameter: "fc\(index).weight")
          ],
          offsets: [
            Offset(
              tensor: Tensor(normal: [outputs], scale: 0.1, using: &generator), parameter: "fc\(index).bias")
          ]))
    }
    return try! Network(inputShape: [widths[0]], layers: layers, output: layers.count - 1)
  }

  /// A network of the size and shape of ResNet-18 (He et al. 2016), its normalisations folded into the convolutions.
  fileprivate static func residual18() -> Network {
    var draft = ConvolutionalDraft(inputShape: [3, 224, 224])
    draft.convolve(outputs: 64, kernel: 7, stride: 2, padding: 3, activation: ReLU())
    draft.pool(try! MaxPooling(kernelSize: 3, stride: 2, padding: 1))
    for (stage, channels) in [64, 128, 256, 512].enumerated() {
      for repetition in 0..<2 {
        let stride = stage > 0 && repetition == 0 ? 2 : 1
        let entry = draft.last
        draft.convolve(outputs: channels, kernel: 3, stride: stride, padding: 1, activation: ReLU())
        draft.convolve(outputs: channels, kernel: 3, stride: 1, padding: 1, activation: Identity())
        let trunk = draft.last
        draft.last = entry
        if stride == 2 {
          draft.convolve(outputs: channels, kernel: 1, stride: 2, padding: 0, activation: Identity())
        }
        draft.add(trunk)
      }
    }
    draft.finish(outputs: 1000)
    return try! Network(inputShape: draft.inputShape, layers: draft.layers, output: draft.layers.count - 1)
  }

  /// A layer `z = tanh(W z + U x + b)`, the eigenvalues of W within a disk of this radius (the circular law).
  fileprivate static func equilibrium(states: Int, radius: Double) -> Network {
    var generator = SeededGenerator(seed: 0)
    let scale = 1 / Double(states).squareRoot()
    func weight(_ scale: Double) -> Tensor<Double> {
      Tensor(normal: [states, states], scale: scale, using: &generator)
    }
    let block = Block<Double>(
      name: "z", size: states, nonlinearity: Tanh(),
      terms: [
        Term(source: .node(0), map: DenseMap(weight(radius * scale)), parameter: "W"),
        Term(source: .input, map: DenseMap(weight(scale)), parameter: "U"),
      ],
      offsets: [
        Offset(tensor: Tensor(normal: [states], scale: 0.1, using: &generator), parameter: "b")
      ])
    let model = try! EquilibriumModel(inputShape: [states], blocks: [block], output: 0)
    return try! Network(
      inputShape: [states],
      layers: [.implicit(try! ImplicitLayer(name: "core", source: .input, model: model))], output: 0)
  }
}

/// A convolutional network as it grows.
private struct ConvolutionalDraft {
  let inputShape: [Int]
  var layers: [Layer<Double>] = []
  /// What the next layer reads.
  var last = Source.input
  private var generator = SeededGenerator(seed: 0)

  init(inputShape: [Int]) {
    self.inputShape = inputShape
  }

  private var shape: [Int] {
    if case .node(let index) = last { layers[index].shape } else { inputShape }
  }

  private mutating func append(_ block: Block<Double>) {
    layers.append(.explicit(block))
    last = .node(layers.count - 1)
  }

  mutating func convolve(
    outputs: Int, kernel: Int, stride: Int, padding: Int, activation: any Nonlinearity
  ) {
    let name = "conv\(layers.count)"
    let fanIn = shape[0] * kernel * kernel
    let weight = Tensor(
      normal: [outputs, shape[0], kernel, kernel], scale: (1 / Double(fanIn)).squareRoot(),
      using: &generator)
    let map = try! Convolution<Double>(
      inputShape: shape, weight: weight, stride: [stride], padding: [padding])
    let spread = try! Expand<Double>(
      inputShape: map.biasShape, shape: map.outputShape, dim: IntegerList(map.biasDims))
    append(
      Block(
        name: name, shape: map.outputShape, nonlinearity: activation,
        terms: [Term(source: last, map: map, parameter: "\(name).weight")],
        offsets: [
          Offset(
            tensor: Tensor(normal: [outputs], scale: 0.1, using: &generator), map: spread,
            parameter: "\(name).bias")
        ]))
  }

  mutating func pool(_ pooling: MaxPooling) {
    append(
      Block(
        name: "pool\(layers.count)", shape: pooling.outputShape(portShapes: [shape])!, nonlinearity: pooling,
        portShapes: [shape], terms: [Term(source: last, map: IdentityMap(shape))]))
  }

  mutating func add(_ other: Source) {
    append(
      Block(
        name: "add\(layers.count)", shape: shape, nonlinearity: ReLU(),
        terms: [last, other].map { Term(source: $0, map: IdentityMap(shape)) }))
  }

  /// The average of each channel, and a dense layer.
  mutating func finish(outputs: Int) {
    let pooling = try! AveragePooling<Double>(inputShape: shape, kernelSize: [shape[1], shape[2]])
    append(
      Block(
        name: "average", shape: pooling.outputShape, nonlinearity: Identity(),
        terms: [Term(source: last, map: pooling)]))
    let flatten = try! Flatten<Double>(inputShape: shape)
    append(
      Block(
        name: "flatten", shape: flatten.outputShape, nonlinearity: Identity(),
        terms: [Term(source: last, map: flatten)]))
    let weight = Tensor(
      normal: [outputs, shape[0]], scale: (1 / Double(shape[0])).squareRoot(), using: &generator)
    append(
      Block(
        name: "fc", size: outputs, nonlinearity: Identity(),
        terms: [Term(source: last, map: DenseMap(weight), parameter: "fc.weight")],
        offsets: [
          Offset(tensor: Tensor(normal: [outputs], scale: 0.1, using: &generator), parameter: "fc.bias")
        ]))
  }
}
