import DeepEquilibrium

/// The words of one line of a manifest, as a shell would read them, without its variables and patterns.
enum ManifestWords {
  /// The words of a line: separated by blanks; `'…'` holds any characters, `"…"` any but `\` and `"`, and `\` makes the
  /// next character an ordinary one. What follows a `#` at the beginning of a word is a comment.
  ///
  /// - Throws: `FileError` for a quotation that does not end on the line.
  static func words(of line: some StringProtocol, at number: Int, of file: String) throws(FileError)
    -> [String]
  {
    var words: [String] = []
    var word: String?
    var quotation: Unicode.Scalar?
    var isEscaped = false
    scan: for scalar in line.unicodeScalars {
      if isEscaped {
        word = (word ?? "") + String(scalar)
        isEscaped = false
        continue
      }
      switch (quotation, scalar) {
      case (nil, "\\"), ("\"", "\\"): isEscaped = true
      case (nil, "'"), (nil, "\""):
        quotation = scalar
        word = word ?? ""
      case (let mark?, _) where mark == scalar: quotation = nil
      case (nil, " "), (nil, "\t"), (nil, "\r"):
        if let word { words.append(word) }
        word = nil
      case (nil, "#") where word == nil: break scan
      default: word = (word ?? "") + String(scalar)
      }
    }
    if isEscaped || quotation != nil {
      let mark = isEscaped ? "a character behind \\" : "the end of the quotation \(quotation!)"
      throw FileError(.badData, file: file, place: "\(number)", "expected \(mark), found the end of the line")
    }
    return words + (word.map { [$0] } ?? [])
  }

  /// A word as a shell and a manifest read it back.
  static func quoted(_ word: String) -> String {
    let plain = Set("%+,-./:=@_".unicodeScalars)
    let isPlain = word.unicodeScalars.allSatisfy { scalar in
      plain.contains(scalar) || scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
    }
    if isPlain, !word.isEmpty { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
      + "'"
  }
}
