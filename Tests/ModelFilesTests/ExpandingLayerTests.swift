import Blocks
import Equilibria
import FileAccess
import FixedPoints
import Foundation
import LinearAlgebra
import ModelJSON
import Networks
import Operators
import TensorFiles
import Testing

/// A layer of a file may be several layers of a network.
@Suite("Layers that become several")
struct ExpandingLayerTests {
  /// `x ⊙ σ(x)`, of a layer for σ(x) and one for the product.
  private struct Gated: LayerReading {
    let typeName = "gated"
    let keys: [String] = []

    func read(
      _ object: JSONObject, name: String, sources: [ResolvedSource], helpers: Int
    ) throws(FileError) -> [Layer<Double>] {
      let (shape, source) = (sources[0].shape, sources[0].source)
      let gate = Block<Double>(
        name: "\(name).gate", shape: shape, nonlinearity: Sigmoid(),
        terms: [Term(source: source, map: IdentityMap(shape))])
      let product = Block<Double>(
        name: name, shape: shape, nonlinearity: Product(), portShapes: [shape, shape],
        terms: [
          Term(source: source, map: IdentityMap(shape)),
          Term(port: 1, source: .node(helpers), map: IdentityMap(shape)),
        ])
      return [.explicit(gate), .explicit(product)]
    }
  }

  private func network(_ layers: String) throws -> Network<Double> {
    let text = #"{"input": [1], "layers": [\#(layers)]}"#
    let document = try JSONDocument(FileContents(Array(text.utf8), named: "file.json"))
    return try NetworkReader.read(JSONObject(document.root, keys: NetworkReader.keys)) { name in
      name == "gated" ? Gated() : LayerRegistry.reader(named: name)
    }
  }

  @Test(
    "Layers keep the order of the file, their helpers stand behind them, and the last layer is the output")
  func order() throws {
    let network = try network(
      #"{"type": "gated", "name": "a", "inputs": ["b"]}, "#
        + #"{"type": "multiply", "factor": 2, "name": "b", "inputs": ["input"]}, "#
        + #"{"type": "gated", "name": "c", "inputs": ["a"]}"#)
    #expect(network.layers.map(\.name) == ["a", "b", "c", "a.gate", "c.gate"])
    #expect(network.output == 2)
    let y = network.forward(Matrix([[0.75]]), solvingBy: .structured(Picard())).output[0, 0]
    let a = 1.5 / (1 + exp(-1.5))
    #expect(abs(y - a / (1 + exp(-a))) < 1e-15)
  }

  @Test("A layer with the name of another's helper is refused")
  func clash() {
    #expect(throws: FileError.self) {
      try network(#"{"type": "gated", "name": "a"}, {"type": "relu", "name": "a.gate"}"#)
    }
  }
}
