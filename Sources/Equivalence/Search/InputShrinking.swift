import LinearAlgebra
import RealModule

/// Simplifies a counterexample while it remains one: first as few coordinates away from rest as possible,
/// then short numbers. The difference stays within a factor of a thousand. At most `limit` rows are judged;
/// there are no random choices.
struct InputShrinking {
  let target: SearchTarget
  var domain: SearchDomain
  /// How many rows have been judged.
  private(set) var judged = 0

  /// The least relative difference that is clear enough.
  private var clarity = 0.0

  /// How many rows may be judged.
  private static let limit = 320

  init(target: SearchTarget, domain: SearchDomain) {
    self.target = target
    self.domain = domain
  }

  /// The finding with a simpler input.
  mutating func shrink(_ finding: SearchFinding) -> SearchFinding {
    var finding = finding
    clarity = 1e-3 * relative(finding.difference)
    keepMostSalient(&finding)
    removeRuns(&finding)
    shorten(&finding)
    shortenEach(&finding)
    return finding
  }

  // MARK: Fewer coordinates

  private func active(_ finding: SearchFinding) -> [Int] {
    finding.input.indices.filter { finding.input[$0] != domain.rest }
  }

  /// The input with only these coordinates away from rest.
  private func keeping(_ kept: some Sequence<Int>, of finding: SearchFinding) -> [Double] {
    var input = [Double](repeating: domain.rest, count: finding.input.count)
    for index in kept { input[index] = finding.input[index] }
    return input
  }

  /// Keeps 0, 1, 2, 4, … coordinates on which the difference depends most, to first order. They keep their
  /// values or become larger, so that few have the effect of many.
  private mutating func keepMostSalient(_ finding: inout SearchFinding) {
    let x = Matrix([finding.input])
    let outputs = target.evaluate(x)
    let direction = RowDifference(outputs.first.row(0), outputs.second.row(0)).direction
    let gradient = target.inputGradient(x, Matrix([direction])).elements
    let salience = finding.input.indices.map { abs(gradient[$0] * (finding.input[$0] - domain.rest)) }
    let order = active(finding).sorted {
      salience[$0] == salience[$1] ? $0 < $1 : salience[$0] > salience[$1]
    }
    var counts = [0]
    while let last = counts.last, last < order.count / 2 { counts.append(max(1, 2 * last)) }
    let candidates = counts.flatMap { count in
      [1.0, 10, 100].map { factor in
        let kept = Set(order.prefix(count))
        return finding.input.indices.map { index in
          kept.contains(index) ? domain.clamp(factor * finding.input[index]) : domain.rest
        }
      }
    }
    for start in stride(from: 0, to: candidates.count, by: 6) {
      if take(Array(candidates[start..<min(start + 6, candidates.count)]), &finding) != nil { return }
    }
  }

  /// Sets runs of coordinates to rest, halves first, then finer ones, single ones last (delta debugging;
  /// Zeller & Hildebrandt 2002).
  private mutating func removeRuns(_ finding: inout SearchFinding) {
    var length = max(1, active(finding).count / 2)
    while true {
      var start = 0
      var hasRemoved = false
      while start < active(finding).count {
        let active = active(finding)
        let starts = stride(from: start, to: active.count, by: length).prefix(8)
        let candidates = starts.map { start in
          keeping(active[..<start] + active[min(start + length, active.count)...], of: finding)
        }
        guard judged + candidates.count <= Self.limit / 2 else { return }
        if let taken = take(candidates, &finding) {
          start += taken * length
          hasRemoved = true
        } else {
          start += 8 * length
        }
      }
      if length == 1, !hasRemoved { return }
      length = max(1, length / 2)
    }
  }

  // MARK: Shorter numbers

  /// Magnitudes that are easy to read, the easiest first.
  private static let plain = [1.0, 2, 10, 0.1, 100, 0.5]

  /// Makes all coordinates equal, or rounds them to powers of ten or to few digits.
  private mutating func shorten(_ finding: inout SearchFinding) {
    let input = finding.input
    var candidates = Self.plain.map { plain in input.map { $0 < 0 ? -plain : plain } }
    candidates += (0...6).map { digits in input.map { rounded($0, digits: digits) } }
    let rest = domain.rest
    candidates = candidates.map { candidate in
      zip(candidate, input).map { $1 == rest ? rest : domain.clamp($0) }
    }
    _ = take(candidates, &finding)
  }

  /// Simplifies single coordinates, within the limit of judged rows.
  private mutating func shortenEach(_ finding: inout SearchFinding) {
    for index in active(finding) {
      let value = finding.input[index]
      let simpler = Self.plain.map { value < 0 ? -$0 : $0 } + (0...3).map { rounded(value, digits: $0) }
      let candidates = simpler.map { number -> [Double] in
        var input = finding.input
        input[index] = domain.clamp(number)
        return input
      }
      // Candidates after the number itself are less simple.
      _ = take(Array(candidates.prefix { $0 != finding.input }), &finding)
    }
  }

  /// Replaces the finding by the first candidate that is a counterexample too.
  ///
  /// - Returns: Its index, nil if there is none.
  private mutating func take(_ candidates: [[Double]], _ finding: inout SearchFinding) -> Int? {
    let affordable = candidates.prefix(max(0, Self.limit - judged))
    guard !affordable.isEmpty else { return nil }
    judged += affordable.count
    let verdicts = target.differences(Matrix(Array(affordable)))
    let isClear = { (difference: OutputDifference?) in
      difference.map { relative($0) >= self.clarity } ?? false
    }
    guard let index = verdicts.firstIndex(where: isClear), let difference = verdicts[index] else {
      return nil
    }
    finding.input = candidates[index]
    finding.difference = difference
    return index
  }
}

/// A difference relative to the larger of the two values; infinite where one is not finite.
private func relative(_ difference: OutputDifference) -> Double {
  let ratio = abs(difference.first - difference.second) / max(abs(difference.first), abs(difference.second))
  return ratio.isFinite ? ratio : .infinity
}

/// The double nearest to a number rounded to this many decimal digits; with no digits, to the nearest power
/// of ten.
func rounded(_ value: Double, digits: Int) -> Double {
  guard value != 0, value.isFinite else { return value }
  let exponent = Int(Double.log10(abs(value)).rounded(digits == 0 ? .toNearestOrEven : .down))
  if digits == 0 { return Double("\(value < 0 ? "-" : "")1e\(exponent)") ?? value }
  let unit = exponent - digits + 1
  // Through text: 10ⁿ is not a double for negative n, so a product with it would not be the nearest double.
  guard let scale = Double("1e\(-unit)"), (value * scale).isFinite else { return value }
  return Double("\(Int((value * scale).rounded()))e\(unit)") ?? value
}
