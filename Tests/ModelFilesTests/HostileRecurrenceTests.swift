import ModelFiles
import Testing

/// Recurrent layers, each saying something wrong, with the line that a user reads.
@Suite("Recurrent layers that must be refused")
struct HostileRecurrenceTests {
  /// A refusal of a network of one layer of this type.
  private static func layer(
    _ type: String, _ keys: String, of input: String = "[3, 1]", _ message: String
  ) -> Refusal {
    Refusal(
      #"{"format": "network", "version": 1, "input": \#(input), "layers": [{"type": "\#(type)", \#(keys)}]}"#,
      message.first == "." || message.first == ":" ? "layers[0]" + message : message)
  }

  private static func rnn(_ keys: String, of input: String = "[3, 1]", _ message: String) -> Refusal {
    layer("rnn", #""weight_ih": [[1]], "weight_hh": [[0.5]], "# + keys, of: input, message)
  }

  private static func gru(_ keys: String, _ message: String) -> Refusal {
    layer(
      "gru", #""weight_ih": [[1], [2], [3]], "weight_hh": [[1], [2], [3]], "# + keys, of: "[3, 1]", message)
  }

  private static func lstm(_ keys: String, _ message: String) -> Refusal {
    layer(
      "lstm", #""weight_ih": [[1], [2], [3], [4]], "weight_hh": [[1], [2], [3], [4]], "# + keys, message)
  }

  @Test(
    "Weights and biases",
    arguments: [
      layer("rnn", #""weight_hh": [[1]]"#, #": expected the key "weight_ih", found none"#),
      layer("lstm", #""weight_ih": [[1]]"#, #": expected the key "weight_hh", found none"#),
      layer(
        "rnn", #""weight_ih": [[1]], "weight_hh": [[1, 2]]"#,
        ".weight_hh: expected shape [hidden, hidden], found [1, 2]"),
      layer(
        "gru", #""weight_ih": [[1]], "weight_hh": [[1], [2]]"#,
        ".weight_hh: expected shape [3 · hidden, hidden], found [2, 1]"),
      layer(
        "lstm", #""weight_ih": [[1]], "weight_hh": [[1], [2], [3]]"#,
        ".weight_hh: expected shape [4 · hidden, hidden], found [3, 1]"),
      layer(
        "rnn", #""weight_ih": [[1]], "weight_hh": 1"#,
        ".weight_hh: expected shape [hidden, hidden], found []"),
      layer(
        "rnn", #""weight_ih": [[1, 2]], "weight_hh": [[1]]"#,
        ".weight_ih: expected shape [1, 1], found [1, 2]"),
      layer(
        "gru", #""weight_ih": [[1], [2]], "weight_hh": [[1], [2], [3]]"#,
        ".weight_ih: expected shape [3, 1], found [2, 1]"),
      layer(
        "rnn", #""weight_ih": "w", "weight_hh": [[1]]"#,
        #".weight_ih: expected a finite number, found "w""#),
      rnn(#""bias_ih": [1, 2]"#, ".bias_ih: expected shape [1], found [2]"),
      rnn(#""bias_hh": [[1]]"#, ".bias_hh: expected shape [1], found [1, 1]"),
      gru(#""bias_hh": [1]"#, ".bias_hh: expected shape [3], found [1]"),
      lstm(#""bias_ih": [1, 2, 3, 1e999]"#, ".bias_ih[3]: expected a finite number, found 1e999"),
    ])
  func weights(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Directions",
    arguments: [
      rnn(
        #""direction": "backward""#,
        #".direction: expected "forward", "reverse" or "bidirectional", found "backward""#),
      rnn(
        #""direction": 1"#, #".direction: expected "forward", "reverse" or "bidirectional", found 1"#),
      rnn(#""direction": "bidirectional""#, #": expected the key "weight_ih_reverse", found none"#),
      rnn(
        #""direction": "bidirectional", "weight_ih_reverse": [[1]], "weight_hh_reverse": [[1, 2], [3, 4]]"#,
        ".weight_hh_reverse: expected shape [1, 1], found [2, 2]"),
      rnn(
        #""weight_ih_reverse": [[1]]"#,
        #".weight_ih_reverse: expected no "weight_ih_reverse" unless both directions are read, found one"#),
      lstm(
        #""direction": "reverse", "weight_cf_reverse": [1]"#,
        #".weight_cf_reverse: expected no "weight_cf_reverse" unless both directions are read, found one"#),
      rnn(#""returns": "last""#, #".returns: expected "output" or "h_n", found "last""#),
      rnn(#""returns": true"#, #".returns: expected "output" or "h_n", found true"#),
    ])
  func directions(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Functions, states and peepholes",
    arguments: [
      rnn(#""h_0": [1, 2]"#, ".h_0: expected shape [1], found [2]"),
      rnn(
        #""h_0": [1], "direction": "bidirectional", "weight_ih_reverse": [[1]], "weight_hh_reverse": [[1]]"#,
        ".h_0: expected shape [2, 1], found [1]"),
      lstm(#""c_0": [[1]]"#, ".c_0: expected shape [1], found [1, 1]"),
      lstm(#""weight_cf": [1]"#, #": expected the key "weight_ci" beside "weight_cf", found none"#),
      lstm(
        #""weight_ci": [1], "weight_cf": [1], "weight_co": [1, 2]"#,
        ".weight_co: expected shape [1], found [2]"),
      rnn(
        #""nonlinearity": "thanh""#,
        #".nonlinearity: expected one of identity, relu, leaky_relu, elu, celu, selu, gelu, silu, mish, sigmoid, "#
          + "log_sigmoid, hard_sigmoid, hard_swish, hard_tanh, relu6, softplus, softsign, tanh, tanhshrink, softshrink, "
          + #"hardshrink, threshold, found "thanh"; did you mean "tanh"?"#),
      rnn(
        #""nonlinearity": ["tanh"]"#,
        ".nonlinearity: expected the name of an activation, or an object with its type, found an array of 1"),
      gru(#""activations": "tanh""#, #".activations: expected a list of 2 activations, found "tanh""#),
      gru(#""activations": ["tanh"]"#, ".activations: expected a list of 2 activations, found 1"),
      lstm(#""activations": []"#, ".activations: expected a list of 3 activations, found 0"),
      gru(#""reset_after": 1"#, ".reset_after: expected true or false, found 1"),
    ])
  func functions(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "What other formats call otherwise, or the cell lacks, is named",
    arguments: [
      ("gru", "weight_ci"), ("rnn", "c_0"), ("rnn", "activations"), ("lstm", "reset_after"),
      ("lstm", "sequence_lens"), ("lstm", "nonlinearity"), ("lstm", "clip"), ("rnn", "layout"),
    ])
  func unknownKeys(type: String, key: String) {
    let refusal = Self.layer(type, #""weight_ih": [[1]], "weight_hh": [[1]], "\#(key)": [1]"#, "")
    let found = message(reading: refusal.text)
    #expect(found?.hasPrefix("layers[0]: expected only the keys type, name, inputs, weight_ih, ") == true)
    #expect(found?.hasSuffix(#", found "\#(key)""#) == true, "\(found ?? "")")
  }

  @Test(
    "Sequences that are none, too long, or empty",
    arguments: [
      rnn(#""name": "r""#, of: "[3]", ": input: expected samples of shape [length, features], found [3]"),
      rnn(
        #""name": "r""#, of: "[3, 1, 1]",
        ": input: expected samples of shape [length, features], found [3, 1, 1]"),
      rnn(#""name": "r""#, of: "[4097, 1]", ": input: expected up to 4096 steps, found 4097"),
      rnn(#""name": "r""#, of: "[0, 1]", "input[0]: expected a positive integer, found 0"),
      rnn(#""name": "r""#, of: "[67108864, 1]", ": input: expected up to 4096 steps, found 67108864"),
    ])
  func sequences(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test("A layer with the name of a step's block is refused")
  func names() {
    let refusal = Self.layer(
      "rnn", #""name": "r", "weight_ih": [[1]], "weight_hh": [[1]]}, {"type": "relu", "name": "r.0.h""#, "")
    #expect(message(reading: refusal.text)?.contains("\"r.0.h\": expected a unique name") == true)
  }
}
