import LinearAlgebra

/// A sparse matrix row by row (CSR), as SciPy has it: the entries of a row by ascending column, each once.
public struct CompressedRows: Sendable {
  /// The number of rows and of columns.
  public let shape: [Int]
  /// Where the entries of each row begin, and where the last row's end: `rows + 1` numbers.
  public private(set) var starts: [Int32] = [0]
  /// The column of each entry.
  public private(set) var columns: [Int32] = []
  /// The value of each entry.
  public private(set) var values: [Double] = []

  /// A matrix without rows yet.
  init(rows: Int, columns: Int) {
    shape = [rows, columns]
    starts.reserveCapacity(rows + 1)
  }

  /// Appends a row. Entries of one column add up; zeros are left out.
  mutating func appendRow(_ entries: inout [(column: Int, value: Double)]) {
    // Stable, so that sums of several entries have one order.
    let order = entries.indices.sorted { (entries[$0].column, $0) < (entries[$1].column, $1) }
    var position = 0
    while position < order.count {
      let column = entries[order[position]].column
      var sum = entries[order[position]].value
      position += 1
      while position < order.count, entries[order[position]].column == column {
        sum += entries[order[position]].value
        position += 1
      }
      if sum != 0 {
        columns.append(Int32(column))
        values.append(sum)
      }
    }
    starts.append(Int32(columns.count))
  }

  /// The same matrix column by column (CSC), as MATLAB has it: starts of columns, rows and values.
  var compressedColumns: (starts: [Int32], rows: [Int32], values: [Double]) {
    var starts = [Int32](repeating: 0, count: shape[1] + 1)
    for column in columns { starts[Int(column) + 1] += 1 }
    for column in 0..<shape[1] { starts[column + 1] += starts[column] }
    var next = starts
    var rows = [Int32](repeating: 0, count: columns.count)
    var sorted = [Double](repeating: 0, count: columns.count)
    for row in 0..<shape[0] {
      for entry in Int(self.starts[row])..<Int(self.starts[row + 1]) {
        let place = Int(next[Int(columns[entry])])
        next[Int(columns[entry])] += 1
        rows[place] = Int32(row)
        sorted[place] = values[entry]
      }
    }
    return (starts, rows, sorted)
  }

  /// All numbers, row by row.
  var dense: [Double] {
    var dense = [Double](repeating: 0, count: shape[0] * shape[1])
    for row in 0..<shape[0] {
      for entry in Int(starts[row])..<Int(starts[row + 1]) {
        dense[row * shape[1] + Int(columns[entry])] = values[entry]
      }
    }
    return dense
  }
}
