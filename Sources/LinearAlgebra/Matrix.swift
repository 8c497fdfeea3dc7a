/// A dense row-major matrix. In a batch, a row is a sample: `[batch, features]`.
///
/// A value type: copies share storage until one of them is changed.
public struct Matrix<S: Scalar>: Equatable, Sendable {
  /// The number of rows, or samples.
  public let rows: Int
  /// The number of columns, or features.
  public let columns: Int
  /// The entries, row after row; `rows * columns` of them.
  public var elements: [S]

  /// A matrix of `elements`, row after row.
  ///
  /// - Precondition: `elements.count == rows * columns`.
  public init(rows: Int, columns: Int, elements: [S]) {
    precondition(
      elements.count == rows * columns, "a \(rows)×\(columns) matrix of \(elements.count) elements")
    self.rows = rows
    self.columns = columns
    self.elements = elements
  }

  /// A matrix with every entry equal to `value`.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public init(rows: Int, columns: Int, repeating value: S = 0) {
    self.init(rows: rows, columns: columns, elements: S.array(repeating: value, count: rows * columns))
  }

  /// A matrix whose entries `initialize` writes, row after row; it must write all of them.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public init(rows: Int, columns: Int, initializedBy initialize: (UnsafeMutableBufferPointer<S>) -> Void) {
    self.init(
      rows: rows, columns: columns,
      elements: S.array(count: rows * columns, initializedBy: initialize))
  }

  /// A matrix of the given rows.
  ///
  /// - Precondition: All rows are equally long.
  public init(_ rows: [[S]]) {
    let columns = rows.first?.count ?? 0
    precondition(rows.allSatisfy { $0.count == columns }, "a matrix of ragged rows")
    self.init(rows: rows.count, columns: columns, elements: rows.flatMap { $0 })
  }

  /// The entry at `row` and `column`, both from 0.
  @inlinable
  public subscript(row: Int, column: Int) -> S {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  /// One row, as a slice of `elements`.
  @inlinable
  public func row(_ index: Int) -> ArraySlice<S> {
    elements[index * columns..<(index + 1) * columns]
  }

  /// Overwrites one row; `numbers` holds `columns` numbers.
  public mutating func replaceRow(_ index: Int, with numbers: some Collection<S>) {
    precondition(
      numbers.count == columns, "a row of \(numbers.count) numbers in a matrix of \(columns) columns")
    elements.withUnsafeMutableBufferPointer {
      _ = $0[index * columns..<(index + 1) * columns].update(fromContentsOf: numbers)
    }
  }

  /// All rows, copied out.
  public var rowArrays: [[S]] {
    (0..<rows).map { Array(row($0)) }
  }

  /// The columns of `range`, copied into a new matrix.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func columns(_ range: Range<Int>) -> Matrix {
    if range == 0..<columns { return self }
    var part: [S] = []
    part.reserveCapacity(rows * range.count)
    for row in 0..<rows {
      let start = row * columns
      part.append(contentsOf: elements[start + range.lowerBound..<start + range.upperBound])
    }
    return Matrix(rows: rows, columns: range.count, elements: part)
  }

  /// Overwrites the columns that begin at `first` with those of `part`, which has as many rows.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func replaceColumns(from first: Int, with part: Matrix) {
    precondition(part.rows == rows && first + part.columns <= columns, "columns out of range")
    if part.columns == columns {
      elements = part.elements
      return
    }
    let (width, total, count) = (part.columns, columns, rows)
    elements.withUnsafeMutableBufferPointer { target in
      part.elements.withUnsafeBufferPointer { source in
        for row in 0..<count where width > 0 {
          (target.baseAddress! + row * total + first)
            .update(from: source.baseAddress! + row * width, count: width)
        }
      }
    }
  }

  /// The matrices side by side; all have the same number of rows.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public init(sideBySide parts: [Matrix], rows: Int) {
    if parts.count == 1, parts[0].rows == rows {
      self = parts[0]
      return
    }
    self.init(rows: rows, columns: parts.reduce(0) { $0 + $1.columns })
    var first = 0
    for part in parts {
      replaceColumns(from: first, with: part)
      first += part.columns
    }
  }

  /// The rows at `indices`, copied into a new matrix.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func selectingRows(_ indices: [Int]) -> Matrix {
    let width = columns
    return Matrix(rows: indices.count, columns: width) { target in
      elements.withUnsafeBufferPointer { source in
        for (place, index) in indices.enumerated() {
          precondition(index >= 0 && index < rows, "row \(index) of \(rows)")
          for column in 0..<width { target[place * width + column] = source[index * width + column] }
        }
      }
    }
  }

  /// The same matrix in another precision, every entry rounded to nearest.
  public func cast<T: Scalar>(to type: T.Type) -> Matrix<T> {
    if let same = self as? Matrix<T> { return same }
    return Matrix<T>(rows: rows, columns: columns, elements: convert(elements, to: type))
  }

  /// The transpose, copied.
  public var transposed: Matrix {
    var result = Matrix(rows: columns, columns: rows)
    transpose(elements, rows: rows, columns: columns, into: &result.elements)
    return result
  }

  /// Whether no entry is infinite or NaN.
  public var isFinite: Bool { allFinite(elements) }
}

/// The elements in another precision, each rounded to nearest.
@specialized(where S == Double, T == Float)
@specialized(where S == Float, T == Double)
public func convert<S: Scalar, T: Scalar>(_ elements: [S], to type: T.Type) -> [T] {
  elements.map { T($0) }
}

@specialized(where S == Double)
@specialized(where S == Float)
func transpose<S: Scalar>(_ source: [S], rows: Int, columns: Int, into target: inout [S]) {
  for row in 0..<rows {
    for column in 0..<columns {
      target[column * rows + row] = source[row * columns + column]
    }
  }
}

/// Whether no element is infinite or NaN.
@specialized(where S == Double)
@specialized(where S == Float)
public func allFinite<S: Scalar>(_ elements: [S]) -> Bool {
  // A finite number minus itself is 0, anything else NaN, which the sum keeps.
  var sum: S = 0
  for element in elements { sum += element - element }
  return sum == 0
}
