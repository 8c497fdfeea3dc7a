/// The name among `names` that a mistyped one most likely means: the fewest letters inserted, removed, replaced or
/// swapped with their neighbour, at most a third of them; nil where none is near.
package func nearestName(to typed: String, among names: [String]) -> String? {
  guard typed.utf8.count <= 64 else { return nil }
  let letters = Array(typed.lowercased())
  let allowed = max(1, letters.count / 3)
  let distances = names.map { ($0, editDistance(letters, Array($0.lowercased()))) }
  guard let best = distances.min(by: { $0.1 < $1.1 }), best.1 <= allowed, best.0 != typed else { return nil }
  return best.0
}

/// `, did you mean "relu"?`, or nothing where no name is near.
package func suggestion(for typed: String, among names: [String]) -> String {
  nearestName(to: typed, among: names).map { "; did you mean \(quoted($0))?" } ?? ""
}

/// The optimal string alignment distance (Damerau 1964).
private func editDistance(_ first: [Character], _ second: [Character]) -> Int {
  guard !first.isEmpty, !second.isEmpty else { return max(first.count, second.count) }
  var rows = [[Int](0...second.count)]
  for (i, letter) in first.enumerated() {
    var row = [i + 1]
    for (j, other) in second.enumerated() {
      var distance = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (letter == other ? 0 : 1))
      if i > 0, j > 0, letter == second[j - 1], first[i - 1] == other {
        distance = min(distance, rows[i - 1][j - 1] + 1)
      }
      row.append(distance)
    }
    rows.append(row)
  }
  return rows[first.count][second.count]
}
