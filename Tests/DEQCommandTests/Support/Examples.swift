/// Models that the tests write into their folders.
enum Examples {
  /// Two layers, three coordinates, eight parameters.
  static let network = """
    {
      "format": "network",
      "version": 1,
      "input": [2],
      "layers": [
        {"type": "dense", "name": "a", "weight": [[1, 2], [3, 4]], "bias": [0.5, -1], "activation": "tanh"},
        {"type": "dense", "name": "b", "weight": [[1, -1], [0.25, 2]]}
      ]
    }

    """

  /// What `network` converts to.
  static let equilibrium = """
    {
      "format": "equilibrium",
      "version": 1,
      "input": [2],
      "blocks": [
        {"name": "a", "size": 2, "activation": "tanh"},
        {"name": "b", "size": 2, "activation": "identity"}
      ],
      "Wz": [
        {"to": "b", "from": "a", "matrix": [[1,-1], [0.25,2]], "parameter": "b.weight"}
      ],
      "Wx": [
        {"to": "a", "matrix": [[1,2], [3,4]], "parameter": "a.weight"}
      ],
      "b": [
        {"to": "a", "vector": [0.5,-1], "parameter": "a.bias"}
      ],
      "output": "b"
    }

    """

  /// Two samples for `network`, with cotangents.
  static let samples = #"{"input": [[0.5, -0.25], [1, 2]], "cotangent": [[1, 0], [0, 1]]}"#

  /// A model of one coordinate that reads itself: z = φ(w z + x).
  static func loop(_ weight: Double, activation: String = "identity", offset: Double = 0) -> String {
    """
    {"format": "equilibrium", "version": 1, "input": [1],
     "blocks": [{"name": "z", "size": 1, "activation": "\(activation)"}],
     "Wz": [{"to": "z", "from": "z", "matrix": [[\(weight)]]}], "Wx": [{"to": "z", "matrix": [[1]]}],
     "b": [{"to": "z", "vector": [\(offset)]}], "output": "z"}

    """
  }

  /// Layers of width 2, one behind the other.
  static func deep(_ depth: Int) -> String {
    let layers = (0..<depth).map { index in
      let weight = Double(index % 7) / 8 - 0.5
      return #"{"type": "dense", "weight": [[\#(weight), 0.5], [-0.5, \#(weight)]], "bias": [0.25, -0.125], "#
        + #""activation": "tanh"}"#
    }
    return #"{"format": "network", "version": 1, "input": [2], "layers": ["# + layers.joined(separator: ",\n")
      + "]}\n"
  }

  /// Blocks of one coordinate, each of which reads the one before, and the first the last.
  static func ring(_ count: Int) -> String {
    let blocks = (0..<count).map { #"{"name": "z\#($0)", "size": 1, "activation": "tanh"}"# }
    let terms = (0..<count).map {
      #"{"to": "z\#($0)", "from": "z\#(($0 + count - 1) % count)", "matrix": [[0.5]]}"#
    }
    return #"{"format": "equilibrium", "version": 1, "input": [1], "blocks": ["#
      + blocks.joined(separator: ",")
      + #"], "Wz": ["# + terms.joined(separator: ",")
      + #"], "Wx": [{"to": "z0", "matrix": [[1]]}], "output": "z0"}"#
  }
}
