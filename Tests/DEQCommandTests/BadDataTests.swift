import Testing

/// Every way to be wrong in a model file: status 65 and one line that says where, what was expected and what found.
@Suite struct BadDataTests {
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    let text: String
    let complaint: String

    init(_ name: String, _ text: String, _ complaint: String) {
      testDescription = name
      self.text = text
      self.complaint = complaint
    }
  }

  @Test(
    "A file that is no model is refused by status 65 and its place", arguments: structure + networks + models)
  func refusal(of bad: Case) throws {
    let folder = TemporaryFolder()
    try folder.write(bad.text, to: "bad.json")
    expectFailure(try folder.deq("inspect", "bad.json"), 65, "bad.json: " + bad.complaint)
  }

  @Test("Every command refuses bad data alike, and writes nothing")
  func everyCommand() throws {
    let folder = TemporaryFolder()
    try folder.write(Examples.network, to: "mlp.json")
    try folder.write(Examples.equilibrium, to: "mlp.deq.json")
    try folder.write(Examples.samples, to: "samples.json")
    try folder.write("{}", to: "bad.json")
    let before = try folder.snapshot()
    let complaint = #"bad.json: expected the key "format", found none"#
    for command in [
      ["convert", "bad.json"], ["convert", "bad.json", "-o", "-"],
      ["convert", "--stack", "mlp.json", "bad.json"],
      ["convert", "bad.json", "--json"], ["check", "bad.json", "mlp.deq.json"],
      ["check", "mlp.json", "bad.json"],
      ["evaluate", "bad.json", "--input", "samples.json"], ["inspect", "bad.json"],
      ["inspect", "bad.json", "--json"],
    ] {
      let outcome = try folder.deq(command)
      guard command.contains("--json") else {
        expectFailure(outcome, 65, complaint)
        continue
      }
      #expect(outcome.status == 65 && outcome.text == "")
      #expect(
        outcome.complaint.contains(
          #""error": {"message": "bad.json: expected the key \"format\", found none", "status": 65}"#))
    }
    expectFailure(
      try folder.deq("evaluate", "mlp.json", "--input", "bad.json"), 65,
      #"bad.json: expected the key "input", found none"#)
    #expect(try folder.snapshot() == before)
  }

  @Test("Standard input is called by its name")
  func standardInput() throws {
    expectFailure(
      try TemporaryFolder().deq("inspect", "-", input: "[]"), 65,
      "standard input: expected an object, found an empty array")
  }

  @Test("Nesting of 10,000 levels is refused where it becomes too deep", arguments: ["[", #"{"a":"#])
  func nesting(opening: String) throws {
    let folder = TemporaryFolder()
    try folder.write(String(repeating: opening, count: 10_000), to: "bad.json")
    let column = 65 * opening.utf8.count + 1
    expectFailure(
      try folder.deq("inspect", "bad.json"), 65,
      "bad.json: 1:\(opening == "[" ? 66 : column): expected at most 64 nested arrays and objects, found '\(opening.prefix(1))'"
    )
  }

  @Test("An integer of 401 digits is beyond the range of a double, and abbreviated")
  func vastInteger() throws {
    let folder = TemporaryFolder()
    let integer = "1" + String(repeating: "0", count: 400)
    try folder.write(
      #"{"format": "network", "version": 1, "input": [1], "layers": [{"type": "dense", "weight": [[\#(integer)]]}]}"#,
      to: "bad.json")
    expectFailure(
      try folder.deq("inspect", "bad.json"), 65,
      "bad.json: layers[0].weight[0][0]: expected a finite number, found \(integer.prefix(48))…")
  }

  @Test("Bytes that are no UTF-8 are refused")
  func encoding() throws {
    let folder = TemporaryFolder()
    try folder.write(Array(#"{"format": ""#.utf8) + [0xFF] + Array(#""}"#.utf8), to: "bad.json")
    expectFailure(
      try folder.deq("inspect", "bad.json"), 65, "bad.json: 1:13: expected UTF-8, found byte 0xFF")
  }

  @Test("Names with line breaks, quotes and escape sequences stay harmless in one line")
  func harmlessNames() throws {
    let folder = TemporaryFolder()
    try folder.write(
      #"{"format": "network", "version": 1, "input": [1], "output": "a\n\u001b[31m\"b", "layers": [{"type": "dense", "weight": [[1]]}]}"#,
      to: "bad\n.json")
    expectFailure(
      try folder.deq("inspect", "bad\n.json"), 65,
      #"bad\u{A}.json: output: expected the name of a layer, found "a\u{A}\u{1B}[31m"b""#)
  }

  /// No JSON, or no model.
  static let structure = [
    Case("an empty file", #""#, #"expected a JSON object, found an empty file"#),
    Case("white space", #" \#n"#, #"expected a JSON object, found an empty file"#),
    Case("half a file", #"{"format": "network", "ver"#, #"1:27: expected JSON, found the end of the file"#),
    Case("an array", #"[1, 2]"#, #"expected an object, found an array of 2"#),
    Case("a number", #"3"#, #"expected an object, found 3"#),
    Case("null", #"null"#, #"expected an object, found null"#),
    Case(
      "another format",
      #"{"format": "onnx", "version": 1}"#,
      #"format: expected "network" or "equilibrium", found "onnx""#),
    Case("no format", #"{"version": 1}"#, #"expected the key "format", found none"#),
  ]

  /// Networks.
  static let networks = [
    Case(
      "text after the end",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, 2]]}]} {}"#,
      #"1:102: expected JSON, found '{'"#),
    Case(
      "no version",
      #"{"format": "network", "input": [2], "layers": []}"#,
      #"expected the key "version", found none"#),
    Case(
      "a newer version",
      #"{"format": "network", "version": 2, "input": [2], "layers": [{"type": "dense", "weight": [[1, 2]]}]}"#,
      #"version: expected version 1, the newest that this program reads, found version 2"#),
    Case(
      "a version that is no number",
      #"{"format": "network", "version": "1", "input": [2], "layers": [{"type": "dense", "weight": [[1, 2]]}]}"#,
      #"version: expected a positive integer, found "1""#),
    Case(
      "an unknown key",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, 2]]}], "layer": []}"#,
      #"expected only the keys format, version, weights, weights_sha256, input, layers, output, signature, found "layer""#
    ),
    Case(
      "an unknown key of a layer",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weights": [[1, 2]]}]}"#,
      #"layers[0]: expected only the keys type, name, inputs, weight, bias, activation, found "weights""#),
    Case(
      "a duplicate key",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, 2]]}], "input": [3]}"#,
      #"input: expected one such key, found another at 1:102"#),
    Case(
      "a key that is a duplicate by its escape",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, 2]]}], "inpu\u0074": [3]}"#,
      #"input: expected one such key, found another at 1:102"#),
    Case(
      "a weight of strings",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [["1", 2]]}]}"#,
      #"layers[0].weight[0][0]: expected a finite number, found "1""#),
    Case(
      "a weight that is a number",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": 2}]}"#,
      #"layers[0].weight: expected a list of rows, found 2"#),
    Case(
      "a weight of null",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, null]]}]}"#,
      #"layers[0].weight[0][1]: expected a finite number, found null"#),
    Case(
      "a ragged weight",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, 2], [3, 4, 5]]}]}"#,
      #"layers[0].weight[1]: expected 2 numbers, found 3"#),
    Case(
      "an empty weight",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": []}]}"#,
      #"layers[0].weight: expected a list of rows, found an empty array"#),
    Case(
      "a weight of empty rows",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[], []]}]}"#,
      #"layers[0].weight[0]: expected a list of numbers, found an empty array"#),
    Case(
      "a weight that does not fit the input",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, 2, 3]]}]}"#,
      #"layers[0].weight: expected rows of 2 numbers (the size of the input), found 3"#),
    Case(
      "a weight that does not fit the layer before",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "name": "a", "weight": [[1, 2], [3, 4]]}, {"type": "dense", "weight": [[1, 2, 3]]}]}"#,
      #"layers[1].weight: expected rows of 2 numbers (the size of "a"), found 3"#),
    Case(
      "a bias of another size",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, 2], [3, 4]], "bias": [1, 2, 3]}]}"#,
      #"layers[0].bias: expected 2 numbers (the rows of weight), found 3"#),
    Case(
      "an unknown activation",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, 2]], "activation": "rleu"}]}"#,
      #"layers[0].activation: expected one of identity, relu, leaky_relu, elu, celu, selu, gelu, silu, mish, sigmoid, log_sigmoid, hard_sigmoid, hard_swish, hard_tanh, relu6, softplus, softsign, tanh, tanhshrink, softshrink, hardshrink, threshold, found "rleu"; did you mean "relu"?"#
    ),
    Case(
      "an activation that is a number",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, 2]], "activation": 3}]}"#,
      #"layers[0].activation: expected the name of an activation, or an object with its type, found 3"#),
    Case(
      "an unknown type of layer",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "attention"}]}"#,
      #"layers[0].type: expected a type of layer, such as "dense", "conv", "add" or "relu", found "attention""#
    ),
    Case(
      "a layer without a type",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"weight": [[1, 2]]}]}"#,
      #"layers[0]: expected the key "type", found none"#),
    Case(
      "a layer that is a list",
      #"{"format": "network", "version": 1, "input": [2], "layers": [[1]]}"#,
      #"layers[0]: expected an object, found an array of 1"#),
    Case(
      "no layers",
      #"{"format": "network", "version": 1, "input": [2], "layers": []}"#,
      #"layers: expected a list of layers, found an empty array"#),
    Case(
      "an input without sizes",
      #"{"format": "network", "version": 1, "input": [], "layers": [{"type": "dense", "weight": [[1, 2]]}]}"#,
      #"input: expected a list of sizes, found an empty array"#),
    Case(
      "an input of size 0",
      #"{"format": "network", "version": 1, "input": [0], "layers": [{"type": "dense", "weight": [[1, 2]]}]}"#,
      #"input[0]: expected a positive integer, found 0"#),
    Case(
      "an input of a fraction",
      #"{"format": "network", "version": 1, "input": [1.5], "layers": [{"type": "dense", "weight": [[1, 2]]}]}"#,
      #"input[0]: expected a positive integer, found 1.5"#),
    Case(
      "an input of a negative size",
      #"{"format": "network", "version": 1, "input": [-2], "layers": [{"type": "dense", "weight": [[1, 2]]}]}"#,
      #"input[0]: expected a positive integer, found -2"#),
    Case(
      "an input beyond any memory",
      #"{"format": "network", "version": 1, "input": [1000000000], "layers": [{"type": "dense", "weight": [[1, 2]]}]}"#,
      #"input[0]: expected an integer up to 67108864, found 1000000000"#),
    Case(
      "an input whose product overflows",
      #"{"format": "network", "version": 1, "input": [67108864, 67108864, 67108864], "layers": [{"type": "dense", "weight": [[1, 2]]}]}"#,
      #"input: expected a shape of up to 67108864 numbers, found more"#),
    Case(
      "NaN",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[NaN, 2]]}]}"#,
      #"1:92: expected JSON, found NaN"#),
    Case(
      "Infinity",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, Infinity]]}]}"#,
      #"1:95: expected JSON, found Infinity"#),
    Case(
      "minus Infinity",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, -Infinity]]}]}"#,
      #"1:95: expected a JSON number, found -Infinity"#),
    Case(
      "1e999",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, 1e999]]}]}"#,
      #"layers[0].weight[0][1]: expected a finite number, found 1e999"#),
    Case(
      "-1e999",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, -1e999]]}]}"#,
      #"layers[0].weight[0][1]: expected a finite number, found -1e999"#),
    Case(
      "a leading zero",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[01, 2]]}]}"#,
      #"1:94: expected a JSON number, found ','"#),
    Case(
      "hexadecimal",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[0x1, 2]]}]}"#,
      #"1:93: expected a JSON number, found 'x'"#),
    Case(
      "a comma at the end",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, 2,]]}]}"#,
      #"1:97: expected JSON, found ']'"#),
    Case(
      "a comment",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, 2]]}]} // a comment"#,
      #"1:102: expected JSON, found '/'"#),
    Case(
      "a lone surrogate",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "name": "\ud800", "weight": [[1, 2]]}]}"#,
      #"1:89: expected both halves of a surrogate pair, found \ud800"#),
    Case(
      "a NUL",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "name": "a\u0000b", "weight": [[1, 2]]}]}"#,
      #"1:90: expected a character other than NUL, found \u0000"#),
    Case(
      "two layers of one name",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "name": "a", "weight": [[1, 2], [3, 4]]}, {"type": "dense", "name": "a", "weight": [[1, 2], [3, 4]]}]}"#,
      #"layers[1].name: expected a unique name, found "a", the name of layers[0]"#),
    Case(
      "a name that a default name takes",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "name": "layer1", "weight": [[1, 2], [3, 4]]}, {"type": "dense", "weight": [[1, 2]]}]}"#,
      #"layers[1]: expected a unique name, found "layer1", the name of layers[0]"#),
    Case(
      "an empty name",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "name": "", "weight": [[1, 2]]}]}"#,
      #"layers[0].name: expected a name that is not empty, found """#),
    Case(
      "a layer called input",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "name": "input", "weight": [[1, 2]]}]}"#,
      #"layers[0].name: expected a name other than the input's, found "input""#),
    Case(
      "an input that no layer has the name of",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "inputs": ["x"], "weight": [[1, 2]]}]}"#,
      #"layers[0].inputs[0]: expected "input" or the name of a layer, found "x""#),
    Case(
      "two inputs",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "inputs": ["input", "input"], "weight": [[1, 2]]}]}"#,
      #"layers[0].inputs: expected one name, found 2"#),
    Case(
      "a layer that reads itself",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "name": "a", "inputs": ["a"], "weight": [[1, 2], [3, 4]]}]}"#,
      #"layers[0].inputs: expected layers without a cycle, found one through "a""#),
    Case(
      "layers in a cycle",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "name": "a", "inputs": ["b"], "weight": [[1, 2], [3, 4]]}, {"type": "dense", "name": "b", "weight": [[1, 2], [3, 4]]}]}"#,
      #"layers[0].inputs: expected layers without a cycle, found one through "a", "b""#),
    Case(
      "an output that no layer has the name of",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1, 2]]}], "output": "x"}"#,
      #"output: expected the name of a layer, found "x""#),
    Case(
      "parameters of one name",
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "name": "a.b", "weight": [[1, 2], [3, 4]]}, {"type": "equilibrium", "name": "a", "model": {"input": [2], "blocks": [{"name": "z", "size": 2, "activation": "tanh"}], "Wx": [{"to": "z", "matrix": [[1, 2], [3, 4]], "parameter": "b.weight"}], "output": "z"}}]}"#,
      #"layers[1]: expected parameters with unique names, found "a.b.weight", a parameter of layers[0] too"#
    ),
  ]

  /// Equilibrium models.
  static let models = [
    Case(
      "no blocks",
      #"{"format": "equilibrium", "version": 1, "input": [2], "blocks": [], "Wz": [], "Wx": [], "b": [], "output": "z"}"#,
      #"blocks: expected a list of blocks, found an empty array"#),
    Case(
      "two blocks of one name",
      #"{"format": "equilibrium", "version": 1, "input": [2], "blocks": [{"name": "z", "size": 2, "activation": "tanh"}, {"name": "z", "size": 2, "activation": "tanh"}], "Wz": [], "Wx": [], "b": [], "output": "z"}"#,
      #"blocks[1].name: expected a unique name, found "z", the name of blocks[0]"#),
    Case(
      "a block of size 0",
      #"{"format": "equilibrium", "version": 1, "input": [2], "blocks": [{"name": "z", "size": 0, "activation": "tanh"}], "Wz": [], "Wx": [], "b": [], "output": "z"}"#,
      #"blocks[0].size: expected a positive integer, found 0"#),
    Case(
      "a block without an activation",
      #"{"format": "equilibrium", "version": 1, "input": [2], "blocks": [{"name": "z", "size": 2}], "Wz": [], "Wx": [], "b": [], "output": "z"}"#,
      #"blocks[0]: expected the key "activation", found none"#),
    Case(
      "an entry of an unknown block",
      #"{"format": "equilibrium", "version": 1, "input": [2], "blocks": [{"name": "z", "size": 2, "activation": "tanh"}], "Wz": [{"to": "z", "from": "x", "matrix": [[1, 2], [3, 4]]}], "Wx": [], "b": [], "output": "z"}"#,
      #"Wz[0].from: expected the name of a block, found "x""#),
    Case(
      "an entry that does not fit its rows",
      #"{"format": "equilibrium", "version": 1, "input": [2], "blocks": [{"name": "z", "size": 2, "activation": "tanh"}], "Wz": [{"to": "z", "from": "z", "matrix": [[1, 2]]}], "Wx": [], "b": [], "output": "z"}"#,
      #"Wz[0].matrix: expected 2 rows (the size of "z"), found 1"#),
    Case(
      "an entry that does not fit its columns",
      #"{"format": "equilibrium", "version": 1, "input": [2], "blocks": [{"name": "z", "size": 2, "activation": "tanh"}], "Wz": [], "Wx": [{"to": "z", "matrix": [[1, 2, 3], [4, 5, 6]]}], "b": [], "output": "z"}"#,
      #"Wx[0].matrix[0]: expected 2 numbers (the size of the input), found 3"#),
    Case(
      "an entry of b that does not fit",
      #"{"format": "equilibrium", "version": 1, "input": [2], "blocks": [{"name": "z", "size": 2, "activation": "tanh"}], "Wz": [], "Wx": [], "b": [{"to": "z", "vector": [1, 2, 3]}], "output": "z"}"#,
      #"b[0].vector: expected 2 numbers (the size of "z"), found 3"#),
    Case(
      "an output that no block has the name of",
      #"{"format": "equilibrium", "version": 1, "input": [2], "blocks": [{"name": "z", "size": 2, "activation": "tanh"}], "Wz": [], "Wx": [], "b": [], "output": "x"}"#,
      #"output: expected the name of a block, found "x""#),
    Case(
      "one parameter of two shapes",
      #"{"format": "equilibrium", "version": 1, "input": [2], "blocks": [{"name": "z", "size": 2, "activation": "tanh"}], "Wz": [], "Wx": [{"to": "z", "matrix": [[1, 2], [3, 4]], "parameter": "w"}], "b": [{"to": "z", "vector": [1, 2], "parameter": "w"}], "output": "z"}"#,
      #"b[0].parameter: expected a parameter of shape [2, 2], as at Wx[0].parameter, found one of shape [2]"#),
    Case(
      "a whole Wz of another size",
      #"{"format": "equilibrium", "version": 1, "input": [2], "blocks": [{"name": "z", "size": 2, "activation": "tanh"}], "Wz": {"matrix": [[1, 2], [3, 4], [5, 6]]}, "Wx": {"matrix": [[1, 2], [3, 4]]}, "b": {"vector": [1, 2]}, "output": "z"}"#,
      #"Wz.matrix: expected 2 rows (the size of the state), found 3"#),
    Case(
      "a matrix form without b",
      #"{"format": "equilibrium", "version": 1, "input": [2], "blocks": [{"name": "z", "size": 2, "activation": "tanh"}], "Wz": {"matrix": [[1, 2], [3, 4]]}, "Wx": {"matrix": [[1, 2], [3, 4]]}, "output": "z"}"#,
      #"expected the key "b", found none"#),
    Case(
      "two forms at once",
      #"{"format": "equilibrium", "version": 1, "input": [2], "blocks": [{"name": "z", "size": 2, "activation": "tanh"}], "Wz": {"matrix": [[1, 2], [3, 4]]}, "Wx": [], "b": [], "output": "z"}"#,
      #"Wx: expected an object, as Wz is, found an empty array"#),
  ]
}
