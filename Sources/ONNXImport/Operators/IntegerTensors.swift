import Operators

/// Shape arithmetic that exporters leave in graphs, on known integers.
extension Integers {
  /// The elements with the axes in another order.
  package func permuted(_ permutation: [Int]) throws(ImportFailure) -> Integers {
    let steps = strides(of: shape)
    return try gathered(permutation.map { shape[$0] }, steps: permutation.map { steps[$0] })
  }

  /// The elements broadcast to a shape.
  package func expanded(to target: [Int]) throws(ImportFailure) -> Integers {
    try checkedCount(of: target)
    let own = strides(of: shape)
    let missing = target.count - shape.count
    let steps = target.indices.map { $0 < missing || shape[$0 - missing] == 1 ? 0 : own[$0 - missing] }
    return try gathered(target, steps: steps)
  }

  /// The elements of one axis at `index`.
  func selected(axis: Int, _ index: [Int]) throws(ImportFailure) -> Integers {
    let inner = shape.dropFirst(axis + 1).reduce(1, *)
    let outer = shape.prefix(axis).reduce(1, *)
    let count = outer * index.count * inner
    try ImportLimits.charge(count)
    var places: [Int] = []
    places.reserveCapacity(count)
    // Without elements there may be any number of places for them.
    for before in 0..<(count == 0 ? 0 : outer) {
      for place in index {
        let first = (before * shape[axis] + place) * inner
        places += first..<first + inner
      }
    }
    var shape = shape
    shape[axis] = index.count
    return elements(at: places, shape: shape)
  }

  /// The concatenation of values along an axis; nil if one does not consist of integers.
  static func concatenated(_ values: [Value], axis: Int) throws(ImportFailure) -> Integers? {
    var parts: [Integers] = []
    for value in values {
      guard case .integers(let integers) = value else { return nil }
      parts.append(integers)
    }
    guard let first = parts.first else { return nil }
    let outer = first.shape.prefix(axis).reduce(1, *)
    let count = parts.reduce(0) { $0 + $1.count }
    try ImportLimits.charge(count)
    var elements = Integers.Elements(capacity: count)
    for before in 0..<(count == 0 ? 0 : outer) {
      for part in parts {
        let run = part.shape.dropFirst(axis).reduce(1, *)
        elements.append(before * run..<(before + 1) * run, of: part)
      }
    }
    var shape = first.shape
    shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
    return Integers(elements, shape: shape, type: first.type)
  }

  /// A function of the elements of two tensors, with broadcasting.
  ///
  /// - Throws: If it is undefined for some of them. Where it depends on the extent of the batch it is undetermined.
  static func combined(
    _ first: Integers, _ second: Integers, type: ElementType? = nil,
    _ function: (BatchInteger, BatchInteger) -> BatchInteger?
  ) throws(ImportFailure) -> Integers {
    let shape = try broadcastShape([first.shape, second.shape])
    let (left, right) = (try first.expanded(to: shape), try second.expanded(to: shape))
    var elements = Integers.Elements(capacity: left.count)
    for place in 0..<left.count {
      let (a, b) = (left.symbol(at: place), right.symbol(at: place))
      guard let value = function(a, b) else {
        guard let first = a.known, let second = b.known else {
          elements.append(.undetermined)
          continue
        }
        throw .refused("expected integers without overflow, found \(first) and \(second)")
      }
      elements.append(value)
    }
    return Integers(elements, shape: shape, type: type ?? first.type)
  }

  private func gathered(_ shape: [Int], steps: [Int]) throws(ImportFailure) -> Integers {
    guard !shape.contains(0) else { return Integers([BatchInteger](), shape: shape, type: type) }
    try ImportLimits.charge(shape.reduce(1, *))
    var places = [0]
    for (extent, step) in zip(shape, steps) {
      places = places.flatMap { base in (0..<extent).map { base + $0 * step } }
    }
    return elements(at: places, shape: shape)
  }
}

extension NodeImport {
  /// The result of an arithmetic operator on two or more tensors of integers; nil if one is not.
  func integerArithmetic(_ name: String) throws(ImportFailure) -> Integers? {
    guard let operands = integerOperands(), let function = Self.integerFunctions[name] else { return nil }
    var result = operands[0]
    let divides = name == "Div" && result.type.numberType != nil
    for other in operands.dropFirst() {
      result = try Integers.combined(result, other) { first, second in
        divides ? first.divided(exactlyBy: second) : function(first, second)
      }
    }
    return result
  }

  /// The inputs as integers; whole numbers too, beside a number that contains the extent of the batch.
  private func integerOperands() -> [Integers]? {
    var operands: [Integers] = []
    let hasSymbols = inputs.contains { input in
      if case .integers(let integers)? = input { integers.type.numberType != nil } else { false }
    }
    for input in inputs {
      switch input {
      case .integers(let integers)?: operands.append(integers)
      case .numbers(let numbers)? where hasSymbols && numbers.parameter == nil:
        let whole = numbers.elements.compactMap { Int(exactly: $0) }
        guard whole.count == numbers.tensor.count else { return nil }
        operands.append(Integers(whole, shape: numbers.shape, type: .float32))
      default: return nil
      }
    }
    return operands.isEmpty ? nil : operands
  }

  private static let integerFunctions: [String: @Sendable (BatchInteger, BatchInteger) -> BatchInteger?] = [
    "Add": { $0 + $1 },
    "Sub": { first, second in (second * BatchInteger(-1)).flatMap { first + $0 } },
    "Mul": { $0 * $1 },
    "Div": { first, second in
      guard let a = first.known, let b = second.known else { return first.divided(exactlyBy: second) }
      return valid(a.dividedReportingOverflow(by: b)).map { BatchInteger($0) }
    },
    // With the divisor's sign, as in Python.
    "Mod": { first, second in
      guard !first.isUndetermined, let divisor = second.known, divisor != 0 else { return nil }
      if divisor == -1 { return BatchInteger(0) }
      guard first.multiple % divisor == 0 else { return nil }
      return BatchInteger((first.constant % divisor + divisor) % divisor)
    },
    "Min": { first, second in first.comparison(with: second).map { $0 == .greater ? second : first } },
    "Max": { first, second in first.comparison(with: second).map { $0 == .less ? second : first } },
    "Pow": { base, exponent in
      guard let exponent = exponent.known, (0...64).contains(exponent) else { return nil }
      return [BatchInteger](repeating: base, count: exponent).product
    },
  ]
}

/// The result of an operation, or nil if it overflowed.
private func valid(_ result: (partialValue: Int, overflow: Bool)) -> Int? {
  result.overflow ? nil : result.partialValue
}
