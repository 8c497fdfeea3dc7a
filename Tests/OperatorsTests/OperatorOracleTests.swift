import Foundation
import LinearAlgebra
import Operators
import TestSupport
import Testing

/// Linear maps and nonlinearities of several ports against PyTorch in float64 (`Tests/Oracles/operators.py`).
@Suite("Operators")
struct OperatorOracleTests {
  struct Numbers: Decodable {
    let shape: [Int]
    let data: [Double]
    /// A batch: the first axis is the sample.
    var batch: Matrix<Double> { Matrix(rows: shape[0], columns: data.count / shape[0], elements: data) }
  }

  struct Map: Decodable {
    let type: String
    let constants: [String: AttributeValue]
    let inputShape: [Int]
    let weight: Numbers?
    let x, g, y, dx: Numbers
    let dweight: Numbers?
  }

  struct Function: Decodable {
    let type: String
    let constants: [String: AttributeValue]
    let shapes: [[Int]]
    let ports: [Numbers]
    let g, z: Numbers
    let dports: [Numbers]
  }

  struct Oracle: Decodable {
    let maps: [Map]
    let nonlinearities: [Function]
  }

  static let oracle: Oracle = {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Oracles/operators.json")
    return try! JSONDecoder().decode(Oracle.self, from: Data(contentsOf: url))
  }()

  static func map(_ entry: Map) throws -> any LinearMap<Double> {
    let type = try #require(LinearMapRegistry.type(named: entry.type))
    return try type.init(
      inputShape: entry.inputShape,
      parameter: entry.weight.map { Tensor(shape: $0.shape, elements: $0.data) },
      entry.constants.mapValues(\.constant))
  }

  /// Expects the same numbers up to rounding: at the scale of the largest, or each at its own.
  func expectEqual(_ found: [Double], _ expected: [Double], _ what: String, each: Bool = false) {
    #expect(found.count == expected.count, "\(what)")
    let largest = max(1, expected.map { abs($0) }.max() ?? 0)
    let worst = zip(found, expected).map { abs($0 - $1) / (each ? max(1, abs($1)) : largest) }.max() ?? 0
    #expect(worst <= 1e-13, "\(what): \(worst)")
  }

  @Test(
    "A linear map's value, transpose, gradient and entries equal PyTorch's", arguments: oracle.maps.indices)
  func linearMaps(index: Int) throws {
    let entry = Self.oracle.maps[index]
    let what = "\(entry.type) \(index)"
    let map = try Self.map(entry)
    let (x, g) = (entry.x.batch, entry.g.batch)
    #expect(map.outputShape == Array(entry.y.shape.dropFirst()), "\(what)")
    var y = Matrix<Double>(rows: x.rows, columns: map.outputSize)
    map.add(of: x, to: &y)
    expectEqual(y.elements, entry.y.data, "\(what) value")
    var dx = Matrix<Double>(rows: x.rows, columns: map.inputSize)
    map.addTransposed(of: g, to: &dx)
    expectEqual(dx.elements, entry.dx.data, "\(what) transpose")
    let gradient = map.parameterGradient(cotangent: g, input: x)
    #expect(gradient?.shape == entry.weight?.shape)
    if let gradient, let expected = entry.dweight {
      expectEqual(gradient.elements, expected.data, "\(what) gradient")
    }
    // The entries are the same map, column by ascending column.
    var fromEntries = Matrix<Double>(rows: x.rows, columns: map.outputSize)
    for row in 0..<map.outputSize {
      var last = -1
      map.forEachEntry(inRow: row) { column, value in
        #expect(column > last)
        last = column
        for sample in 0..<x.rows { fromEntries[sample, row] += value * x[sample, column] }
      }
    }
    expectEqual(fromEntries.elements, entry.y.data, "\(what) entries")
    let float = map.cast(to: Float.self)
    var inFloat = Matrix<Float>(rows: x.rows, columns: map.outputSize)
    float.add(of: x.cast(to: Float.self), to: &inFloat)
    #expect(zip(inFloat.elements, y.elements).allSatisfy { abs(Double($0) - $1) <= 1e-4 * max(1, abs($1)) })
  }

  @Test("A nonlinearity's value and cotangents equal PyTorch's", arguments: oracle.nonlinearities.indices)
  func nonlinearities(index: Int) throws {
    let entry = Self.oracle.nonlinearities[index]
    let type = try #require(NonlinearityRegistry.type(named: entry.type))
    let function = try type.init(entry.constants.mapValues(\.constant))
    let what = "\(function.description) \(index)"
    #expect(function.outputShape(portShapes: entry.shapes) == Array(entry.z.shape.dropFirst()), "\(what)")
    let ports = entry.ports.map(\.batch)
    let each = function is any Activation
    expectEqual(
      function.value(at: ports, shapes: entry.shapes).elements, entry.z.data, "\(what) value", each: each)
    let cotangents = function.vjp(entry.g.batch, at: ports, shapes: entry.shapes)
    #expect(cotangents.count == entry.dports.count)
    for (port, (found, expected)) in zip(cotangents, entry.dports).enumerated() {
      expectEqual(found.elements, expected.data, "\(what) port \(port)", each: each)
    }
    let inFloat = function.value(at: ports.map { $0.cast(to: Float.self) }, shapes: entry.shapes)
    // Where a float can hold what the function reads and returns.
    let small = (entry.ports.flatMap(\.data) + entry.z.data).allSatisfy {
      $0 == 0 || (1e-30...1e30).contains(abs($0))
    }
    #expect(
      !small
        || zip(inFloat.elements, entry.z.data).allSatisfy { abs(Double($0) - $1) <= 1e-4 * max(1, abs($1)) },
      "\(what) in single precision")
  }

  @Test("The oracle covers every operator of the registries")
  func coversRegistries() {
    #expect(Set(Self.oracle.maps.map(\.type)) == Set(LinearMapRegistry.all.map { $0.typeName }))
    let covered = Set(Self.oracle.nonlinearities.map(\.type))
    let activations = Set(NonlinearityRegistry.activations.map { $0.typeName })
    #expect(covered == Set(NonlinearityRegistry.all.map { $0.typeName }).subtracting(activations))
  }
}
