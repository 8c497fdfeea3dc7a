/// Whether a terminal interprets or hides a character: control characters (C0 and C1), format characters (those that
/// change the direction of text among them), line and paragraph separators, and bytes of a name that is no UTF-8.
package func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .format, .lineSeparator, .paragraphSeparator: true
  default: isByte(scalar)
  }
}

/// The text with every character that a terminal interprets or hides written as `\u{1B}`.
package func oneLine(_ text: String) -> String {
  var line = ""
  for scalar in text.unicodeScalars {
    if isInvisible(scalar) {
      line += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    } else {
      line.unicodeScalars.append(scalar)
    }
  }
  return line
}

/// The text, or its beginning followed by `…` if it is too long for a message.
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
