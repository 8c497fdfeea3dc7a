import DeepEquilibrium

extension TemporaryFolder {
  /// Writes a safetensors file of double-precision tensors.
  func writeTensors(_ tensors: [(name: String, shape: [Int], numbers: [Double])], to name: String) throws {
    let sink = MemorySink()
    try SafetensorsWriter(tensors.map { ($0.name, Tensor(shape: $0.shape, elements: $0.numbers)) }).write(
      to: sink)
    try write(sink.bytes, to: name)
  }

  /// Writes `NAME.json`, the network of `Examples.network`, and its weights to `NAME.safetensors`.
  func writeStoredNetwork(_ name: String) throws {
    try writeTensors(
      [
        ("w", [2, 2], [1, 2, 3, 4]), ("c", [2], [0.5, -1]), ("v", [2, 2], [1, -1, 0.25, 2]),
      ], to: "\(name).safetensors")
    try write(
      #"""
      {"format": "network", "version": 1, "weights": "\#(name).safetensors", "input": [2], "layers": [
       {"type": "dense", "name": "a", "weight": {"tensor": "w"}, "bias": {"tensor": "c"}, "activation": "tanh"},
       {"type": "dense", "name": "b", "weight": {"tensor": "v"}}]}
      """#, to: "\(name).json")
  }

  /// Writes `NAME.json`, a layer of `size` numbers to as many, and its weights to `NAME.safetensors`.
  func writeLargeNetwork(_ name: String, size: Int) throws {
    let numbers = (0..<size * size).map { Double($0 % 97) / 97 - 0.5 }
    try writeTensors([("w", [size, size], numbers)], to: "\(name).safetensors")
    try write(
      #"""
      {"format": "network", "version": 1, "weights": "\#(name).safetensors", "input": [\#(size)], "layers": [
       {"type": "dense", "name": "a", "weight": {"tensor": "w"}}]}
      """#, to: "\(name).json")
  }
}
