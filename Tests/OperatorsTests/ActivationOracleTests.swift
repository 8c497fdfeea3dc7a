import Foundation
import LinearAlgebra
import Operators
import Testing

/// Values and derivatives of every activation against 60-digit arithmetic and, at kinks, PyTorch's autograd.
@Suite("Activations")
struct ActivationOracleTests {
  struct Case: CustomStringConvertible {
    let activation: any Nonlinearity
    let points: [[Double]]
    var description: String { activation.description }
  }

  // JSONDecoder, since JSONSerialization does not read every double to its last bit.
  private struct Oracle: Decodable {
    struct Entry: Decodable {
      let activation: Activation
      let points: [[Double]]
    }
    struct Activation: Decodable {
      let type: String
      let constants: [String: Constant]

      init(from decoder: any Decoder) throws {
        if let name = try? decoder.singleValueContainer().decode(String.self) {
          (type, constants) = (name, [:])
          return
        }
        let container = try decoder.container(keyedBy: Key.self)
        type = try container.decode(String.self, forKey: Key("type"))
        var constants: [String: Constant] = [:]
        for key in container.allKeys where key.stringValue != "type" {
          if let number = try? container.decode(Double.self, forKey: key) {
            constants[key.stringValue] = .number(number)
          } else {
            constants[key.stringValue] = .word(try container.decode(String.self, forKey: key))
          }
        }
        self.constants = constants
      }
    }
    struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(_ name: String) { stringValue = name }
      init?(stringValue: String) { self.init(stringValue) }
      init?(intValue: Int) { nil }
    }
    let cases: [Entry]
  }

  static let cases: [Case] = {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Oracles/activations.json")
    let oracle = try! JSONDecoder().decode(Oracle.self, from: Data(contentsOf: url))
    return oracle.cases.map { entry in
      let type = NonlinearityRegistry.type(named: entry.activation.type)!
      return Case(activation: try! type.init(entry.activation.constants), points: entry.points)
    }
  }()

  @Test("σ and σ' equal the oracle to 2⁻⁴⁸ of max(1, |value|)", arguments: cases.indices)
  func agreesWithOracle(index: Int) {
    let entry = Self.cases[index]
    for point in entry.points {
      let p = Matrix<Double>([[point[0]]])
      let value = entry.activation.value(at: [p], shapes: [[p.columns]])[0, 0]
      let derivative = entry.activation.vjp(Matrix([[1]]), at: [p], shapes: [[1]])[0][0, 0]
      #expect(abs(value - point[1]) <= 0x1p-48 * max(1, abs(point[1])), "\(entry) at \(point[0]): \(value)")
      #expect(
        abs(derivative - point[2]) <= 0x1p-48 * max(1, abs(point[2])),
        "\(entry)' at \(point[0]): \(derivative)")
    }
  }

  @Test(
    "In single precision they equal the oracle to 2⁻¹⁹ where the point is a float", arguments: cases.indices)
  func agreesInFloat(index: Int) {
    let entry = Self.cases[index]
    for point in entry.points where Double(Float(point[0])) == point[0] && abs(point[1]) < 1e30 {
      let p = Matrix<Float>([[Float(point[0])]])
      let value = Double(entry.activation.value(at: [p], shapes: [[p.columns]])[0, 0])
      // softplus takes its linear branch where β·p > threshold, and a float may fall on the other side.
      #expect(abs(value - point[1]) <= 0x1p-19 * max(1, abs(point[1])), "\(entry) at \(point[0]): \(value)")
    }
  }

  @Test("The oracle covers every activation of the registry")
  func coversRegistry() {
    let covered = Set(Self.cases.map { type(of: $0.activation).typeName })
    #expect(covered == Set(NonlinearityRegistry.activations.map { $0.typeName }))
  }

  @Test("Slopes of random chords stay within `slopes`", arguments: cases.indices)
  func slopesBoundChords(index: Int) {
    let activation = Self.cases[index].activation
    guard let slopes = activation.slopes else { return }
    var generator = SeededGenerator(seed: UInt64(index))
    for _ in 0..<20_000 {
      let p = generator.normal() * [0.1, 1, 4, 30][Int.random(in: 0..<4, using: &generator)]
      let q = p + generator.normal() * [0.01, 1, 10][Int.random(in: 0..<3, using: &generator)]
      let values = activation.value(at: [Matrix<Double>([[p, q]])], shapes: [[2]])
      let slope = (values[0, 1] - values[0, 0]) / (q - p)
      let slack = 1e-12 / abs(q - p)
      #expect(
        slope >= slopes.lowerBound - slack && slope <= slopes.upperBound + slack, "\(activation): \(p), \(q)")
    }
  }

  @Test("Constants are compared by their bits")
  func identity() throws {
    #expect(LeakyReLU(negativeSlope: 0.1).isIdentical(to: LeakyReLU(negativeSlope: 0.1)))
    #expect(!LeakyReLU(negativeSlope: 0.1).isIdentical(to: LeakyReLU(negativeSlope: 0.1.nextUp)))
    #expect(!LeakyReLU(negativeSlope: 0).isIdentical(to: LeakyReLU(negativeSlope: -0.0)))
    #expect(!LeakyReLU(negativeSlope: 1).isIdentical(to: ELU(alpha: 1)))
    #expect(!GELU(approximation: .none).isIdentical(to: GELU(approximation: .tanh)))
    #expect(ReLU().isIdentical(to: ReLU()))
    #expect(!ReLU().isIdentical(to: ReLU6()))
  }
}
