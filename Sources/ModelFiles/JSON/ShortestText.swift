extension [UInt8] {
  /// Appends the shortest digits that read back to the same bits, without what a reader can do without: the `.0` of
  /// an integer, and `+` and leading zeros of an exponent.
  ///
  /// −0 stays `-0.0`: as an integer it would lose its sign in most readers.
  mutating func appendShortestText(of number: Double) {
    var description = number.description
    description.withUTF8 { text in
      if text.count > 2, text[text.count - 2] == UInt8(ascii: "."), text[text.count - 1] == UInt8(ascii: "0")
      {
        append(contentsOf: number == 0 && number.sign == .minus ? text[...] : text.dropLast(2))
      } else if let mark = text.firstIndex(of: UInt8(ascii: "e")) {
        append(contentsOf: text[...mark])
        if text[mark + 1] == UInt8(ascii: "-") { append(UInt8(ascii: "-")) }
        append(contentsOf: text[(mark + 1)...].drop { "+-0".utf8.contains($0) })
      } else {
        append(contentsOf: text)
      }
    }
  }
}
