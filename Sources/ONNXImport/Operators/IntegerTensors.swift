import Operators

/// The shape arithmetic that exporters leave behind, on integers that are known.
extension Integers {
  /// The elements with the axes in another order.
  package func permuted(_ permutation: [Int]) -> Integers {
    let steps = rowMajorSteps(shape)
    return gathered(permutation.map { shape[$0] }, steps: permutation.map { steps[$0] })
  }

  /// The elements repeated to a shape that this one broadcasts to.
  package func expanded(to target: [Int]) throws(ImportFailure) -> Integers {
    try checkedCount(of: target)
    let own = rowMajorSteps(shape)
    let missing = target.count - shape.count
    let steps = target.indices.map { $0 < missing || shape[$0 - missing] == 1 ? 0 : own[$0 - missing] }
    return gathered(target, steps: steps)
  }

  /// The coordinates of one axis that `index` names.
  func selected(axis: Int, _ index: [Int]) -> Integers {
    let inner = shape.dropFirst(axis + 1).reduce(1, *)
    let outer = shape.prefix(axis).reduce(1, *)
    var selected: [Int] = []
    for before in 0..<outer {
      for place in index {
        let first = (before * shape[axis] + place) * inner
        selected += elements[first..<first + inner]
      }
    }
    var shape = shape
    shape[axis] = index.count
    return Integers(selected, shape: shape, type: type)
  }

  /// Values one behind the other along an axis; nil where one is none of integers.
  static func concatenated(_ values: [Value], axis: Int) -> Integers? {
    var parts: [Integers] = []
    for value in values {
      guard case .integers(let integers) = value else { return nil }
      parts.append(integers)
    }
    guard let first = parts.first else { return nil }
    let outer = first.shape.prefix(axis).reduce(1, *)
    var elements: [Int] = []
    for before in 0..<outer {
      for part in parts {
        let run = part.shape.dropFirst(axis).reduce(1, *)
        elements += part.elements[before * run..<(before + 1) * run]
      }
    }
    var shape = first.shape
    shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
    return Integers(elements, shape: shape, type: first.type)
  }

  /// The same function of the elements of two tensors, broadcast against each other; nil where it has no value.
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

  private func gathered(_ shape: [Int], steps: [Int]) -> Integers {
    var places = [0]
    for (extent, step) in zip(shape, steps) {
      places = places.flatMap { base in (0..<extent).map { base + $0 * step } }
    }
    return Integers(places.map { elements[$0] }, shape: shape, type: type)
  }
}

/// The distances between neighbours along each axis.
private func rowMajorSteps(_ shape: [Int]) -> [Int] {
  var steps = [Int](repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() { steps[axis] = steps[axis + 1] * shape[axis + 1] }
  return steps
}

extension NodeImport {
  /// What an arithmetic operator makes of two or more tensors of integers; nil where one is none.
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
    // Of the divisor's sign, as in Python.
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

/// The result of an operation that did not overflow.
private func valid(_ result: (partialValue: Int, overflow: Bool)) -> Int? {
  result.overflow ? nil : result.partialValue
}
