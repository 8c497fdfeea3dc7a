import ModelFiles
import Operators
import Testing

/// Equations as both formats say them (shape, ports, views, maps, tensors, parameters), each wrong in one way.
@Suite("Blocks of any shape and their entries that must be refused")
struct HostileBlockTests {
  /// A network whose second layer is a block that reads the input `[2, 3]` and the layer `a`.
  private static func layer(_ keys: String, _ message: String) -> Refusal {
    Refusal(
      #"""
      {"format": "network", "version": 1, "input": [2, 3], "layers": [{"type": "relu", "name": "a"},
       {"type": "block", "name": "k", "inputs": ["input", "a"], \#(keys)}]}
      """#, message.first == "." || message.first == ":" ? "layers[1]" + message : message)
  }

  /// The same, the block a product of two ports of `[2, 3]` with these terms.
  private static func terms(_ terms: String, _ message: String) -> Refusal {
    layer(
      #""shape": [2, 3], "ports": [[2, 3], [2, 3]], "activation": "product", "terms": [\#(terms)]"#,
      message.hasPrefix(".terms") ? message : ".terms[0]" + message)
  }

  private static func offset(_ entry: String, _ message: String) -> Refusal {
    layer(
      #""shape": [2, 3], "activation": "relu", "terms": [], "b": [{\#(entry)}]"#, ".b[0]" + message)
  }

  @Test(
    "Shapes and ports",
    arguments: [
      layer(#""terms": []"#, #": expected the key "size", found none"#),
      layer(#""size": 2, "shape": [2]"#, #": expected no "size" beside "shape", found both"#),
      layer(#""shape": []"#, ".shape: expected a list of sizes, found an empty array"),
      layer(#""shape": 6"#, ".shape: expected a list of sizes, found 6"),
      layer(
        #""shape": [1000000000000000000, 1000000000000000000]"#,
        ".shape[0]: expected an integer up to 67108864, found 1000000000000000000"),
      layer(#""shape": [67108864, 2]"#, ".shape: expected a shape of up to 67108864 numbers, found more"),
      layer(
        #""shape": [\#(Array(repeating: "1", count: 65).joined(separator: ","))]"#,
        ".shape: expected up to 64 axes, found 65"),
      layer(#""size": 6, "ports": []"#, ".ports: expected a list of shapes, found an empty array"),
      layer(#""size": 6, "ports": [6]"#, ".ports[0]: expected a list of sizes, found 6"),
      layer(#""size": 6, "ports": {}"#, ".ports: expected a list of shapes, found an object"),
      layer(#""size": 6, "terms": []"#, #": expected the key "activation", found none"#),
      layer(
        #""size": 6, "activation": "product", "terms": []"#,
        ".activation: expected an activation from 6 numbers to 6 numbers, found product"),
      layer(
        #""size": 6, "ports": [[6], [5]], "activation": "product", "terms": []"#,
        ".activation: expected an activation from 6 numbers and 5 numbers to 6 numbers, found product"),
      layer(
        #""shape": [2, 3], "ports": [[2, 3], [3, 2]], "activation": "matmul", "terms": []"#,
        ".activation: expected an activation from [2, 3] and [3, 2] to [2, 3], found matmul, which gives [2, 2]"
      ),
      layer(
        #""size": 3, "activation": {"type": "max_pool", "kernel_size": 2}, "terms": []"#,
        ".activation: expected an activation from 3 numbers to 3 numbers, found max_pool(kernel_size: 2, stride: [], "
          + "padding: 0, dilation: 1, ceil_mode: false)"),
      layer(#""size": 6, "activation": "relu""#, #": expected the key "terms", found none"#),
      layer(
        #""size": 6, "activation": "relu", "terms": {}"#, ".terms: expected a list of terms, found an object"),
      layer(
        #""size": 6, "activation": "relu", "terms": [], "b": {}"#,
        ".b: expected a list of entries, found an object"),
      layer(
        #""size": 6, "activation": "relu", "terms": [], "bias": []"#,
        #": expected only the keys type, name, inputs, size, shape, ports, activation, terms, b, found "bias""#
      ),
    ])
  func layouts(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Terms",
    arguments: [
      terms("3", ": expected an object, found 3"),
      terms(#"{"map": "identity"}"#, #": expected the key "from", one of the inputs, found none"#),
      terms(#"{"from": "b", "map": "identity"}"#, #".from: expected one of the inputs, found "b""#),
      terms(#"{"from": 0, "map": "identity"}"#, ".from: expected one of the inputs, found 0"),
      terms(#"{"from": "a"}"#, #": expected the key "matrix", found none"#),
      terms(
        #"{"from": "a", "map": "identity", "matrix": [[1]]}"#,
        #": expected no "matrix" beside "map", found both"#),
      terms(
        #"{"from": "a", "view": [6], "matrix": [[1]]}"#, #": expected no "view" beside "matrix", found both"#),
      terms(
        #"{"from": "a", "port": 2, "map": "identity"}"#,
        #".port: expected a port of "k", from 0 to 1, found 2"#),
      terms(
        #"{"from": "a", "port": -1, "map": "identity"}"#,
        #".port: expected a port of "k", from 0 to 1, found -1"#),
      terms(
        #"{"from": "a", "port": "0", "map": "identity"}"#,
        #".port: expected a port of "k", from 0 to 1, found "0""#),
      terms(
        #"{"from": "a", "port": 1, "matrix": [[1]]}"#,
        #".matrix: expected 6 rows (the size of port 1 of "k"), found 1"#),
      terms(
        #"{"from": "a", "view": [5], "map": "identity"}"#,
        #".view: expected a shape of 6 numbers (the size of "a"), found [5]"#),
      terms(#"{"from": "a", "view": 6, "map": "identity"}"#, ".view: expected a list of sizes, found 6"),
      terms(
        #"{"from": "a", "map": "dense"}"#,
        ".map: expected one of identity, linear, conv, conv_transpose, avg_pool, mean, sum, scale, multiply, reshape, "
          + #"flatten, permute, slice, place, pad, index_select, upsample, interpolate, expand, found "dense""#
      ),
      terms(
        #"{"from": "a", "map": 3}"#,
        ".map: expected the name of a linear map, or an object with its type, found 3"),
      terms(
        #"{"from": "a", "map": "conv"}"#,
        #".map: expected an object with the keys type, weight, stride, padding, dilation, groups, found "conv""#
      ),
      terms(
        #"{"from": "a", "map": "mean"}"#,
        #".map: expected an object with the keys type, dim, keepdim, found "mean""#),
      terms(#"{"from": "a", "map": {"type": "conv"}}"#, #".map: expected the key "weight", found none"#),
      terms(#"{"from": "a", "map": {}}"#, #".map: expected the key "type", found none"#),
      terms(
        #"{"from": "a", "map": {"type": "identity", "weight": [1]}}"#,
        #".map: expected only the key type, found "weight""#),
      terms(
        #"{"from": "a", "map": {"type": "mean", "dim": 0}}"#,
        #".map: expected a map to 6 numbers (the size of port 0 of "k"), found one to 3, shape [3]"#),
      terms(
        #"{"from": "a", "map": "identity", "parameter": "p"}"#,
        ".parameter: expected no parameter for a map without trained numbers, found one"),
      terms(
        #"{"from": "a", "map": {"type": "scale", "weight": 2}}, {"from": "a", "map": {"type": "scale", "weight": 3}}"#,
        ".terms[1]: expected a parameter that distinguishes the entry from the one at layers[1].terms[0], found none"
      ),
      terms(
        #"{"from": "a", "map": {"type": "scale", "weight": 2}, "parameter": "p"}, "#
          + #"{"from": "a", "map": {"type": "scale", "weight": 3}, "parameter": "p"}"#,
        #".terms[1].parameter: expected the same numbers in every occurrence of a parameter, found "p" with others at "#
          + "layers[1].terms[0].parameter too"),
      terms(
        #"{"from": "a", "map": {"type": "scale", "weight": 2}, "parameter": "p"}, "#
          + #"{"from": "a", "map": {"type": "scale", "weight": [2]}, "parameter": "p"}"#,
        ".terms[1].parameter: expected a parameter of shape [], as at layers[1].terms[0].parameter, found one of shape [1]"
      ),
      terms(
        #"{"from": "a", "map": {"type": "scale", "weight": 2}, "parameter": "input"}"#,
        #".parameter: expected a parameter with another name than the input's gradient, found "input""#),
    ])
  func entries(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Constant summands",
    arguments: [
      offset("", #": expected the key "vector", found none"#),
      offset(#""map": "identity""#, #": expected the key "vector", found none"#),
      offset(#""vector": [1]"#, #".vector: expected 6 numbers (the size of "k"), found 1"#),
      offset(#""vector": [1], "tensor": [1]"#, #": expected no "tensor" beside "vector", found both"#),
      offset(#""vector": [1], "map": "identity""#, #": expected no "map" beside "vector", found both"#),
      offset(#""vector": [1], "view": [1]"#, #": expected no "view" beside "vector", found both"#),
      offset(#""tensor": [1, 2]"#, #".tensor: expected 6 numbers (the size of "k"), found 2"#),
      offset(#""tensor": [[1, 2], [3]]"#, ".tensor[1]: expected 2 elements, found 1"),
      offset(
        #""tensor": [1, 2, 3, 4, 5, 6], "view": [6]"#,
        #".view: expected no "view" without a "map", found one"#),
      offset(
        #""tensor": [1, 2], "map": {"type": "expand", "shape": [3, 2]}, "view": [3]"#,
        ".view: expected a shape of 2 numbers (the size of the tensor), found [3]"),
      offset(
        #""tensor": [1, 2], "map": {"type": "expand", "shape": [4, 2]}"#,
        #".map: expected a map to 6 numbers (the size of "k"), found one to 8, shape [4, 2]"#),
      offset(
        #""tensor": [1, 2], "map": {"type": "expand", "shape": [67108864, 2]}"#,
        ".map.shape: expected positive extents of at most 67108864 numbers, found [67108864, 2]"),
      offset(
        #""tensor": [1, 2], "map": {"type": "linear", "weight": [[1, 0], [0, 1], [1, 1], [1, 1], [1, 1], [1, 1]]}"#,
        ".map: expected a map without numbers of its own, found linear"),
      offset(#""tensor": "t""#, #".tensor: expected a finite number, found "t""#),
      offset(#""tensor": 3"#, #".tensor: expected 6 numbers (the size of "k"), found 1"#),
    ])
  func offsets(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test("A parameter that several layers carry has the same numbers everywhere")
  func tiedParameters() {
    let network = { (second: String) in
      Array(
        #"""
        {"format": "network", "version": 1, "input": [1], "layers": [
         {"type": "dense", "name": "a", "weight": [[2]]},
         {"type": "block", "size": 1, "activation": "relu", "terms": [{"matrix": [[\#(second)]], "parameter": "a.weight"}]}]}
        """#.utf8)
    }
    #expect(message(reading: network("2")) == nil)
    #expect(
      message(reading: network("3"))
        == #"layers[1]: expected the same numbers in every occurrence of a parameter, found "a.weight", a parameter of layers[0] too"#
    )
    #expect(
      message(reading: network("2.0000000000000004"))
        == #"layers[1]: expected the same numbers in every occurrence of a parameter, found "a.weight", a parameter of layers[0] too"#
    )
  }

  @Test("Without inputs a block's terms may name the layer before it")
  func defaultInput() {
    let layer = { (from: String) in
      Array(
        #"""
        {"format": "network", "version": 1, "input": [1], "layers": [{"type": "relu", "name": "a"},
         {"type": "block", "size": 1, "activation": "relu", "terms": [{"from": "\#(from)", "map": "identity"}]}]}
        """#.utf8)
    }
    #expect(message(reading: layer("a")) == nil)
    #expect(
      message(reading: layer("input"))
        == #"layers[1].terms[0].from: expected one of the inputs, found "input""#)
  }

  /// A model of a block `p`, pooling `[1, 4]` to `[1, 2]`, and a block `q`, the product of two ports.
  private static func model(_ rest: String, _ message: String) -> Refusal {
    Refusal(
      #"""
      {"format": "equilibrium", "version": 1, "input": [4], "output": "q", "blocks": [
       {"name": "p", "shape": [1, 2], "ports": [[1, 4]], "activation": {"type": "max_pool", "kernel_size": 2}},
       {"name": "q", "size": 2, "ports": [[2], [2]], "activation": "product"}], \#(rest)}
      """#, message)
  }

  @Test(
    "Entries of an equilibrium model",
    arguments: [
      model(
        #""Wx": [{"to": "p", "matrix": [[1, 0, 0, 0], [0, 1, 0, 0]]}]"#,
        #"Wx[0].matrix: expected 4 rows (the size of "p"), found 2"#),
      model(
        #""Wz": [{"to": "q", "from": "p", "port": 2, "map": "identity"}]"#,
        #"Wz[0].port: expected a port of "q", from 0 to 1, found 2"#),
      model(
        #""Wz": [{"to": "q", "from": "p", "port": 1, "matrix": [[1, 0]]}]"#,
        #"Wz[0].matrix: expected 2 rows (the size of port 1 of "q"), found 1"#),
      model(
        #""Wz": [{"to": "q", "from": "p", "view": [4], "map": "identity"}]"#,
        #"Wz[0].view: expected a shape of 2 numbers (the size of "p"), found [4]"#),
      model(
        #""Wx": [{"to": "p", "map": {"type": "scale", "weight": 1}}, {"to": "p", "matrix": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}]"#,
        "Wx[1]: expected a parameter that distinguishes the entry from the one at Wx[0], found none"),
      model(
        #""Wx": [{"to": "q", "port": 1, "map": {"type": "slice", "dim": 0, "end": 2}, "parameter": "s"}]"#,
        "Wx[0].parameter: expected no parameter for a map without trained numbers, found one"),
      model(
        #""b": [{"to": "q", "port": 1, "vector": [1, 2, 3]}]"#,
        #"b[0].vector: expected 2 numbers (the size of port 1 of "q"), found 3"#),
      model(
        #""b": [{"to": "p", "tensor": [[1, 2]]}]"#,
        #"b[0].tensor: expected 4 numbers (the size of "p"), found 2"#),
      model(
        #""b": [{"to": "q", "port": 1, "vector": [1, 2]}, {"to": "q", "vector": [1, 2], "parameter": "b[q.1]"}]"#,
        #"b[1].parameter: expected entries whose gradients have different names, found "b[q.1]" at b[0] too"#),
      model(
        #""Wz": {"matrix": [[0, 0, 0, 0]]}"#, #"Wz.matrix: expected 8 rows (the size of all ports), found 1"#),
      model(
        #""Wz": {"matrix": [\#(Array(repeating: "[0, 0, 0, 0]", count: 8).joined(separator: ", "))]}, "Wx": {"matrix": [[0]]}"#,
        "Wx.matrix: expected 8 rows (the size of all ports), found 1"),
      model(
        #""Wz": {"matrix": [\#(Array(repeating: "[0, 0, 0, 0]", count: 7).joined(separator: ", ")), [0, 0, 0]]}"#,
        "Wz.matrix[7]: expected 4 numbers (the size of the state), found 3"),
    ])
  func equilibrium(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }
}
