import FileAccess

/// An axis in the equation of an Einsum.
enum EinsumAxis: Hashable {
  /// An axis with a letter.
  case letter(Character)
  /// An axis that an ellipsis stands for, by its distance from the last of them: ellipses are broadcast against each
  /// other, aligned at their last axes.
  case ellipsis(Int)

  /// The axis as the equation has it.
  var description: String {
    switch self {
    case .letter(let letter): String(letter)
    case .ellipsis: "..."
    }
  }
}

/// The parsed form of `ij,jk->ik` for tensors of known ranks.
struct EinsumEquation {
  /// The axes of each tensor. One that occurs twice stands for a diagonal.
  let inputs: [[EinsumAxis]]
  /// The axes of the result, each once.
  let output: [EinsumAxis]

  /// The equation of this text.
  ///
  /// - Throws: If the text is none, or the tensors have other axes.
  init(_ text: String, ranks: [Int]) throws(ImportFailure) {
    let plain = text.filter { $0 != " " }
    let halves = plain.separated(by: "->")
    let terms = halves[0].separated(by: ",")
    guard halves.count <= 2, let all = halves.flatMap({ $0.separated(by: ",") }).allAxes,
      halves.count == 1 || !halves[1].contains(",")
    else {
      throw .refused(
        "equation: expected letters for axes, \"...\" at most once for each tensor, found \(quoted(text))")
    }
    guard terms.count == ranks.count else {
      throw .refused("equation: expected \(counted(ranks.count, "term")), found \(quoted(text))")
    }
    var inputs: [[EinsumAxis]] = []
    for (term, rank) in zip(all, ranks) {
      let free = rank - term.count { $0 != nil }
      guard free == 0 || free > 0 && term.contains(nil) else {
        throw .refused("equation: expected axes of shapes with \(ranks) axes, found \(quoted(text))")
      }
      inputs.append(term.axes(free: free))
    }
    self.inputs = inputs
    let free = Set(inputs.joined()).count { if case .ellipsis = $0 { true } else { false } }
    let letters = inputs.joined().filter { if case .letter = $0 { true } else { false } }
    guard halves.count == 2 else {
      // Without a result, those of the ellipsis come first, then the letters that occur once, in alphabetical order.
      let single = letters.filter { letter in letters.count { $0 == letter } == 1 }
      output = [nil].axes(free: free) + single.sorted { $0.description < $1.description }
      return
    }
    output = all[ranks.count].axes(free: free)
    guard Set(output).count == output.count, output.allSatisfy(inputs.joined().contains) else {
      throw .refused("equation: expected a result of axes of the tensors, each once, found \(quoted(text))")
    }
  }
}

extension String {
  /// The parts between all occurrences of a separator; one if there is none.
  fileprivate func separated(by separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }
}

extension [String] {
  /// The letters of each term, nil for its ellipsis; nil if a term has other characters or several ellipses.
  fileprivate var allAxes: [[Character?]]? {
    var result: [[Character?]] = []
    for term in self {
      let parts = term.split(separator: "...", omittingEmptySubsequences: false)
      guard parts.count <= 2, parts.joined().allSatisfy({ $0.isASCII && $0.isLetter }) else { return nil }
      result.append(parts.joined(separator: ".").map { $0 == "." ? nil : $0 })
    }
    return result
  }
}

extension [Character?] {
  /// The axes of a term whose ellipsis stands for as many axes.
  fileprivate func axes(free: Int) -> [EinsumAxis] {
    flatMap { letter -> [EinsumAxis] in
      if let letter { return [.letter(letter)] }
      return (0..<free).reversed().map { .ellipsis($0) }
    }
  }
}
