/// Why a graph cannot be imported.
package enum ImportFailure: Error {
  /// It never can: at a place of the file (empty until it is known), what was expected and what was found.
  case refused(place: String, String)
  /// Not with the leading axis as batch: an operator works across it. The whole tensor may still be one sample.
  case mixesBatch(place: String, String)

  /// What was expected and found, at a place that is still to be said.
  package static func refused(_ problem: String) -> ImportFailure { .refused(place: "", problem) }

  /// The operator does this to the batch axis.
  static func mixesBatch(_ what: String) -> ImportFailure { .mixesBatch(place: "", what) }

  /// The same failure at a place, where none has been said.
  package func at(_ place: String) -> ImportFailure {
    switch self {
    case .refused("", let problem): .refused(place: place, problem)
    case .mixesBatch("", let what): .mixesBatch(place: place, what)
    default: self
    }
  }
}
