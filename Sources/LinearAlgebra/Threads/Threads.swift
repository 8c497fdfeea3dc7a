/// Sets the largest number of threads that large products and loops may use, for the whole process.
///
/// The default is `OPENBLAS_NUM_THREADS`, else one for every core. Only the last bits of a large matrix
/// product may depend on the number, since its parts are rounded in another order; the same number gives
/// the same bits.
public func setThreads(_ count: Int) {
  precondition(count > 0, "a number of threads of \(count)")
  ThreadPool.shared.setSize(count)
}

/// The largest number of threads that large products and loops may use.
public var threads: Int { ThreadPool.shared.size }

/// The least number of elements in a part of a buffer, for a loop that does little with each: some
/// microseconds of work.
public var elementsPerPart: Int { 1 << 14 }

/// Splits 0..<count into parts, calls `body` with each part on a thread of the pool, and returns when all
/// have finished.
///
/// There is one part for each thread, or fewer if a part would be smaller than `grain`. Boundaries between
/// parts are multiples of `alignment`.
///
/// - Parameter body: Called from several threads at a time, so it must write only to its own part.
@inline(__always)
public func inParts(
  of count: Int, grain: Int, alignment: Int = 1, _ body: (_ part: Range<Int>) -> Void
) {
  guard count >= 2 * grain, threads > 1 else { return body(0..<count) }
  shareOut(count, parts: min(threads, count / grain), alignment: alignment, body)
}

@inline(never)
private func shareOut(_ count: Int, parts: Int, alignment: Int, _ body: (_ part: Range<Int>) -> Void) {
  let length = ((count + parts - 1) / parts + alignment - 1) / alignment * alignment
  ThreadPool.shared.run((count + length - 1) / length) { part in
    body(part * length..<min(count, (part + 1) * length))
  }
}
