import LinearAlgebra
import Operators

/// Other values that an attribute may have, near the one it has: what an editor's slip or a converter's mistake makes of it.
///
/// - Parameters:
///   - count: How long a list of numbers is that has the default.
package func otherValues(
  of constant: Constant, _ attribute: OperatorSchema.Attribute, count: Int,
  using generator: inout SeededGenerator
) -> [Constant] {
  switch constant {
  case .number(let value): return [.number(neighbour(of: value, using: &generator))]
  case .numbers(let values):
    var changed = values.isEmpty ? [Double](repeating: 1, count: count) : values
    guard let index = changed.indices.randomElement(using: &generator) else { return [] }
    changed[index] = neighbour(of: changed[index], using: &generator)
    return [.numbers(changed)]
  case .integers(let values):
    return otherIntegers(values).map { .integers($0) } + words(attribute).map { .word($0) }
  case .flag(let value): return [.flag(!value)]
  case .word(let word):
    let others = words(attribute).filter { $0 != word }.map { Constant.word($0) }
    if case .integersOrWord = attribute.kind { return others + otherIntegers([0]).map { .integers($0) } }
    return others
  }
}

/// The next number above or below.
package func neighbour(of value: Double, using generator: inout SeededGenerator) -> Double {
  let neighbour = Bool.random(using: &generator) ? value.nextUp : value.nextDown
  return neighbour.isFinite ? neighbour : -(-value).nextUp
}

private func words(_ attribute: OperatorSchema.Attribute) -> [String] {
  switch attribute.kind {
  case .word(let words), .integersOrWord(let words): words
  default: []
  }
}

private func otherIntegers(_ values: [Int]) -> [[Int]] {
  guard let first = values.first else { return [[1], [2], [0], [0, 1], [1, 0]] }
  var others: [[Int]] = []
  for index in values.indices {
    for change in [-2, -1, 1, 2] {
      var other = values
      other[index] += change
      others.append(other)
      // Both ends at once: another place in an axis of the same extent.
      if values.count > 1 {
        var moved = other
        moved[(index + values.count / 2) % values.count] -= change
        others.append(moved)
      }
    }
  }
  others += [values.reversed(), Array(values.dropFirst()), values + [first]]
  if values.count > 1 { others.append(Array(values.dropFirst()) + [first]) }
  if values.count == 1 {
    for count in 2...6 {
      // One for each axis, the same or not; padding before and behind.
      for index in 0..<count {
        var other = [Int](repeating: first, count: count)
        others.append(other)
        other[index] += 1
        others.append(other)
        other[(index + count / 2) % count] -= 1
        others.append(other)
        // The other end takes up what this one gives.
        other[(index + count / 2) % count] = max(0, first - 1)
        others.append(other)
      }
    }
  }
  var seen: Set<[Int]> = [values]
  return others.filter { !$0.isEmpty && seen.insert($0).inserted }
}

extension LinearMap<Double> {
  /// Maps of the same type and sizes with one other attribute, by the attribute's name.
  ///
  /// Where a weight's shape depends on the number of groups, it is cut or repeated to fit.
  func attributeChanges(using generator: inout SeededGenerator) -> [(
    name: String, map: any LinearMap<Double>
  )] {
    var changes: [(name: String, map: any LinearMap<Double>)] = []
    for attribute in Self.schema.attributes {
      let (name, value) = (attribute.name, attributes[attribute.name]!)
      let others = otherValues(
        of: value, attribute, count: parameter?.count ?? inputSize, using: &generator)
      for other in others {
        let changed = attributes.setting(name, to: other)
        let weight = name == "groups" ? regrouped(from: value, to: other) : parameter
        if let map = try? Self(inputShape: inputShape, parameter: weight, attributes: changed),
          map.outputSize == outputSize
        {
          changes.append((name, map))
        }
      }
    }
    return changes
  }

  /// The weight of a convolution of another number of groups.
  private func regrouped(from groups: Constant, to others: Constant) -> Tensor<Double>? {
    guard let weight = parameter, case .integers(let old) = groups, case .integers(let new) = others,
      old.count == 1, new.count == 1, new[0] > 0, weight.shape[1] * old[0] % new[0] == 0
    else { return nil }
    var shape = weight.shape
    shape[1] = shape[1] * old[0] / new[0]
    let (inner, elements) = (shape.dropFirst(2).reduce(1, *), weight.elements)
    let numbers = (0..<shape.reduce(1, *)).map { index in
      let (line, element) = index.quotientAndRemainder(dividingBy: inner)
      let (first, second) = line.quotientAndRemainder(dividingBy: shape[1])
      return elements[(first * weight.shape[1] + second % weight.shape[1]) * inner + element]
    }
    return Tensor(shape: shape, elements: numbers)
  }
}

extension Nonlinearity {
  /// Nonlinearities of the same type with one other attribute that is no number, of the same sizes.
  func attributeChanges(
    portShapes: [[Int]], using generator: inout SeededGenerator
  ) -> [(name: String, nonlinearity: any Nonlinearity)] {
    let size = outputShape(portShapes: portShapes)?.reduce(1, *)
    var changes: [(name: String, nonlinearity: any Nonlinearity)] = []
    for attribute in Self.schema.attributes {
      let (name, value) = (attribute.name, attributes[attribute.name]!)
      if case .number = value { continue }
      for other in otherValues(of: value, attribute, count: 0, using: &generator) {
        if let other = try? Self(attributes: attributes.setting(name, to: other)),
          other.outputShape(portShapes: portShapes)?.reduce(1, *) == size
        {
          changes.append((name, other))
        }
      }
    }
    return changes
  }
}
