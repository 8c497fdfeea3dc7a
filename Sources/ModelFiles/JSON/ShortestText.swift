/// The shortest digits that read back to the same bits, without what a reader can do without: the `.0` of an
/// integer, and `+` and leading zeros of an exponent.
///
/// −0 stays `-0.0`: as an integer it would lose its sign in most readers.
func shortestText(of number: Double) -> String {
  let text = number.description
  if text.hasSuffix(".0") { return number == 0 && number.sign == .minus ? text : String(text.dropLast(2)) }
  guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "e")) else { return text }
  var exponent = text[text.index(after: mark)...]
  let isNegative = exponent.first == "-"
  exponent = exponent.drop { $0 == "-" || $0 == "+" || $0 == "0" }
  return text[...mark] + (isNegative ? "-" : "") + exponent
}
