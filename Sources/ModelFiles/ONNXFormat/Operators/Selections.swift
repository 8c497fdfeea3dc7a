import LinearAlgebra
import Operators

extension OperatorTable {
  /// Comparisons of constants, and the choice between two values by a constant condition.
  static let selections: [String: OperatorHandler] = [
    "Where": .one { node throws(ImportFailure) in try node.choice() },
    "Equal": .comparison { $0 == $1 ? 1 : 0 },
    "Less": .comparison { $0 < $1 ? 1 : 0 },
    "LessOrEqual": .comparison { $0 <= $1 ? 1 : 0 },
    "Greater": .comparison { $0 > $1 ? 1 : 0 },
    "GreaterOrEqual": .comparison { $0 >= $1 ? 1 : 0 },
    "And": .comparison { $0 != 0 && $1 != 0 ? 1 : 0 },
    "Or": .comparison { $0 != 0 || $1 != 0 ? 1 : 0 },
    "Xor": .comparison { ($0 != 0) != ($1 != 0) ? 1 : 0 },
    "Not": .one { node throws(ImportFailure) in
      guard case .integers(let truth) = try node.input(0) else {
        throw .refused("expected constant truth values, found a value that is computed")
      }
      return .integers(Integers(truth.elements.map { $0 == 0 ? 1 : 0 }, shape: truth.shape, type: .bool))
    },
  ]
}

extension OperatorHandler {
  fileprivate static func comparison(_ function: @escaping @Sendable (Double, Double) -> Int)
    -> OperatorHandler
  {
    .one { node throws(ImportFailure) in
      let (first, second) = (try node.constants(0), try node.constants(1))
      let shape = try broadcastShape([first.shape, second.shape])
      let truth = try zip(first.expanded(to: shape), second.expanded(to: shape)).map { function($0, $1) }
      return .integers(Integers(truth, shape: shape, type: .bool))
    }
  }
}

/// Constants of either type as numbers.
private struct PlainNumbers {
  let shape: [Int]
  let elements: [Double]

  func expanded(to target: [Int]) throws(ImportFailure) -> [Double] {
    let places = try Integers(Array(elements.indices), shape: shape).expanded(to: target)
    return places.elements.map { elements[$0] }
  }
}

extension NodeImport {
  fileprivate func constants(_ index: Int) throws(ImportFailure) -> PlainNumbers {
    switch try input(index) {
    case .integers(let integers):
      return PlainNumbers(shape: integers.shape, elements: integers.elements.map { Double($0) })
    case .numbers(let numbers): return PlainNumbers(shape: numbers.shape, elements: numbers.elements)
    case .variable: throw .refused("expected constants, found a value that is computed")
    }
  }

  /// The sum of both values times masks of 0 and 1.
  fileprivate func choice() throws(ImportFailure) -> Value {
    guard case .integers(let condition) = try input(0) else {
      throw .refused("expected a constant condition, found a value that is computed")
    }
    let (first, second) = (try input(1), try input(2))
    if case .integers(let a) = first, case .integers(let b) = second {
      let shape = try broadcastShape([condition.shape, a.shape, b.shape])
      let all = (try condition.expanded(to: shape), try a.expanded(to: shape), try b.expanded(to: shape))
      let elements = zip(all.0.elements, zip(all.1.elements, all.2.elements)).map { $0 != 0 ? $1.0 : $1.1 }
      return .integers(Integers(elements, shape: shape, type: a.type))
    }
    let layout = try Layout.broadcast([
      Layout(condition.shape), first.layout(), second.layout(),
    ])
    let shape = try aligned(layout, rank: condition.shape.count, shape: condition.shape)
    let truth = try condition.expanded(to: shape).elements
    var port = Port(shape: atLeastVector(layout.sampleShape))
    for (value, mask) in [(first, truth.map { Double($0) }), (second, truth.map { Double(1 - $0) })]
    where mask.contains(1) {
      port = port.adding(try masked(value, mask, over: layout))
    }
    return .variable(try affine(port, layout))
  }

  private func masked(_ value: Value, _ mask: [Double], over layout: Layout) throws(ImportFailure) -> Port {
    let shape = atLeastVector(layout.sampleShape)
    if case .numbers(let given) = value, case let numbers = given.finite, numbers.parameter == nil {
      // Where the mask is 0 there is 0, even of an infinite number.
      let target = try aligned(layout, rank: numbers.shape.count, shape: numbers.shape)
      let all = try PlainNumbers(shape: numbers.shape, elements: numbers.elements).expanded(to: target)
      return Port(shape: shape, offsets: [Offset(vector: zip(all, mask).map { $1 == 0 ? 0 : $0 })])
    }
    let whole = try affine(port(value, over: layout), layout, named: "\(name)/value")
    let map = try linearMap("scale", from: shape, weight: Tensor(shape: shape, elements: mask))
    return Port(shape: shape, terms: [Term(source: whole.source, map: map)])
  }
}
