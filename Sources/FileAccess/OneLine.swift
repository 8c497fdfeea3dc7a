/// The text with everything that a terminal would obey or hide (control, format, line and paragraph separator
/// characters) written as `\u{1B}`.
package func oneLine(_ text: String) -> String {
  var line = ""
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator:
      line += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    default: line.unicodeScalars.append(scalar)
    }
  }
  return line
}

/// The text, or its beginning and `…` where it is longer than a message should repeat.
package func abbreviated(_ text: String, to length: Int = 48) -> String {
  // Scalars, not characters: a single character may be a megabyte of combining marks.
  let shown = text.unicodeScalars.prefix(length)
  return shown.endIndex == text.endIndex ? text : String(shown) + "…"
}

/// The text in quotation marks, abbreviated.
package func quoted(_ text: String) -> String {
  "\"\(abbreviated(text))\""
}

/// `1 number`, `2 numbers`.
package func counted(_ count: Int, _ what: String) -> String {
  "\(count) \(what)\(count == 1 ? "" : "s")"
}
