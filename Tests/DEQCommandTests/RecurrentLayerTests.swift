import Foundation
import TestSupport
import Testing

/// Recurrent layers of the network format against torch.nn's in float64: `Tests/Oracles/recurrent_layers.py`.
@Suite(.serialized, .enabled(if: Python.has("torch"), "Python lacks torch"))
struct RecurrentLayerTests {
  /// A stack of recurrent layers over a sequence.
  struct Stack: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let length: Int
    let layers: [RecurrentText]

    init(_ description: String, length: Int = 4, _ layers: RecurrentText...) {
      (testDescription, self.length, self.layers) = (description, length, layers)
    }

    static let features = 3

    /// The network's file.
    var text: String {
      var (features, texts): (Int, [String]) = (Self.features, [])
      for (index, layer) in layers.enumerated() {
        texts.append(layer.text(name: "l\(index)", features: features))
        features = layer.hidden * layer.directions
      }
      return #"{"format": "network", "version": 1, "input": [\#(length), \#(Self.features)], "layers": [\#n"#
        + texts.joined(separator: ",\n") + "]}\n"
    }

    /// Two samples with cotangents of the output.
    var samples: String {
      let last = layers.last!
      let outputs = (last.more.contains("h_n") ? 1 : length) * last.hidden * last.directions
      var numbers = Numbers(state: 17)
      let input = (0..<2).map { _ in numbers.text([length * Self.features]) }
      let cotangent = (0..<2).map { _ in numbers.text([outputs]) }
      return
        #"{"input": [\#(input.joined(separator: ","))], "#
        + #""cotangent": [\#(cotangent.joined(separator: ","))]}"#
    }
  }

  static let stacks: [Stack] = {
    var stacks: [Stack] = []
    for type in ["rnn", "gru", "lstm"] {
      for direction in ["forward", "reverse", "bidirectional"] {
        stacks.append(Stack("\(type), \(direction)", RecurrentText(type, direction)))
        stacks.append(
          Stack(
            "\(type), \(direction), the last state, without biases",
            RecurrentText(type, direction, biases: [], more: #", "returns": "h_n""#)))
      }
      stacks.append(Stack("\(type), one step", length: 1, RecurrentText(type, "bidirectional")))
      stacks.append(Stack("\(type), one bias", RecurrentText(type, "forward", biases: ["bias_hh"])))
      stacks.append(
        Stack("\(type), initial states", RecurrentText(type, "bidirectional", starts: true)))
    }
    return stacks + [
      Stack("rnn of relu", RecurrentText("rnn", "bidirectional", more: #", "nonlinearity": "relu""#)),
      Stack("gru that resets before", RecurrentText("gru", "forward", more: #", "reset_after": false"#)),
      Stack(
        "gru of other functions",
        RecurrentText("gru", "reverse", more: #", "activations": ["softsign", "relu"]"#)),
      Stack("lstm with peepholes", RecurrentText("lstm", "reverse", hasPeepholes: true, starts: true)),
      Stack(
        "lstm of other functions",
        RecurrentText(
          "lstm", "forward", more: #", "activations": ["softsign", "relu", "sigmoid"], "returns": "h_n""#)),
      Stack(
        "several layers", length: 3, RecurrentText("lstm", "bidirectional"),
        RecurrentText("gru", "reverse", hidden: 3),
        RecurrentText("rnn", "bidirectional", hidden: 1, more: #", "returns": "h_n""#)),
    ]
  }()

  private let folder = TemporaryFolder()

  /// Evaluates a file of a folder.
  private func evaluate(_ file: String, in place: String = ".") throws {
    let outcome = try folder.deq(
      "evaluate", "\(place)/\(file)", "--input", "\(place)/samples.json", "-o", "\(place)/\(file).found",
      "--force")
    #expect(outcome.status == 0, "\(outcome.complaint)")
  }

  /// How what was found in folders differs from PyTorch's of `net.json` in each.
  private func faults(in places: [String] = ["."]) throws -> [String] {
    let outcome = try folder.shell(
      "python3 '\(Oracles.folder)/recurrent_layers.py' \(places.joined(separator: " "))")
    #expect(outcome.complaint == "")
    return outcome.text.split(separator: "\n").map(String.init)
  }

  @Test("Output and every gradient are PyTorch's, of networks and of their conversions, which are proved")
  func torch() throws {
    let places = Self.stacks.map { $0.testDescription.replacing(/[^a-z0-9]+/, with: "-") }
    for (stack, place) in zip(Self.stacks, places) {
      try folder.makeFolder(place)
      try folder.write(stack.text, to: "\(place)/net.json")
      try folder.write(stack.samples, to: "\(place)/samples.json")
      let converted = try folder.deq("convert", "\(place)/net.json")
      expectQuiet(converted)
      #expect(converted.firstLine.hasPrefix("proved: "), "\(place): \(converted.text)")
      for file in ["net.json", "net.deq.json"] { try evaluate(file, in: place) }
    }
    #expect(Set(places).count == places.count)
    #expect(try faults(in: places) == [])
  }

  @Test(
    "The network that is recovered from the conversion shares the parameters, each once in a weights file")
  func recovered() throws {
    let stack = Self.stacks.last!
    try folder.write(stack.text, to: "net.json")
    try folder.write(stack.samples, to: "samples.json")
    expectQuiet(try folder.deq("convert", "net.json", "--weights", "safetensors"))
    expectQuiet(try folder.deq("recover", "net.deq.json", "-o", "blocks.json"))
    try evaluate("blocks.json")
    #expect(try faults() == [])
    #expect(try folder.deq("check", "net.json", "blocks.json").firstLine.hasPrefix("proved: "))
  }

  @Test(
    "The second judge unrolls the layers itself, and finds the value of every block",
    arguments: stacks.filter {
      $0.testDescription.contains(/one step|initial|before|peepholes|other|several/)
    })
  func secondJudge(_ stack: Stack) throws {
    try folder.write(stack.text, to: "net.json")
    let outcome = try folder.shell(
      """
      "$DEQ" convert net.json >/dev/null && "$DEQ" check net.json net.deq.json --certificate c.json >/dev/null &&
      python3 -B '\(Oracles.folder)/certificate.py' c.json
      """)
    #expect(outcome.status == 0 && outcome.text.hasPrefix("verified: one function; "), "\(outcome)")
  }

  /// The same stack as a planted fault has it.
  private func faulty(_ stack: Stack, _ change: (String) -> String) throws -> [String] {
    try folder.write(stack.text, to: "net.json")
    try folder.write(stack.samples, to: "samples.json")
    #expect(change(stack.text) != stack.text)
    try folder.write(change(stack.text), to: "bad.json")
    try evaluate("bad.json")
    return try faults()
  }

  @Test(
    "The comparison sees another direction, another order of gates and other biases",
    arguments: ["gru", "lstm"])
  func planted(type: String) throws {
    let stack = Stack("", RecurrentText(type, "forward"))
    #expect(try faulty(stack) { $0.replacing(#""forward""#, with: #""reverse""#) } != [])
    let swapped = RecurrentText(type, "forward", gates: type == "gru" ? [1, 0, 2] : [0, 2, 1, 3])
    #expect(try faulty(stack) { _ in Stack("", swapped).text } != [])
    // In an LSTM both biases have the same place.
    guard type == "gru" else { return }
    let exchanged = try faulty(stack) { text in
      text.replacing("bias_hh", with: "bias_xx").replacing("bias_ih", with: "bias_hh")
        .replacing("bias_xx", with: "bias_ih")
    }
    #expect(exchanged != [])
  }

  @Test("Many long layers of few numbers are refused before they are unrolled")
  func budget() throws {
    let one = #"{"type": "lstm", "weight_ih": [[1], [2], [3], [4]], "weight_hh": [[1], [2], [3], [4]]}"#
    for (count, status) in [(1, Int32(0)), (40, 65)] {
      let layers = [String](repeating: one, count: count).joined(separator: ", ")
      try folder.write(
        #"{"format": "network", "version": 1, "input": [256, 1], "layers": [\#(layers)]}"#, to: "net.json")
      let outcome = try folder.deq("inspect", "net.json", "--memory-limit", "67108864")
      #expect(outcome.status == status, "\(outcome.complaint)")
      if status > 0 {
        #expect(
          outcome.complaint.hasSuffix(
            "expected up to 8388608 coordinates of all maps that rearrange, scale or add up "
              + "(--memory-limit raises this), found more\n"), "\(outcome.complaint)")
      }
    }
  }

  @Test("Other weights in a single step are refuted, with the parameter's name or without")
  func perturbedStep() throws {
    try folder.write(Stack("", RecurrentText("gru", "forward")).text, to: "net.json")
    expectQuiet(try folder.deq("convert", "net.json"))
    for keepsName in [true, false] {
      _ = try folder.shell(
        """
        python3 - <<'END'
        import json
        model = json.load(open("net.deq.json"))
        step = [entry for entry in model["Wz"] if entry.get("parameter") == "l0.weight_hh"][2]
        step["matrix"][0][0] += 0.0009765625
        if not \(keepsName ? "True" : "False"):
            del step["parameter"]
        json.dump(model, open("bad.json", "w"))
        END
        """)
      let outcome = try folder.deq("check", "net.json", "bad.json")
      #expect(outcome.status == 1, "\(outcome.text)\(outcome.complaint)")
      #expect(outcome.firstLine.hasPrefix("refuted: "))
    }
  }
}

/// Numbers between −1 and 1, the same everywhere.
struct Numbers {
  var state: UInt64

  private mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(Int64(state >> 40) - 1 << 23) / Double(1 << 23)
  }

  /// Numbers nested to this shape.
  mutating func text(_ shape: [Int]) -> String {
    guard let extent = shape.first else { return "\(next())" }
    return "[" + (0..<extent).map { _ in text(Array(shape.dropFirst())) }.joined(separator: ",") + "]"
  }
}

/// A recurrent layer of a file.
struct RecurrentText: Sendable {
  let type: String
  let direction: String
  let hidden: Int
  let more: String
  private let biases: [String]
  private let hasPeepholes: Bool
  private let starts: Bool
  /// The order in which the gates' rows are written.
  private let gates: [Int]

  init(
    _ type: String, _ direction: String, hidden: Int = 2, biases: [String] = ["bias_ih", "bias_hh"],
    hasPeepholes: Bool = false, starts: Bool = false, gates: [Int]? = nil, more: String = ""
  ) {
    (self.type, self.direction, self.hidden, self.more) = (type, direction, hidden, more)
    (self.biases, self.hasPeepholes, self.starts) = (biases, hasPeepholes, starts)
    self.gates = gates ?? Array(0..<["rnn": 1, "gru": 3, "lstm": 4][type]!)
  }

  var directions: Int { direction == "bidirectional" ? 2 : 1 }

  /// The layer's object.
  func text(name: String, features: Int) -> String {
    var numbers = Numbers(state: UInt64(features))
    var text = #"{"type": "\#(type)", "name": "\#(name)", "direction": "\#(direction)""#
    func add(_ key: String, _ shape: [Int]) {
      let rows = gates.map { _ in numbers.text([hidden] + shape).dropFirst().dropLast() }
      text += #", "\#(key)": [\#(gates.map { rows[$0] }.joined(separator: ","))]"#
    }
    for suffix in ["", "_reverse"].prefix(directions) {
      add("weight_ih\(suffix)", [features])
      add("weight_hh\(suffix)", [hidden])
      for bias in biases { add(bias + suffix, []) }
      for peephole in hasPeepholes ? ["weight_ci", "weight_cf", "weight_co"] : [] {
        text += #", "\#(peephole)\#(suffix)": \#(numbers.text([hidden]))"#
      }
    }
    let state = directions == 1 ? [hidden] : [directions, hidden]
    for key in starts ? (type == "lstm" ? ["h_0", "c_0"] : ["h_0"]) : [] {
      text += #", "\#(key)": \#(numbers.text(state))"#
    }
    return text + more + "}"
  }
}
