import ArgumentParser

/// A range of numbers on the command line: `0,1`, `-1,1`.
struct NumberRange: ExpressibleByArgument {
  /// The range.
  let bounds: ClosedRange<Double>

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard parts.count == 2, let low = parts[0], let high = parts[1], low.isFinite, high.isFinite, low <= high
    else { return nil }
    bounds = low...high
  }
}
