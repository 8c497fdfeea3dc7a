import FileAccess

/// A piece of HTML that is also XML: text, which is escaped here and nowhere else, and elements whose names are written
/// in this module.
///
/// Names of elements and attributes are `StaticString`, so that nothing that was read from a file can become one.
struct Markup: Sendable {
  /// The bytes as text.
  let html: String

  private init(html: String) { self.html = html }

  /// Text that a reader sees: no character of it is markup, and none is invisible or turns the direction of what
  /// follows.
  static func text(_ text: String) -> Markup { Markup(html: escaped(text)) }

  /// A name from a file: isolated from the text around it, and no longer than a line or two.
  static func name(_ text: String) -> Markup {
    .element("bdi", [], [.text(shortened(text))])
  }

  /// Several pieces, one after the other.
  static func all(_ parts: [Markup], separatedBy separator: String = "") -> Markup {
    Markup(html: parts.map(\.html).joined(separator: separator))
  }

  /// An element with attributes, of which those that are nil are left out, and contents.
  static func element(
    _ name: StaticString, _ attributes: [Attribute] = [], _ contents: [Markup] = []
  ) -> Markup {
    var html = "<\(name)"
    for attribute in attributes {
      if let value = attribute.value { html += " \(attribute.name)=\"\(escaped(value))\"" }
    }
    let isVoid = contents.isEmpty && voidElements.contains(name.description)
    return Markup(html: html + (isVoid ? "/>" : ">" + contents.map(\.html).joined() + "</\(name)>"))
  }

  /// A style sheet or a script of this module; its text must be XML as it is, without `<` and `&`.
  static func source(_ name: StaticString, _ attributes: [Attribute] = [], _ text: String) -> Markup {
    precondition(
      !text.utf8.contains { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "&") }, "markup in \(name)")
    let own = attributes.compactMap { attribute in
      attribute.value.map { " \(attribute.name)=\"\(escaped($0))\"" }
    }
    return Markup(html: "<\(name)\(own.joined())>\(text)</\(name)>")
  }

  /// The elements that HTML writes without an end; those of SVG may be.
  private static let voidElements: Set<String> = [
    "meta", "br", "input", "rect", "path", "line", "circle", "col",
  ]
}

/// An attribute of an element; nil leaves it out.
struct Attribute {
  let name: StaticString
  let value: String?

  init(_ name: StaticString, _ value: String?) { (self.name, self.value) = (name, value) }
  init(_ name: StaticString, _ value: Int) { (self.name, self.value) = (name, String(value)) }
  /// A coordinate in a drawing, to a hundredth.
  init(_ name: StaticString, _ value: Double) { (self.name, self.value) = (name, coordinate(value)) }
}

/// A coordinate in a drawing, to a hundredth: `12.5`, `3`.
func coordinate(_ value: Double) -> String {
  let hundredths = Int((min(max(value, -1e9), 1e9) * 100).rounded())
  let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
  let sign = hundredths < 0 ? "-" : ""
  if rest == 0 { return "\(sign)\(whole)" }
  let fraction = rest % 10 == 0 ? "\(rest / 10)" : rest < 10 ? "0\(rest)" : "\(rest)"
  return "\(sign)\(whole).\(fraction)"
}

/// A name of at most 80 characters of Unicode.
func shortened(_ name: String, to length: Int = 80) -> String {
  name.isEmpty ? "(no name)" : abbreviated(name, to: length)
}

/// The one function that makes text safe: in elements, in quoted attributes, and as XML.
///
/// Invisible characters are written as `\u{202E}`, those among them that turn the direction of text. So are those that
/// XML has no place for.
func escaped(_ text: String) -> String {
  // Nearly everything: printable ASCII without markup.
  let isPlain = text.utf8.allSatisfy {
    $0 >= 0x20 && $0 < 0x7F && !(0x22...0x27 ~= $0) && $0 != 0x3C && $0 != 0x3E
  }
  if isPlain { return text }
  var result = ""
  result.reserveCapacity(text.utf8.count)
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    case _ where isInvisible(scalar) || (scalar.value & 0xFFFE) == 0xFFFE:
      result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
