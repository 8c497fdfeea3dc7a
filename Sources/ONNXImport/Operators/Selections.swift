import Blocks
import LinearAlgebra
import Operators

extension OperatorTable {
  /// Comparisons, logic, and the choice between two values. A computed Boolean value is a variable of zeros
  /// and ones.
  static let selections: [String: OperatorHandler] = [
    "Where": .one { node throws(ImportFailure) in try node.choice() },
    "Equal": .comparison("equal") { $0 == $1 ? 1 : 0 },
    "Less": .comparison("greater", exchanged: true) { $0 < $1 ? 1 : 0 },
    "LessOrEqual": .comparison("greater_equal", exchanged: true) { $0 <= $1 ? 1 : 0 },
    "Greater": .comparison("greater") { $0 > $1 ? 1 : 0 },
    "GreaterOrEqual": .comparison("greater_equal") { $0 >= $1 ? 1 : 0 },
    "And": .comparison("product") { $0 != 0 && $1 != 0 ? 1 : 0 },
    "Or": .comparison("maximum") { $0 != 0 || $1 != 0 ? 1 : 0 },
    // Boolean values are 0 and 1, and so unlike where they do not equal each other.
    "Xor": .comparison("equal", isComplement: true) { ($0 != 0) != ($1 != 0) ? 1 : 0 },
    "IsNaN": .one { node throws(ImportFailure) in try node.isNotANumber() },
    "Not": .one { node throws(ImportFailure) in
      switch try node.input(0) {
      case .integers(let truth):
        return .integers(
          Integers(
            truth.symbols.map { $0.known.map { BatchInteger($0 == 0 ? 1 : 0) } ?? .undetermined },
            shape: truth.shape, type: .bool))
      case .variable(let variable): return .variable(try node.complement(of: variable))
      case .numbers: throw .refused("expected Boolean values, found numbers")
      }
    },
  ]
}

extension OperatorHandler {
  /// The handler of a comparison.
  ///
  /// - Parameters:
  ///   - type: The nonlinearity that compares computed values.
  ///   - exchanged: Whether its operands are exchanged.
  ///   - isComplement: Whether the comparison holds where that of the nonlinearity does not.
  ///   - function: The comparison of constants.
  fileprivate static func comparison(
    _ type: String, exchanged: Bool = false, isComplement: Bool = false,
    _ function: @escaping @Sendable (Double, Double) -> Int
  ) -> OperatorHandler {
    .one { node throws(ImportFailure) in
      if try node.areComputed() {
        guard isComplement else { return .variable(try node.comparison(type, exchanged: exchanged)) }
        let other = node.named("\(node.name)/\(type)", inputs: node.inputs)
        return .variable(try node.complement(of: other.comparison(type, exchanged: exchanged)))
      }
      if let truth = try node.symbolicComparison(function) { return .integers(truth) }
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
    return try places.elements().map { elements[$0] }
  }
}

/// The choice between two integers by a condition that depends on the extent of the batch: `N where N = 2 else N` is N.
private func chosen(
  _ first: BatchInteger, _ second: BatchInteger, where truth: BatchInteger
) -> BatchInteger {
  if first == second { return first }
  guard let extent = truth.onlyExtent, let a = try? first.value(at: extent),
    let b = try? second.value(at: extent), a == b
  else { return .undetermined }
  return second
}

extension NodeImport {
  fileprivate func constants(_ index: Int) throws(ImportFailure) -> PlainNumbers {
    switch try input(index) {
    case .integers(let integers):
      return PlainNumbers(shape: integers.shape, elements: try integers.elements().map { Double($0) })
    case .numbers(let numbers): return PlainNumbers(shape: numbers.shape, elements: numbers.elements)
    case .variable: throw .refused("expected constants, found a computed value")
    }
  }

  /// The comparison of integers of which some contain the extent of the batch, where it is the same for every extent;
  /// nil if none does.
  fileprivate func symbolicComparison(
    _ function: (Double, Double) -> Int
  ) throws(ImportFailure) -> Integers? {
    guard case .integers(let first) = try input(0), case .integers(let second) = try input(1),
      first.containsBatchExtent || second.containsBatchExtent
    else { return nil }
    let isEquality = [function(0, 1), function(0, 0), function(1, 0)] == [0, 1, 0]
    return try Integers.combined(first, second, type: .bool) { first, second in
      switch first.comparison(with: second) {
      case .less: BatchInteger(function(0, 1))
      case .equal: BatchInteger(function(0, 0))
      case .greater: BatchInteger(function(1, 0))
      case nil:
        isEquality
          ? first.extent(ofEqualityWith: second).map { .isExtent($0) } ?? .undetermined : .undetermined
      }
    }
  }

  /// Whether an input is neither integers nor numbers.
  fileprivate func areComputed() throws(ImportFailure) -> Bool {
    for index in 0..<2 { if case .variable = try input(index) { return true } }
    return false
  }

  /// Whether a computed value is infinite on one side: whether it is beyond the largest finite number there.
  private func equalsInfinity(
    _ values: [Value], over layout: TensorLayout
  ) throws(ImportFailure) -> Variable? {
    for (value, other) in [(values[0], values[1]), (values[1], values[0])] {
      guard case .numbers(let numbers) = other, numbers.tensor.count <= 1 << 24,
        let first = numbers.elements.first, first.isInfinite, numbers.elements.allSatisfy({ $0 == first })
      else { continue }
      let shape = atLeastVector(layout.sampleShape)
      let largest = first < 0 ? -builder.largest : builder.largest
      let bound = Port(shape: shape, offsets: [try repeated(largest, count: shape.reduce(1, *))])
      let port = try port(truth(value), over: layout)
      return try block(name, nonlinearity("greater"), first < 0 ? [bound, port] : [port, bound], layout)
    }
    return nil
  }

  fileprivate func comparison(_ type: String, exchanged: Bool) throws(ImportFailure) -> Variable {
    let (values, layout) = try broadcastInputs()
    if type == "equal", values.count == 2, let result = try equalsInfinity(values, over: layout) {
      return result
    }
    var ports: [Port] = []
    for value in exchanged ? values.reversed() : values {
      ports.append(try port(truth(value), over: layout))
    }
    return try block(name, nonlinearity(type), ports, layout)
  }

  /// A constant Boolean value as numbers, for use beside a computed one.
  private func truth(_ value: Value) throws(ImportFailure) -> Value {
    guard case .integers(let integers) = value, integers.type == .bool else { return value }
    return .numbers(Numbers(try integers.elements().map { Double($0) }, shape: integers.shape))
  }

  /// `1 − c`.
  fileprivate func complement(of variable: Variable) throws(ImportFailure) -> Variable {
    let shape = atLeastVector(variable.layout.sampleShape)
    let ones = try repeated(1, count: shape.reduce(1, *))
    let map = try linearMap("multiply", from: shape, ["factor": .number(-1)])
    return try affine(
      Port(
        shape: shape, terms: [Term(source: variable.source, map: map)], offsets: [ones]),
      variable.layout)
  }

  /// 1 where a value does not equal itself.
  fileprivate func isNotANumber() throws(ImportFailure) -> Value {
    if case .numbers(let numbers) = try input(0), numbers.parameter == nil {
      return .integers(
        Integers(numbers.elements.map { $0.isNaN ? 1 : 0 }, shape: numbers.shape, type: .bool))
    }
    let variable = try variable(0)
    let isItself = try block(
      "\(name)/itself", nonlinearity("equal"), [port(variable), port(variable)], variable.layout)
    return .variable(try complement(of: isItself))
  }

  /// 1 where a value is not 0.
  func truth(of variable: Variable) throws(ImportFailure) -> Variable {
    let shape = atLeastVector(variable.layout.sampleShape)
    let zeros = try repeated(0, count: shape.reduce(1, *))
    let isZero = try block(
      "\(name)/zero", nonlinearity("equal"), [port(variable), Port(shape: shape, offsets: [zeros])],
      variable.layout)
    return try complement(of: isZero)
  }

  /// The choice by a computed condition.
  private func computedChoice() throws(ImportFailure) -> Variable {
    let (values, layout) = try broadcastInputs()
    guard values.count == 3 else { throw .refused("expected 3 inputs, found \(values.count)") }
    var ports: [Port] = []
    for value in values { ports.append(try port(value, over: layout)) }
    return try block(name, nonlinearity("where"), ports, layout)
  }

  /// The sum of both values times masks of 0 and 1.
  fileprivate func choice() throws(ImportFailure) -> Value {
    guard case .integers(let condition) = try input(0) else { return .variable(try computedChoice()) }
    let (first, second) = (try input(1), try input(2))
    if case .integers(let a) = first, case .integers(let b) = second {
      let shape = try broadcastShape([condition.shape, a.shape, b.shape])
      let truth = try condition.expanded(to: shape).symbols
      let (first, second) = (try a.expanded(to: shape).symbols, try b.expanded(to: shape).symbols)
      let elements = zip(truth, zip(first, second)).map { truth, pair in
        truth.known.map { $0 != 0 ? pair.0 : pair.1 } ?? chosen(pair.0, pair.1, where: truth)
      }
      return .integers(Integers(elements, shape: shape, type: a.type))
    }
    let layout = try TensorLayout.broadcast([
      TensorLayout(condition.shape), first.layout(), second.layout(),
    ])
    let shape = try aligned(layout, rank: condition.shape.count, shape: condition.shape)
    let truth = try condition.expanded(to: shape).elements()
    var port = Port(shape: atLeastVector(layout.sampleShape))
    for (value, mask) in [(first, truth.map { Double($0) }), (second, truth.map { Double(1 - $0) })]
    where mask.contains(1) {
      port = port.adding(try masked(value, mask, over: layout))
    }
    return .variable(try affine(port, layout))
  }

  private func masked(_ value: Value, _ mask: [Double], over layout: TensorLayout) throws(ImportFailure)
    -> Port
  {
    let shape = atLeastVector(layout.sampleShape)
    if case .numbers(let given) = value, case let numbers = given.summand, numbers.parameter == nil {
      // Where the mask is 0 the result is 0, even for an infinite number.
      let target = try aligned(layout, rank: numbers.shape.count, shape: numbers.shape)
      let all = try PlainNumbers(shape: numbers.shape, elements: numbers.elements).expanded(to: target)
      return Port(shape: shape, offsets: [Offset(vector: zip(all, mask).map { $1 == 0 ? 0 : $0 })])
    }
    let whole = try affine(port(value, over: layout), layout, named: "\(name)/value")
    let map = try linearMap("scale", from: shape, weight: Tensor(shape: shape, elements: mask))
    return Port(shape: shape, terms: [Term(source: whole.source, map: map)])
  }
}
