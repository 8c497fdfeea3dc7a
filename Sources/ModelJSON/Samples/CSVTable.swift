import FileAccess
import LinearAlgebra

/// Numbers as text, a sample in each line, separated by commas: what spreadsheets and `numpy.savetxt(…, delimiter=",")`
/// write. The first line may hold names instead of numbers; a byte order mark, spaces around numbers and empty lines at
/// the end are passed over.
enum CSVTable {
  /// Whether a file is such a table: by its name, or, of standard input, by a first line of numbers and commas.
  static func isTable(_ contents: FileContents) -> Bool {
    if contents.name.lowercased().hasSuffix(".csv") { return true }
    guard contents.name == "standard input", let line = lines(of: contents.bytes).first?.text else {
      return false
    }
    let fields = fields(of: line)
    return fields.count > 1 && fields.allSatisfy { number($0) != nil }
  }

  /// The samples, `[lines, columns]`.
  ///
  /// - Parameter columns: How many numbers a line must have, and what that number is in words.
  /// - Throws: `FileError` of kind `badData`, with the line and the position in it.
  static func read(
    _ contents: FileContents, columns: (count: Int, meaning: String)
  ) throws(FileError) -> Matrix<Double> {
    var elements: [Double] = []
    var rows = 0
    for (position, line) in lines(of: contents.bytes).enumerated() {
      let fields = fields(of: line.text)
      if position == 0, fields.allSatisfy({ number($0) == nil && !$0.isEmpty }) { continue }
      guard fields.count == columns.count else {
        throw FileError(
          .badData, file: contents.name, place: "line \(line.number)",
          "expected \(counted(columns.count, "number")) (\(columns.meaning)), found \(fields.count)")
      }
      for (index, field) in fields.enumerated() {
        guard let value = number(field), value.isFinite else {
          throw FileError(
            .badData, file: contents.name, place: "line \(line.number), field \(index + 1)",
            "expected a finite number, found \(field.isEmpty ? "nothing" : abbreviated(quoted(String(field))))"
          )
        }
        elements.append(value)
      }
      rows += 1
    }
    guard rows > 0 else {
      throw FileError(.badData, file: contents.name, "expected a line of numbers for each sample, found none")
    }
    return Matrix(rows: rows, columns: columns.count, elements: elements)
  }

  /// The lines that are not empty, with their numbers from 1.
  private static func lines(of bytes: [UInt8]) -> some Collection<(number: Int, text: Substring)> {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = bytes.starts(with: mark) ? bytes.dropFirst(3) : bytes[...]
    return text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).lazy.enumerated()
      .map { (number: $0 + 1, text: Substring(decoding: $1, as: UTF8.self)) }
      .filter { !$0.text.allSatisfy(\.isWhitespace) }
  }

  private static func fields(of line: Substring) -> [Substring] {
    line.split(separator: ",", omittingEmptySubsequences: false).map { field in
      var field = field
      while field.first?.isWhitespace == true { field.removeFirst() }
      while field.last?.isWhitespace == true { field.removeLast() }
      return field
    }
  }

  /// A number in decimal notation, or one of the words for numbers that are not finite; nil for another text.
  private static func number(_ field: Substring) -> Double? {
    let words: Set = ["nan", "inf", "infinity"]
    let isDecimal = field.utf8.allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
    let magnitude = field.hasPrefix("-") || field.hasPrefix("+") ? field.dropFirst() : field
    return isDecimal || words.contains(magnitude.lowercased()) ? Double(field) : nil
  }
}
