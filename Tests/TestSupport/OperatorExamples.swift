import Foundation
import LinearAlgebra
import Operators

/// An example of an operator with attributes and shapes. `Tests/Oracles/operators.py` is the table of
/// examples for the tests of all operators.
public struct OperatorExample: Sendable, CustomStringConvertible {
  /// The operator's name in files.
  public let type: String
  /// Its attributes, except those with their default.
  public let attributes: [String: Constant]
  /// The shapes of its ports; for a linear map that of x.
  public let shapes: [[Int]]
  /// The weight of a linear map, if it has one.
  public let weight: Tensor<Double>?
  /// Whether it is an example of a linear map.
  public let isMap: Bool
  /// Samples: x of a linear map, the ports of a nonlinearity side by side.
  public let input: Matrix<Double>
  /// A cotangent of the value for each sample.
  public let cotangent: Matrix<Double>

  public var description: String { "\(type)\(attributes) of \(shapes)" }

  /// All examples of linear maps.
  public static let maps: [OperatorExample] = file.maps.map {
    OperatorExample(
      type: $0.type, attributes: $0.constants.mapValues(\.constant), shapes: [$0.inputShape],
      weight: $0.weight.map { Tensor(shape: $0.shape, elements: $0.data) }, isMap: true, input: $0.x.batch,
      cotangent: $0.g.batch)
  }

  /// All examples of nonlinearities.
  public static let nonlinearities: [OperatorExample] = file.nonlinearities.map {
    OperatorExample(
      type: $0.type, attributes: $0.constants.mapValues(\.constant), shapes: $0.shapes, weight: nil,
      isMap: false,
      input: Matrix(sideBySide: $0.ports.map(\.batch), rows: $0.g.shape[0]), cotangent: $0.g.batch)
  }

  /// The linear map, or nil if the example is not one.
  public func map() throws -> (any LinearMap<Double>)? {
    try LinearMapRegistry.type(named: type)?.init(inputShape: shapes[0], parameter: weight, attributes)
  }

  /// The nonlinearity, or nil if the example is not one.
  public func nonlinearity() throws -> (any Nonlinearity)? {
    try NonlinearityRegistry.type(named: type)?.init(attributes)
  }

  // JSONDecoder, since JSONSerialization does not read every double to its last bit.
  private struct File: Decodable {
    struct Numbers: Decodable {
      let shape: [Int]
      let data: [Double]
      var batch: Matrix<Double> { Matrix(rows: shape[0], columns: data.count / shape[0], elements: data) }
    }

    struct Map: Decodable {
      let type: String
      let constants: [String: AttributeValue]
      let inputShape: [Int]
      let weight: Numbers?
      let x, g: Numbers
    }

    struct Function: Decodable {
      let type: String
      let constants: [String: AttributeValue]
      let shapes: [[Int]]
      let ports: [Numbers]
      let g: Numbers
    }

    let maps: [Map]
    let nonlinearities: [Function]
  }

  private static let file: File = {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Oracles/operators.json")
    return try! JSONDecoder().decode(File.self, from: Data(contentsOf: url))
  }()
}
