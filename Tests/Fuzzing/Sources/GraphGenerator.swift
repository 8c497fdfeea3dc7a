import DeepEquilibrium
import ONNXImport
import ONNXSchema

/// Draws ONNX graphs that fit together well enough to be read far, with integers from the edges: around 0, around
/// powers of two, and the least and the largest of 64 bits.
struct GraphGenerator {
  private var random: SplitMix
  private var model = ONNXModelProto()
  /// The names of tensors of numbers and of integers so far.
  private var numbers: [String] = []
  private var integers: [String] = []

  /// The generator of a seed's graph.
  init(seed: UInt64) {
    random = SplitMix(seed: seed)
  }

  /// The bytes of the graph.
  mutating func bytes() -> [UInt8] {
    model.irVersion = 8
    model.opsetImport = [
      .with { $0.version = Int64(random.pick([7, 9, 11, 13, 15, 17, 18, 21, 23, 25, 27])) }
    ]
    addInput()
    for index in 0..<Int.random(in: 1...4, using: &random) { addInitializer("w\(index)", isInteger: false) }
    for index in 0..<Int.random(in: 1...4, using: &random) { addInitializer("i\(index)", isInteger: true) }
    for index in 0..<Int.random(in: 1...6, using: &random) { addNode(index) }
    if random.isOne(in: 4) {
      addFunctions()
      let last = model.graph.node.count - 1
      model.graph.node[last].opType = "own"
      model.graph.node[last].domain = "own"
      model.graph.node[last].attribute.removeAll { $0.name != "axis" }
    }
    model.graph.output = [.with { $0.name = model.graph.node.last!.output[0] }]
    return (try? model.serializedBytes()) ?? []
  }

  private mutating func addInput() {
    let rank = Int.random(in: 1...4, using: &random)
    var shape = (0..<rank).map { _ in Int64(Int.random(in: 1...4, using: &random)) }
    if random.isOne(in: 30) { shape[random.pick(Array(shape.indices))] = edge() }
    let isBatched = random.isOne(in: 2)
    model.graph.input = [
      .with { info in
        info.name = "x"
        info.type.tensorType.elemType = 1
        info.type.tensorType.shape.dim = shape.enumerated().map { axis, extent in
          .with { if axis == 0, isBatched { $0.dimParam = "N" } else { $0.dimValue = extent } }
        }
      }
    ]
    numbers.append("x")
  }

  private mutating func addInitializer(_ name: String, isInteger: Bool) {
    var shape = (0..<Int.random(in: 0...(isInteger ? 1 : 4), using: &random)).map { _ in
      Int64(Int.random(in: 1...4, using: &random))
    }
    if random.isOne(in: 6), !shape.isEmpty {
      shape[random.pick(Array(shape.indices))] = 0
      if random.isOne(in: 2) { shape[random.pick(Array(shape.indices))] = edge() }
    }
    let count = shape.contains(0) ? 0 : Int(shape.reduce(1) { $0 &* $1 })
    guard (0...256).contains(count) else { return }
    model.graph.initializer.append(
      .with { tensor in
        tensor.name = name
        tensor.dims = shape
        tensor.dataType = isInteger ? 7 : 1
        if isInteger {
          tensor.int64Data = (0..<count).map { _ in integer() }
        } else {
          tensor.floatData = (0..<count).map { _ in random.pick([0, 1, -1, 0.5, -2, 3, 1e30, -.infinity]) }
        }
      })
    if isInteger { integers.append(name) } else { numbers.append(name) }
  }

  private mutating func addNode(_ index: Int) {
    let type = random.pick(OperatorTable.ownNames)
    let handler = OperatorTable.handler(for: type)!
    model.graph.node.append(
      .with { node in
        node.opType = type
        node.output = (0..<(random.isOne(in: 5) ? 3 : 1)).map { "t\(index)_\($0)" }
        for place in 0..<Int.random(in: 0...4, using: &random) {
          let isInteger = place == 0 ? random.isOne(in: 5) : random.isOne(in: 2)
          let names = isInteger && !integers.isEmpty ? integers : numbers
          node.input.append(
            random.isOne(in: 20) ? "" : random.pick(random.isOne(in: 2) ? names : [names.last!]))
        }
        for name in handler.attributes.sorted() where random.isOne(in: 2) {
          node.attribute.append(attribute(name))
        }
      })
    let isShape = ["Shape", "Size", "Range", "Equal", "Less", "Greater", "Not", "Mod"].contains(type)
    if isShape { integers.append("t\(index)_0") } else { numbers.append("t\(index)_0") }
  }

  private mutating func attribute(_ name: String) -> ONNXAttributeProto {
    .with { attribute in
      attribute.name = name
      switch Self.kinds[name] ?? .integer {
      case .number:
        attribute.type = 1
        attribute.f = random.pick([0, 1, -1, 0.5, 2, 1e30, .nan, .infinity])
      case .integer:
        attribute.type = 2
        attribute.i = integer()
      case .word(let words):
        attribute.type = 3
        attribute.s = .init(random.pick(words).utf8)
      case .integers:
        attribute.type = 7
        attribute.ints = (0..<Int.random(in: 0...4, using: &random)).map { _ in integer() }
      case .tensor:
        attribute.type = 4
        attribute.t.dims = [1]
        attribute.t.dataType = 7
        attribute.t.int64Data = [integer()]
      case .graph:
        attribute.type = 5
        attribute.g = graph()
      }
    }
  }

  /// A branch or a body, which reads its inputs and what is around it.
  private mutating func graph() -> ONNXGraphProto {
    let inputs = (0..<Int.random(in: 0...4, using: &random)).map { "b\($0)" }
    let names = inputs + [random.pick(numbers), "c"]
    return .with { graph in
      graph.input = inputs.map { name in .with { $0.name = name } }
      for index in 0..<Int.random(in: 0...3, using: &random) {
        graph.node.append(
          .with { node in
            node.opType = random.pick(["Add", "Identity", "Mul", "Less", "Tanh", "Unsqueeze", "Loop", "own"])
            node.input = [random.pick(names), random.pick(names)]
            node.output = [random.pick(["c", "d\(index)"])]
            if node.opType == "own" { node.domain = "own" }
          })
      }
      graph.output = (0..<Int.random(in: 0...4, using: &random)).map { _ in
        .with { $0.name = random.pick(names + ["d0", "d1"]) }
      }
    }
  }

  /// Functions that may call each other, and themselves.
  private mutating func addFunctions() {
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let body = graph()
      model.functions.append(
        .with { function in
          function.name = random.pick(["own", "other"])
          function.domain = random.pick(["own", "own", ""])
          function.input = body.input.map(\.name)
          function.output = body.output.map(\.name)
          function.node = body.node
          function.attribute = ["axis"]
          function.opsetImport = [.with { $0.version = Int64(random.pick([7, 13, 18, 99])) }]
        })
    }
  }

  private enum AttributeKind {
    case number, integer, integers, tensor, graph
    case word([String])
  }

  /// The attributes that are no integers.
  private static let kinds: [String: AttributeKind] = {
    var kinds: [String: AttributeKind] = ["value": .tensor]
    for name in ["body", "then_branch", "else_branch"] { kinds[name] = .graph }
    for name in [
      "alpha", "beta", "gamma", "epsilon", "scale", "softcap", "lambd", "bias", "value_float",
      "spatial_scale",
    ] {
      kinds[name] = .number
    }
    for name in [
      "axes", "perm", "pads", "strides", "dilations", "kernel_shape", "split", "starts", "ends", "value_ints",
      "output_padding", "output_shape", "scan_input_axes", "scan_input_directions", "scan_output_axes",
      "scan_output_directions",
    ] { kinds[name] = .integers }
    kinds["auto_pad"] = .word(["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])
    kinds["mode"] = .word([
      "constant", "reflect", "edge", "wrap", "nearest", "linear", "cubic", "DCR", "CRD", "avg", "max",
    ])
    kinds["padding_mode"] = .word(["zeros", "border", "reflection"])
    kinds["reduction"] = .word(["none", "sum", "mean", "add", "mul"])
    kinds["activation"] = .word(["none", "silu"])
    kinds["keep_aspect_ratio_policy"] = .word(["stretch", "not_larger", "not_smaller"])
    kinds["equation"] = .word(["ij,jk->ik", "ij->ji", "bij,bjk->bik", "i,i->", "ij"])
    kinds["approximate"] = .word(["none", "tanh"])
    return kinds
  }()

  /// An integer that is mostly small.
  private mutating func integer() -> Int64 {
    random.isOne(in: 4) ? edge() : Int64(Int.random(in: -3...4, using: &random))
  }

  /// An integer at an edge.
  private mutating func edge() -> Int64 {
    let power = random.pick([0, 1, 5, 6, 15, 16, 20, 24, 26, 27, 30, 31, 32, 40, 47, 48, 53, 56, 61, 62, 63])
    let magnitude: Int64 = power == 63 ? .max : 1 << Int64(power)
    let near = magnitude &+ Int64(Int.random(in: -1...1, using: &random))
    return random.isOne(in: 3) ? 0 &- near : near
  }
}
