/// Phrases as a choice in a message: `a`, `a or b`, `a, b or c`.
package func alternatives(_ phrases: [String]) -> String {
  guard phrases.count > 1, let last = phrases.last else { return phrases.first ?? "" }
  return phrases.dropLast().joined(separator: ", ") + " or " + last
}

/// What an attribute of `count` axes may be in a message: `1 integer`, or `1 or 3 integers`.
func numberOrList(of count: Int, _ noun: String) -> String {
  count == 1 ? "1 \(noun)" : "1 or \(count) \(noun)s"
}
