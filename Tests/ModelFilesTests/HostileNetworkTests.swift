import ModelFiles
import ModelJSON
import Operators
import Testing

/// Networks that say something wrong, each with the line that a user reads.
@Suite("Networks that must be refused")
struct HostileNetworkTests {
  /// A network of these layers, with an input of two numbers.
  private static func network(_ layers: String, _ rest: String = "", input: String = "[2]") -> String {
    "{\"format\": \"network\", \"version\": 1, \"input\": \(input), \"layers\": [\(layers)]\(rest)}"
  }

  /// A refusal of a network of one dense layer with these keys.
  private static func dense(_ keys: String, _ message: String) -> Refusal {
    Refusal(network("{\"type\": \"dense\", \(keys)}"), message)
  }

  /// A refusal of a network of these layers.
  private static func layers(_ layers: String, _ message: String) -> Refusal {
    Refusal(network(layers), message)
  }

  /// A dense layer from two numbers to two.
  private static func square(_ keys: String = "") -> String {
    "{\"type\": \"dense\", \"weight\": [[1, 2], [3, 4]]\(keys.isEmpty ? "" : ", ")\(keys)}"
  }

  @Test(
    "Header",
    arguments: [
      Refusal("{}", "expected the key \"format\", found none"),
      Refusal(
        "{\"format\": \"nework\"}", "format: expected \"network\" or \"equilibrium\", found \"nework\""),
      Refusal("{\"format\": \"network\"}", "expected the key \"version\", found none"),
      Refusal(
        "{\"format\": \"network\", \"version\": 2, \"novelty\": 3}",
        "version: expected version 1, the newest that this program reads, found version 2"),
      Refusal(
        "{\"format\": \"network\", \"version\": 100000000000000000000}",
        "version: expected an integer up to 999999999999999999, found 100000000000000000000"),
      Refusal("{\"format\": \"network\", \"version\": 0}", "version: expected a positive integer, found 0"),
      Refusal(
        "{\"format\": \"network\", \"version\": \"1\"}", "version: expected a positive integer, found \"1\""),
      Refusal("{\"format\": \"network\", \"version\": 1}", "expected the key \"input\", found none"),
      Refusal(
        "{\"format\": \"network\", \"version\": 1, \"input\": [1], \"Layers\": []}",
        "expected only the keys format, version, weights, weights_sha256, input, layers, output, signature, found \"Layers\""
      ),
      Refusal(
        "{\"format\": \"network\", \"version\": 1, \"input\": [1]}", "expected the key \"layers\", found none"
      ),
      Refusal(network(""), "layers: expected a list of layers, found an empty array"),
      Refusal(
        "{\"format\": \"network\", \"version\": 1, \"input\": [1], \"layers\": {}}",
        "layers: expected a list of layers, found an object"),
    ])
  func header(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Input shapes",
    arguments: [
      ("[]", "input: expected a list of sizes, found an empty array"),
      ("2", "input: expected a list of sizes, found 2"),
      ("[2, 0]", "input[1]: expected a positive integer, found 0"),
      ("[-2]", "input[0]: expected a positive integer, found -2"),
      ("[2.0]", "input[0]: expected a positive integer, found 2.0"),
      ("[\"2\"]", "input[0]: expected a positive integer, found \"2\""),
      ("[null]", "input[0]: expected a positive integer, found null"),
      ("[67108865]", "input[0]: expected an integer up to 67108864, found 67108865"),
      ("[9223372036854775807]", "input[0]: expected an integer up to 67108864, found 9223372036854775807"),
      ("[-9223372036854775808]", "input[0]: expected a positive integer, found -9223372036854775808"),
      ("[-0]", "input[0]: expected a positive integer, found -0"),
      ("[67108864, 67108864, 67108864]", "input: expected a shape of up to 67108864 numbers, found more"),
      ("[8192, 8193]", "input: expected a shape of up to 67108864 numbers, found more"),
    ])
  func input(_ shape: String, _ refused: String) {
    #expect(message(reading: Array(Self.network(Self.square(), input: shape).utf8)) == refused)
  }

  @Test(
    "Layers",
    arguments: [
      layers("3", "layers[0]: expected an object, found 3"),
      layers("{}", "layers[0]: expected the key \"type\", found none"),
      layers(
        "{\"type\": \"attention\", \"kernel\": 3}",
        "layers[0].type: expected a type of layer, such as \"dense\", \"conv\", \"add\" or \"relu\", found \"attention\""
      ),
      layers("{\"type\": null}", "layers[0].type: expected a type of layer, found null"),
      dense(
        "\"wieght\": []",
        "layers[0]: expected only the keys type, name, inputs, weight, bias, activation, found \"wieght\""),
      dense("\"bias\": [1]", "layers[0]: expected the key \"weight\", found none"),
      layers(square("\"name\": \"\""), "layers[0].name: expected a name that is not empty, found \"\""),
      layers(square("\"name\": 3"), "layers[0].name: expected a name, found 3"),
      layers(
        square("\"name\": \"input\""),
        "layers[0].name: expected a name other than the input's, found \"input\""),
      layers(
        square("\"name\": \"a\"") + "," + square() + "," + square("\"name\": \"a\""),
        "layers[2].name: expected a unique name, found \"a\", the name of layers[0]"),
      layers(
        square("\"name\": \"layer1\"") + "," + square(),
        "layers[1]: expected a unique name, found \"layer1\", the name of layers[0]"),
    ])
  func layer(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Matrices: ragged, empty, not of numbers, not finite",
    arguments: [
      dense("\"weight\": 1", "layers[0].weight: expected a list of rows, found 1"),
      dense("\"weight\": []", "layers[0].weight: expected a list of rows, found an empty array"),
      dense("\"weight\": [[]]", "layers[0].weight[0]: expected a list of numbers, found an empty array"),
      dense("\"weight\": [1, 2]", "layers[0].weight[0]: expected a list of numbers, found 1"),
      dense("\"weight\": [[1, 2], [3]]", "layers[0].weight[1]: expected 2 numbers, found 1"),
      dense("\"weight\": [[1, 2], []]", "layers[0].weight[1]: expected 2 numbers, found none"),
      dense("\"weight\": [[1, 2], [3, 4, 5]]", "layers[0].weight[1]: expected 2 numbers, found 3"),
      dense("\"weight\": [[1, 2], 3]", "layers[0].weight[1]: expected a list of 2 numbers, found 3"),
      dense("\"weight\": [[1, 2], {}]", "layers[0].weight[1]: expected a list of 2 numbers, found an object"),
      dense("\"weight\": [[1, \"2\"]]", "layers[0].weight[0][1]: expected a finite number, found \"2\""),
      dense("\"weight\": [[1, null]]", "layers[0].weight[0][1]: expected a finite number, found null"),
      dense("\"weight\": [[1, true]]", "layers[0].weight[0][1]: expected a finite number, found true"),
      dense(
        "\"weight\": [[1, [2]]]", "layers[0].weight[0][1]: expected a finite number, found an array of 1"),
      dense("\"weight\": [[1, 1e999]]", "layers[0].weight[0][1]: expected a finite number, found 1e999"),
      dense("\"weight\": [[1, -1e309]]", "layers[0].weight[0][1]: expected a finite number, found -1e309"),
      dense(
        "\"weight\": [[1, 1\(String(repeating: "0", count: 400))]]",
        "layers[0].weight[0][1]: expected a finite number, found 1\(String(repeating: "0", count: 47))…"),
      dense(
        "\"weight\": [[1, 2]], \"bias\": [1, 2]",
        "layers[0].bias: expected 1 number (the rows of weight), found 2"),
      dense(
        "\"weight\": [[1, 2]], \"bias\": []",
        "layers[0].bias: expected 1 number (the rows of weight), found none"),
      dense(
        "\"weight\": [[1, 2]], \"bias\": null",
        "layers[0].bias: expected a list of 1 number (the rows of weight), found null"),
      dense(
        "\"weight\": [[1, 2]], \"bias\": [[1]]",
        "layers[0].bias[0]: expected a finite number, found an array of 1"),
    ])
  func matrices(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Sizes that do not chain",
    arguments: [
      dense(
        "\"weight\": [[1]]", "layers[0].weight: expected rows of 2 numbers (the size of the input), found 1"),
      layers(
        square("\"name\": \"fc1\"") + ",{\"type\": \"dense\", \"weight\": [[1, 2, 3]]}",
        "layers[1].weight: expected rows of 2 numbers (the size of \"fc1\"), found 3"),
      layers(
        square("\"inputs\": [\"layer1\"]") + ",{\"type\": \"dense\", \"weight\": [[1, 2]]}",
        "layers[0].inputs: expected layers without a cycle, found one through \"layer0\", \"layer1\""
      ),
      layers(
        square("\"inputs\": [\"b\"]")
          + ",{\"type\": \"dense\", \"name\": \"b\", \"inputs\": [\"input\"], \"weight\": [[1, 2]]}",
        "layers[0].weight: expected rows of 1 number (the size of \"b\"), found 2"),
    ])
  func chain(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Inputs and the output name what exists, in no cycle",
    arguments: [
      layers(
        square("\"inputs\": [\"x\"]"),
        "layers[0].inputs[0]: expected \"input\" or the name of a layer, found \"x\""),
      layers(
        square("\"inputs\": [3]"), "layers[0].inputs[0]: expected \"input\" or the name of a layer, found 3"),
      layers(square("\"inputs\": []"), "layers[0].inputs: expected one name, found none"),
      layers(square("\"inputs\": [\"input\", \"input\"]"), "layers[0].inputs: expected one name, found 2"),
      layers(
        square("\"inputs\": \"input\""), "layers[0].inputs: expected a list of one name, found \"input\""),
      layers(
        square("\"inputs\": [\"layer0\"]"),
        "layers[0].inputs: expected layers without a cycle, found one through \"layer0\""),
      layers(
        square() + "," + square("\"inputs\": [\"layer5\"]") + ","
          + [2, 3, 4, 5].map { _ in square() }.joined(separator: ","),
        "layers[1].inputs: expected layers without a cycle, "
          + "found one through \"layer1\", \"layer2\", \"layer3\", \"layer4\", …"),
      Refusal(network(square(), ", \"output\": \"x\""), "output: expected the name of a layer, found \"x\""),
      Refusal(
        network(square(), ", \"output\": \"input\""), "output: expected the name of a layer, found \"input\""),
      Refusal(network(square(), ", \"output\": 0"), "output: expected the name of a layer, found 0"),
    ])
  func graph(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  private static func activation(_ activation: String, _ message: String) -> Refusal {
    layers(square("\"activation\": \(activation)"), "layers[0].activation" + message)
  }

  private static let names =
    "identity, relu, leaky_relu, elu, celu, selu, gelu, silu, mish, sigmoid, log_sigmoid, hard_sigmoid, hard_swish, "
    + "hard_tanh, relu6, softplus, softsign, tanh, tanhshrink, softshrink, hardshrink, threshold"

  @Test(
    "Activations and their constants",
    arguments: [
      activation("\"rleu\"", ": expected one of \(names), found \"rleu\"; did you mean \"relu\"?"),
      activation(
        "{\"type\": \"ReLU\"}", ".type: expected one of \(names), found \"ReLU\"; did you mean \"relu\"?"),
      activation("{\"type\": 1}", ".type: expected the name of an activation, found 1"),
      activation("{}", ": expected the key \"type\", found none"),
      activation("null", ": expected the name of an activation, or an object with its type, found null"),
      activation("{\"type\": \"relu\", \"slope\": 1}", ": expected only the key type, found \"slope\""),
      activation(
        "{\"type\": \"leaky_relu\", \"slope\": 1}",
        ": expected only the keys type, negative_slope, found \"slope\""),
      activation(
        "{\"type\": \"leaky_relu\", \"negative_slope\": \"1\"}",
        ".negative_slope: expected a finite number, found \"1\""),
      activation(
        "{\"type\": \"leaky_relu\", \"negative_slope\": 1e999}",
        ".negative_slope: expected a finite number, found 1e999"),
      activation(
        "\"threshold\"", ": expected an object with the keys type, threshold, value, found \"threshold\""),
      activation("{\"type\": \"threshold\", \"threshold\": 1}", ": expected the key \"value\", found none"),
      activation(
        "{\"type\": \"gelu\", \"approximate\": \"erf\"}",
        ".approximate: expected \"none\" or \"tanh\", found \"erf\""),
      activation(
        "{\"type\": \"gelu\", \"approximate\": 1}", ".approximate: expected \"none\" or \"tanh\", found 1"),
      activation(
        "{\"type\": \"hard_tanh\", \"min\": 1}", ": max: expected a number above min, 1.0, found 1.0"),
      activation("{\"type\": \"softplus\", \"beta\": 0}", ".beta: expected a positive number, found 0.0"),
    ])
  func activations(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  /// A network of one equilibrium layer with this model.
  private static func equilibrium(_ model: String, _ message: String) -> Refusal {
    layers("{\"type\": \"equilibrium\", \"name\": \"a\", \"model\": \(model)}", message)
  }

  @Test(
    "Equilibrium layers",
    arguments: [
      equilibrium("3", "layers[0].model: expected an object, found 3"),
      equilibrium(
        "{\"format\": \"equilibrium\"}",
        "layers[0].model: expected only the keys input, blocks, Wz, Wx, b, output, found \"format\""),
      equilibrium(
        "{\"input\": [3, 1], \"blocks\": [{\"name\": \"z\", \"size\": 1, \"activation\": \"relu\"}], \"output\": \"z\"}",
        "layers[0].model.input: expected a shape of 2 numbers (the size of the input), found [3, 1]"),
      equilibrium(
        "{\"input\": [2], \"blocks\": [{\"name\": \"z\", \"size\": 1, \"activation\": \"relu\"}], \"output\": \"y\"}",
        "layers[0].model.output: expected the name of a block, found \"y\""),
      equilibrium(
        "{\"input\": [2], \"output\": \"p\", \"blocks\": [{\"name\": \"p\", \"size\": 1, \"activation\": \"relu\"}, "
          + "{\"name\": \"q,r\", \"size\": 1, \"activation\": \"relu\"}, {\"name\": \"p,q\", \"size\": 2, "
          + "\"activation\": \"relu\"}, {\"name\": \"r\", \"size\": 1, \"activation\": \"relu\"}], "
          + "\"Wz\": {\"matrix\": [[0,1,0,0,0],[0,0,0,0,0],[0,0,0,0,1],[0,0,0,0,1],[0,0,0,0,0]]}, "
          + "\"Wx\": {\"matrix\": [[0,0],[0,0],[0,0],[0,0],[0,0]]}, \"b\": {\"vector\": [0,0,0,0,0]}}",
        "layers[0].model: expected blocks whose entries have different names, found two entries \"Wz[p,q,r]\""
      ),
      layers(
        "{\"type\": \"equilibrium\", \"name\": \"a\", \"model\": {\"input\": [2], \"output\": \"z\", "
          + "\"blocks\": [{\"name\": \"z\", \"size\": 2, \"activation\": \"relu\"}], "
          + "\"b\": [{\"to\": \"z\", \"vector\": [1, 2], \"parameter\": \"b.weight\"}]}},"
          + square("\"name\": \"a.b\""),
        "layers[1]: expected parameters with unique names, found \"a.b.weight\", a parameter of layers[0] too"
      ),
    ])
  func equilibriumLayers(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }
}
