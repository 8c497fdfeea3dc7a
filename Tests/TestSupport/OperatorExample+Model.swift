import Blocks
import Equilibria
import Foundation
import LinearAlgebra
import Operators

extension OperatorExample {
  /// A model of one block with the operator, and what it reads: a linear map reads the input, a nonlinearity has its
  /// ports side by side in the input.
  public func model() throws -> EquilibriumModel<Double> {
    if isMap, let map = try map() {
      let block = Block<Double>(
        name: type, shape: map.outputShape, nonlinearity: Identity(),
        terms: [Term(source: .input, map: map, parameter: weight == nil ? nil : "weight")])
      return try EquilibriumModel(inputShape: shapes[0], blocks: [block], output: 0)
    }
    guard let function = try nonlinearity(), let shape = function.outputShape(portShapes: shapes) else {
      throw InvalidModel("\(self): expected an operator of a registry")
    }
    let sizes = shapes.map { $0.reduce(1, *) }
    let total = sizes.reduce(0, +)
    var (terms, start): ([Term<Double>], Int) = ([], 0)
    for (port, size) in sizes.enumerated() {
      let part = try Slice<Double>(inputShape: [total], dim: 0, start: start, end: start + size)
      terms.append(Term(port: port, source: .input, map: part))
      start += size
    }
    let block = Block<Double>(
      name: type, shape: shape, nonlinearity: function, portShapes: shapes, terms: terms)
    return try EquilibriumModel(inputShape: [total], blocks: [block], output: 0)
  }

  /// All examples: those of `operators.json`, and every activation of `activations.json` at its points of moderate
  /// size, kinks among them.
  public static let all: [OperatorExample] = maps + nonlinearities + activations

  private static let activations: [OperatorExample] = {
    struct File: Decodable {
      struct Entry: Decodable {
        let activation: Name
        let points: [[Double]]
      }
      let cases: [Entry]
    }
    enum Name: Decodable {
      case plain(String)
      case attributes([String: AttributeValue])
      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let name = try? container.decode(String.self) {
          self = .plain(name)
        } else {
          self = .attributes(try container.decode([String: AttributeValue].self))
        }
      }
    }
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Oracles/activations.json")
    let file = try! JSONDecoder().decode(File.self, from: Data(contentsOf: url))
    return file.cases.map { entry in
      let points = entry.points.map { $0[0] }.filter { abs($0) <= 50 }
      var (type, attributes): (String, [String: Constant]) = ("", [:])
      switch entry.activation {
      case .plain(let name): type = name
      case .attributes(let values):
        for (key, value) in values {
          if key == "type", case .word(let name) = value.constant {
            type = name
          } else {
            attributes[key] = value.constant
          }
        }
      }
      return OperatorExample(
        type: type, attributes: attributes, shapes: [[points.count]], weight: nil, isMap: false,
        input: Matrix([points]), cotangent: Matrix([points.indices.map { 1 + Double($0 % 7) / 4 }]))
    }
  }()
}
