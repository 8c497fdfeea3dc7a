import Testing

/// Expects that a command failed with this status and exactly this one line on standard error, or an
/// object with it, and said nothing else.
func expectFailure(
  _ outcome: Outcome, _ status: Int32, _ line: String, json: Bool = false,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(outcome.status == status, sourceLocation: sourceLocation)
  let error = "{\n  \"error\": {\"message\": \"\(line)\", \"status\": \(status)}\n}\n"
  #expect(outcome.complaint == (json ? error : "deq: \(line)\n"), sourceLocation: sourceLocation)
  #expect(outcome.text == "", sourceLocation: sourceLocation)
}

/// Expects that a command said nothing on standard error, and ended with this status.
func expectQuiet(
  _ outcome: Outcome, _ status: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(outcome.status == status, sourceLocation: sourceLocation)
  #expect(outcome.complaint == "", sourceLocation: sourceLocation)
}

/// The lines of a text that ends with a line break.
func lines(of text: String) -> [String] {
  text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
}
