import Blocks
import Equilibria
import Foundation
import LinearAlgebra
import ONNXImport
import Operators
import TestSupport
import Testing

/// PyTorch's values of every operator (`Tests/Oracles/operators.py`, `activations.py`), each as a model of one block.
enum OperatorOracle {
  /// A model, its input, and the read-out that PyTorch has.
  struct Entry {
    let name: String
    let model: EquilibriumModel<Double>
    let x: Matrix<Double>
    let value: [Double]
  }

  private struct Numbers: Decodable {
    let shape: [Int]
    let data: [Double]
    var batch: Matrix<Double> { Matrix(rows: shape[0], columns: data.count / shape[0], elements: data) }
  }

  private struct Map: Decodable {
    let type: String
    let constants: [String: AttributeValue]
    let inputShape: [Int]
    let weight: Numbers?
    let x, y: Numbers

    var entry: Entry {
      get throws {
        let type = try #require(LinearMapRegistry.type(named: self.type))
        let map = try type.init(
          inputShape: inputShape, parameter: weight.map { Tensor(shape: $0.shape, elements: $0.data) },
          constants.mapValues(\.constant))
        let block = Block<Double>(
          name: self.type, shape: map.outputShape, nonlinearity: Identity(),
          terms: [Term(source: .input, map: map, parameter: weight == nil ? nil : "weight")])
        return Entry(
          name: self.type, model: try EquilibriumModel(inputShape: inputShape, blocks: [block], output: 0),
          x: x.batch, value: y.data)
      }
    }
  }

  private struct Function: Decodable {
    let type: String
    let constants: [String: AttributeValue]
    let shapes: [[Int]]
    let ports: [Numbers]
    let z: Numbers

    /// The ports stand side by side in the input.
    var entry: Entry {
      get throws {
        let type = try #require(NonlinearityRegistry.type(named: self.type))
        let function = try type.init(constants.mapValues(\.constant))
        let sizes = shapes.map { $0.reduce(1, *) }
        let total = sizes.reduce(0, +)
        var (terms, start): ([Term<Double>], Int) = ([], 0)
        for (port, size) in sizes.enumerated() {
          let part = try Slice<Double>(inputShape: [total], dim: 0, start: start, end: start + size)
          terms.append(Term(port: port, source: .input, map: part))
          start += size
        }
        let block = Block<Double>(
          name: self.type, shape: try #require(function.outputShape(portShapes: shapes)),
          nonlinearity: function,
          portShapes: shapes, terms: terms)
        return Entry(
          name: function.description,
          model: try EquilibriumModel(inputShape: [total], blocks: [block], output: 0),
          x: Matrix(sideBySide: ports.map(\.batch), rows: ports[0].shape[0]), value: z.data)
      }
    }
  }

  private struct Oracle: Decodable {
    let maps: [Map]
    let nonlinearities: [Function]
  }

  /// All entries.
  static func entries() throws -> [Entry] {
    let url = packageFolder.appending(path: "Tests/Oracles/operators.json")
    let oracle = try JSONDecoder().decode(Oracle.self, from: Data(contentsOf: url))
    return try oracle.maps.map { try $0.entry } + oracle.nonlinearities.map { try $0.entry }
  }
}
