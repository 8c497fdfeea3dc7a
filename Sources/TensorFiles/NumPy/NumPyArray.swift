import FileAccess

/// An array in a NumPy file (`.npy`, versions 1 to 3; "numpy.lib.format" in NumPy's documentation), as doubles.
package struct NumPyArray {
  /// The extents, in C order.
  package let shape: [Int]
  /// The numbers in C order.
  package let elements: [Double]

  /// What such a file begins with.
  package static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// The array in these bytes.
  ///
  /// - Parameters:
  ///   - file: What messages call the file.
  ///   - place: The member of an archive; empty for a file of its own.
  /// - Throws: `FileError` of kind `badData`.
  package init(_ bytes: ArraySlice<UInt8>, file: String, place: String = "") throws(FileError) {
    func refused(_ problem: String) -> FileError { FileError(.badData, file: file, place: place, problem) }
    guard bytes.starts(with: Self.magic), bytes.count >= 10 else {
      throw refused("expected a NumPy array, found other bytes")
    }
    let start = bytes.startIndex
    let version = bytes[start + 6]
    guard (1...3).contains(version) else {
      throw refused("expected version 1 to 3 of NumPy's format, found \(version)")
    }
    let digits = version == 1 ? 2 : 4
    guard bytes.count >= 8 + digits else {
      throw refused("expected a header, found bytes that end too early")
    }
    let length = bytes[(start + 8)..<(start + 8 + digits)].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= bytes.count - 8 - digits else {
      throw refused("expected a header of \(counted(length, "byte")), found bytes that end too early")
    }
    let data = bytes.dropFirst(8 + digits + length)
    guard let header = NumPyHeader(bytes.dropFirst(8 + digits).prefix(length)) else {
      throw refused("expected a header of descr, fortran_order and shape, found another")
    }
    guard !header.isFortranOrder || header.shape.count < 2 else {
      throw refused(
        "expected an array in C order, found one in Fortran order; numpy.ascontiguousarray gives it")
    }
    guard let type = NumPyType(header.type) else {
      throw refused(
        "expected little-endian numbers (<f8, <f4, <i8, …), found \(abbreviated(quoted(header.type)))")
    }
    guard let count = header.count, count <= data.count / type.size else {
      throw refused("expected bytes for shape \(header.shape), found \(data.count)")
    }
    guard data.count == count * type.size else {
      throw refused(
        "expected \(counted(count * type.size, "byte")) for shape \(header.shape), found \(data.count)")
    }
    shape = header.shape
    elements = type.numbers(in: data)
  }
}

/// The types of a NumPy array's numbers.
private struct NumPyType {
  private enum Kind { case floating, signed, unsigned }
  private let kind: Kind
  let size: Int

  /// The type that a header calls `<f8`, `|i1`, …; nil for one that is no little-endian number.
  init?(_ name: String) {
    let sizes: [Character: (Kind, [Int])] = [
      "f": (.floating, [4, 8]), "i": (.signed, [1, 2, 4, 8]), "u": (.unsigned, [1, 2, 4, 8]),
      "b": (.unsigned, [1]),
    ]
    let letters = Array(name)
    guard letters.count == 3, let size = letters[2].wholeNumberValue, let (kind, known) = sizes[letters[1]],
      known.contains(size), letters[0] == "<" || letters[0] == "|" && size == 1
    else { return nil }
    (self.kind, self.size) = (kind, size)
  }

  /// The numbers that these bytes are.
  func numbers(in bytes: ArraySlice<UInt8>) -> [Double] {
    if kind == .floating {
      let type: NumberType = size == 4 ? .float32 : .float64
      return bytes.withUnsafeBytes { type.numbers(in: $0) }
    }
    return stride(from: bytes.startIndex, to: bytes.endIndex, by: size).map { start in
      let bits = bytes[start..<(start + size)].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      guard kind == .signed else { return Double(bits) }
      let unused = UInt64(64 - 8 * size)
      return Double(Int64(bitPattern: bits << unused) >> Int64(unused))
    }
  }
}

/// The header of a NumPy array: a literal of Python, `{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }`.
private struct NumPyHeader {
  private(set) var type = ""
  private(set) var isFortranOrder = false
  private(set) var shape: [Int] = []
  private var rest: Substring

  /// The header in these bytes; nil where they are no such literal.
  init?(_ bytes: ArraySlice<UInt8>) {
    rest = Substring(String(decoding: bytes, as: UTF8.self))
    guard take("{") else { return nil }
    var known: Set<String> = []
    while !take("}") {
      guard let key = text(), take(":"), known.insert(key).inserted else { return nil }
      switch key {
      case "descr":
        guard let text = text() else { return nil }
        type = text
      case "fortran_order":
        if take("True") { isFortranOrder = true } else if !take("False") { return nil }
      case "shape":
        guard let extents = extents() else { return nil }
        shape = extents
      default: return nil
      }
      if !take(",") {
        guard take("}") else { return nil }
        break
      }
    }
    skipSpaces()
    guard rest.isEmpty, known.count == 3 else { return nil }
  }

  /// The number of elements; nil where there are more than any file has.
  var count: Int? {
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product < 1 << 48 else { return nil }
      count = product
    }
    return count
  }

  private mutating func skipSpaces() { rest = rest.drop { $0 == " " || $0 == "\n" } }

  private mutating func take(_ token: String) -> Bool {
    skipSpaces()
    guard rest.hasPrefix(token) else { return false }
    rest = rest.dropFirst(token.count)
    return true
  }

  private mutating func text() -> String? {
    skipSpaces()
    guard let quote = rest.first, quote == "'" || quote == "\"" else { return nil }
    rest = rest.dropFirst()
    guard let end = rest.firstIndex(of: quote) else { return nil }
    defer { rest = rest[end...].dropFirst() }
    return String(rest[..<end])
  }

  private mutating func extents() -> [Int]? {
    guard take("(") else { return nil }
    var extents: [Int] = []
    while !take(")") {
      skipSpaces()
      let digits = rest.prefix { "0"..."9" ~= $0 }
      guard let extent = Int(digits), extents.count < 64 else { return nil }
      extents.append(extent)
      rest = rest.dropFirst(digits.count)
      if !take(",") { return take(")") ? extents : nil }
    }
    return extents
  }
}
