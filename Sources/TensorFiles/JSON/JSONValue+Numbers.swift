import CJSONC
import FileAccess
import LinearAlgebra

/// A number of the tree; nil where it is none, or is beyond the range of a double.
private func finiteNumber(_ node: OpaquePointer?) -> Double? {
  switch json_object_get_type(node) {
  case json_type_double, json_type_int:
    let number = json_object_get_double(node)
    return number.isFinite ? number : nil
  default: return nil
  }
}

extension JSONValue {
  /// A finite number.
  package func number() throws(FileError) -> Double {
    guard let number = finiteNumber(node) else { throw expected("a finite number") }
    return number
  }

  /// A list of finite numbers, at least one.
  ///
  /// - Parameters:
  ///   - length: How many there must be; nil for any number.
  ///   - reason: Why so many: `the size of "fc1"`.
  package func vector(_ length: Int? = nil, _ reason: String? = nil) throws(FileError) -> [Double] {
    if let tensor = numberArray([length]) { return tensor.elements }
    try checkLength(length, of: "number", reason)
    var numbers: [Double] = []
    numbers.reserveCapacity(count)
    try appendNumbers(to: &numbers)
    return numbers
  }

  /// Rows of finite numbers, all of one length; at least one row and one column.
  ///
  /// - Parameters:
  ///   - rows: How many rows there must be, and why; nil for any number.
  ///   - columns: How many numbers each row must have, and why; nil for as many as the first has.
  package func matrix(
    rows: (Int, String)? = nil, columns: (Int, String)? = nil
  ) throws(FileError) -> Matrix<Double> {
    if let tensor = numberArray([rows?.0, columns?.0]) {
      return Matrix(rows: tensor.shape[0], columns: tensor.shape[1], elements: tensor.elements)
    }
    try checkLength(rows?.0, of: "row", rows?.1)
    let (rowCount, width) = (count, columns?.0 ?? element(0).lengthIfArray)
    // All lengths first: the sizes that a file claims allocate nothing before they are known to be true.
    for row in 0..<rowCount { try element(row).checkLength(width, of: "number", columns?.1) }
    var elements: [Double] = []
    elements.reserveCapacity(rowCount * element(0).count)
    for row in 0..<rowCount { try element(row).appendNumbers(to: &elements) }
    return Matrix(rows: rowCount, columns: element(0).count, elements: elements)
  }

  /// Finite numbers nested to any depth, with arrays of one length on each level; none of them empty.
  package func tensor() throws(FileError) -> Tensor<Double> {
    if let tensor = numberArray() { return tensor }
    var shape: [Int] = []
    var level = [self]
    // Level by level: after n rounds `level` has the values at depth n, in row-major order.
    while level[0].isArray {
      let length = level[0].count
      for value in level { try value.checkLength(length, of: "element", nil) }
      shape.append(length)
      if !level[0].element(0).isArray {
        var elements: [Double] = []
        elements.reserveCapacity(level.count * length)
        for value in level { try value.appendNumbers(to: &elements) }
        return Tensor(shape: shape, elements: elements)
      }
      level = level.flatMap { value in (0..<length).map(value.element) }
    }
    return Tensor(shape: [], elements: [try number()])
  }

  /// The numbers of an array that json-c has been spared; nil for any other value, and where the shape is not the one
  /// that is expected: json-c's array says then what is wrong, and where.
  ///
  /// - Parameter shape: The extents, nil for any; by default any number of them.
  private func numberArray(_ shape: [Int?]? = nil) -> Tensor<Double>? {
    guard let array = document.numberArray(behind: node) else { return nil }
    if let shape {
      let fits = zip(shape, array.shape).allSatisfy { $0 == nil || $0 == $1 }
      guard shape.count == array.shape.count, fits else { return nil }
    }
    return document.numbers(of: array).map { Tensor(shape: array.shape, elements: $0) }
  }

  private var lengthIfArray: Int? { isArray ? count : nil }

  /// Checks that the value is a list of the expected length, and not empty.
  private func checkLength(_ length: Int?, of what: String, _ reason: String?) throws(FileError) {
    guard let length, length > 0 else {
      guard isArray, count > 0 else { throw expected("a list of \(what)s") }
      return
    }
    let wanted = counted(length, what) + (reason.map { " (\($0))" } ?? "")
    guard isArray else { throw expected("a list of \(wanted)") }
    guard count == length else { throw expected(wanted, found: count == 0 ? "none" : "\(count)") }
  }

  /// Appends the elements of an array, which must be finite numbers.
  private func appendNumbers(to numbers: inout [Double]) throws(FileError) {
    if let row = numberArray([nil]) {
      numbers += row.elements
      return
    }
    document.spellOut(node)
    for index in 0..<count {
      guard let number = finiteNumber(json_object_array_get_idx(node, index)) else {
        throw element(index).expected("a finite number")
      }
      numbers.append(number)
    }
  }
}
