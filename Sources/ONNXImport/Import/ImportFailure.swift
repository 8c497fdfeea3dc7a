/// Why a graph cannot be imported.
package enum ImportFailure: Error {
  /// It cannot be imported: at a place of the file (empty until known), what was expected and what was
  /// found.
  case refused(place: String, String)
  /// It cannot be imported with the leading axis as batch, because an operator works across it. The whole
  /// tensor may still be one sample.
  case mixesBatch(place: String, String)

  /// What was expected and found, without a place so far.
  package static func refused(_ problem: String) -> ImportFailure { .refused(place: "", problem) }

  /// What the operator does to the batch axis.
  static func mixesBatch(_ what: String) -> ImportFailure { .mixesBatch(place: "", what) }

  /// The same failure with a place, unless it has one.
  package func at(_ place: String) -> ImportFailure {
    switch self {
    case .refused("", let problem): .refused(place: place, problem)
    case .mixesBatch("", let what): .mixesBatch(place: place, what)
    default: self
    }
  }
}
