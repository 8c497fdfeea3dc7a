/// Small valid files that between them have everything the formats have.
enum Examples {
  static let network = """
    {"format": "network", "version": 1, "input": [1, 2],
     "layers": [
      {"type": "dense", "name": "fc1", "weight": [[0.1, -2], [3e-5, 4]], "bias": [-0.0, 1e300],
       "activation": {"type": "leaky_relu", "negative_slope": 0.25}},
      {"type": "dense", "inputs": ["core"], "weight": [[1, 2]], "activation": "tanh"},
      {"type": "equilibrium", "name": "core", "inputs": ["fc1"], "model": {
        "input": [2], "blocks": [{"name": "z", "size": 2, "activation": "relu"}],
        "Wz": [{"to": "z", "from": "z", "matrix": [[0.5, 0], [0, 0.25]], "parameter": "W"}],
        "Wx": [{"to": "z", "matrix": [[1, 0], [0, 1]]}], "output": "z"}},
      {"type": "dense", "name": "späť\\"\\u0041", "inputs": ["input"], "weight": [[7, 8], [9, 10], [11, 12]],
       "activation": {"type": "gelu", "approximate": "tanh"}}],
     "output": "layer1"}

    """

  static let blocks = """
    {"format": "equilibrium", "version": 1, "input": [2],
     "blocks": [{"name": "a", "size": 2, "activation": "relu"},
      {"name": "b", "size": 1, "activation": {"type": "threshold", "threshold": 0.5, "value": -1}}],
     "Wz": [{"to": "b", "from": "a", "matrix": [[1, -0.0]], "parameter": "b.weight"},
      {"to": "a", "from": "b", "matrix": [[1e-310], [2]]}, {"to": "b", "from": "a", "matrix": [[3, 4]]}],
     "Wx": [{"to": "a", "matrix": [[1, 2], [3, 4]], "parameter": "a.weight"}],
     "b": [{"to": "b", "vector": [12345678901234567890], "parameter": "b.bias"}, {"to": "a", "vector": [0, -0]}],
     "output": "b"}

    """

  static let matrices = """
    {"format": "equilibrium", "version": 1, "input": [1],
     "blocks": [{"name": "a", "size": 2, "activation": "relu"}, {"name": "b", "size": 1, "activation": "identity"}],
     "Wz": {"matrix": [[0, 0, 0], [0, 0, -0.0], [1.5, 2.5, 0]]}, "Wx": {"matrix": [[1], [-1], [0]]},
     "b": {"vector": [0, 1, 0]}, "output": "b"}

    """

  /// Two named inputs, one of them a single number, and two outputs.
  static let named = """
    {"format": "network", "version": 1, "input": [3],
     "layers": [{"type": "dense", "name": "fc", "weight": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}],
     "signature": {"inputs": [{"name": "image", "shape": [2, 1]}, {"name": "gain \\\"dB\\\"", "shape": []}],
      "outputs": [{"name": "y", "shape": [1]}, {"name": "z", "shape": [1, 2]}]}}

    """

  static let all = [network, blocks, matrices, named]
}
