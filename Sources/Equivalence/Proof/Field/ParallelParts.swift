import LinearAlgebra
import Synchronization

/// Like `inParts`, for a body that may throw. Which of several errors is thrown does not depend on the
/// threads.
func tryInParts(
  of count: Int, grain: Int, _ body: (_ part: Range<Int>) throws(FieldFailure) -> Void
) throws(FieldFailure) {
  let failures = Mutex<Set<FieldFailure>>([])
  inParts(of: count, grain: grain) { part in
    do throws(FieldFailure) {
      try body(part)
    } catch {
      failures.withLock { _ = $0.insert(error) }
    }
  }
  if let failure = failures.withLock({ $0.min { $0.reason < $1.reason } }) { throw failure }
}
