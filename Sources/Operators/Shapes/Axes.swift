/// An axis from a file, counted from the end where it is negative.
func axis(_ name: String, _ value: Int, rank: Int) throws(InvalidConstants) -> Int {
  guard (-rank..<rank).contains(value) else {
    let expected = rank == 0 ? "no axis of a single number" : "an axis from \(-rank) to \(rank - 1)"
    throw InvalidConstants("\(name): expected \(expected), found \(value)")
  }
  return value < 0 ? value + rank : value
}

/// The single axis that a constant names.
func axis(_ name: String, _ values: [Int], rank: Int) throws(InvalidConstants) -> Int {
  try axis(name, single(name, values), rank: rank)
}

/// The axes that a constant names, in its order and without repetition.
func distinctAxes(_ name: String, _ values: [Int], rank: Int) throws(InvalidConstants) -> [Int] {
  var axes: [Int] = []
  for value in values {
    let axis = try axis(name, value, rank: rank)
    guard !axes.contains(axis) else {
      throw InvalidConstants("\(name): expected each axis once, found \(values)")
    }
    axes.append(axis)
  }
  return axes
}

/// The single integer that a constant is.
func single(_ name: String, _ values: [Int]) throws(InvalidConstants) -> Int {
  guard values.count == 1 else { throw InvalidConstants("\(name): expected an integer, found \(values)") }
  return values[0]
}

/// The single positive integer that a constant is.
func positive(_ name: String, _ values: [Int]) throws(InvalidConstants) -> Int {
  guard values.count == 1, values[0] > 0 else {
    throw InvalidConstants(
      "\(name): expected a positive integer, found \(values.count == 1 ? "\(values[0])" : "\(values)")")
  }
  return values[0]
}
