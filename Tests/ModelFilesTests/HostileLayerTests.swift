import ModelFiles
import Testing

/// Layers that are no dense ones, each saying something wrong, with the line that a user reads.
@Suite("Layers of operators that must be refused")
struct HostileLayerTests {
  /// A refusal of a network of these layers; the message is that of the first where it begins with a dot or a colon.
  private static func layers(_ layers: String, of input: String = "[2]", _ message: String) -> Refusal {
    Refusal(
      #"{"format": "network", "version": 1, "input": \#(input), "layers": [\#(layers)]}"#,
      message.first == "." || message.first == ":" ? "layers[0]" + message : message)
  }

  /// A refusal of a network of one layer of this type.
  private static func layer(
    _ type: String, _ keys: String = "", of input: String = "[2]", _ message: String
  ) -> Refusal {
    layers(#"{"type": "\#(type)"\#(keys.isEmpty ? "" : ", ")\#(keys)}"#, of: input, message)
  }

  private static func conv(_ keys: String, of input: String = "[1, 3, 3]", _ message: String) -> Refusal {
    layer("conv", #""weight": [[[[1]]]], "# + keys, of: input, message)
  }

  @Test(
    "Convolutions",
    arguments: [
      layer("conv", "", of: "[1, 3, 3]", #": expected the key "weight", found none"#),
      layer(
        "conv", #""weight": [[1]]"#, of: "[1, 3, 3]",
        ".weight: expected 4 axes for samples of shape [1, 3, 3], found shape [1, 1]"),
      layer(
        "conv", #""weight": [[1]]"#, ".weight: expected 2 axes for samples of shape [2], found shape [1, 1]"),
      layer(
        "conv", #""weight": [[[1, 2], [3]]]"#, of: "[2, 3]",
        ".weight[0][1]: expected 2 elements, found 1"),
      layer(
        "conv", #""weight": [[[]]]"#, of: "[1, 3]",
        ".weight[0][0]: expected a list of elements, found an empty array"),
      layer("conv", #""weight": "w""#, of: "[1, 3]", #".weight: expected a finite number, found "w""#),
      conv(#""stride": 0"#, ".stride: expected 1 or 2 integers of at least 1, found [0]"),
      conv(#""stride": []"#, ".stride: expected 1 or 2 integers of at least 1, found []"),
      conv(#""stride": [1, 1, 1]"#, ".stride: expected 1 or 2 integers of at least 1, found [1, 1, 1]"),
      conv(#""stride": true"#, ".stride: expected an integer or a list of integers, found true"),
      conv(#""stride": 1.5"#, ".stride: expected an integer or a list of integers, found 1.5"),
      conv(#""stride": [1, "1"]"#, #".stride[1]: expected an integer, found "1""#),
      conv(
        #""stride": 100000000000000000"#,
        ".stride: expected an integer up to 1099511627776, found 100000000000000000"),
      conv(
        #""stride": -9223372036854775808"#,
        ".stride: expected an integer up to 1099511627776, found -9223372036854775808"),
      conv(
        #""padding": 1048576"#,
        ".padding: expected positive extents of at most 67108864 numbers, found [1, 1, 2097155, 2097155]"),
      conv(
        #""padding": "both""#,
        #".padding: expected an integer, a list of integers, "same" or "valid", found "both""#),
      conv(#""padding": -1"#, ".padding: expected 1 or 2 integers of at least 0, found [-1]"),
      conv(#""padding": "same", "stride": 2"#, #".stride: expected 1 for a padding of "same", found [2, 2]"#),
      layer(
        "conv", #""weight": [[[[1, 2]]]], "dilation": 1048576"#, of: "[1, 3, 3]",
        ".weight: expected a window of at most 3, found one of 1048577"),
      conv(#""groups": 3"#, of: "[2, 3, 3]", ".groups: expected a divisor of 2 and 1, found 3"),
      conv(#""groups": [1, 1]"#, ".groups: expected a positive integer, found [1, 1]"),
      conv(#""bias": [1, 2]"#, ".bias: expected shape [1], found [2]"),
      conv(#""bias": 1"#, ".bias: expected shape [1], found []"),
      conv(
        #""kernel_size": 1"#,
        ": expected only the keys type, name, inputs, weight, stride, padding, dilation, groups, bias, activation, "
          + #"found "kernel_size""#),
      layer(
        "conv_transpose", #""weight": [[[[1]]]], "output_padding": 5"#, of: "[1, 3, 3]",
        ".output_padding: expected less than stride or dilation, found 5"),
      layer(
        "conv_transpose", #""weight": [[[[1]]]], "groups": 1099511627776"#, of: "[1, 3, 3]",
        ".groups: expected a divisor of 1, found 1099511627776"),
      layer(
        "conv_transpose", #""weight": [[[[1]]]], "padding": 2"#, of: "[1, 3, 3]",
        ".padding: expected a result, found an extent of -1"),
      layer(
        "conv_transpose", #""weight": [[[[1]]]], "stride": 1048576"#, of: "[1, 300, 300]",
        ".stride: expected positive extents of at most 67108864 numbers, found [1, 1, 313524225, 313524225]"),
    ])
  func convolutions(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Maps without a weight",
    arguments: [
      layer("avg_pool", "", of: "[1, 3]", #": expected the key "kernel_size", found none"#),
      layer(
        "avg_pool", #""kernel_size": 0"#, of: "[1, 3]",
        ".kernel_size: expected 1 integer of at least 1, found [0]"),
      layer(
        "avg_pool", #""kernel_size": 2, "padding": 2"#, of: "[1, 3]",
        ".padding: expected less than the window's extent, 2, found 2"),
      layer(
        "avg_pool", #""kernel_size": 2, "ceil_mode": 1"#, of: "[1, 3]",
        ".ceil_mode: expected true or false, found 1"),
      layer("mean", "", #": expected the key "dim", found none"#),
      layer("mean", #""dim": 1"#, ".dim: expected an axis from -1 to 0, found 1"),
      layer("mean", #""dim": []"#, ".dim: expected at least one axis, found none"),
      layer("mean", #""dim": [0, -2]"#, of: "[2, 2]", ".dim: expected each axis once, found [0, -2]"),
      layer(
        "mean", #""dim": 0, "weight": [1]"#,
        #": expected only the keys type, name, inputs, dim, keepdim, bias, activation, found "weight""#),
      layer("sum", #""dim": "all""#, #".dim: expected an integer or a list of integers, found "all""#),
      layer(
        "reshape", #""shape": [-1, -1]"#, of: "[4]",
        ".shape: expected positive extents of at most 67108864 numbers, found [1, -1]"),
      layer(
        "reshape", #""shape": [3, -1]"#, of: "[4]", ".shape: expected extents of 4 coordinates, found [3, -1]"
      ),
      layer("reshape", #""shape": []"#, of: "[4]", ".shape: expected extents of 4 coordinates, found []"),
      layer(
        "reshape", #""shape": [1000000000000, 1000000000000]"#, of: "[4]",
        ".shape: expected positive extents of at most 67108864 numbers, found [1000000000000, 1000000000000]"),
      layer(
        "flatten", #""start_dim": 1, "end_dim": 0"#, of: "[2, 2]",
        ".end_dim: expected an axis not before start_dim, 1, found 0"),
      layer("permute", #""dims": [0, 0]"#, of: "[2, 2]", ".dims: expected each axis once, found [0, 0]"),
      layer(
        "permute", #""dims": []"#, of: "[2, 2]", ".dims: expected the axes 0 to 1 in some order, found []"),
      layer(
        "slice", #""dim": 0, "start": 1, "end": 1"#,
        ".end: expected a place behind start, 1, and up to 2, found 1"),
      layer("slice", #""dim": 0, "end": 1, "step": 0"#, ".step: expected a positive integer, found 0"),
      layer("slice", #""dim": [0, 1], "end": 1"#, of: "[2, 2]", ".dim: expected an integer, found [0, 1]"),
      layer("index_select", #""dim": 0, "index": [2]"#, ".index: expected places from 0 to 1, found 2"),
      layer("index_select", #""dim": 0, "index": []"#, ".index: expected at least one place, found none"),
      layer(
        "place", #""dim": 0, "start": 1, "total": 2"#, ".start: expected room for 2 of 2, found 1"),
      layer(
        "place", #""dim": 0, "start": 0, "total": 1099511627776"#,
        ".total: expected positive extents of at most 67108864 numbers, found [1099511627776]"),
      layer("pad", #""padding": [1]"#, ".padding: expected 2 integers, found 1"),
      layer(
        "pad", #""padding": [-1, -1]"#,
        ".padding: expected positive extents of at most 67108864 numbers, found [0]"),
      layer(
        "pad", #""padding": [1099511627776, -1099511627776]"#,
        ".padding: expected up to 67108864 zeros, found [1099511627776, -1099511627776]"),
      layer(
        "upsample", #""scale_factor": 2"#, ": input: expected samples of shape [channels, …], found [2]"),
      layer(
        "upsample", #""scale_factor": 1048577"#, of: "[1, 1]",
        ".scale_factor: expected 1 factor in 1…1048576, found [1048577]"),
      layer(
        "expand", #""shape": [1099511627776]"#,
        ".shape: expected positive extents of at most 67108864 numbers, found [1099511627776]"),
      layer("expand", #""shape": [3]"#, ".shape: expected shapes that broadcast, found [2] over [3]"),
      layer("expand", #""shape": [2, 2], "dim": 2"#, ".dim: expected an axis from -2 to 1, found 2"),
      layer("expand", #""shape": [2, 2], "factors": [1]"#, ".factors: expected 2 numbers, found 1"),
      layer("multiply", "", #": expected the key "factor", found none"#),
      layer("multiply", #""factor": "2""#, #".factor: expected a finite number, found "2""#),
      layer("multiply", #""factor": 1e999"#, ".factor: expected a finite number, found 1e999"),
    ])
  func maps(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Scales and matrices along an axis",
    arguments: [
      layer("scale", "", #": expected the key "weight", found none"#),
      layer("scale", #""weight": [1, 2, 3]"#, ".weight: expected shapes that broadcast, found [3] over [2]"),
      layer(
        "scale", #""weight": [1, 2], "dim": [0, 0]"#, ".dim: expected an axis for each of 1, found [0, 0]"),
      layer(
        "scale", #""weight": [[1, 2], [3, 4]], "dim": [0, -2]"#, of: "[2, 2]",
        ".dim: expected each axis once, found [0, -2]"),
      layer("scale", #""weight": [1, 2], "factors": [1]"#, ".factors: expected 2 numbers, found 1"),
      layer("scale", #""weight": 2, "bias": [1]"#, ".bias: expected shape [], found [1]"),
      layer("linear", #""weight": [[1]]"#, ".weight: expected shape [outputs, 2], found [1, 1]"),
      layer(
        "linear", #""weight": [[1, 2, 3]], "transposed": true"#,
        ".weight: expected shape [2, outputs], found [1, 3]"),
      layer("linear", #""weight": [[1, 2]], "dim": -2"#, ".dim: expected an axis from -1 to 0, found -2"),
      layer("linear", #""weight": [1, 2]"#, ".weight: expected shape [outputs, 2], found [2]"),
    ])
  func weights(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Sums, concatenations and shifts",
    arguments: [
      layers(
        #"{"type": "relu", "name": "a"}, {"type": "mean", "dim": 0}, {"type": "add", "inputs": ["a", "layer1"]}"#,
        #"layers[2]: expected shape [2] (the size of "a") of all inputs, found [1] (the size of "layer1")"#),
      layer("add", #""inputs": []"#, ".inputs: expected 1 name or more, found none"),
      layer(
        "add", #""inputs": ["input", "sun"]"#,
        #".inputs[1]: expected "input" or the name of a layer, found "sun""#),
      layer(
        "add", #""bias": [1, 2]"#, #": expected only the keys type, name, inputs, activation, found "bias""#),
      layer("cat", #""dim": 1"#, ".dim: expected an axis from -1 to 0, found 1"),
      layer("cat", #""dim": "0""#, #".dim: expected an axis, found "0""#),
      layer("cat", #""dim": [0]"#, ".dim: expected an axis, found an array of 1"),
      layers(
        #"{"type": "flatten", "name": "a"}, {"type": "cat", "inputs": ["input", "a"]}"#, of: "[2, 2]",
        #"layers[1]: expected inputs of 2 axes, found [4] (the size of "a")"#),
      layers(
        #"{"type": "mean", "dim": 1, "keepdim": true, "name": "a"}, {"type": "cat", "inputs": ["input", "a"]}"#,
        of: "[2, 2]",
        "layers[1]: expected shapes that differ along axis 0 only, as [2, 2] (the size of the input), "
          + #"found [2, 1] (the size of "a")"#),
      layers(
        #"{"type": "expand", "shape": [1, 33554433], "name": "a"}, {"type": "cat", "inputs": ["a", "a"]}"#,
        of: "[1, 1]",
        "layers[1]: total: expected positive extents of at most 67108864 numbers, found [2, 33554433]"),
      layer("shift", "", #": expected the key "bias", found none"#),
      layer("shift", #""bias": [1, 2, 3]"#, ".bias: expected shapes that broadcast, found [3] over [2]"),
      layer("shift", #""bias": [1], "dim": 1"#, ".dim: expected an axis from -1 to 0, found 1"),
      layer("shift", #""bias": "b""#, #".bias: expected a finite number, found "b""#),
    ])
  func sums(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  private static func batchNorm(_ keys: String, _ message: String) -> Refusal {
    layer("batch_norm", keys, of: "[2, 3]", message)
  }

  @Test(
    "Batch normalisation",
    arguments: [
      batchNorm("", #": expected the key "running_mean", found none"#),
      batchNorm(#""running_mean": [0, 0]"#, #": expected the key "running_var", found none"#),
      batchNorm(
        #""running_mean": [0, 0, 0], "running_var": [1, 1]"#, ".running_mean: expected shape [2], found [3]"),
      batchNorm(#""running_mean": [0, 0], "running_var": 1"#, ".running_var: expected shape [2], found []"),
      batchNorm(
        #""running_mean": [0, 0], "running_var": [1, -1]"#,
        ".running_var[1]: expected a variance above -1e-05, found -1"),
      batchNorm(
        #""running_mean": [0, 0], "running_var": [0, 1], "eps": 0"#,
        ".running_var[0]: expected a variance above -0.0, found 0"),
      batchNorm(
        #""running_mean": [0, 1e300], "running_var": [1, 1e-320], "eps": 0"#,
        ".running_mean[1]: expected a mean that is finite in units of the deviation, found 1e300"),
      batchNorm(
        #""running_mean": [0, 0], "running_var": [1, 1], "eps": "small""#,
        #".eps: expected a finite number, found "small""#),
      batchNorm(
        #""running_mean": [0, 0], "running_var": [1, 1], "weight": [[1, 1]]"#,
        ".weight: expected shape [2], found [1, 2]"),
      batchNorm(
        #""running_mean": [0, 0], "running_var": [1, 1], "momentum": 0.1"#,
        ": expected only the keys type, name, inputs, running_mean, running_var, weight, bias, eps, activation, "
          + #"found "momentum""#),
    ])
  func batchNormalization(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Nonlinearities of tensors and of several ports",
    arguments: [
      layer(
        "softmax", #""dim": 1"#,
        ": expected what softmax(dim: 1) takes, found shape [2] (the size of the input)"),
      layer(
        "softmax", #""dim": 0, "activation": "relu""#,
        #": expected only the keys type, name, inputs, dim, found "activation""#),
      layer(
        "max_pool", #""kernel_size": 2, "padding": 2"#, of: "[1, 3]",
        ": expected what max_pool(kernel_size: 2, stride: [], padding: 2, dilation: 1, ceil_mode: false) takes, "
          + "found shape [1, 3] (the size of the input)"),
      layer("layer_norm", "", #": expected the key "normalized_shape", found none"#),
      layer(
        "layer_norm", #""normalized_shape": 3"#,
        ": expected what layer_norm(normalized_shape: 3, eps: 1e-05) takes, found shape [2] (the size of the input)"
      ),
      layer(
        "layer_norm", #""normalized_shape": [1099511627776, 1099511627776]"#,
        ".normalized_shape: expected positive extents of at most 67108864 numbers, found [1099511627776, 1099511627776]"
      ),
      layer(
        "layer_norm", #""normalized_shape": 2, "eps": -1"#,
        ".eps: expected a number that is not negative, found -1.0"),
      layer(
        "layer_norm", #""normalized_shape": 2, "bias": [1, 2]"#,
        #": expected the key "weight" beside "bias", found none"#),
      layer(
        "layer_norm", #""normalized_shape": 2, "weight": [1]"#, ".weight: expected shape [2], found [1]"),
      layer("group_norm", #""num_groups": 0"#, ".num_groups: expected a positive integer, found 0"),
      layer(
        "group_norm", #""num_groups": 3"#, of: "[2, 2]",
        ": expected what group_norm(num_groups: 3, eps: 1e-05) takes, found shape [2, 2] (the size of the input)"
      ),
      layer("prelu", "", #": expected the key "weight", found none"#),
      layer("prelu", #""weight": [1, 2, 3]"#, ".weight: expected shape [1] or [2], found [3]"),
      layer("product", "", #": expected the key "inputs", found none"#),
      layer("product", #""inputs": ["input"]"#, ".inputs: expected 2 names, found 1"),
      layer(
        "where", #""inputs": ["input", "input", "input", "input"]"#, ".inputs: expected 3 names, found 4"),
      layer(
        "matmul", #""inputs": ["input", "input"]"#, of: "[2, 3]",
        ": expected what matmul takes, found shape [2, 3] (the size of the input) and shape [2, 3] (the size of the input)"
      ),
      layer("logsumexp", #""dim": []"#, ".dim: expected at least one axis, found none"),
      layer("amax", "", #": expected the key "dim", found none"#),
      layer("pow", "", #": expected the key "exponent", found none"#),
      layer("clamp", #""min": 3, "max": 1"#, ".max: expected a number not below min, 3.0, found 1.0"),
      layer("relu", #""inputs": ["input", "input"]"#, ".inputs: expected one name, found 2"),
    ])
  func nonlinearities(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test("A cycle is named through several inputs, and not where layers only read each other")
  func cycles() {
    let refusal = Self.layers(
      #"""
      {"type": "relu", "name": "a"}, {"type": "add", "name": "b", "inputs": ["a", "d"]},
      {"type": "product", "name": "c", "inputs": ["a", "b"]}, {"type": "cat", "name": "d", "inputs": ["c", "a"]}
      """#,
      #"layers[1].inputs: expected layers without a cycle, found one through "b", "c", "d""#)
    #expect(message(reading: refusal.text) == refusal.message)
  }
}
