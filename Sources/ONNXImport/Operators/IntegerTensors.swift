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
    var selected: [Int] = []
    // Without elements there may be any number of places for them.
    for before in 0..<(count == 0 ? 0 : outer) {
      for place in index {
        let first = (before * shape[axis] + place) * inner
        selected += elements[first..<first + inner]
      }
    }
    var shape = shape
    shape[axis] = index.count
    return Integers(selected, shape: shape, type: type)
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
    let count = parts.reduce(0) { $0 + $1.elements.count }
    try ImportLimits.charge(count)
    var elements: [Int] = []
    for before in 0..<(count == 0 ? 0 : outer) {
      for part in parts {
        let run = part.shape.dropFirst(axis).reduce(1, *)
        elements += part.elements[before * run..<(before + 1) * run]
      }
    }
    var shape = first.shape
    shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
    return Integers(elements, shape: shape, type: first.type)
  }

  /// A function of the elements of two tensors, with broadcasting; nil if it is undefined for some.
  static func combined(
    _ first: Integers, _ second: Integers, type: ElementType? = nil, _ function: (Int, Int) -> Int?
  ) throws(ImportFailure) -> Integers {
    let shape = try broadcastShape([first.shape, second.shape])
    let (a, b) = (try first.expanded(to: shape), try second.expanded(to: shape))
    var elements: [Int] = []
    for (a, b) in zip(a.elements, b.elements) {
      guard let value = function(a, b) else {
        throw .refused("expected integers without overflow, found \(a) and \(b)")
      }
      elements.append(value)
    }
    return Integers(elements, shape: shape, type: type ?? first.type)
  }

  private func gathered(_ shape: [Int], steps: [Int]) throws(ImportFailure) -> Integers {
    guard !shape.contains(0) else { return Integers([], shape: shape, type: type) }
    try ImportLimits.charge(shape.reduce(1, *))
    var places = [0]
    for (extent, step) in zip(shape, steps) {
      places = places.flatMap { base in (0..<extent).map { base + $0 * step } }
    }
    return Integers(places.map { elements[$0] }, shape: shape, type: type)
  }
}

extension NodeImport {
  /// The result of an arithmetic operator on two or more tensors of integers; nil if one is not.
  func integerArithmetic(_ name: String) throws(ImportFailure) -> Integers? {
    guard case .integers(var result)? = inputs.first ?? nil else { return nil }
    var others: [Integers] = []
    for input in inputs.dropFirst() {
      guard case .integers(let integers)? = input else { return nil }
      others.append(integers)
    }
    guard let function = Self.integerFunctions[name] else { return nil }
    for other in others { result = try Integers.combined(result, other, function) }
    return result
  }

  private static let integerFunctions: [String: @Sendable (Int, Int) -> Int?] = [
    "Add": { valid($0.addingReportingOverflow($1)) },
    "Sub": { valid($0.subtractingReportingOverflow($1)) },
    "Mul": { valid($0.multipliedReportingOverflow(by: $1)) },
    "Div": { valid($0.dividedReportingOverflow(by: $1)) },
    // With the divisor's sign, as in Python.
    "Mod": { $1 == 0 || $1 == -1 ? ($1 == 0 ? nil : 0) : ($0 % $1 + $1) % $1 },
    "Min": { min($0, $1) },
    "Max": { max($0, $1) },
    "Pow": { base, exponent in
      guard (0...64).contains(exponent) else { return nil }
      var result: Int? = 1
      for _ in 0..<exponent { result = result.flatMap { valid($0.multipliedReportingOverflow(by: base)) } }
      return result
    },
  ]
}

/// The result of an operation, or nil if it overflowed.
private func valid(_ result: (partialValue: Int, overflow: Bool)) -> Int? {
  result.overflow ? nil : result.partialValue
}
