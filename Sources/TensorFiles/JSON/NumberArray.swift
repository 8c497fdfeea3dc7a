/// An array of nothing but numbers, or of such arrays of one shape, where it stands in a JSON text: weights.
///
/// json-c gives each number an object and a copy of its digits, so it is spared those of long arrays: they are found
/// before it sees the text, and converted when something asks for them.
package struct NumberArray {
  /// The bytes, from the first bracket to the last.
  package let range: Range<Int>
  /// The extents, outermost first; none of them 0.
  package let shape: [Int]

  /// The fewest numbers that are worth it.
  static let minimumCount = 16
  /// How deeply the numbers may be nested.
  private static let maximumRank = 8

  /// The number of numbers.
  package var count: Int { shape.reduce(1, *) }

  /// The long ones among the arrays of numbers of a text, whose structure need not be valid; one within another is part
  /// of that.
  ///
  /// Only numbers as JSON writes them are taken, and no integers that json-c would distort.
  ///
  /// - Complexity: O(length): no byte is looked at more than `maximumRank` + 1 times.
  package static func all(in text: UnsafeBufferPointer<UInt8>) -> [NumberArray] {
    var arrays: [NumberArray] = []
    var (position, depth) = (0, 0)
    // Where json-c will stop, there is nothing more to find.
    while position < text.count, depth <= JSONDocument.maximumDepth {
      switch text[position] {
      case UInt8(ascii: "\""): skipString(in: text, at: &position)
      case UInt8(ascii: "["):
        if let array = NumberArray(in: text, at: position), array.count >= minimumCount,
          depth + array.shape.count < JSONDocument.maximumDepth
        {
          arrays.append(array)
          position = array.range.upperBound
        } else {
          depth += 1
          position += 1
        }
      case UInt8(ascii: "{"):
        depth += 1
        position += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        depth -= 1
        position += 1
      default: position += 1
      }
    }
    return arrays
  }

  /// The array that begins at `start`, where it is one of numbers.
  private init?(in text: UnsafeBufferPointer<UInt8>, at start: Int) {
    var position = start + 1
    /// The elements so far of each array that is open, the innermost last.
    var counts = [0]
    /// The extents of arrays that have ended, by their depth; 0 where none has.
    var extents = [Int](repeating: 0, count: Self.maximumRank)
    /// The depth of the numbers.
    var rank = 0
    while true {
      skipWhitespace(in: text, at: &position)
      guard position < text.count else { return nil }
      if text[position] == UInt8(ascii: "[") {
        guard counts.count < Self.maximumRank, rank == 0 || counts.count < rank else { return nil }
        counts.append(0)
        position += 1
        continue
      }
      if rank == 0 { rank = counts.count }
      guard counts.count == rank, let row = Self.skipNumbers(in: text, at: &position) else { return nil }
      counts[rank - 1] = row
      // Behind the last number of a row: everything that ends here.
      while let count = counts.last, position < text.count, text[position] == UInt8(ascii: "]") {
        let depth = counts.count - 1
        guard extents[depth] == 0 || extents[depth] == count else { return nil }
        extents[depth] = count
        counts.removeLast()
        position += 1
        guard depth > 0 else {
          range = start..<position
          shape = Array(extents[..<rank])
          return
        }
        counts[depth - 1] += 1
        skipWhitespace(in: text, at: &position)
      }
      guard position < text.count, text[position] == UInt8(ascii: ",") else { return nil }
      position += 1
    }
  }

  /// Steps over numbers up to the bracket that ends them, and returns how many there are; nil where something else
  /// stands among them.
  private static func skipNumbers(in text: UnsafeBufferPointer<UInt8>, at position: inout Int) -> Int? {
    var count = 0
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): break
      default: return nil
      }
      let token = NumberToken(in: text, at: &position)
      guard token.isValid, !token.isDistorted else { return nil }
      count += 1
      skipWhitespace(in: text, at: &position)
      guard position < text.count else { return nil }
      if text[position] == UInt8(ascii: "]") { return count }
      guard text[position] == UInt8(ascii: ",") else { return nil }
      position += 1
      skipWhitespace(in: text, at: &position)
    }
    return nil
  }
}

@inline(__always)
private func skipWhitespace(in text: UnsafeBufferPointer<UInt8>, at position: inout Int) {
  while position < text.count {
    switch text[position] {
    case 0x20, 0x09, 0x0A, 0x0D: position += 1
    default: return
    }
  }
}

/// Steps over a string, or over what is left where it does not end.
private func skipString(in text: UnsafeBufferPointer<UInt8>, at position: inout Int) {
  position += 1
  while position < text.count, text[position] != UInt8(ascii: "\"") {
    position += text[position] == UInt8(ascii: "\\") ? 2 : 1
  }
  position += 1
}
