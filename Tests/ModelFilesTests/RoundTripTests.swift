import Blocks
import Conversion
import Equilibria
import LinearAlgebra
import ModelFiles
import Networks
import Operators
import Testing

@Suite("Writing and reading back")
struct RoundTripTests {
  @Test(
    "A model that is written and read back is the same model, and is written the same again",
    arguments: Examples.all)
  func examples(_ text: String) throws {
    let original = try model(text)
    let written = try original.written()
    let back = try model(String(decoding: written, as: UTF8.self))
    #expect(back.fingerprint == original.fingerprint)
    #expect(try back.written() == written)
    #expect(written.last == UInt8(ascii: "\n"))
  }

  @Test(
    "A converted network reads back as the same equilibrium model, and in matrix form as the same function")
  func converted() throws {
    guard case .network(let network) = try model(Examples.network) else { return }
    let converted = EquilibriumModel(converting: network)
    let blocks = try model(String(decoding: ModelFile.equilibrium(converted).written(), as: UTF8.self))
    #expect(blocks.fingerprint == ModelFile.equilibrium(converted).fingerprint)
    guard
      case .equilibrium(let whole) = try model(
        String(decoding: ModelFile.equilibrium(converted).written(as: .matrix), as: UTF8.self))
    else { return }
    #expect(whole.form == .matrix)
    #expect(whole.blocks.map(\.name) == converted.blocks.map(\.name))
    #expect(whole.matrices.Wz == converted.matrices.Wz)
    #expect(whole.matrices.Wx == converted.matrices.Wx)
    #expect(whole.matrices.b.map(\.bitPattern) == converted.matrices.b.map(\.bitPattern))
    let again = try ModelFile.equilibrium(whole).written()
    #expect(try again == ModelFile.equilibrium(converted).written(as: .matrix))
  }

  @Test("The block form is laid out for people")
  func layout() throws {
    let written = String(decoding: try model(Examples.blocks).written(), as: UTF8.self)
    #expect(
      written == """
        {
          "format": "equilibrium",
          "version": 1,
          "input": [2],
          "blocks": [
            {"name": "a", "size": 2, "activation": "relu"},
            {"name": "b", "size": 1, "activation": {"type": "threshold", "threshold": 0.5, "value": -1}}
          ],
          "Wz": [
            {"to": "a", "from": "b", "matrix": [[1e-310], [2]]},
            {"to": "b", "from": "a", "matrix": [[1,-0.0]], "parameter": "b.weight"},
            {"to": "b", "from": "a", "matrix": [[3,4]]}
          ],
          "Wx": [
            {"to": "a", "matrix": [[1,2], [3,4]], "parameter": "a.weight"}
          ],
          "b": [
            {"to": "a", "vector": [0,-0.0]},
            {"to": "b", "vector": [1.2345678901234567e19], "parameter": "b.bias"}
          ],
          "output": "b"
        }

        """)
  }

  @Test(
    "A network keeps its layers' order, leaves defaults out, and puts large matrices on lines of their own")
  func networkLayout() throws {
    let row = "[" + (1...17).map(String.init).joined(separator: ",") + "]"
    let text = """
      {"format": "network", "version": 1, "input": [17], "output": "a\\"b", "layers": [
       {"type": "dense", "name": "a\\"b", "weight": [\(row)], "activation": {"type": "elu", "alpha": 1}},
       {"type": "dense", "weight": [[0.5]], "bias": [1], "activation": "identity"}]}
      """
    #expect(
      String(decoding: try model(text).written(), as: UTF8.self) == """
        {
          "format": "network",
          "version": 1,
          "input": [17],
          "layers": [
            {"type": "dense", "name": "a\\"b", "weight": [
              \(row)
            ], "activation": "elu"},
            {"type": "dense", "name": "layer1", "weight": [[0.5]], "bias": [1]}
          ],
          "output": "a\\"b"
        }

        """)
  }

  @Test(
    "Every activation reads back as it was written",
    arguments: NonlinearityRegistry.activations.map { $0.typeName })
  func activations(_ name: String) throws {
    let type = try #require(NonlinearityRegistry.type(named: name))
    var given: [String: Constant] = [:]
    for (index, attribute) in type.schema.attributes.enumerated() {
      given[attribute.name] =
        if case .word(let words) = attribute.kind { .word(words.last!) } else {
          .number(0.125 + Double(index))
        }
    }
    var candidates = [try type.init(given)]
    if type.schema.hasDefaults { candidates.append(try type.init([:])) }
    for nonlinearity in candidates {
      let original = ModelFile.equilibrium(
        try EquilibriumModel(
          inputShape: [1], blocks: [Block(name: "z", size: 1, nonlinearity: nonlinearity, terms: [])],
          output: 0))
      let back = try model(String(decoding: original.written(), as: UTF8.self))
      #expect(back.fingerprint == original.fingerprint)
    }
  }

  @Test("What the formats cannot say is refused, not written wrongly")
  func unwritable() throws {
    let square = DenseMap(Matrix<Double>([[1]]))
    func layer(_ name: String, terms: Int = 1, weight: String?) -> Layer<Double> {
      .explicit(
        Block(
          name: name, size: 1, nonlinearity: ReLU(),
          terms: (0..<terms).map { _ in Term(source: .input, map: square, parameter: weight) }))
    }
    func refusal(_ layer: Layer<Double>, inputShape: [Int] = [1]) -> String? {
      do {
        _ = try ModelFile.network(Network(inputShape: inputShape, layers: [layer], output: 0)).written()
        return nil
      } catch {
        return "\(error)"
      }
    }
    // What is no dense layer by its names or entries is written as the equation that it is.
    #expect(refusal(layer("a", weight: "a.weight")) == nil)
    #expect(refusal(layer("a", weight: "b.weight")) == nil)
    #expect(refusal(layer("a", weight: nil)) == nil)
    #expect(refusal(layer("a", terms: 2, weight: "a.weight")) == nil)
    #expect(
      refusal(layer("", weight: ".weight"))
        == "memory: layers[0].name: expected a name for the layer to write, found \"\"")
    #expect(
      refusal(layer("input", weight: "input.weight"))
        == "memory: layers[0].name: expected a name for the layer to write, found \"input\"")
    #expect(
      refusal(layer("a\0", weight: "a\0.weight"))
        == "memory: layers[0].name: expected a string without NUL to write, found \"a\\u{0}\"")
    #expect(
      refusal(layer("a", weight: "a.weight"), inputShape: [])
        == "memory: input: expected a list of positive sizes to write, found []")
  }
}
